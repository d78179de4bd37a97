"""Smooth functions of one number each, as sums of splines."""

import numpy as np
from scipy.interpolate import BSpline

from lawful.errors import InputError
from lawful.physics.groups.group import Array

_DEGREE = 3
_ROUNDING = 1e-10
_LEVELS = np.concatenate([[0.0, 1e-3, 5e-3, 0.015], np.linspace(0.03, 0.97, 20), [0.985, 0.995, 0.999, 1.0]])


class Splines:
    """Cubic splines of each column, between knots at quantiles that lie denser in the tails; constant beyond them.

    Attributes:
        knots: What `fit` found, (columns, knots); a column whose values are all one has knots that are all equal.

    Examples:
        >>> x = np.random.default_rng(0).uniform(size=(500, 2))
        >>> splines = Splines()
        >>> splines.fit(x, np.ones(500))
        >>> D = splines(x)
        >>> D.shape == (500, splines.columns), bool(np.allclose(D[:, : splines.columns // 2].sum(1), 1))
        (True, True)
    """

    knots: Array

    def fit(self, values: Array, weight: Array) -> None:
        """Place the knots, given values (n, C) and weights of at least zero, (n,)."""
        found = [np.quantile(v, _LEVELS, weights=weight, method="inverted_cdf") for v in values.T]
        self.knots = np.array(found).reshape(values.shape[1], len(_LEVELS))
        flat = np.ptp(self.knots, axis=1) <= _ROUNDING * np.abs(self.knots).max(axis=1)
        self.knots[flat] = self.knots[flat][:, :1]  # what rounding makes of a constant is no variable

    each = len(_LEVELS) + _DEGREE - 1  # splines of a column

    @property
    def columns(self) -> int:
        """Splines in all."""
        return len(self.knots) * self.each

    def __call__(self, values: Array) -> Array:
        """Every spline of every column, (n, columns), of values (n, C)."""
        count = self.each
        out = np.zeros((len(values), len(self.knots) * count))
        for c, knots in enumerate(self.knots):
            distinct = np.unique(knots)
            if len(distinct) < 2:
                continue
            t = np.concatenate([[distinct[0]] * _DEGREE, distinct, [distinct[-1]] * _DEGREE])
            D = BSpline.design_matrix(np.clip(values[:, c], distinct[0], distinct[-1]), t, _DEGREE)
            out[:, c * count : c * count + D.shape[1]] = D.toarray()
        return out

    def restore(self, knots: Array, columns: int, name: str) -> None:
        """Take back `knots` for a number of columns.

        Raises:
            InputError: When they cannot be what `fit` found.
        """
        if knots.shape != (columns, len(_LEVELS)) or not np.isfinite(knots).all() or (np.diff(knots) < 0).any():
            raise InputError(f"{name}: the knots are not in order: the file was changed.")
        self.knots = knots
