"""The architecture for objects that may be permuted, alone or with a group that acts on each of them."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
from torch import nn

from lawful.errors import InputError
from lawful.nets.architecture import MOST_BYTES, Architecture, Blocks, Core, blocks_of
from lawful.nets.pooled import Pooled, Shape
from lawful.physics.columns import Columns
from lawful.physics.features import Features
from lawful.physics.groups.group import Array
from lawful.physics.groups.objects import permuted_objects
from lawful.physics.representations import Kind
from lawful.physics.splines import Splines
from lawful.physics.symmetry import Symmetry
from lawful.physics.terms import Monomials

MOST_PAIRED = 16  # objects with one number each whose pairs are looked at
_ENOUGH = 200_000  # objects or pairs from which sizes are learned
_STEP = 50_000  # pairs worked out at a time


class Permuted(Architecture):
    """Networks of objects and pairs of objects, pooled; see `Pooled`.

    The groups are S(n), and products of S(n) with any group G of matrices. Under S(n) alone a network sees the
    numbers of each object and, of up to 16 objects, of each pair. With G it sees the invariants under G of each
    object and of the sum and the difference of each pair's vectors, and tensors are made of those of the pairs.

    Args:
        symmetry: The symmetry; inputs are scalars, vectors and covectors, outputs these, and under S(n) alone
            tensors of two indices.
        table: The columns of the inputs.
        tolerance: Of the null space, see `lawful.physics.invariants.invariant_tensors`.

    Attributes:
        features: Invariants of the whole, for a model from which training may start; None where there are none.

    Raises:
        InputError: When the group permutes nothing, or inputs or outputs are other tensors.

    Examples:
        >>> from lawful.physics import groups
        >>> particles = Permuted(Symmetry(groups.S(4) * groups.O(3), "vector"), Columns(12), 1e-6)
        >>> X = np.random.default_rng(0).normal(size=(5, 12))
        >>> particles.fit(X, np.ones(5))
        >>> particles.inputs(X).shape
        (5, 12, 11)
    """

    def __init__(self, symmetry: Symmetry, table: Columns, tolerance: float) -> None:
        objects = permuted_objects(symmetry.group)
        if objects is None or objects.count < 2:
            raise InputError(f"{symmetry.name}: the group permutes no objects.")
        self.statement = self.symmetry = symmetry
        self.objects = objects
        layout = symmetry.layout(table)
        blocks = list(zip(layout.kinds, layout.columns, strict=True))
        self.scalars = [columns[0] for kind, columns in blocks if kind.invariant]
        self.vectors = [columns for kind, columns in blocks if not kind.invariant]
        kinds = [kind for kind in layout.kinds if not kind.invariant]
        if not kinds or any(kind.rank != 1 or kind.odd for kind in kinds):
            raise InputError(f"{symmetry.name}: a pooled network takes scalars, and at least one vector or covector.")
        n, C = objects.count, len(self.scalars)
        self.parts: dict[str, Features] = {}
        bases: list[str] = []
        if objects.inner is None:
            self.shape = Shape(n, len(kinds), 0, C, n <= MOST_PAIRED)
        else:
            self._find_parts(kinds, tolerance)
            bases = [name for name in self.parts if name.startswith("basis")]
            single = self.parts["single"].width if "single" in self.parts else 0
            self.shape = Shape(n, single, self._pair_width, C, True)
        self.shape = replace(
            self.shape,
            width=objects.width,
            before=objects.before,
            order=tuple(self._sort(kind, bases) for kind in symmetry.kinds),
            basis=tuple(self.parts[name].outputs or 0 for name in bases),
        )
        self.features: Features | None = None
        with suppress(InputError):
            self.features = Features(symmetry, table, tolerance)
        if symmetry.invariant:
            self.terms = PooledTerms(self)
        elif self.features is not None:
            self.terms = Monomials(self.features)
        numbers = tuple(f"number {k} of objects" for k in range(self.shape.row))
        self.table = Columns(len(numbers), numbers)

    def _find_parts(self, kinds: list[Kind], tolerance: float) -> None:
        """Invariants of an object and of a pair under the inner group, and basis tensors of a pair."""
        inner, d = self.objects.inner, self.objects.width
        assert inner is not None

        def found(times: int, to: str = "scalar") -> Features:
            on = " + ".join(str(kind) for kind in kinds * times)
            columns = Columns(times * len(kinds) * d)
            return Features(Symmetry(inner, on, to), columns, tolerance, paired=False)

        with suppress(InputError):  # a single vector may have no invariant, as under Sp(n)
            self.parts["single"] = found(1)
        self.parts["pair"] = found(2)
        for kind in sorted({Kind(k.upper, k.lower) for k in self.symmetry.kinds if k.rank == 1 and not k.odd}):
            self.parts[f"basis {kind}"] = found(2, str(kind))

    def _sort(self, kind: Kind, bases: list[str]) -> str:
        if kind.invariant:
            return "scalar"
        if not kind.odd and kind.rank == 1:
            return "object" if self.objects.inner is None else f"sum {bases.index(f'basis {kind}')}"
        if not kind.odd and kind.rank == 2 and self.objects.inner is None:
            return "pair"
        raise InputError(f"{self.symmetry.name}: no pooled network gives a {kind} of {self.symmetry.group.name}.")

    def fit(self, X: Array, weight: Array, y: Array | None = None) -> None:  # noqa: ARG002
        """See `Architecture.fit`; sizes are learned from evenly spaced events where there are very many."""
        if self.features is not None:
            self.features.fit(X, weight)
        if self.objects.inner is not None:
            some = np.linspace(0, len(X) - 1, min(len(X), max(1, _ENOUGH // self.shape.rows))).astype(np.int64)
            share = np.asarray(weight, np.float64)[some]
            share = share if share.any() else np.ones(len(some))
            single, pair = self._rows(X[some])
            for name, part in self.parts.items():
                rows = single if name == "single" else pair
                part.fit(rows, np.repeat(share, len(rows) // len(some)))
        if isinstance(self.terms, PooledTerms):
            self.terms.fit(X, weight)

    def _all(self) -> dict[str, Features]:
        return self.parts | ({} if self.features is None else {"whole": self.features})

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Architecture.arrays`."""
        found = {f"{part}.{name}": a for part, f in self._all().items() for name, a in f.arrays.items()}
        return found | ({} if self.terms is None else self.terms.arrays)

    def restore(self, arrays: dict[str, Array]) -> None:
        """See `Architecture.restore`."""
        knots = {name: arrays[name] for name in arrays if name.startswith("knots.")}
        arrays = {name: a for name, a in arrays.items() if name not in knots}
        shapes = {f"{part}.{name}": shape for part, f in self._all().items() for name, shape in f.shapes.items()}
        if {name: a.shape for name, a in arrays.items()} != shapes:
            raise InputError("the sizes of the invariants do not fit the statements: the file was changed.")
        for part, f in self._all().items():
            f.arrays = {name: arrays[f"{part}.{name}"] for name in f.shapes}
        if isinstance(self.terms, PooledTerms):
            self.terms.restore([knots.get(f"knots.{k}", np.zeros(0)) for k in range(2)])

    def _rows(self, X: Array) -> tuple[Array, Array]:
        """Vectors of single objects, (N * n, q * d), and sums and differences of pairs, (N * pairs, 2 * q * d)."""
        n = self.objects.count
        v = self.objects.split(X[:, np.array(self.vectors)]).transpose(0, 2, 1, 3)  # (N, n, q, d)
        i, j = np.nonzero(~np.eye(n, dtype=bool))
        pair = np.concatenate([v[:, j] - v[:, i], v[:, j] + v[:, i]], 2)  # (N, pairs, 2 q, d)
        return v.reshape(len(X) * n, -1), pair.reshape(len(X) * len(i), -1)

    def invariants(self, X: Array) -> tuple[Array, Array]:
        """Numbers of single objects, (N, n, A), and of pairs, (N, pairs, E), that nothing moves but permutations."""
        n, N = self.objects.count, len(X)
        single, pair = self._rows(np.asarray(X, np.float64))
        if self.objects.inner is None:
            single, pair = single.reshape(N, n, -1), pair.reshape(N, n * (n - 1), -1)
            return single, pair[:, :, : pair.shape[2] // 2] if self.shape.paired else pair[:, :, :0]
        alone = self.parts["single"].plain(single) if "single" in self.parts else np.zeros((N * n, 0))
        return alone.reshape(N, n, -1), self.parts["pair"].plain(pair).reshape(N, n * (n - 1), -1)

    def _check_size(self, X: Array) -> None:
        size = 8 * len(X) * self.shape.inputs
        if size > MOST_BYTES:
            raise InputError(
                f"{self.symmetry.name}: what the network is given of {self.objects.count} objects in {len(X):,} "
                f"events would take {1e-9 * size:.0f} GB. Use by('augment'), or fewer events at a time."
            )

    def inputs(self, X: Array) -> Array:
        """One row for each object, or for each ordered pair of different ones, (N, rows, S)."""
        self._check_size(X)
        X, shape, N = np.asarray(X, np.float64), self.shape, len(X)
        out = np.empty((N, shape.rows, shape.row))
        out[:, :, shape.single + shape.pair :] = X[:, None, self.scalars]
        if self.objects.inner is None:
            out[:, :, : shape.single] = X[:, np.array(self.vectors)].transpose(0, 2, 1)
            return out
        n, step = self.objects.count, max(1, _STEP // shape.rows)
        for first in range(0, N, step):
            part = slice(first, first + step)
            single, pair = self._rows(X[part])
            if shape.single:
                u = self.parts["single"].inputs(single).reshape(-1, n, shape.single)
                out[part, :, : shape.single] = np.repeat(u, n - 1, axis=1)
            w = self._pair_numbers(pair)
            out[part, :, shape.single : shape.single + shape.pair] = w.reshape(-1, shape.rows, shape.pair)
        return out

    @property
    def _pair_width(self) -> int:
        return self.parts["pair"].width + len(self.parts["pair"].invariants)

    def _pair_numbers(self, pair: Array) -> Array:
        r"""What a network is given of pairs: invariants I, and $I / (|I| + e)$, which resolves small ones.

        Forces and energies change most where two objects are close, that is in a small part of the range of I.
        """
        part = self.parts["pair"]
        w = part.inputs(pair)
        s = w[:, part.scalars : part.scalars + len(part.invariants)] * part.arrays["invariants"]
        return np.concatenate([w, s / (np.abs(s) + part.arrays["soft"])], 1)

    def side(self, X: Array) -> Array | None:
        """The basis tensors of the pairs, flattened."""
        if not self.shape.basis:
            return None
        X, step = np.asarray(X, np.float64), max(1, _STEP // self.shape.rows)
        out = np.empty((len(X), self.shape.inputs - self.shape.rows * self.shape.row))
        for first in range(0, len(X), step):
            part = slice(first, first + step)
            pair = self._rows(X[part])[1]
            tensors = [f.basis(pair) for name, f in self.parts.items() if name.startswith("basis")]
            out[part] = np.concatenate([T.reshape(len(X[part]), -1) for T in tensors], 1)
        return out

    def blocks(self, inner: Blocks) -> Blocks:
        """See `Architecture.blocks`: one for each representation in the output."""
        return blocks_of(self.symmetry, inner)

    def wrap(self, core: Core, plain: int, outputs: int, copies: int) -> nn.Module:
        """See `Architecture.wrap`."""
        order = ("scalar",) * outputs if self.symmetry.invariant else self.shape.order
        return Pooled(core, replace(self.shape, order=order, plain=plain, copies=copies))


class PooledTerms:
    """Sums over objects, and over pairs, of splines of their invariants; and products of invariants of the whole.

    Energies of particles, and much else that is a sum over objects, are such sums.

    Args:
        permuted: The architecture, whose invariants these are.
    """

    invariant = True

    def __init__(self, permuted: Permuted) -> None:
        self.permuted = permuted
        self.whole = None if permuted.features is None else Monomials(permuted.features)
        self.splines = (Splines(), Splines())  # of objects and of pairs

    def fit(self, X: Array, weight: Array) -> None:
        """Place the knots, given inputs (N, F) and weights of at least zero, (N,)."""
        some = np.linspace(0, len(X) - 1, min(len(X), max(1, _STEP // self.permuted.shape.rows))).astype(np.int64)
        share = weight[some] if weight[some].any() else np.ones(len(some))
        for splines, values in zip(self.splines, self.permuted.invariants(X[some]), strict=True):
            splines.fit(values.reshape(-1, values.shape[2]), np.repeat(share, values.shape[1]))

    def restore(self, knots: list[Array]) -> None:
        """Take back the knots of objects and of pairs.

        Raises:
            InputError: When they do not fit.
        """
        one = np.ones((1, 1 + max(c for columns in self.permuted.vectors for c in columns)))
        for splines, found, values in zip(self.splines, knots, self.permuted.invariants(one), strict=True):
            splines.restore(found, values.shape[2], self.permuted.statement.name)

    def __call__(self, X: Array) -> Array:
        """See `Terms`."""
        parts = []
        step = max(1, _STEP // self.permuted.shape.rows)
        for first in range(0, max(1, len(X)), step):
            found = []
            for splines, values in zip(self.splines, self.permuted.invariants(X[first : first + step]), strict=True):
                D = splines(values.reshape(-1, values.shape[2]))
                found.append(D.reshape(*values.shape[:2], splines.columns).sum(1))
            parts.append(np.concatenate(found, 1))
        pooled = np.concatenate(parts)[:, :, None]
        return pooled if self.whole is None else np.concatenate([self.whole(X), pooled], 1)

    @property
    def arrays(self) -> dict[str, Array]:
        """See `Terms`: the knots."""
        return {f"knots.{k}": splines.knots for k, splines in enumerate(self.splines)}

    @property
    def degrees(self) -> Array:
        """See `Terms`: splines come after all products."""
        first = np.zeros(0, int) if self.whole is None else self.whole.degrees
        count = sum(splines.columns for splines in self.splines)
        return np.concatenate([first, np.full(count, 1 + (first.max() if len(first) else 0))])
