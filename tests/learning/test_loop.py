"""The loop finds known minima, treats members alone, and goes on after an interruption."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from lawful.errors import InputError
from lawful.learning import BinaryCrossEntropy, Examples, Members, Settings, SquaredError, loop, train
from lawful.nets import MLP, Linear

D = torch.float64


class Relabelled(MLP):
    """An MLP that the pass by hand does not recognise, so that automatic differentiation does the work."""


def data(n=200, F=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, F))
    y = x @ np.arange(1.0, F + 1)[:, None] - 0.5 + 0.1 * rng.normal(size=(n, 1))
    return torch.from_numpy(x), torch.from_numpy(y)


def everything(n, members):
    return torch.arange(n).repeat(members, 1)


def full_batches(**settings):
    chosen = {"epochs": 3000, "batch_size": 10**6, "learning_rate": 0.01, "averaging": 0, "weight_decay": 0.0}
    return Settings(**chosen | settings)


def fit_line(x, y, w, **settings):
    members = Members(lambda: Linear(x.shape[1], y.shape[1]), 1, seed=0, dtype=D)
    train(members, Examples(x, y, w, everything(len(x), 1)), SquaredError(1), full_batches(**settings))
    return members.parameters()["map.weight"][0, 0], members.parameters()["map.bias"][0, 0]


def test_weighted_least_squares_is_found():
    x, y = data()
    w = torch.rand(len(x), dtype=D) * 3
    weight, bias = fit_line(x, y, w)
    design = torch.cat([x, torch.ones(len(x), 1, dtype=D)], 1)
    exact = torch.linalg.solve(design.T @ (w[:, None] * design), design.T @ (w[:, None] * y))[:, 0]
    torch.testing.assert_close(torch.cat([weight, bias[None]]), exact, atol=1e-6, rtol=0)


def test_l2_gives_the_ridge_solution():
    x, y = data()
    weight, bias = fit_line(x, y, torch.ones(len(x), dtype=D), l2=0.7)
    centred, shifted = x - x.mean(0), y - y.mean()
    exact = torch.linalg.solve(
        centred.T @ centred / len(x) + 0.7 * torch.eye(3, dtype=D), centred.T @ shifted / len(x)
    )
    torch.testing.assert_close(weight, exact[:, 0], atol=1e-6, rtol=0)
    assert float(bias) == pytest.approx(float(y.mean() - x.mean(0) @ exact[:, 0]), abs=1e-6)  # not penalised


def test_l1_silences_a_useless_column_exactly_as_soft_thresholding_says():
    rng = np.random.default_rng(1)
    x, _ = np.linalg.qr(rng.normal(size=(400, 3)) - rng.normal(size=(400, 3)).mean(0))
    x = (x - x.mean(0)) * 20
    x = torch.from_numpy(x @ np.linalg.inv(np.linalg.cholesky(x.T @ x / 400)).T)  # orthonormal columns
    y = (x @ torch.tensor([[2.0], [0.0], [-0.05]], dtype=D)).double()
    weight, _ = fit_line(x, y, torch.ones(400, dtype=D), l1=0.3, learning_rate=0.003)
    torch.testing.assert_close(weight, torch.tensor([1.7, 0.0, 0.0], dtype=D), atol=0.01, rtol=0)


def test_logistic_regression_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2))
    y = rng.random(500) < 1 / (1 + np.exp(-(x @ [1.5, -0.5] + 0.3)))
    w = rng.random(500) + 0.1
    members = Members(lambda: Linear(2, 1), 1, seed=0, dtype=D)
    examples = Examples(
        torch.from_numpy(x), torch.from_numpy(y[:, None]).double(), torch.from_numpy(w), everything(500, 1)
    )
    train(members, examples, BinaryCrossEntropy(), full_batches())
    exact = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y, sample_weight=w)
    assert members.parameters()["map.weight"][0, 0].numpy() == pytest.approx(exact.coef_[0], abs=1e-5)


def test_a_weight_of_two_is_an_event_given_twice():
    x, y = data(60)
    w = torch.ones(60, dtype=D)
    w[:20] = 2
    twice_x, twice_y = torch.cat([x, x[:20]]), torch.cat([y, y[:20]])
    once = fit_mlp(MLP, x, y, w, epochs=50)
    twice = fit_mlp(MLP, twice_x, twice_y, torch.ones(80, dtype=D), epochs=50)
    torch.testing.assert_close(once.values, twice.values, atol=1e-9, rtol=0)


def fit_mlp(kind, x, y, w, members=1, held=None, batch_size=10**6, **settings):
    made = Members(lambda: kind(x.shape[1], 1, hidden=(8, 6)), members, seed=4, dtype=D)
    learn = everything(len(x), members) if held is None else everything(len(x) - held, members)
    judge = None if held is None else everything(len(x), members)[:, -held:]
    examples = Examples(x, y, w, learn, judge)
    train(made, examples, SquaredError(1), Settings(batch_size=batch_size, **settings))
    return made


def test_both_ways_to_differentiate_train_the_same_network():
    x, y = data(300)
    w = torch.rand(300, dtype=D)
    settings = {"members": 3, "held": 60, "batch_size": 32, "epochs": 12, "gradient_clip": 0.5, "l1": 1e-3}
    hand, automatic = fit_mlp(MLP, x, y, w, **settings), fit_mlp(Relabelled, x, y, w, **settings)
    assert hand.by_hand
    assert not automatic.by_hand
    torch.testing.assert_close(hand.values, automatic.values, atol=1e-9, rtol=0)


def test_members_do_not_influence_each_other_nor_does_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(loop, "_WORTH", 1.0)  # workers even for a network this small
    x, y = data(300)
    w = torch.ones(300, dtype=D)
    settings = {"held": 60, "batch_size": 32, "epochs": 60, "patience": 3, "learning_rate": 0.05}
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        two = fit_mlp(MLP, x, y, w, members=4, **settings)
        torch.set_num_threads(1)
        one = fit_mlp(MLP, x, y, w, members=4, **settings)
    finally:
        torch.set_num_threads(before)
    alone = fit_mlp(MLP, x, y, w, members=1, **settings)
    torch.testing.assert_close(two.values, one.values, atol=0, rtol=0)
    torch.testing.assert_close(alone.values[0], one.values[0], atol=1e-12, rtol=0)


def test_workers_are_used_where_a_step_is_worth_them():
    before = torch.get_num_threads()
    x, y = torch.zeros(2000, 20), torch.zeros(2000, 1)
    examples = Examples(x, y, torch.ones(2000), everything(2000, 10))
    try:
        torch.set_num_threads(2)
        for width, workers in ((16, 1), (128, 2)):
            members = Members(lambda width=width: MLP(20, 1, hidden=(width, width)), 10, seed=0)
            assert loop._layout(members, Settings(), examples) == (workers, 1)
    finally:
        torch.set_num_threads(before)


def test_the_best_weights_are_kept_and_patience_ends_the_training():
    rng = np.random.default_rng(0)
    x, y = (
        torch.from_numpy(rng.normal(size=(120, 4))),
        torch.from_numpy(rng.normal(size=(120, 1))),
    )  # nothing to learn
    members = Members(lambda: MLP(4, 1, hidden=(32,)), 1, seed=0, dtype=D)
    examples = Examples(x, y, torch.ones(120, dtype=D), torch.arange(60)[None], torch.arange(60, 120)[None])
    history = train(members, examples, SquaredError(1), Settings(patience=7, learning_rate=0.02, batch_size=16))
    losses = [line["validation_loss"] for line in history]
    best = int(np.argmin(losses))
    assert len(history) - 1 - best <= 7 + 1  # an improvement below one part in ten thousand does not count
    kept = float((members.scores(x[60:])[0] - y[60:]).square().mean() / 2)
    assert kept == pytest.approx(min(losses), rel=1e-3)
    assert history[-1]["train_loss"] < history[0]["train_loss"]


def test_gradient_clipping_bounds_the_first_step():
    x, y = data(50)
    members = Members(lambda: Linear(3, 1), 1, seed=0, dtype=D)
    examples = Examples(x, 1e9 * y, torch.ones(50, dtype=D), everything(50, 1))
    history = train(members, examples, SquaredError(1), full_batches(epochs=3, gradient_clip=1.0))
    assert len(history) == 3
    assert members.values.abs().max() <= 3 * 0.01 * 1.0001


def test_cosine_schedule_ends_at_zero_and_warm_up_is_linear():
    settings = Settings(epochs=10, schedule="cosine", learning_rate=1.0)
    assert settings.rate(1, 4) == pytest.approx(0.25, rel=0.01)
    assert settings.rate(20, 4) == pytest.approx(0.5)
    assert settings.rate(40, 4) == pytest.approx(0.0, abs=1e-12)
    assert Settings(learning_rate=1.0).rate(1000, 4) == 1.0


def test_a_loss_that_is_no_number_ends_the_training_with_a_hint():
    x, y = data(50)
    y[3] = 1e308
    with pytest.raises(FloatingPointError, match="learning rate"):
        fit_mlp(MLP, x, 10 * y, torch.ones(50, dtype=D), epochs=5)


def test_modules_with_running_statistics_and_modules_that_vmap_cannot_take():
    class Fickle(nn.Module):
        def __init__(self):
            super().__init__()
            self.map = nn.Linear(3, 1)

        def forward(self, x):
            return self.map(x) if float(x.sum()) > -1e30 else x  # looks at the values

    x, y = data(200)
    for make in (lambda: nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1)), Fickle):
        members = Members(make, 2, seed=0, dtype=D)
        examples = Examples(x, y, torch.ones(200, dtype=D), everything(160, 2), everything(200, 2)[:, 160:])
        history = train(members, examples, SquaredError(1), Settings(epochs=150, learning_rate=0.02))
        assert history[-1]["validation_loss"] < 0.2 * history[0]["validation_loss"]
        error = (members.scores(x[160:]) - y[160:]).square().mean((1, 2)) / 2
        assert (error < 0.5).all()


# ---- interruptions -----------------------------------------------------------------------------------------------
def interrupted(folder, stop_after=None, **changes):
    x, y = data(400)
    members = Members(lambda: MLP(3, 1, hidden=(8,), dropout=0.2), 3, seed=1, dtype=D)
    examples = Examples(x, y, torch.ones(400, dtype=D), everything(320, 3), everything(400, 3)[:, 320:])
    settings = Settings(**{"epochs": 40, "batch_size": 32, "patience": 5, "learning_rate": 0.02} | changes)

    def report(line):
        if stop_after is not None and line["epoch"] == stop_after:
            raise KeyboardInterrupt

    history = train(
        members, examples, SquaredError(1), settings, checkpoint=folder, checkpoint_seconds=0.0, report=report
    )
    return members, history


def test_an_interrupted_training_ends_as_one_that_was_not(tmp_path):
    whole, history = interrupted(None)
    for stop in (3, 17):
        with pytest.raises(KeyboardInterrupt):
            interrupted(tmp_path, stop)
    again, second = interrupted(tmp_path)
    torch.testing.assert_close(again.values, whole.values, atol=0, rtol=0)
    assert [line["validation_loss"] for line in second] == [line["validation_loss"] for line in history]
    assert not list(tmp_path.iterdir())  # the state is removed at the end


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path, 3)
    with pytest.raises(InputError, match="other settings"):
        interrupted(tmp_path, learning_rate=0.01)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path, 3)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match="not a readable checkpoint"):
        interrupted(tmp_path)


EAGER = """
import lawful.learning.loop
lawful.learning.loop.train.__kwdefaults__["checkpoint_seconds"] = 0.0
"""
PROGRAM = """
import sys, numpy as np, lawful as lf
rng = np.random.default_rng(0)
X = rng.normal(size=(4000, 5)); y = (X[:, 0] * X[:, 1] + rng.normal(size=4000) > 0).astype(int)
model = lf.Classifier(members=2, epochs=120, patience=120, checkpoint=sys.argv[1], verbose=False).fit(X, y)
np.save(sys.argv[2], model.predict_proba(X[:100]))
"""


def test_a_training_survives_kill_9(tmp_path):
    def start(folder, result):
        return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), str(result)])

    assert start(tmp_path / "a", tmp_path / "whole.npy").wait() == 0
    state = tmp_path / "b" / "training.safetensors"
    first = subprocess.Popen(
        [sys.executable, "-c", EAGER + PROGRAM, str(tmp_path / "b"), str(tmp_path / "killed.npy")]
    )
    while not state.exists() and first.poll() is None:
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait() != 0
    assert state.exists()
    assert start(tmp_path / "b", tmp_path / "killed.npy").wait() == 0
    assert (np.load(tmp_path / "killed.npy") == np.load(tmp_path / "whole.npy")).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0}, {"patience": 0}, {"batch_size": 0}, {"averaging": -1}, {"learning_rate": 0.0},
        {"learning_rate": float("nan")}, {"weight_decay": -1.0}, {"l1": -1.0}, {"l2": float("inf")},
        {"gradient_clip": 0.0}, {"schedule": "linear"}, {"seed": -1}, {"epochs": 2.5},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_settings_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Settings(**wrong)


@pytest.mark.gpu
def test_cuda_trains_as_the_cpu_does():
    x, y = data(400)
    w = torch.ones(400, dtype=D)
    cpu = fit_mlp(Relabelled, x, y, w, members=2, held=80, batch_size=64, epochs=20)
    made = Members(lambda: MLP(3, 1, hidden=(8, 6)), 2, seed=4, dtype=D, device="cuda")
    examples = Examples(x.cuda(), y.cuda(), w.cuda(), everything(320, 2).cuda(), everything(400, 2)[:, 320:].cuda())
    train(made, examples, SquaredError(1), Settings(batch_size=64, epochs=20))
    torch.testing.assert_close(made.values.cpu(), cpu.values, atol=1e-7, rtol=0)
