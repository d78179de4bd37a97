"""Models whose weights are tied to those of another one."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

import lawful as lf
from lawful.learning.tie import Tie
from lawful.physics import Bounds, Symmetry, Tied, groups


def rows(count, seed):
    return np.random.default_rng(seed).uniform(-2, 2, size=(count, 2))


def truth(X):
    return np.sin(2 * X[:, 0]) * X[:, 1]


MANY, FEW, TEST = rows(800, 0), rows(40, 1), rows(500, 2)


def model(**settings):
    return lf.Regressor(
        **{"hidden": (32,), "members": 5, "epochs": 250, "learning_rate": 0.01, "verbose": False, **settings}
    )


@pytest.fixture(scope="module")
def first():
    return model().fit(MANY, truth(MANY))


def error(fitted):
    return np.sqrt(np.mean((fitted.predict(TEST) - 1.1 * truth(TEST)) ** 2))


def test_a_model_near_a_related_one_needs_few_events(first):
    alone = model().fit(FEW, 1.1 * truth(FEW))
    near = model(physics=[Tied(first).by("loss")]).fit(FEW, 1.1 * truth(FEW))
    assert error(near) < 0.6 * error(alone)


def test_the_distance_falls_with_the_weight_and_respects_the_tolerance(first):
    y = FEW[:, 0] ** 2  # something else altogether
    settings = {"patience": 150, "averaging": 0}
    far, near, within = (
        model(physics=[Tied(first).by("loss", **options)], **settings).fit(FEW, y)
        for options in ({"weight": 0.0}, {"weight": 100.0}, {"weight": 100.0, "tolerance": 0.05})
    )
    distances = [Tied(first).violation(m, TEST)[0] for m in (far, near, within)]
    assert distances[1] < 0.5 * distances[0]
    assert distances[1] < distances[2] < 0.1


def test_the_violation_is_the_distance_of_the_weights(first):
    other = clone(first).fit(MANY, truth(MANY))
    assert Tied(first).violation(other, TEST).max() == 0  # the same seed and events
    other.members_.values = 2 * other.members_.values  # |x - 2x| / sqrt((x^2 + 4 x^2) / 2)
    np.testing.assert_allclose(Tied(first, other).violation(None, TEST[:3]), np.full(3, np.sqrt(2 / 5)), rtol=1e-6)


@pytest.mark.parametrize("tolerance", [0.0, 0.2])
def test_the_pull_is_the_slope_of_the_penalty(tolerance):
    generator = torch.Generator().manual_seed(0)
    values, to = (torch.randn(3, 7, dtype=torch.float64, generator=generator) for _ in range(2))
    values.requires_grad_()
    away = values - to
    size = ((values.square() + to.square()).sum(1) / 2).detach()  # what distances are counted in is held fixed
    distance = (away.square().sum(1) / size).sqrt()
    (slope,) = torch.autograd.grad((3.0 * torch.relu(distance - tolerance) ** 2).sum(), values)
    gradients = torch.zeros_like(values)
    Tie(3.0, tolerance, to=to).pull(gradients, values.detach(), [0, 1, 2])
    torch.testing.assert_close(gradients, slope)


def test_two_models_trained_together_help_one_another():
    alone = model().fit(FEW, 1.1 * truth(FEW))
    one, two = model(), model()
    fitted = Tied(one, two).by("loss", weight=1.0).fit((MANY, truth(MANY)), (FEW, 1.1 * truth(FEW)))
    assert fitted == (one, two)
    assert error(two) < 0.75 * error(alone)
    assert 0 < Tied(one, two).violation(None, TEST)[0] < 0.6
    assert one.score(MANY, truth(MANY)) > 0.95


def test_shared_weights_are_one_set_and_targets_keep_their_scale():
    one, two = model(), model()
    tied = Tied(one, two)
    tied.by("architecture").fit((MANY, truth(MANY)), (MANY[:400], 3 * truth(MANY[:400]) + 5))
    assert tied.violation(None, TEST)[0] == 0
    assert two.score(TEST, 3 * truth(TEST) + 5) > 0.9
    assert one.score(TEST, truth(TEST)) > 0.9


def test_classifiers_are_tied_too_and_kept_in_a_file(tmp_path):
    labels = (truth(MANY) > 0).astype(int)
    one, two = (
        lf.Classifier(hidden=(16,), dropout=0.0, members=2, epochs=100, learning_rate=0.01, verbose=False)
        for _ in range(2)
    )
    Tied(one, two).by("loss").fit((MANY, labels), (MANY[:300], labels[:300]))
    assert two.score(TEST, (truth(TEST) > 0).astype(int)) > 0.7
    near = lf.Classifier(
        hidden=(16,), dropout=0.0, members=2, epochs=3, verbose=False, physics=[Tied(one).by("loss")]
    )
    near.fit(MANY[:300], labels[:300])
    near.save(tmp_path / "near.lawful")
    again = lf.load(tmp_path / "near.lawful")
    np.testing.assert_array_equal(again.predict_proba(TEST), near.predict_proba(TEST))
    known = again.physics[0].statement
    np.testing.assert_array_equal(known.violation(again, TEST), Tied(one).violation(near, TEST))
    with pytest.raises(lf.InputError, match="does not hold the other one"):
        clone(again).fit(MANY, labels)
    with pytest.raises(lf.InputError, match="say how"):
        Tied(one, two).fit((MANY, labels), (MANY, labels))


def test_a_killed_training_goes_on(first, tmp_path):
    physics = [Tied(first).by("loss")]
    straight = model(physics=physics, epochs=4).fit(FEW, truth(FEW))
    kept = model(physics=physics, epochs=4, checkpoint=tmp_path).fit(FEW, truth(FEW))
    np.testing.assert_array_equal(kept.predict(TEST), straight.predict(TEST))


def settle(statement, **options):
    return lambda X, y: model(physics=[statement.by("loss", **options)]).fit(X, y)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda first: Tied(3.0), "no lawful Classifier"),
        (lambda first: Tied(first, first), "given twice"),
        (lambda first: Tied(first, lf.Classifier()), "different questions"),
        (lambda first: Tied(first).by("architecture"), "it has"),
        (lambda first: Tied(first).by("loss", weight=-1), "at least 0"),
        (lambda first: Tied(model()).violation(first, TEST), "fit it first"),
        (lambda first: Tied(model()).by("loss").fit((FEW, FEW[:, 0]), (FEW, FEW[:, 0])), "one model only"),
        (lambda first: settle(Tied(model()))(FEW, FEW[:, 0]), "fit it first"),
        (lambda first: settle(Tied(first, model()))(FEW, FEW[:, 0]), "train both"),
        (lambda first: settle(Tied(first))(FEW[:, :1], FEW[:, 0]), "columns"),
        (lambda first: settle(Tied(first))(FEW, FEW), "different shapes"),
        (lambda first: model(hidden=(8,), physics=[Tied(first).by("loss")]).fit(FEW, FEW[:, 0]), "different shapes"),
        (lambda first: model(members=7, physics=[Tied(first).by("loss")]).fit(FEW, FEW[:, 0]), "expected as many"),
        (
            lambda first: Tied(model(), model(members=7)).by("loss").fit((MANY, MANY[:, 0]), (MANY, MANY[:, 0])),
            "expected as many",
        ),
        (
            lambda first: (
                Tied(model(), model(physics=[Bounds(lower=0.0).by("loss")]))
                .by("loss")
                .fit((FEW, FEW[:, 0]), (FEW, FEW[:, 0]))
            ),
            "no other statement",
        ),
    ],
)
def test_bad_input_is_named(first, make, words):
    with pytest.raises(lf.InputError, match=words):
        make(first)


def test_symmetric_networks_can_be_tied():
    rotation = Symmetry(groups.SO(2), "vector").by("architecture", start=False)
    radius, y = np.hypot(*MANY.T), np.hypot(*FEW.T)
    one, two = (model(epochs=40, physics=[rotation]) for _ in range(2))
    Tied(one, two).by("loss").fit((MANY, np.sin(radius)), (FEW, np.sin(y)))
    assert rotation.statement.violation(two, TEST).max() < 1e-5
