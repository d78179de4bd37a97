"""The checks for users' own tests pass what is right and fail what is not."""

import numpy as np
import pytest
import torch

from lawful.physics import Symmetry, groups
from lawful.testing import assert_equivariant, assert_keeps

X = np.random.default_rng(0).normal(size=(20, 6))


def test_a_cross_product_is_a_vector_under_rotations_and_none_under_reflections():
    def cross(x):
        return np.cross(x[:, :3], x[:, 3:])

    assert_equivariant(cross, groups.SO(3), "2*vector", "vector", X)
    assert_equivariant(cross, groups.O(3), "2*vector", "pseudovector", X)
    with pytest.raises(AssertionError, match="is broken by up to"):
        assert_equivariant(cross, groups.O(3), "2*vector", "vector", X)


def test_a_module_that_is_not_symmetric_fails_and_the_rows_are_counted():
    module = torch.nn.Linear(6, 1)
    with pytest.raises(AssertionError, match="of 20 rows"):
        assert_keeps(module, Symmetry(groups.SO(3), "2*vector"), X)
