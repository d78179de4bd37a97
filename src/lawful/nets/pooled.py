"""Networks of several objects that may be permuted: networks of objects and pairs, pooled."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

POOLED = 32  # numbers that are pooled


@dataclass(frozen=True)
class Shape:
    """How the rows that a `Pooled` network is given are made up, and what it gives.

    Attributes:
        objects: Number n of objects.
        single: Numbers of an object, A.
        pair: Numbers of an ordered pair that are given, E; 0: an object stands in a row of its own.
        scalars: Numbers of the event that no group acts on, C.
        paired: Whether pairs are looked at.
        order: For each output its sort: "scalar", "object" (a number of each object), "pair" (a number of each
            ordered pair, and of each object with itself), or "sum" with the place of its basis, as "sum 0".
        basis: Basis tensors of each sort of "sum".
        width: Numbers d in a basis tensor.
        before: How many of these stand before the index of the object in an output: 1 for S(n) * G, d for G * S(n).
        plain: Leading outputs that nothing acts on.
        copies: How often the outputs are made.
    """

    objects: int
    single: int
    pair: int
    scalars: int
    paired: bool
    order: tuple[str, ...] = ("scalar",)
    basis: tuple[int, ...] = ()
    width: int = 1
    before: int = 1
    plain: int = 0
    copies: int = 1

    @property
    def row(self) -> int:
        """Numbers S in a row."""
        return self.single + self.pair + self.scalars

    @property
    def rows(self) -> int:
        """Rows of an event: one for each object, or for each ordered pair of different objects."""
        return self.objects * (self.objects - 1) if self.pair else self.objects

    @property
    def inputs(self) -> int:
        """Numbers in an event, basis tensors included."""
        return self.rows * (self.row + sum(self.basis) * self.width)


class Pooled(nn.Module):
    r"""A function of n objects that does not depend on their order, or moves with it.

    $a_i = \frac{1}{n-1} \sum_{j \ne i} \phi_2(x_i, x_j, s)$, $h_i = \phi(x_i, a_i, s)$, $p = \frac1n \sum_i h_i$
    beside the largest $h_i$ of each component, and then

    - a scalar is $\rho(p, s)$ and sums over pairs and objects, of further outputs of $\phi_2$ and $\phi$,
    - a number of each object is $\rho_1(x_i, h_i, p, s)$,
    - a number of each pair is $\rho_2(x_i, x_j, h_i, h_j, p, s)$, on the diagonal $\rho_1$,
    - a tensor of each object is $\sum_j \sum_k c_k(i, j)\,T_k(i, j)$ with coefficients that $\rho_2$ gives.

    Pooling: Zaheer et al., 'Deep sets', 2017; pairs: Battaglia et al., 'Interaction networks for learning about
    objects, relations and physics', 2016; tensors: Satorras, Hoogeboom, Welling, 'E(n) equivariant graph neural
    networks', 2021. The diagonal of pairs is left out.

    Args:
        core: Function from numbers of outputs and of inputs to a network.
        shape: What is given and wanted.

    Shapes: input (B, rows * S + basis tensors), row after row, for pairs (1, 2), (1, 3), ..., (2, 1), ...; then the
    basis tensors of all rows for each sort, (rows, K, d) flattened. Output (B, plain + copies * outputs).

    Examples:
        >>> shape = Shape(objects=5, single=2, pair=0, scalars=1, paired=True)
        >>> Pooled(lambda outputs, inputs: nn.Linear(inputs, outputs), shape)(torch.zeros(7, 15)).shape
        torch.Size([7, 1])
    """

    stacks = True

    def __init__(self, core: Callable[[int, int], nn.Module], shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        A, C, P, copies = shape.single, shape.scalars, POOLED, shape.copies
        of_pair = A + (shape.pair or A) + C
        scalars = shape.plain + copies * shape.order.count("scalar")
        each = copies * (shape.order.count("object") + shape.order.count("pair"))
        between = copies * (
            shape.order.count("pair") + sum(K * shape.order.count(f"sum {k}") for k, K in self._bases)
        )
        self.pair = core(P + scalars, of_pair) if shape.paired else None
        self.object = core(P + scalars, A + (P if shape.paired else 0) + C)
        self.whole = core(scalars, 2 * P + C) if scalars else None
        self.each = core(each, A + 3 * P + C) if each else None
        self.between = core(between, of_pair + 4 * P) if between else None

    @property
    def _bases(self) -> list[tuple[int, int]]:
        return list(enumerate(self.shape.basis))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, plain + copies * outputs)."""
        shape, n = self.shape, self.shape.objects
        rows = x[..., : shape.rows * shape.row].unflatten(-1, (shape.rows, shape.row))
        s = rows[..., 0, shape.row - shape.scalars :]  # (B, C)
        of_pairs: Tensor | None = None
        if shape.pair:
            of_pairs = rows.unflatten(-2, (n, n - 1))  # (B, n, n - 1, S)
            u = of_pairs[..., 0, : shape.single]
        else:
            u = rows[..., : shape.single]  # (B, n, A)
            if shape.paired or self.between is not None:
                of_pairs = torch.cat([_both(u, u), _each(s, (n, n - 1))], -1)
        parts = [u]
        sums = []
        if self.pair is not None:
            a = self.pair(of_pairs).mean(-2)
            parts.append(a[..., :POOLED])
            sums.append(a[..., POOLED:])
        h = self.object(torch.cat([*parts, _each(s, (n,))], -1))
        sums.append(h[..., POOLED:])
        h = h[..., :POOLED]  # (B, n, P)
        p = torch.cat([h.mean(-2), h.amax(-2), s], -1)
        whole = None
        if self.whole is not None:
            whole = self.whole(p) + math.sqrt(n) * torch.stack(sums).sum(0).mean(-2)
        each = None if self.each is None else self.each(torch.cat([u, h, _each(p, (n,))], -1))
        between = None
        if self.between is not None:
            assert of_pairs is not None
            q = _each(p[..., : 2 * POOLED], (n, n - 1))
            between = self.between(torch.cat([of_pairs, _both(h, h), q], -1))
        return self._assemble(x, whole, each, between)

    def _assemble(self, x: Tensor, whole: Tensor | None, each: Tensor | None, between: Tensor | None) -> Tensor:
        """The outputs in their order; each network's numbers are used up from the front."""
        shape, n = self.shape, self.shape.objects
        tensors, at = [], shape.rows * shape.row
        for K in shape.basis:
            stop = at + shape.rows * K * shape.width
            tensors.append(x[..., at:stop].unflatten(-1, (n, n - 1, K, shape.width)))
            at = stop
        out, first, second, third = [], 0, 0, 0
        if shape.plain:
            assert whole is not None
            out.append(whole[..., : shape.plain])
            first = shape.plain
        for sort in shape.order * shape.copies:
            if sort == "scalar":
                assert whole is not None
                out.append(whole[..., first : first + 1])
                first += 1
            elif sort == "object":
                assert each is not None
                out.append(each[..., second])
                second += 1
            elif sort == "pair":
                assert each is not None
                assert between is not None
                out.append(_matrix(each[..., second], between[..., third]))
                second, third = second + 1, third + 1
            else:
                assert between is not None
                T = tensors[int(sort.split()[1])]
                c = between[..., third : third + T.shape[-2]]
                y = (c.unsqueeze(-1) * T).sum(-2).mean(-2).unflatten(-1, (shape.before, -1))  # (B, n, before, after)
                out.append(y.transpose(-3, -2).flatten(-3))
                third += T.shape[-2]
        return torch.cat(out, -1)

    def extra_repr(self) -> str:
        """What a printout shows besides the networks."""
        return f"objects={self.shape.objects}"


