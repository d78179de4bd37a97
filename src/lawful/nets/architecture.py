"""How a statement becomes an architecture: what the network is given, and what is made of what it gives."""

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
import torch
from scipy.linalg import block_diag
from torch import nn

from lawful.errors import InputError
from lawful.nets.symmetric import Averaged, Contracted
from lawful.physics.columns import Columns
from lawful.physics.features import Features
from lawful.physics.groups.group import Array
from lawful.physics.representations import element_matrix
from lawful.physics.statement import Statement
from lawful.physics.symmetry import Symmetry
from lawful.physics.terms import Additive, Monomials, Terms

Blocks = list[tuple[list[int], bool]]
MOST_BYTES = 4e9  # of inputs as all elements move them
MOST_AVERAGED = 128  # elements of a finite group over which a network is averaged


class Core(Protocol):
    """A function that makes a core network."""

    def __call__(self, outputs: int, inputs: int | None = None) -> nn.Module:
        """A network with `outputs` outputs; of `inputs` numbers, by default those that are prepared for it."""


class Architecture(ABC):
    """The parts of a network that cannot break a statement which have nothing to learn.

    A table of inputs becomes another one, of which the core network, or the next architecture, is given a row for
    each copy; what it gives is combined with the numbers at its `side`.

    Attributes:
        statement: What cannot be broken.
        table: The columns of what the core is given.
        terms: Of which a linear model may be made, from which training starts; or None.
    """

    statement: Statement
    table: Columns
    terms: Terms | None = None

    @property
    def width(self) -> int:
        """Numbers S in a copy of the core's inputs."""
        return self.table.count

    def fit(self, X: Array, weight: Array, y: Array | None) -> None:  # noqa: B027 - nothing to learn is common
        """Learn sizes from inputs, (N, F), weights of at least zero, (N,), and targets, (N, T), if there are any."""

    @abstractmethod
    def inputs(self, X: Array) -> Array:
        """What a core network is given of inputs (N, F): (N, copies, S); one copy for each time it is called."""

    def side(self, X: Array) -> Array | None:  # noqa: ARG002
        """What is put beside the core's inputs, (N, numbers), or None."""
        return None

    @property
    def adds(self) -> bool:
        """Whether it adds something to the output itself."""
        return False

    def reference(self, X: Array, inner: Array | None) -> Array | None:  # noqa: ARG002
        """What is added to the output, (N, O), or None; `inner` is what lies within adds, (N * copies, O)."""
        return inner

    def terms_around(self, inner: Terms) -> Terms | None:  # noqa: ARG002
        """Terms of the whole, made of those of what lies within; None: there are none."""
        return None

    def aims(self, y: Array) -> Array | None:  # noqa: ARG002
        """Targets of what lies within, (N * copies, O), given those of the whole, (N, O); None: not known."""
        return None

    @abstractmethod
    def wrap(self, core: Core, plain: int, outputs: int, copies: int) -> nn.Module:
        """The network around a core.

        Args:
            core: Function from a number of outputs to a core network.
            plain: Leading outputs that are invariant whatever the statement says of the rest.
            outputs: Numbers in the output that transforms.
            copies: How often that output is made.
        """

    def blocks(self, inner: Blocks) -> Blocks:
        """Targets that are scaled by one number, and whether they may be shifted; `inner` is said within."""
        return inner

    @property
    def arrays(self) -> dict[str, Array]:
        """What `fit` learned."""
        return {}

    def restore(self, arrays: dict[str, Array]) -> None:
        """Take back `arrays`.

        Raises:
            InputError: When they cannot be what `fit` learned.
        """
        if arrays:
            raise InputError(f"{self.statement.name}: there is nothing to restore: the file was changed.")


