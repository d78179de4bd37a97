"""Every objective's slope is the derivative of its loss, and its minimum is where it should be."""

import pytest
import torch

from lawful.learning.objectives import (
    BinaryCrossEntropy,
    CrossEntropy,
    Objective,
    Shrunk,
    SignedSquaredError,
    SquaredError,
)
from lawful.learning.objectives_each import Each, NumberedCrossEntropy

CASES = [
    (BinaryCrossEntropy(), lambda n: torch.randint(0, 2, (n, 1)).double()),
    (CrossEntropy(4), lambda n: torch.eye(4).double()[torch.randint(0, 4, (n,))]),
    (SquaredError(2), lambda n: torch.randn(n, 2).double()),
    (
        SignedSquaredError(2),
        lambda n: torch.cat([torch.randint(0, 2, (n, 1)).double(), torch.randn(n, 2).double()], 1),
    ),
    (Shrunk(SquaredError(2), 2, 0.3), lambda n: torch.randn(n, 2).double()),
    (NumberedCrossEntropy(4), lambda n: torch.randint(0, 4, (n, 1)).double()),
    (Each(SquaredError(1), 3), lambda n: torch.rand(n, 6).double()),
]


def test_every_objective_has_a_case():
    assert {type(objective) for objective, _ in CASES} == set(Objective.__subclasses__())


@pytest.mark.parametrize(("objective", "targets"), CASES, ids=lambda c: type(c).__name__)
def test_slope_is_the_derivative(objective, targets):
    torch.manual_seed(1)
    z = torch.randn(50, objective.outputs, dtype=torch.float64, requires_grad=True)
    y = targets(50)
    loss = objective.loss(z, y)
    assert loss.shape == (50,)
    (expected,) = torch.autograd.grad(loss.sum(), z)
    torch.testing.assert_close(objective.slope(z.detach(), y), expected)


@pytest.mark.parametrize(("objective", "targets"), CASES, ids=lambda c: type(c).__name__)
def test_loss_is_convex_in_the_scores(objective, targets):
    torch.manual_seed(2)
    a, b = torch.randn(2, 200, objective.outputs, dtype=torch.float64) * 3
    y = targets(200)
    middle = objective.loss((a + b) / 2, y)
    assert (middle <= (objective.loss(a, y) + objective.loss(b, y)) / 2 + 1e-12).all()