def _each(s: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Numbers of the event, (B, C), beside every object or pair, (B, *shape, C)."""
    for _ in shape:
        s = s.unsqueeze(-2)
    return s.expand(*s.shape[: -1 - len(shape)], *shape, s.shape[-1])


def _both(a: Tensor, b: Tensor) -> Tensor:
    """Numbers of both objects of each ordered pair, (B, n, F) and (B, n, G): (B, n, n - 1, F + G)."""
    n = a.shape[-2]
    lead = a.shape[:-2]
    full = torch.cat(
        [
            a.unsqueeze(-2).expand(*lead, n, n, a.shape[-1]),
            b.unsqueeze(-3).expand(*lead, n, n, b.shape[-1]),
        ],
        -1,
    )
    # in the flattened matrix a diagonal entry stands before every n others
    others = full.flatten(-3, -2)[..., 1:, :].unflatten(-2, (n - 1, n + 1))[..., :n, :]
    pairs: Tensor = others.flatten(-3, -2).unflatten(-2, (n, n - 1))
    return pairs


def _matrix(diagonal: Tensor, others: Tensor) -> Tensor:
    """Matrices from their diagonal, (B, n), and other entries, (B, n, n - 1); row-major, (B, n * n)."""
    n = diagonal.shape[-1]
    parts = [diagonal[..., :-1].unsqueeze(-1), others.flatten(-2).unflatten(-1, (n - 1, n))]
    return torch.cat([torch.cat(parts, -1).flatten(-2), diagonal[..., -1:]], -1)
