"""An incomplete model that is known: the network learns only what it misses."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.physics.callables import call, function_plain, refuse_saved, worked_out
from lawful.physics.columns import Columns
from lawful.physics.constants import read_constants
from lawful.physics.expressions import Expression, parse
from lawful.physics.formula_names import check_constants, shortened
from lawful.physics.statement import Model, Statement

KINDS = ("additive", "multiplicative")
Formula = str | Callable[..., Tensor]


class Baseline(Statement):
    r"""What is known of the answer: $y \approx b(x; \kappa)$, up to what a network has to add.

    Enforced by `"residual"`, the model is $y = b(x; \kappa) + g(x)$, or $b(x; \kappa)\,(1 + g(x))$, and the constants
    $\kappa$ are fitted together with the network g. Baseline and network are degenerate: the network can imitate any
    change of the constants. So the network's part is penalised, by `shrink`, and the constants are those of the model
    that needs the least of a network; what the missing physics has in common with the baseline is credited to the
    constants (Yin et al., 'Augmenting physical models with deep networks for complex dynamics forecasting', 2021).

    The violation is the distance of the model from the baseline, with the constants that were fitted with the model,
    if there are any, else at their starting values.

    Args:
        model: Formula as text, or a list of formulas, one for each target; a name in it is a column or a parameter
            (see `lawful.physics.expressions.parse`). Or a function from a tensor (n, F) of inputs, and the parameters
            by name, to a tensor (n,) or (n, O).
        columns: Names of the columns of X in order, needed where the data have no names and the formula names
            columns. A function is given these columns only, by name or number.
        parameters: Starting value of each constant, or (start, low, high), where None is no bound.

    Mechanisms:
        residual: See above; `kind` is "additive" (default) or "multiplicative"; `shrink` (default 0.01) is the factor
            s of the penalty $\tfrac{s}{2}\,g^2$ beside the squared error $\tfrac{1}{2} (y - \hat y)^2$, both in units
            of the target's deviation. The network's part comes out smaller by a factor of about 1 / (1 + s).

    Raises:
        InputError: When a name is neither column nor parameter, or a start is not within its bounds; names the
            nearest.

    Examples:
        >>> import numpy as np
        >>> known = Baseline("-9.81 / length * sin(angle)", columns=["angle", "speed"], parameters={"length": 1.0})
        >>> X = np.array([[0.1, 0.0], [0.2, 1.0]])
        >>> bool(known.violation(lambda x: -9.81 * np.sin(x[:, 0]), X).max() < 1e-12)
        True
        >>> known.by("residual", shrink=0.1).options
        {'kind': 'additive', 'shrink': 0.1}
    """

    mechanisms = ("residual",)

    def __init__(
        self,
        model: Formula | Sequence[str],
        *,
        columns: Sequence[str | int] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        refuse_saved("Baseline: model", model)
        self.model = model
        self.constants = read_constants(parameters or {}, self._called(model))
        self.columns = None if columns is None else _listed(columns, self._called(model))
        self.expressions: tuple[Expression, ...] | None = None
        if callable(model):
            self._check_signature(model)
            return
        texts = [model] if isinstance(model, str) else model
        if not isinstance(texts, Sequence) or not texts:
            raise InputError(f"Baseline({model!r}): expected a formula as text, a list of formulas, or a function.")
        meant = [c for c in self.columns or () if isinstance(c, str)] + [c.name for c in self.constants]
        self.expressions = tuple(parse(text, meant, "baseline") for text in texts)
        used = {name for expression in self.expressions for name in expression.names}
        for constant in self.constants:
            if constant.name not in used:
                raise InputError(
                    f"{self.name}: the parameter {constant.name!r} is not in the formula; "
                    f"{nearest(constant.name, used)}"
                )
            if constant.name in (self.columns or ()):
                raise InputError(f"{self.name}: {constant.name!r} is both a column and a parameter.")
        if self.columns is not None:
            for name in sorted(used):
                if name not in meant:
                    raise InputError(
                        f"{self.name}: {name!r} is neither a column nor a parameter; {nearest(name, meant)}"
                    )

    @staticmethod
    def _called(model: Any) -> str:
        if callable(model):
            return f"baseline {getattr(model, '__name__', type(model).__name__)}"
        texts = [model] if isinstance(model, str) else list(model) if isinstance(model, Sequence) else [repr(model)]
        return "baseline " + shortened(", ".join(map(str, texts)))

    @property
    def name(self) -> str:
        """The formula or the function's name."""
        return self._called(self.model)

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`; a function by name alone."""
        model: Any = function_plain(self.model) if callable(self.model) else self.model
        return {
            "model": model if isinstance(model, str | dict) else list(model),
            "columns": None if self.columns is None else list(self.columns),
            "parameters": {constant.name: constant.plain() for constant in self.constants},
        }

    def options(self, mechanism: str, given: dict[str, Any]) -> dict[str, Any]:
        """See `Statement.options`."""
        chosen = self._filled(mechanism, {"kind": "additive", "shrink": 0.01}, given)
        if chosen["kind"] not in KINDS:
            raise InputError(f"{self.name}.by('residual', kind={chosen['kind']!r}): expected one of {list(KINDS)}.")
        s = chosen["shrink"]
        if isinstance(s, bool) or not isinstance(s, int | float | np.number) or not 0 < s < math.inf:
            raise InputError(
                f"{self.name}.by('residual', shrink={s!r}): expected a number above 0; without a penalty, constants "
                "and network cannot be told apart."
            )
        return chosen

    def against(self, other: Statement) -> str | None:
        """See `Statement.against`: another baseline."""
        if not isinstance(other, Baseline) or self.plain() == other.plain():
            return None
        return "a network learns what one baseline misses; add the two formulas up where both contribute"

    def start(self) -> dict[str, Tensor]:
        """The constants at their starting values, float64 of shape ()."""
        return {constant.name: torch.tensor(constant.start, dtype=torch.float64) for constant in self.constants}

    def at(self, values: Mapping[str, Any]) -> "Baseline":
        """The same baseline, with other starting values.

        Args:
            values: Numbers, or what has a number as `value`, by name; names that are no parameters are left alone.
        """
        copy = Baseline(self.model, columns=self.columns, parameters=self.plain()["parameters"])
        copy.constants = tuple(
            replace(c, start=float(getattr(values[c.name], "value", values[c.name]))) if c.name in values else c
            for c in self.constants
        )
        return copy

    def check(self, table: Columns, outputs: int | None) -> None:
        """See `Statement.check`."""
        self._places(table)
        if self.expressions is not None and outputs is not None and len(self.expressions) != outputs:
            raise InputError(
                f"{self.name}: {len(self.expressions)} formula{'s' * (len(self.expressions) > 1)} for {outputs} "
                "outputs; expected a list with one formula for each."
            )

    def _places(self, table: Columns) -> dict[str, int] | list[int] | None:
        """Columns of X that the formula names, or that the function is given; None: all."""
        named = any(isinstance(column, str) for column in self.columns or ())
        if self.columns is not None and named and table.names is None and len(self.columns) != table.count:
            raise InputError(
                f"{self.name}: columns={list(self.columns)} names {len(self.columns)} columns, but the data have "
                f"{table.count} without names."
            )
        if self.expressions is None:
            if self.columns is None:
                return None
            if table.names is None and named:
                return list(range(table.count))
            return [table.place(column, self) for column in self.columns]
        constants = [constant.name for constant in self.constants]
        for name in constants:
            if name in (table.names or ()):
                raise InputError(f"{self.name}: {name!r} is both a column and a parameter; give one another name.")
        wanted = {name for expression in self.expressions for name in expression.names} - set(constants)
        names = self.columns if table.names is None and self.columns is not None else table.names
        if names is None and wanted:
            raise InputError(
                f"{self.name}: {sorted(wanted)[0]!r} is no parameter, and the data have no column names: give "
                "columns=[...], the names of all columns in order, or a data frame or Events."
            )
        for name in sorted(wanted):
            if name not in (names or ()):
                raise InputError(
                    f"{self.name}: {name!r} is neither a column nor a parameter; "
                    f"{nearest(name, [*(names or ()), *constants])}"
                )
        for expression in self.expressions:
            check_constants(expression, map(str, names or ()), self)
        return {name: (names or ()).index(name) for name in sorted(wanted)}

    def predict(self, X: Tensor, table: Columns, parameters: Mapping[str, Tensor]) -> Tensor:
        """What the baseline predicts, (n, O); differentiable by inputs and constants.

        Args:
            X: Inputs as they are in the data, (n, F).
            table: The columns of X.
            parameters: The constants, each of shape ().

        Raises:
            InputError: When columns are missing, or the function gives no tensor of n rows.
        """
        places = self._places(table)
        if self.expressions is not None:
            assert isinstance(places, dict)
            values = {name: X[:, place] for name, place in places.items()}
            values |= {name: torch.as_tensor(value).to(X) for name, value in parameters.items()}
            return torch.cat([worked_out(e, values, X) for e in self.expressions], 1)
        assert callable(self.model)
        given = X if places is None else X[:, places]  # type: ignore[index]
        keywords = {name: torch.as_tensor(value).to(X) for name, value in parameters.items()}
        return call(self.model, (given,), keywords, "the function", self, "O")

    def residual(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator) -> Tensor:  # noqa: ARG002
        """Prediction less baseline, (N, O)."""
        known, y = self.predict(X, table, self.start()), model(X)
        if known.shape[1] != y.shape[1]:
            raise InputError(f"{self.name}: it has {known.shape[1]} outputs, but the model gives {y.shape[1]}.")
        return y - known

    def violation(self, model: Any, X: Any, *, seed: int = 0, scale: Any = None) -> Any:
        """See `Statement.violation`; at the constants that were fitted with the model, where it has `parameters_`."""
        fitted = getattr(model, "parameters_", None)
        if isinstance(fitted, Mapping) and any(constant.name in fitted for constant in self.constants):
            return super(Baseline, self.at(fitted)).violation(model, X, seed=seed, scale=scale)
        return super().violation(model, X, seed=seed, scale=scale)

    def _check_signature(self, model: Callable[..., Any]) -> None:
        try:
            signature = inspect.signature(model)
        except (TypeError, ValueError):
            return
        wanted = list(signature.parameters.values())[1:]
        kinds = inspect.Parameter
        if any(p.kind is kinds.VAR_KEYWORD for p in wanted):
            return
        known = [p.name for p in wanted if p.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)]
        names = [constant.name for constant in self.constants]
        for name in names:
            if name not in known:
                raise InputError(f"{self.name}: the function takes no {name!r}; {nearest(name, known)}")
        for p in wanted:
            if p.name in known and p.default is kinds.empty and p.name not in names:
                raise InputError(f"{self.name}: parameters= lacks {p.name!r}; {nearest(p.name, names)}")


def _listed(columns: Any, name: str) -> tuple[str | int, ...]:
    if isinstance(columns, str) or not isinstance(columns, Sequence) or len(set(columns)) < len(columns):
        raise InputError(f"{name}: columns={columns!r}: expected a list of different names of columns.")
    return tuple(columns)
