import numpy as np
import pytest
from sklearn import metrics as sk

from lawful import InputError
from lawful.evidence import auc, average_precision, precision_recall, rejection, roc


def pairs_auc(y, score, weight):
    """The definition: over all pairs of signal and background."""
    s, b = y == 1, y == 0
    beats = (score[s][:, None] > score[b]) + 0.5 * (score[s][:, None] == score[b])
    return (weight[s][:, None] * weight[b] * beats).sum() / (weight[s].sum() * weight[b].sum())


def test_auc_and_average_precision_are_those_of_scikit_learn(signed):
    y, score, weight = signed
    for w in (None, np.abs(weight)):
        assert auc(y, score, w) == pytest.approx(sk.roc_auc_score(y, score, sample_weight=w), rel=1e-12)
        expected = sk.average_precision_score(y, score, sample_weight=w)
        assert average_precision(y, score, w) == pytest.approx(expected, rel=1e-12)


def test_auc_with_negative_weights_is_the_sum_over_all_pairs(signed):
    y, score, weight = signed
    assert auc(y, score, weight) == pytest.approx(pairs_auc(y, score, weight), rel=1e-12)


def test_average_precision_with_negative_weights_is_the_sum_over_all_cuts(signed):
    y, score, weight = signed
    total, before, expected = weight[y == 1].sum(), 0.0, 0.0
    for cut in np.unique(score[y == 1])[::-1]:
        s, b = weight[(y == 1) & (score >= cut)].sum(), weight[(y == 0) & (score >= cut)].sum()
        expected += (s - before) * s / (s + b) / total
        before = s
    assert average_precision(y, score, weight) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", [auc, average_precision, lambda y, s, w=None: rejection(y, s, 0.4, w)])
def test_a_weight_of_n_is_n_rows(signed, metric):
    y, score, _ = signed
    n = np.random.default_rng(0).integers(1, 4, len(y))
    assert metric(y, score, n) == pytest.approx(metric(np.repeat(y, n), np.repeat(score, n)), rel=1e-12)


@pytest.mark.parametrize("metric", [auc, average_precision, lambda y, s, w=None: rejection(y, s, 0.4, w)])
def test_an_event_and_its_negative_cancel(signed, metric):
    y, score, weight = signed
    y2, score2 = np.append(y, [1, 1, 0, 0]), np.append(score, [0.3, 0.3, 1.0, 1.0])
    assert metric(y2, score2, np.append(weight, [5, -5, 3, -3])) == pytest.approx(metric(y, score, weight), rel=1e-9)


@pytest.mark.parametrize("metric", [auc, average_precision, lambda y, s, w=None: rejection(y, s, 0.4, w)])
def test_toys_are_the_metric_of_each_toy(signed, metric):
    y, score, weight = signed
    W = np.stack([weight, np.abs(weight), weight**2])
    assert metric(y, score, W) == pytest.approx([metric(y, score, w) for w in W])


def test_auc_of_shifted_normals_is_known():
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], 100_000)
    assert auc(y, rng.normal(1.0 * y)) == pytest.approx(
        0.7602, abs=0.005
    )  # Phi(1 / sqrt 2), five standard deviations


def test_roc_without_weights_is_that_of_scikit_learn(signed):
    y, score, _ = signed
    curve = roc(y, score)
    fpr, tpr, thresholds = sk.roc_curve(y, score, drop_intermediate=False)
    assert curve.signal_efficiency == pytest.approx(tpr)
    assert curve.background_efficiency == pytest.approx(fpr)
    assert curve.thresholds.tolist() == thresholds.tolist()


def test_efficiencies_with_negative_weights_are_plain_sums(signed):
    y, score, weight = signed
    curve = roc(y, score, weight)
    for k in (1, 20, -1):
        for klass, found in ((1, curve.signal_efficiency), (0, curve.background_efficiency)):
            own = y == klass
            passing = weight[own & (score >= curve.thresholds[k])].sum()
            assert found[k] == pytest.approx(passing / weight[own].sum())


def test_rejection_lies_on_the_roc_curve(signed):
    y, score, weight = signed
    w = np.abs(weight)
    curve = roc(y, score, w)
    for efficiency in (0.1, 0.33, 0.5, 0.9, 1.0):
        first = np.flatnonzero(curve.signal_efficiency >= efficiency - 1e-12)[0]
        low, high = curve.signal_efficiency[first - 1 : first + 1]
        share = (efficiency - low) / (high - low)
        eps = (1 - share) * curve.background_efficiency[first - 1] + share * curve.background_efficiency[first]
        assert rejection(y, score, efficiency, w) == pytest.approx(1 / eps)


def test_rejection_is_infinite_when_no_background_passes():
    assert rejection([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 0.5) == np.inf
    assert rejection([0, 0, 0, 1, 1], [0.1, 0.2, 0.95, 0.8, 0.9], 0.5, [1, 1, -0.5, 1, 1]) == np.inf


def test_a_score_that_says_nothing():
    y = np.array([0, 1, 0, 1])
    assert auc(y, np.zeros(4)) == 0.5
    assert rejection(y, np.zeros(4), 0.25) == pytest.approx(4.0)
    assert average_precision(y, np.zeros(4)) == 0.5


def test_precision_and_recall_are_those_of_scikit_learn(signed):
    y, score, weight = signed
    found = precision_recall(y, score, np.abs(weight))
    precision, recall, thresholds = sk.precision_recall_curve(y, score, sample_weight=np.abs(weight))
    assert found.precision[::-1] == pytest.approx(precision[:-1])
    assert found.recall[::-1] == pytest.approx(recall[:-1])
    assert found.thresholds[::-1].tolist() == thresholds.tolist()


def test_bad_input_is_named(signed):
    y, score, _ = signed
    with pytest.raises(InputError, match="y has 400, score has 10"):
        auc(y, score[:10])
    with pytest.raises(InputError, match="one class only"):
        auc(np.ones(400), score)
    with pytest.raises(InputError, match="background sum to"):
        auc(y, score, np.where(y == 1, 5.0, -1.0))
    with pytest.raises(InputError, match="efficiency="):
        rejection(y, score, 1.5)
    with pytest.raises(InputError, match="NaN"):
        roc(y, np.where(score > 1, np.nan, score))


def test_curves_are_of_one_set_of_weights_and_scores(signed):
    y, score, weight = signed
    for measure in (roc, precision_recall):
        with pytest.raises(InputError, match=r"weight has shape \(2, 400\), expected \(400,\)"):
            measure(y, score, np.stack([weight, weight]))
        with pytest.raises(InputError, match="score"):
            measure(y, np.stack([score, score]))
