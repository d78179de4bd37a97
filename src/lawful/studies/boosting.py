"""scikit-learn's boosted trees for weights of either sign.

To classify, negative weights enter scikit-learn's trees as they are: against analytic ratios that is no worse than to
learn the signs as classes of their own. To regress, the mean over each sign is learned, and the share of either.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from lawful.errors import InputError
from lawful.predict.signed import signed_mean

Array = npt.NDArray[Any]
_NEVER = 2**30  # rows in a leaf that no part reaches
_FEWEST = 40  # rows that a tree can split at all, with twenty in a leaf


class BoostedRegressor(RegressorMixin, BaseEstimator):
    """Histogram gradient boosting with early stopping, for weights of either sign.

    With negative weights one set of trees learns the share of negative weight, and one for each sign the mean of the
    target; they are put together as `lawful.Regressor` does, and kept within the range of the targets.

    Args:
        seed: Everything random follows from it.

    Examples:
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> BoostedRegressor().fit(X, X[:, 0]).predict(X).shape
        (200,)
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on inputs X, (N, F), targets y, (N,), and weights, (N,) or None.

        Events of weight zero are left out. Of fewer than 40 events of one sign a constant is learned, their mean, and
        so is the share of a sign that has fewer.

        Raises:
            InputError: When the weights sum to zero.
        """
        y = np.asarray(y, np.float64)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        total = float(weight.sum())
        if total == 0:
            raise InputError(f"The {len(weight)} weights sum to 0: a mean needs another sum. Are all of them zero?")
        weight = weight * np.sign(total)  # which no mean depends on
        self.low_, self.high_ = float(y.min()), float(y.max())
        negative = weight < 0
        self.signed_ = bool(negative.any())
        rows = X.iloc if hasattr(X, "iloc") else np.asarray(X)
        self.means_ = [
            HistGradientBoostingRegressor(**_limits(int(part.sum())), random_state=self.seed).fit(
                rows[part], y[part], None if sample_weight is None else np.abs(weight[part])
            )
            for part in ((weight > 0, negative) if self.signed_ else (weight > 0,))
        ]
        if self.signed_:
            some = weight != 0
            fewer = int(min(negative.sum(), (weight > 0).sum()))
            self.share_ = HistGradientBoostingClassifier(**_limits(fewer), random_state=self.seed).fit(
                rows[some], negative[some], np.abs(weight[some])
            )
        _note_columns(self, self.means_[0])
        return self

    @property
    def _predictors(self) -> list[Any]:
        """The trees, by which the size of a model is counted."""
        parts = [*self.means_, self.share_] if self.signed_ else self.means_
        return [stage for part in parts for stage in part._predictors]

    def predict(self, X: Any) -> Array:
        """Expected target of each row, (N,)."""
        plus = np.asarray(self.means_[0].predict(X))
        if not self.signed_:
            return plus
        mean = signed_mean(self.share_.predict_proba(X)[:, 1], plus, np.asarray(self.means_[1].predict(X)))
        return np.asarray(np.clip(mean, self.low_, self.high_))


def _limits(rows: int) -> dict[str, Any]:
    """Settings of trees for so many rows: early stopping holds some out, and too few have no split."""
    if rows >= _FEWEST:
        return {"early_stopping": True}
    return {"early_stopping": False, "max_iter": 1, "min_samples_leaf": _NEVER}


def _note_columns(model: Any, trees: Any) -> None:
    """Take over which columns the trees were fitted on."""
    model.n_features_in_ = trees.n_features_in_
    if hasattr(trees, "feature_names_in_"):
        model.feature_names_in_ = trees.feature_names_in_
