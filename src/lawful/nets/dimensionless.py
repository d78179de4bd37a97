"""Networks that see pure numbers only, and give an answer with a unit."""

import numpy as np
import torch
from torch import nn

from lawful.errors import InputError
from lawful.nets.architecture import Architecture, Blocks, Core
from lawful.nets.symmetric import Contracted
from lawful.physics.groups.group import Array
from lawful.physics.statement import Columns
from lawful.physics.units import Groups, Units


class Dimensionless(Architecture):
    r"""Pure numbers in, and the answer $y = F(x)\,(c + \phi(\Pi))$ with a product F of inputs that has its unit.

    See `lawful.physics.units.Groups`. The constant c, the least-squares fit of y by F alone, is 0 where outputs turn
    with a symmetry that is built in within.

    Args:
        units: The statement.
        table: The columns of the inputs.
        outputs: Number of targets; None for a classifier.
        last: Columns that are repeating variables only where no others will do: those that a symmetry moves.
        turns: Whether outputs turn with a symmetry.
        rising: Column along which the output is monotonic; repeating variables beside it must be positive.

    Raises:
        InputError: When units are missing, or the output cannot have its unit.
    """

    groups: Groups

    def __init__(
        self,
        units: Units,
        table: Columns,
        outputs: int | None,
        last: tuple[int, ...] = (),
        turns: bool = False,
        rising: int | None = None,
    ) -> None:
        self.statement = self.units = units
        self.whole, self.last, self.turns = table, last, turns
        self.rising = rising
        found = units.groups(table)
        if outputs is None and any(e for powers in found.output for e in powers.values()):
            raise InputError(f"{units.name}: the probabilities of classes are pure numbers, use to=''.")
        self.outputs = outputs
        self.sizes: dict[str, Array] = {}

    def _take(self, groups: Groups) -> None:
        self.groups = groups
        names = [self.whole.called(j) for j in groups.others] + [
            f"sign of {self.whole.called(j)}" for j in groups.signed
        ]
        self.table = Columns(len(names), tuple(names)) if names else Columns(1, ("one",))

    def fit(self, X: Array, weight: Array, y: Array | None) -> None:
        """See `Architecture.fit`: choose the repeating variables; the size of F, and c."""
        self._take(self.units.groups(self.whole, X, last=self.last))
        self.sizes = {"repeating": np.array(self.groups.repeating), "signed": np.array(self.groups.signed)}
        if self.outputs is None or y is None:
            return
        F = self._factor(X)
        size = np.sqrt(np.average(F**2, axis=0, weights=weight))
        c = np.average(F * y, axis=0, weights=weight) / np.where(size > 0, size**2, 1.0)
        self.sizes |= {"factor": np.where(size > 0, size, 1.0), "constant": 0.0 * c if self.turns else c}

    def _factor(self, X: Array) -> Array:
        F = self.groups.factor(torch.from_numpy(np.asarray(X, dtype=np.float64))).numpy()
        return np.broadcast_to(F, (len(X), self.outputs or 1)) if F.shape[1] == 1 else F

    def inputs(self, X: Array) -> Array:
        """See `Architecture.inputs`; a network without any pure number is given a constant.

        Raises:
            InputError: When the output is monotonic, and would turn round where a repeating variable is negative.
        """
        self._check_signs(X)
        pure = self.groups.dimensionless(torch.from_numpy(np.asarray(X, dtype=np.float64))).numpy()
        return (pure if pure.shape[1] else np.ones((len(X), 1)))[:, None]

    def _check_signs(self, X: Array) -> None:
        if self.rising is None or self.rising not in self.groups.others:
            return
        powers = [self.groups.pi[self.groups.others.index(self.rising)], *self.groups.output]
        for j in sorted({j for each in powers for j, e in each.items() if e.numerator % 2}):
            if (X[:, j] < 0).any():
                raise InputError(
                    f"{self.units.name}: {self.whole.called(self.rising)}, along which the output is monotonic, is "
                    f"measured in units of {self.whole.called(j)}, which is negative in "
                    f"{int((X[:, j] < 0).sum())} of {len(X)} rows: there rising would be falling. Enforce the "
                    "monotonic dependence by 'loss'."
                )

    @property
    def _pure(self) -> bool:
        return self.outputs is None or not any(e for powers in self.groups.output for e in powers.values())

    def side(self, X: Array) -> Array | None:
        """F in units of its size, as a basis of the output, flattened."""
        if self._pure:
            return None
        F = self._factor(X) / self.sizes["factor"]
        return np.asarray((F[:, :, None] * np.eye(F.shape[1])).reshape(len(X), -1))

    @property
    def adds(self) -> bool:
        """See `Architecture.adds`."""
        return self.outputs is not None

    def reference(self, X: Array, inner: Array | None) -> Array | None:
        """F c, or F times what the architecture within adds."""
        if self.outputs is None:
            return inner
        return self._factor(X) * (self.sizes["constant"] if inner is None else inner)

    def blocks(self, inner: Blocks) -> Blocks:
        """See `Architecture.blocks`: with a unit, no constant may be added."""
        return inner if self._pure else [(columns, False) for columns, _ in inner]

    def wrap(self, core: Core, plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`."""
        within = core(plain + copies * outputs)
        return within if self._pure else Contracted(within, outputs, outputs, plain=plain, copies=copies)

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Architecture.arrays`."""
        return self.sizes

    def restore(self, arrays: dict[str, Array]) -> None:
        """See `Architecture.restore`."""
        wanted = {"repeating", "signed"} | (set() if self.outputs is None else {"factor", "constant"})
        if set(arrays) != wanted or any(
            arrays[name].shape != (self.outputs,) or not np.isfinite(arrays[name]).all()
            for name in wanted - {"repeating", "signed"}
        ):
            raise InputError(f"{self.units.name}: what it learned does not fit: the file was changed.")
        repeating = [int(j) for j in arrays["repeating"]]
        self._take(self.units.groups(self.whole, repeating=repeating, signed=[int(j) for j in arrays["signed"]]))
        self.sizes = arrays
