"""What estimators take: tables and structured inputs, as rows of numbers, and how these are scaled."""

from abc import ABC
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from lawful.errors import InputError
from lawful.learning.preparation import Preparation, Scaling
from lawful.nets.structure import Structure
from lawful.predict.encoders import fit_preparation
from lawful.predict.inputs import Array, Table, check_X, put_gaps, take_apart, unnamed
from lawful.predict.kinds import is_frame
from lawful.predict.knowledge import Knowledge
from lawful.predict.structured import read_structure, rows_of, rows_of_table

if TYPE_CHECKING:
    import pandas as pd


class TakesInputs(BaseEstimator, ABC):
    """The part of an estimator that reads inputs: a table, or clouds, images, sequences and texts in rows."""

    net: Any
    inputs: Any
    scaling: str
    missing: str
    pretrained: Any
    structure_: Structure | None
    scaling_: Scaling
    physics_: Knowledge
    sentinels_: dict[str, tuple[float, ...]]
    fitted_on_events_: bool

    def _rows(self, table: Table, *, fitting: bool, gaps: bool) -> Array:
        """Inputs as rows of numbers, (N, F)."""
        if self.structure_ is None:
            return check_X(self, table.X, fitting=fitting, gaps_allowed=gaps)
        if fitting:
            self.n_features_in_ = self.structure_.width
            self.feature_names_in_ = np.array(self.structure_.names, dtype=object)
        if is_frame(table.X):
            return rows_of_table(table.X, self.structure_, gaps_allowed=gaps)
        return rows_of(table.X, self.structure_, gaps_allowed=gaps)

    @property
    def _columns_of_their_own(self) -> Array:
        """Numbers of the columns of tables, (F,); not of objects or pixels."""
        if self.structure_ is None:
            return np.arange(self.n_features_in_)
        places = [self.structure_.places(k) for k, part in enumerate(self.structure_.parts) if part.kind == "table"]
        return np.array([column for place in places for column in range(place.start, place.stop)], dtype=np.int64)

    def _find_structure(self, table: Table) -> Structure:
        found = read_structure(table.X, self.net, self.inputs)
        return found if self.pretrained is None else self.pretrained.structure(found)

    def _lengths(self, inputs: Array) -> torch.Tensor | None:
        """How many objects prepared events have."""
        if not isinstance(self.scaling_, Preparation):
            return None
        return self.scaling_.ready.lengths(torch.from_numpy(inputs))

    def _fit_scaling(self, x: Array, weight: Array) -> Scaling:
        found: Scaling
        if self.structure_ is not None:
            if self.physics_.chain:
                inside = self.physics_.chain.stages[0].statement.name
                raise InputError(
                    f"{inside} by 'architecture' is built into networks of one table. Of clouds, net='equivariant' "
                    "keeps Lorentz transformations; else enforce it by 'augment' or 'loss'."
                )
            found = fit_preparation(self, self.structure_, x, weight)
        else:
            found = self.physics_.fit_scaling(x, weight, self._scaling_kind())
        if self.pretrained is None:
            return found
        return self.pretrained.scaling(found, getattr(self, "feature_names_in_", None))  # type: ignore[no-any-return]

    def _scaling_kind(self) -> str:
        if self.scaling == "auto":
            return "standard" if self.net == "linear" else "robust"
        return self.scaling

    def _take_apart(self, X: Any, y: Any = None, weight: Any = None) -> Table:
        """As `take_apart`, for data that must fit the columns of the training data."""
        names = getattr(self, "feature_names_in_", None)
        if self.structure_ is not None:
            return Table(X, y, weight) if is_frame(X) else take_apart(X, y, weight, structured=True)
        table = take_apart(X, y, weight, names)
        plain = None if table.events else unnamed(table.X)
        if self.fitted_on_events_ and plain is not None and plain.shape[1:] == (self.n_features_in_,):
            import pandas as pd

            table = replace(table, X=pd.DataFrame(plain, columns=names))  # events.X is in the order of the features
        if self.sentinels_ and hasattr(table.X, "columns") and table.X.columns.is_unique:
            said = X.missing if table.events else ()  # where the events say themselves what is missing
            unsaid = {n: values for n, values in self.sentinels_.items() if n not in said and n in table.X}
            return replace(table, X=put_gaps(table.X, unsaid))
        return table

    def as_table(self, X: Any) -> "pd.DataFrame":
        """Structured inputs as one table, a column for each number: what the model takes besides the inputs.

        Args:
            X: Inputs, as `fit` takes them.

        Returns:
            (N, S), with columns such as `jet.mass`, `tracks.count[20]`, `tracks.pt[3]` or `image[0,5,7]`.

        Raises:
            InputError: When the model takes tables anyway.
        """
        import pandas as pd

        check_is_fitted(self, "members_")
        if self.structure_ is None:
            raise InputError("This model takes a table itself.")
        gaps = self.missing == "mark" or bool(self.scaling_.gaps)
        rows = self._rows(self._take_apart(X), fitting=False, gaps=gaps)
        return pd.DataFrame(rows, columns=self.feature_names_in_)
