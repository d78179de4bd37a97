"""scikit-learn's boosted trees for weights of either sign.

To classify, negative weights enter scikit-learn's trees as they are: against analytic ratios that is no worse than to
learn the signs as classes of their own. To regress, the mean over each sign is learned, and the share of either.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from lawful.predict.signed import signed_mean

Array = npt.NDArray[Any]


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
        """Train on inputs X, (N, F), targets y, (N,), and weights, (N,) or None."""
        y = np.asarray(y, np.float64)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        self.low_, self.high_ = float(y.min()), float(y.max())
        negative = weight < 0
        self.signed_ = bool(negative.any())
        rows = X.iloc if hasattr(X, "iloc") else X
        parts = [~negative, negative] if self.signed_ else [slice(None)]
        self.means_ = [
            HistGradientBoostingRegressor(early_stopping=True, random_state=self.seed).fit(
                rows[part], y[part], None if sample_weight is None else np.abs(weight[part])
            )
            for part in parts
        ]
        if self.signed_:
            self.share_ = HistGradientBoostingClassifier(
                early_stopping=bool(min(negative.sum(), (~negative).sum()) > 1), random_state=self.seed
            ).fit(X, negative, np.abs(weight))
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


def _note_columns(model: Any, trees: Any) -> None:
    """Take over which columns the trees were fitted on."""
    model.n_features_in_ = trees.n_features_in_
    if hasattr(trees, "feature_names_in_"):
        model.feature_names_in_ = trees.feature_names_in_
