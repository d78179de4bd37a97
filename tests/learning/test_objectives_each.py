"""Losses of each object: sums over objects, and their derivatives."""

import pytest
import torch

from lawful.learning import (
    BinaryCrossEntropy,
    CrossEntropy,
    Each,
    NumberedCrossEntropy,
    SignedSquaredError,
    SquaredError,
)

INNER = {
    "binary": (BinaryCrossEntropy(), lambda n: torch.randint(0, 2, (*n, 1)).double()),
    "numbered": (NumberedCrossEntropy(4), lambda n: torch.randint(0, 4, (*n, 1)).double()),
    "squared": (SquaredError(2), lambda n: torch.randn(*n, 2).double()),
    "signed": (SignedSquaredError(1), lambda n: torch.stack([torch.randint(0, 2, n), torch.randn(n)], -1).double()),
}


@pytest.mark.parametrize("kind", INNER)
def test_the_loss_is_a_weighted_sum_over_objects(kind):
    torch.manual_seed(0)
    inner, draw = INNER[kind]
    targets, weight = draw((2, 3, 5)), torch.rand(2, 3, 5).double()
    weight[..., 3:] = 0
    z = torch.randn(2, 3, 5 * inner.outputs).double().requires_grad_()
    each = Each(inner, 5)
    y = torch.cat([targets, weight.unsqueeze(-1)], -1).flatten(-2)
    loss = each.loss(z, y)
    by_hand = sum(
        inner.loss(z.unflatten(-1, (5, -1))[..., i, :], targets[..., i, :]) * weight[..., i] for i in range(3)
    )
    torch.testing.assert_close(loss, by_hand)
    (slope,) = torch.autograd.grad(loss.sum(), z)
    torch.testing.assert_close(each.slope(z.detach(), y), slope)
    assert each.outputs == z.shape[-1]
    assert each.tolerance == inner.tolerance


def test_numbered_classes_are_those_of_one_hot_rows():
    torch.manual_seed(0)
    z, k = torch.randn(7, 3), torch.randint(0, 3, (7, 1)).float()
    one_hot = torch.eye(3)[k.squeeze(1).long()]
    torch.testing.assert_close(NumberedCrossEntropy(3).loss(z, k), CrossEntropy(3).loss(z, one_hot))
    torch.testing.assert_close(NumberedCrossEntropy(3).slope(z, k), CrossEntropy(3).slope(z.clone(), one_hot))
