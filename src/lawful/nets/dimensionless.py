"""Networks that see pure numbers only, and give an answer with a unit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lawful.errors import InputError
from lawful.nets.architecture import Architecture, Blocks, Core
from lawful.nets.symmetric import Contracted
from lawful.physics.columns import Columns
from lawful.physics.groups.group import Array
from lawful.physics.terms import Terms
from lawful.physics.units import Groups, Units

_BEYOND = 2.0  # medians of a pure number beyond which an answer may grow with it
_EVENTS_PER_TERM = 20  # below which the answer begins as F alone


class Dimensionless(Architecture):
    r"""Pure numbers in, and an answer with a unit out, by a product F of inputs that has this unit.

    $y = F(x)\,\left(c_0 + \sum_j c_j \Pi_j + \phi(\Pi) \sqrt{1 + \sum_j (\Pi_j / s_j)^2}\right)$ with the network
    $\phi$; see `lawful.physics.units.Groups`. F is one of several products that would do, as $q E$ and $q v B$, and
    $F \Pi_j$ are others: where these are larger, the answer is measured by them. The sizes $s_j$ are two medians of
    $|\Pi_j|$, and the c a least-squares fit. $\Pi_j$ that a symmetry within moves, or along which the output is
    monotonic, stay out of the sums; where outputs turn with a symmetry all do, and $c_0 = 0$.

    Args:
        units: The statement.
        table: The columns of the inputs.
        outputs: Number of targets; None for a classifier.
        last: Columns that are repeating variables only where no others will do: those that a symmetry moves.
        turns: Whether outputs turn with a symmetry.
        rising: Column along which the output is monotonic; repeating variables beside it must be positive.
        sizes: Matrices A by unit; |A x| of inputs x, in that unit, may be a repeating variable too. They serve where
            a symmetry moves all columns of a unit, but not this size.

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
        sizes: Mapping[str, Array] | None = None,
    ) -> None:
        self.statement = units
        self.last, self.turns, self.rising, self.count = last, turns, rising, table.count
        self.matrices = list((sizes or {}).values())
        of_sizes = {f"size in {unit}": unit for unit in sizes or {}}
        self.units = Units(units.of_columns(table) | of_sizes, to=units.to, reach=units.reach)
        names = [table.called(j) for j in range(table.count)]
        self.whole = Columns(table.count + len(of_sizes), (*names, *of_sizes))
        found = self.units.groups(self.whole)
        if outputs is None and any(e for powers in found.output for e in powers.values()):
            raise InputError(f"{units.name}: the probabilities of classes are pure numbers, use to=''.")
        self.outputs = outputs
        self.sizes: dict[str, Array] = {}

    def _with_sizes(self, X: Array) -> Array:
        """Inputs with sizes behind the columns, (N, F + sizes)."""
        values = np.asarray(X, dtype=np.float64)
        sizes = [np.linalg.norm(values @ A.T, axis=1)[:, None] for A in self.matrices]
        return np.concatenate([values, *sizes], 1)

    def _take(self, groups: Groups) -> None:
        self.groups = groups
        own = [k for k, j in enumerate(groups.others) if j < self.count]
        self.given = [*own, *range(len(groups.others), groups.width)]  # signs too; sizes say nothing new
        names = [self.whole.called(groups.others[k]) for k in own]
        names += [f"sign of {self.whole.called(j)}" for j in groups.signed]
        self.table = Columns(len(names), tuple(names)) if names else Columns(1, ("one",))

    def fit(self, X: Array, weight: Array, y: Array | None) -> None:
        """See `Architecture.fit`: choose the repeating variables; the size of F, those of pure numbers, and c."""
        self._take(self.units.groups(self.whole, self._with_sizes(X), last=self.last))
        self.sizes = {"repeating": np.array(self.groups.repeating), "signed": np.array(self.groups.signed)}
        if self.outputs is None or y is None:
            return
        F, pure = self._factor(X), self._pure_numbers(X)[:, self._free]
        median = np.median(np.abs(pure[weight > 0]), axis=0)
        self.sizes["spread"] = np.where(median > 0, _BEYOND * median, 1.0)
        grown = F * self._growth(pure)
        size = np.sqrt(np.average(grown**2, axis=0, weights=weight))
        self.sizes["factor"] = np.where(size > 0, size, 1.0)
        terms = np.concatenate([np.ones((len(X), 1)), pure], 1)
        self.sizes["line"] = np.zeros((terms.shape[1], self.outputs))
        if self.turns:
            return
        some = terms if len(X) >= _EVENTS_PER_TERM * terms.shape[1] else terms[:, :1]
        for o in range(self.outputs):
            root = np.sqrt(weight)
            line = np.linalg.lstsq(some * (F[:, o] * root)[:, None], y[:, o] * root, rcond=1e-10)[0]
            self.sizes["line"][: len(line), o] = line

    @property
    def _free(self) -> list[int]:
        """Places of the pure numbers, of sizes too, by which the answer may grow; see the class."""
        if self._pure or self.turns:
            return []
        return [k for k, j in enumerate(self.groups.others) if j not in self.last]

    def _growth(self, pure: Array) -> Array:
        """By how much the answer may be larger than F, (N, 1), given the free pure numbers, (N, P)."""
        return np.asarray(np.sqrt(1 + np.square(pure / self.sizes["spread"]).sum(1, keepdims=True)))

    def _pure_numbers(self, X: Array) -> Array:
        return np.asarray(self.groups.dimensionless(torch.from_numpy(self._with_sizes(X))).numpy())

    def _factor(self, X: Array) -> Array:
        F = self.groups.factor(torch.from_numpy(self._with_sizes(X))).numpy()
        return np.broadcast_to(F, (len(X), self.outputs or 1)) if F.shape[1] == 1 else F

    def inputs(self, X: Array) -> Array:
        """See `Architecture.inputs`; a network without any pure number is given a constant.

        Raises:
            InputError: When the output is monotonic, and would turn round where a repeating variable is negative.
        """
        self._check_signs(X)
        pure = self._pure_numbers(X)[:, self.given]
        return (pure if pure.shape[1] else np.ones((len(X), 1)))[:, None]

    def _check_signs(self, X: Array) -> None:
        if self.rising is None or self.rising not in self.groups.others:
            return
        powers = [self.groups.pi[self.groups.others.index(self.rising)], *self.groups.output]
        for j in sorted({j for each in powers for j, e in each.items() if e.numerator % 2}):
            if j < self.count and (X[:, j] < 0).any():
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
        """F and what it grows by in units of their size, as a basis of the output, flattened."""
        if self._pure:
            return None
        F = self._factor(X) * self._growth(self._pure_numbers(X)[:, self._free]) / self.sizes["factor"]
        return np.asarray((F[:, :, None] * np.eye(F.shape[1])).reshape(len(X), -1))

    @property
    def adds(self) -> bool:
        """See `Architecture.adds`."""
        return self.outputs is not None

    def reference(self, X: Array, inner: Array | None) -> Array | None:
        """What is linear in the pure numbers, or F times what the architecture within adds."""
        if self.outputs is None:
            return inner
        if inner is None:
            line = self.sizes["line"]
            inner = line[0] + self._pure_numbers(X)[:, self._free] @ line[1:]
        return self._factor(X) * inner

    def terms_around(self, inner: Terms) -> Terms | None:
        """See `Architecture.terms_around`: F times those of the pure numbers, where all outputs have one unit."""
        return Measured(self, inner) if len({tuple(f.items()) for f in self.groups.output}) == 1 else None

    def factor(self, X: Array) -> Array:
        """F in units of its size, (N, 1)."""
        return np.asarray(self._factor(X)[:, :1] / self.sizes["factor"][0])

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
        wanted = {"repeating", "signed"} | (set() if self.outputs is None else {"factor", "spread", "line"})
        if set(arrays) != wanted or not all(np.isfinite(array).all() for array in arrays.values()):
            raise InputError(f"{self.units.name}: what it learned does not fit: the file was changed.")
        repeating, signed = ([int(j) for j in arrays[name]] for name in ("repeating", "signed"))
        self._take(self.units.groups(self.whole, repeating=repeating, signed=signed))
        free = len(self._free)
        if self.outputs is not None and (
            [arrays[name].shape for name in ("factor", "spread", "line")]
            != [(self.outputs,), (free,), (1 + free, self.outputs)]
        ):
            raise InputError(f"{self.units.name}: what it learned does not fit: the file was changed.")
        self.sizes = arrays


@dataclass(frozen=True)
class Measured:
    """Terms of pure numbers times what has the unit of the output; see `Terms`."""

    units: Dimensionless
    inner: Terms

    @property
    def invariant(self) -> bool:
        """See `Terms`."""
        return self.inner.invariant

    def __call__(self, X: Array) -> Array:
        """See `Terms`."""
        return self.inner(self.units.inputs(X)[:, 0]) * self.units.factor(X)[:, :, None]

    @property
    def degrees(self) -> Array:
        """See `Terms`."""
        return self.inner.degrees

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Terms`: nothing besides what lies within has."""
        return {}
