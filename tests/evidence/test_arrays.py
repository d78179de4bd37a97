import numpy as np
import pytest

from lawful import InputError
from lawful.evidence.arrays import (
    check_binary,
    check_classes,
    check_numbers,
    check_same_length,
    check_weight,
    safe_ratio,
    subtract,
    within_one,
)


def test_numbers_of_the_wrong_kind_shape_or_value_are_refused():
    for bad, said in [
        (["a"], "expected numbers"),
        ([[1.0, 2.0]], "expected \\(N,\\)"),
        ([], "empty"),
        ([1.0, np.nan, np.inf], "1 NaN and 1 infinite"),
    ]:
        with pytest.raises(InputError, match=said):
            check_numbers("score", bad)


def test_a_column_is_taken_for_what_it_is():
    assert check_numbers("score", [[1.0], [2.0]]).tolist() == [1.0, 2.0]


def test_weights_are_checked_and_keep_their_sign():
    assert check_weight(None, 2).tolist() == [1.0, 1.0]
    assert check_weight([2.0, -1.0], 2).tolist() == [2.0, -1.0]
    with pytest.raises(InputError, match="sum to -1"):
        check_weight([1.0, -2.0], 2)
    with pytest.raises(InputError, match="shape \\(3,\\)"):
        check_weight([1.0, 1.0, 1.0], 2)


def test_weights_of_toys_may_sum_to_anything():
    assert check_weight([[1.0, -2.0], [1.0, 1.0]], 2).shape == (2, 2)


def test_labels_must_be_two():
    assert check_binary([0, 1]).tolist() == [False, True]
    assert check_binary(np.array([True, False])).tolist() == [True, False]
    for bad, said in [
        ([1, 1], "one class only"),
        ([0, 2], "0 \\(background\\) and 1"),
        (["a", "b"], "labels 'a', 'b'"),
    ]:
        with pytest.raises(InputError, match=said):
            check_binary(bad)
    with pytest.raises(InputError, match="1 NaN"):
        check_binary([0.0, 1.0, np.nan])
    with pytest.raises(InputError, match="y has 2, the scores 3"):
        check_binary([0, 1], 3)


def test_a_class_of_negative_sum_is_refused():
    with pytest.raises(InputError, match="background sum to -1"):
        check_classes(np.array([2.0, -1.0]), np.array([True, False]))


def test_a_ratio_to_nothing_is_not_a_number():
    assert np.isnan(safe_ratio(1.0, 0.0))
    assert safe_ratio([1.0, 1.0], [2.0, -1.0])[0] == 0.5
    assert isinstance(safe_ratio(1.0, 2.0), float)


def test_a_difference_of_equal_numbers_is_zero():
    assert subtract(0.1 + 0.2, 0.3) == 0
    assert subtract([1e-30, np.inf, 2.0], [2e-30, np.inf, 1.0])[[0, 2]].tolist() == [-1e-30, 1.0]
    assert np.isnan(subtract(np.inf, np.inf))


def test_probabilities_are_rounded_but_scores_are_not():
    assert within_one(np.array([-1e-8, 0.5, 1 + 2e-16]), "p").tolist() == [0.0, 0.5, 1.0]
    for wrong in ([-0.01, 1.0], [0.0, 1.01]):
        with pytest.raises(InputError, match="raw scores"):
            within_one(np.array(wrong), "p")


def test_a_single_number_is_no_array():
    with pytest.raises(InputError, match="y=1: expected an array"):
        check_same_length(y=1, score=[0.5])