class Invariants(Architecture):
    """Invariants in, and outputs made of basis tensors; see `Features`."""

    def __init__(self, symmetry: Symmetry, table: Columns, tolerance: float) -> None:
        self.statement = self.symmetry = symmetry
        self.features = Features(symmetry, table, tolerance)
        monomials = Monomials(self.features)
        self.terms = monomials if self.features.outputs is not None else Additive(monomials)
        self.table = Columns(self.features.width, self._names(table))

    def _names(self, table: Columns) -> tuple[str, ...]:
        """What nothing moves keeps its name; invariants have one that no column has."""
        layout = self.features.frame.layout
        still = [c for kind, cs in zip(layout.kinds, layout.columns, strict=True) if kind.invariant for c in cs]
        names = [table.called(c) for c in still]
        return (*names, *(f"invariant {k} of {self.symmetry.name}" for k in range(self.features.width - len(names))))

    def fit(self, X: Array, weight: Array, y: Array | None) -> None:  # noqa: ARG002
        """See `Architecture.fit`."""
        self.features.fit(X, weight)
        if isinstance(self.terms, Additive):
            self.terms.fit(X, weight)

    def inputs(self, X: Array) -> Array:
        """See `Architecture.inputs`."""
        return self.features.inputs(X)[:, None]

    def side(self, X: Array) -> Array | None:
        """The basis tensors, flattened."""
        return None if self.features.outputs is None else self.features.basis(X).reshape(len(X), -1)

    @property
    def adds(self) -> bool:
        """See `Architecture.adds`."""
        return self.features.outputs is not None

    def reference(self, X: Array, inner: Array | None) -> Array | None:
        """The reference point of outputs that are points."""
        return inner if self.features.outputs is None else self.features.reference(X)

    def blocks(self, inner: Blocks) -> Blocks:
        """See `Architecture.blocks`: one for each representation in the output."""
        return blocks_of(self.symmetry, inner)

    def wrap(self, core: Core, plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`."""
        K = self.features.outputs
        if K is None:
            return core(plain + copies * outputs)
        return Contracted(core(plain + copies * K), K, outputs, plain=plain, copies=copies)

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Architecture.arrays`."""
        return self.features.arrays | ({} if self.terms is None else self.terms.arrays)

    def restore(self, arrays: dict[str, Array]) -> None:
        """See `Architecture.restore`."""
        knots = {name: arrays[name] for name in arrays if name.startswith("knots.")}
        arrays = {name: a for name, a in arrays.items() if name not in knots}
        if isinstance(self.terms, Additive):
            self.terms.restore(knots, self.symmetry.name)
        if {name: a.shape for name, a in arrays.items()} != self.features.shapes:
            raise InputError("the sizes of the invariants do not fit the statements: the file was changed.")
        self.features.arrays = arrays


class Mean(Architecture):
    """The mean over a finite group of any network."""

    def __init__(self, symmetry: Symmetry, table: Columns) -> None:
        self.statement = self.symmetry = symmetry
        self.layout = symmetry.layout(table)
        self.elements = symmetry.group.elements()
        self.table = table

    def inputs(self, X: Array) -> Array:
        """The inputs as each element moves them, (N, |G|, F)."""
        if 8 * X.size * len(self.elements) > MOST_BYTES:
            raise InputError(
                f"{self.symmetry.name}: the mean over {len(self.elements)} elements of {len(X):,} events would take "
                f"{8e-9 * X.size * len(self.elements):.0f} GB. Use by('augment'), or fewer events at a time."
            )
        g = torch.from_numpy(self.elements)
        moved = self.layout.move(torch.from_numpy(np.asarray(X, np.float64)).unsqueeze(1), g, self.symmetry.group)
        return moved.numpy()

    def blocks(self, inner: Blocks) -> Blocks:
        """See `Architecture.blocks`: one for each representation in the output."""
        return blocks_of(self.symmetry, inner)

    def reference(self, X: Array, inner: Array | None) -> Array | None:
        """The mean over the elements of what lies within adds to the output, moved back."""
        if inner is None:
            return None
        each = inner.reshape(len(X), len(self.elements), -1)
        back = self._back()
        return np.asarray(each.mean(1) if back is None else np.einsum("gop,ngp->no", back, each) / len(back))

    def aims(self, y: Array) -> Array | None:
        """Targets as each element moves them."""
        back = self._back()
        if back is None:
            return np.repeat(y, len(self.elements), axis=0)
        return np.asarray(np.einsum("gop,np->ngo", np.linalg.inv(back), y).reshape(-1, y.shape[1]))

    def _back(self) -> Array | None:
        """The matrices that move outputs back, (|G|, O, O); None: outputs are invariant."""
        if self.symmetry.invariant:
            return None
        back = []
        for g in np.linalg.inv(self.elements):
            parts = [element_matrix(kind, g).toarray() for kind in self.symmetry.kinds]
            back.append(block_diag(*parts))
        return np.stack(back)

    def wrap(self, core: Core, plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`."""
        count, back = len(self.elements), self._back()
        if back is None:
            return Averaged(core(plain + copies * outputs), None, count)
        return Averaged(core(plain + copies * outputs), torch.from_numpy(back), count, plain=plain, copies=copies)


def blocks_of(symmetry: Symmetry, inner: Blocks) -> Blocks:
    """The representations in the output of a symmetry; those said within where it is invariant."""
    if symmetry.invariant:
        return inner
    shifts = {column: shift for columns, shift in inner for column in columns}
    return [
        (list(columns), kind.invariant and all(shifts[c] for c in columns))
        for kind, columns in zip(symmetry.output.kinds, symmetry.output.columns, strict=True)
    ]
