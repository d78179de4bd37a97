"""How a symmetry becomes an architecture: what the network is given, and what is made of what it gives."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from lawful.errors import InputError
from lawful.nets.symmetric import Averaged, Contracted
from lawful.physics.features import Features
from lawful.physics.groups.group import Array
from lawful.physics.groups.objects import permuted_objects
from lawful.physics.representations import element_matrix
from lawful.physics.statement import Columns
from lawful.physics.symmetry import Symmetry

MOST_BYTES = 4e9  # of inputs as all elements move them
MOST_AVERAGED = 128  # elements of a finite group over which a network is averaged
MOST_AVERAGED_OBJECTS = 5  # permuted objects; six have more elements than that


class Architecture(ABC):
    """The parts of a network that cannot break a symmetry which have nothing to learn.

    Attributes:
        symmetry: The symmetry.
        arrays: What `fit` learned.
        features: Invariants and basis tensors of which a polynomial may be made, from which training starts; or None.
    """

    symmetry: Symmetry
    arrays: dict[str, Array]
    features: Features | None = None

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers S in a copy of the core's inputs."""

    @abstractmethod
    def fit(self, X: Array, weight: Array) -> None:
        """Learn sizes from inputs, (N, F), and weights of at least zero, (N,)."""

    def restore(self, arrays: dict[str, Array]) -> None:
        """Take back `arrays`.

        Raises:
            InputError: When they cannot be what `fit` learned.
        """
        if arrays:
            raise InputError("sizes of inputs, where there are none to learn: the file was changed.")
        self.arrays = arrays

    @abstractmethod
    def inputs(self, X: Array) -> Array:
        """What a core network is given of inputs (N, F): (N, copies, S); one copy for each time it is called."""

    def side(self, X: Array) -> Array | None:  # noqa: ARG002
        """What is put beside the core's inputs, (N, numbers), or None."""
        return None

    def reference(self, X: Array) -> Array | None:  # noqa: ARG002
        """What is added to the output, (N, O), or None."""
        return None

    @abstractmethod
    def wrap(self, core: Callable[..., nn.Module], plain: int, outputs: int, copies: int) -> nn.Module:
        """The network around a core.

        Args:
            core: Function `core(outputs, inputs=None)` that makes a core network; None: as many inputs as were
                prepared for it.
            plain: Leading outputs that are invariant whatever the symmetry says of the rest.
            outputs: Numbers in the output that transforms.
            copies: How often that output is made.
        """


class Invariants(Architecture):
    """Invariants in, and outputs made of basis tensors; see `Features`."""

    features: Features

    def __init__(self, symmetry: Symmetry, table: Columns, tolerance: float) -> None:
        self.symmetry, self.features = symmetry, Features(symmetry, table, tolerance)
        self.arrays = {}

    @property
    def width(self) -> int:
        """See `Architecture.width`."""
        return self.features.width

    def fit(self, X: Array, weight: Array) -> None:
        """See `Architecture.fit`."""
        self.features.fit(X, weight)
        self.arrays = self.features.arrays

    def restore(self, arrays: dict[str, Array]) -> None:
        """See `Architecture.restore`."""
        if {name: a.shape for name, a in arrays.items()} != self.features.shapes:
            raise InputError("the sizes of the invariants do not fit the statements: the file was changed.")
        self.arrays = self.features.arrays = arrays

    def inputs(self, X: Array) -> Array:
        """See `Architecture.inputs`."""
        return self.features.inputs(X)[:, None]

    def side(self, X: Array) -> Array | None:
        """The basis tensors, flattened."""
        return None if self.features.outputs is None else self.features.basis(X).reshape(len(X), -1)

    def reference(self, X: Array) -> Array | None:
        """The reference point of outputs that are points."""
        return None if self.features.outputs is None else self.features.reference(X)

    def wrap(self, core: Callable[..., nn.Module], plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`."""
        K = self.features.outputs
        if K is None:
            return core(plain + copies * outputs)
        return Contracted(core(plain + copies * K), K, outputs, plain=plain, copies=copies)


class Mean(Architecture):
    """The mean over a finite group of any network."""

    width = 0  # set in each

    def __init__(self, symmetry: Symmetry, table: Columns) -> None:
        self.symmetry = symmetry
        self.layout = symmetry.layout(table)
        self.elements = symmetry.group.elements()
        self.width = table.count
        self.arrays = {}

    def fit(self, X: Array, weight: Array) -> None:
        """Nothing to learn."""

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

    def wrap(self, core: Callable[..., nn.Module], plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`."""
        count = len(self.elements)
        if self.symmetry.invariant:
            return Averaged(core(plain + copies * outputs), None, count)
        back = []
        for g in np.linalg.inv(self.elements):
            full, at = np.zeros((outputs, outputs)), 0
            for kind in self.symmetry.kinds:
                size = kind.size(self.symmetry.group)
                full[at : at + size, at : at + size] = element_matrix(kind, g).toarray()
                at += size
            back.append(full)
        matrices = torch.from_numpy(np.stack(back))
        return Averaged(core(plain + copies * outputs), matrices, count, plain=plain, copies=copies)


def find_architecture(symmetry: Symmetry, table: Columns, tolerance: float) -> Architecture:
    """Choose how a symmetry is built in.

    Permutations of objects, alone or times another group: pooled networks. Other finite groups of up to 128 elements:
    the mean over the elements. Any other group: invariants and basis tensors.

    Raises:
        InputError: When none can be done; says why.
    """
    from lawful.nets.permuted import Permuted

    group = symmetry.group
    objects = permuted_objects(group)
    few = objects is None or objects.count <= MOST_AVERAGED_OBJECTS
    if few and group.finite and not group.affine and len(group.elements()) <= MOST_AVERAGED:
        return Mean(symmetry, table)
    refused = ""
    if objects is not None and objects.count > 1:
        try:
            return Permuted(symmetry, table, tolerance)
        except InputError as error:
            refused = str(error)
    try:
        return Invariants(symmetry, table, tolerance)
    except InputError as error:
        if refused:
            raise InputError(f"{refused} {error}") from None
        if not len(group.generators):
            raise InputError(
                f"{error} The group is discrete, and too large to average over: more than {MOST_AVERAGED} elements."
            ) from None
        raise
