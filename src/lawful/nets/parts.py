"""Networks for the parts of a sum or a product, each of which can be read after training."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.nets.architecture import Architecture, Blocks, Core
from lawful.nets.around import Around
from lawful.nets.based import Beside
from lawful.nets.chain import Chain
from lawful.physics.columns import Columns
from lawful.physics.groups.group import Array
from lawful.physics.parts import Product, Sum


class Parts(Architecture):
    """A network for each part, with what else is built in restricted to its columns.

    Args:
        statement: The parts.
        table: The columns of the inputs.
        branch: Function from the columns of a part to what is built in within it.

    Raises:
        InputError: When a part does not fit what is built in within it.
    """

    def __init__(self, statement: Sum | Product, table: Columns, branch: Callable[[Columns], Chain]) -> None:
        self.statement = self.parts = statement
        self.places = statement.places(table)
        self.branches = {
            name: branch(Columns(len(columns), tuple(table.called(c) for c in columns)))
            for name, columns in self.places.items()
        }
        self.counts: dict[str, tuple[int, int]] = {}  # numbers and numbers at the side, of each part

    def fit(self, X: Array, weight: Array, y: Array | None) -> None:
        """See `Architecture.fit`."""
        for name, chain in self.branches.items():
            chain.fit(X[:, self.places[name]], weight, y)
        self._settle(X[:2])

    def _settle(self, X: Array) -> None:
        names: list[str] = []
        for name, chain in self.branches.items():
            part = X[:, self.places[name]]
            numbers = chain.numbers(part)
            if numbers.shape[1] != 1:
                raise InputError(
                    f"{self.statement.name}: an average or a pool within the part {name!r} cannot be built in."
                )
            packed = chain.pack(part, lambda rows: rows)
            self.counts[name] = (numbers.shape[2], packed.shape[1] - numbers.shape[2])
            names += [f"{name} {k}" for k in range(numbers.shape[2])]
        self.table = Columns(len(names), tuple(names))

    def inputs(self, X: Array) -> Array:
        """See `Architecture.inputs`: the numbers of one part after the other."""
        return np.concatenate(
            [chain.numbers(X[:, self.places[name]]) for name, chain in self.branches.items()], axis=2
        )

    def side(self, X: Array) -> Array | None:
        """See `Architecture.side`: likewise."""
        sides = [
            chain.pack(X[:, self.places[name]], lambda rows: rows)[:, self.counts[name][0] :]
            for name, chain in self.branches.items()
        ]
        side = np.concatenate(sides, 1)
        return side if side.shape[1] else None

    def blocks(self, inner: Blocks) -> Blocks:
        """See `Architecture.blocks`; no constant may be added to a product."""
        blocks = inner
        for chain in self.branches.values():
            blocks = chain.blocks(blocks)
        return [(columns, False) for columns, _ in blocks] if isinstance(self.parts, Product) else blocks

    def reference(self, X: Array, inner: Array | None) -> Array | None:  # noqa: ARG002
        """Nothing: each part is a network's own."""
        return None

    def wrap(self, core: Core, plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`.

        Raises:
            InputError: For weights of both signs.
        """
        if plain or copies != 1:
            raise InputError(f"{self.statement.name} cannot be built in with weights of both signs: use by('loss').")
        nets = []
        for name, chain in self.branches.items():
            count = self.counts[name][0]
            nets.append(chain.wrap(lambda o, i=None, count=count: core(o, count if i is None else i), 0, outputs, 1))
        product = isinstance(self.parts, Product)
        return Composed(nets, list(self.counts.values()), outputs, product=product)

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Architecture.arrays`."""
        return {
            f"{k}.{key}": value
            for k, chain in enumerate(self.branches.values())
            for key, value in chain.arrays.items()
        }

    def restore(self, arrays: dict[str, Array]) -> None:
        """See `Architecture.restore`."""
        for k, chain in enumerate(self.branches.values()):
            head = f"{k}."
            chain.restore({key.removeprefix(head): a for key, a in arrays.items() if key.startswith(head)})
        self._settle(np.ones((1, 1 + max(c for columns in self.places.values() for c in columns))))


class Composed(nn.Module):
    r"""The sum $\sum_p z_p$ of what some networks give, or the product $\prod_p (1 + z_p)$.

    Args:
        nets: A network for each part.
        counts: How many numbers each is given, and how many at its side.
        outputs: Number of outputs O.
        product: Whether parts are multiplied.

    Shapes: input (B, numbers of all parts, then what is at their sides), output (B, O).

    Examples:
        >>> Composed([nn.Linear(2, 1), nn.Linear(3, 1)], [(2, 0), (3, 0)], 1, product=False)(torch.zeros(4, 5)).shape
        torch.Size([4, 1])
    """

    stacks = True

    def __init__(self, nets: list[nn.Module], counts: list[tuple[int, int]], outputs: int, *, product: bool) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)
        self.counts, self.outputs, self.product = counts, outputs, product

    def reset_parameters(self) -> None:
        """Draw the parameters again."""
        for net in self.nets:
            net.reset_parameters()  # type: ignore[operator]

    def parts(self, x: Tensor) -> Tensor:
        """Each part, (B, parts, O)."""
        at, beside = 0, sum(numbers for numbers, _ in self.counts)
        found = []
        for net, (numbers, side) in zip(self.nets, self.counts, strict=True):
            found.append(net(torch.cat([x[..., at : at + numbers], x[..., beside : beside + side]], -1)))
            at, beside = at + numbers, beside + side
        z = torch.stack(found, -2)
        return 1 + z if self.product else z

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        parts = self.parts(x)
        return parts.prod(-2) if self.product else parts.sum(-2)


def split_parts(net: nn.Module, x: Tensor) -> Tensor:
    """The parts of a network that lies around a `Composed` one, (parts, B, O), of its inputs x, (B, numbers)."""
    if isinstance(net, Beside):
        based = net.based
        return split_parts(based.core, x[..., : x.shape[-1] - based.table.count])
    if isinstance(net, Around):
        return torch.stack([net.combine(z, x) for z in split_parts(net.core, net.given(x))])
    assert isinstance(net, Composed)
    return net.parts(x).movedim(-2, 0)
