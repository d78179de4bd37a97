"""What a physicist knows about a system, said once: measured on any model, and enforced by a mechanism."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lawful.errors import InputError
from lawful.grammar import nearest
from lawful.physics.columns import Columns

MECHANISMS = ("augment", "loss", "architecture", "residual")
STATEMENTS: dict[str, type["Statement"]] = {}
Model = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Stacked:
    """A model that is several members: the rows of each follow one another, and there are as many for each."""

    model: Model
    members: int

    def __call__(self, X: Tensor) -> Tensor:
        """Predictions (n, O) of inputs (n, F)."""
        return self.model(X)


class Statement(ABC):
    """Something that is known about the system.

    Subclasses say how far a model breaks it, by `residual`; everything else follows. They are registered by name, so
    that they can be saved and written in a study.

    Attributes:
        mechanisms: How it can be enforced; of an instance it may be less than of its class.
        natural: Whether residuals are dimensionless as they are; else they are divided by the target's deviation.
        derivatives: Whether `residual` differentiates the model by its inputs.
    """

    mechanisms: tuple[str, ...] = ("loss",)
    natural: bool = False
    derivatives: bool = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Enter the class in the registry."""
        super().__init_subclass__(**options)
        if not cls.__name__.startswith("_"):
            STATEMENTS[cls.__name__] = cls

    @property
    @abstractmethod
    def name(self) -> str:
        """How messages and reports call it, in a few words."""

    @abstractmethod
    def plain(self) -> dict[str, Any]:
        """The arguments that make the statement again, as numbers, text, lists and dictionaries."""

    @abstractmethod
    def residual(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator) -> Tensor:
        """By how much predictions break the statement, (N, R), zero where it is kept; differentiable.

        Args:
            model: Function from inputs (n, F) to predictions (n, O), row by row.
            X: Inputs, (N, F).
            table: The columns of X.
            rng: Source of random transformations and points.
        """

    def training_residual(
        self,
        model: Model,
        X: Tensor,
        table: Columns,
        rng: np.random.Generator,
        options: dict[str, Any],  # noqa: ARG002
    ) -> Tensor:
        """As `residual`, for a penalty with the options of `by("loss")`."""
        return self.residual(model, X, table, rng)

    def check(self, table: Columns, outputs: int | None) -> None:  # noqa: B027 - nothing to check is common
        """Raise an `InputError` when the statement does not fit the columns or the number of outputs."""

    def against(self, other: "Statement") -> str | None:  # noqa: ARG002
        """Why this statement and another one cannot both hold, in words; None where they can, or it is not known.

        A contradiction is found if either of the two names it.
        """
        return None

    def located(self, table: Columns) -> "Statement":  # noqa: ARG002
        """The same statement, with the one column that it is about by number."""
        return self

    def doubt(self, X: NDArray[Any], y: NDArray[Any] | None, table: Columns) -> str | None:  # noqa: ARG002
        """What looks wrong about enforcing it on these data, in words; None where nothing does.

        Args:
            X: Inputs, (N, F).
            y: Targets, (N, T); None for classes.
            table: The columns of X.
        """
        return None

    def __repr__(self) -> str:
        """The name."""
        return self.name

    def violation(self, model: Any, X: Any, *, seed: int = 0, scale: Any = None) -> NDArray[np.float64]:
        r"""By how much a model breaks the statement, for each row.

        $v_i = \sqrt{\mathrm{mean}_r (r_{ir} / s)^2}$ with the residuals r and the deviation s of the target
        (probabilities of classifiers, and statements with a scale of their own, have s = 1).

        Args:
            model: An estimator (fitted), a torch module, or a function of arrays.
            X: Inputs, (N, F): array, data frame or Events.
            seed: Random transformations follow from it.
            scale: s, a number or one for each output; None: what the model knows of its targets, else the
                deviation of its predictions.

        Returns:
            (N,), dimensionless, at least 0, and 0 where the statement is kept.

        Raises:
            InputError: When the statement does not fit the model, or a residual is not a number.
        """
        values, table = as_inputs(X, model)
        try:
            self.check(table, None)
        except InputError:
            if not hasattr(model, "n_features_in_") or hasattr(model, "feature_names_in_"):
                raise
            table = replace(table, names=None)  # the model was fitted to columns without names, and so is this read
            self.check(table, None)
        function, own_scale = as_model(model, values, table, tensors=self.derivatives)
        with torch.no_grad() if not self.derivatives else torch.enable_grad():
            first = function(values[: min(2, len(values))])
            self.check(table, int(first.shape[-1]))
            r = self.residual(function, values, table, np.random.default_rng(seed)).detach()
        if not bool(torch.isfinite(r).all()):
            bad = int((~torch.isfinite(r)).any(1).sum())
            raise InputError(
                f"{self.name}: not a number in {bad} of {len(r)} rows; look at what it is computed from."
            )
        if not self.natural:
            s = torch.from_numpy(_deviation(own_scale if scale is None else scale))
            s = s.clamp_min(1e-300) if s.numel() == 1 else s.square().mean().sqrt().clamp_min(1e-300)
            r = r / s
        return np.asarray(r.square().mean(1).sqrt().numpy(), dtype=np.float64)

    def by(self, mechanism: str, **options: Any) -> "Enforced":
        """The same statement, now enforced.

        Args:
            mechanism: "augment", "loss", "architecture" or "residual", as far as the statement has it.
            **options: Of the mechanism. For "loss": `weight` (default 1), the factor of the penalty, and `tolerance`
                (default 0), the violation below which there is none.

        Raises:
            InputError: When the statement does not have the mechanism, or the mechanism not the option.

        Examples:
            >>> from lawful.physics import Symmetry, groups
            >>> Symmetry(groups.SO(3), on="3*vector").by("loss", weight=0.1).mechanism
            'loss'
        """
        # where an instance has less than its class, `options` says why
        chosen = self.options(mechanism, dict(options)) if mechanism in type(self).mechanisms else {}
        if mechanism not in self.mechanisms:
            raise InputError(f"{self.name} cannot be enforced by {mechanism!r}: it has {list(self.mechanisms)}.")
        return Enforced(self, mechanism, chosen)

    def options(self, mechanism: str, given: dict[str, Any]) -> dict[str, Any]:
        """Check the options of a mechanism and fill in the defaults."""
        known = {"weight": 1.0, "tolerance": 0.0} if mechanism == "loss" else {}
        return self._filled(mechanism, known, given)

    def _filled(self, mechanism: str, known: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        unknown = set(given) - set(known)
        if unknown:
            only = f"only {sorted(known)}" if known else "it has no options"
            raise InputError(f"{self.name}.by({mechanism!r}) does not take {sorted(unknown)}, {only}.")
        chosen = known | given
        for name in {"weight", "tolerance"} & set(chosen):
            value = chosen[name]
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value < np.inf:
                raise InputError(f"{self.name}.by({mechanism!r}, {name}={value!r}): expected a number of at least 0.")
        return chosen


@dataclass(frozen=True)
class Enforced:
    """A statement with the mechanism that enforces it; made by `Statement.by`."""

    statement: Statement
    mechanism: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As in tables: the statement and how it is enforced."""
        return f"{self.statement.name}, by {self.mechanism}"

    def violation(self, model: Any, X: Any, **options: Any) -> NDArray[np.float64]:
        """By how much a model breaks the statement; see `Statement.violation`."""
        return self.statement.violation(model, X, **options)

    def by(self, mechanism: str, **options: Any) -> "Enforced":
        """The statement, enforced by another mechanism instead."""
        return self.statement.by(mechanism, **options)

    def penalty(
        self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, scale: float = 1.0
    ) -> Tensor:
        """Penalty of each row, (N,): weight times the mean of relu(|r / scale| - tolerance) squared."""
        r = self.statement.training_residual(model, X, table, rng, self.options)
        if not self.statement.natural:
            r = r / scale
        over = torch.relu(r.abs() - self.options["tolerance"])
        return over.square().mean(1) * float(self.options["weight"])


def statements_of(physics: Any) -> list[Enforced | Statement]:
    """Check a user's list of statements.

    Raises:
        InputError: When something in it is no statement.
    """
    if isinstance(physics, Statement | Enforced | type):
        physics = [physics]
    if not isinstance(physics, Sequence) or isinstance(physics, str):
        raise InputError(f"physics={physics!r}: expected a list of statements, such as [Symmetry(...).by('loss')].")
    for item in physics:
        if isinstance(item, type) and issubclass(item, Statement):
            raise InputError(f"physics: {item.__name__} is a class; expected a statement, {item.__name__}(...).")
        if not isinstance(item, Statement | Enforced):
            raise InputError(
                f"physics: {item!r} is no statement; expected one of {sorted(STATEMENTS)}, or its .by(...)."
            )
    return list(physics)


def _deviation(scale: Any) -> NDArray[np.float64]:
    try:
        s = np.asarray(scale, dtype=np.float64)
    except (TypeError, ValueError):
        s = np.array(np.nan)
    if not (np.isfinite(s).all() and (s >= 0).all() and s.ndim < 2):
        raise InputError(f"scale={scale!r}: expected the deviation of the target, a number or one for each output.")
    return s


def as_inputs(X: Any, model: Any = None) -> tuple[Tensor, Columns]:
    """Inputs as a float64 tensor, (N, F), and their columns; Events, data frames, arrays and tensors are taken."""
    if getattr(model, "structure_", None) is not None:
        X = model.as_table(X)
    units: dict[str, str] = {}
    aims: tuple[str | None, ...] = ()
    if hasattr(X, "features") and hasattr(X, "frame"):
        units, aims, X = dict(X.units), target_units(X), X.frame(X.features)
    units = units or dict(getattr(model, "feature_units_", {}))  # of the data that the model has learned from
    names = tuple(str(name) for name in X.columns) if hasattr(X, "columns") else None
    if names is None:
        known = getattr(model, "feature_names_in_", None)
        names = None if known is None else tuple(str(name) for name in known)
    if isinstance(X, Tensor):
        values = X.detach().to("cpu", torch.float64)
    else:
        try:
            values = torch.from_numpy(np.array(X, dtype=np.float64))
        except (TypeError, ValueError):
            raise InputError("X: expected numbers, (N, F).") from None
    if values.ndim != 2 or not len(values):
        raise InputError(f"X has shape {tuple(values.shape)}: expected (N, F) with at least one row.")
    if names is not None and len(names) != values.shape[1]:
        names = None
    return values, Columns(values.shape[1], names, units, aims)


def target_units(events: Any) -> tuple[str | None, ...]:
    """Unit of each target of Events, None where it has none."""
    targets = [events.target] if isinstance(events.target, str) else list(events.target or ())
    return tuple(events.units.get(name) for name in targets)


def as_model(model: Any, X: Tensor, table: Columns, *, tensors: bool = False) -> tuple[Model, Any]:
    """A model of any kind as a function of tensors, and the deviation of its targets.

    Raises:
        InputError: When it is neither an estimator, a module nor a function.
    """
    if hasattr(model, "predict_proba") or hasattr(model, "predict"):
        probabilities = hasattr(model, "predict_proba")
        answer = model.predict_proba if probabilities else model.predict
        named = table.names is not None and hasattr(model, "feature_names_in_")

        def estimate(x: Tensor) -> Tensor:
            rows: Any = x.detach().numpy()
            if named:
                import pandas as pd

                rows = pd.DataFrame(rows, columns=list(table.names or ()))
            return _two_dimensional(answer(rows), len(x))

        scale = 1.0 if probabilities else getattr(model, "target_deviation_", None)
        function: Model = estimate
    elif isinstance(model, torch.nn.Module):
        parameter = next(iter(model.parameters()), None)
        dtype = torch.float64 if parameter is None else parameter.dtype
        device = "cpu" if parameter is None else parameter.device

        def call(x: Tensor) -> Tensor:
            return _two_dimensional(model(x.to(device, dtype)), len(x))

        scale, function = None, call
    elif callable(model):
        scale, function = None, _of_function(model, tensors)
    else:
        raise InputError(f"{model!r} is no model: expected a fitted estimator, a torch module or a function.")
    if scale is None:
        with torch.no_grad():
            scale = float(function(X).std(0, correction=0).square().mean().sqrt()) or 1.0
    return function, scale


def _of_function(model: Callable[[Any], Any], tensors: bool) -> Model:
    """A function of arrays, or of tensors where it takes no arrays."""
    kinds: list[bool] = [True] if tensors else []

    def call(x: Tensor) -> Tensor:
        if not kinds:
            try:
                model(x[:1].numpy())
            except (TypeError, RuntimeError, AttributeError):
                kinds.append(True)
            else:
                kinds.append(False)
        return _two_dimensional(model(x if kinds[0] else x.numpy()), len(x))

    return call


def _two_dimensional(y: Any, rows: int) -> Tensor:
    values: Tensor = y if isinstance(y, Tensor) else torch.from_numpy(np.asarray(y, dtype=np.float64))
    if not values.dim():
        raise InputError(f"The model gave one number for {rows} rows; expected one for each.")
    if len(values) != rows:
        raise InputError(f"The model gave {len(values)} predictions for {rows} rows.")
    return values.to("cpu", torch.float64).reshape(rows, -1)


def to_plain(item: Statement | Enforced) -> dict[str, Any]:
    """A statement as plain data, as it stands in a saved model and in a study's `[[physics]]`."""
    if isinstance(item, Enforced):
        return {**to_plain(item.statement), "by": item.mechanism, "options": item.options}
    return {"statement": type(item).__name__, **item.plain()}


def from_plain(plain: Mapping[str, Any]) -> Statement | Enforced:
    """The statement that `to_plain` wrote.

    Raises:
        InputError: When there is no such statement, or its arguments do not fit.
    """
    rest = dict(plain)
    kind, by, options = rest.pop("statement", None), rest.pop("by", None), rest.pop("options", {})
    if not isinstance(kind, str) or kind not in STATEMENTS:
        raise InputError(f"There is no statement {kind!r}; there are {sorted(STATEMENTS)}.")
    if not isinstance(options, Mapping):
        raise InputError(f"{kind}: options={options!r}: expected a table, such as {{'weight': 1.0}}.")
    parameters = inspect.signature(STATEMENTS[kind]).parameters
    for key in rest:
        if key not in parameters and all(p.kind != p.VAR_KEYWORD for p in parameters.values()):
            raise InputError(f"{kind} has no argument {key!r}; {nearest(str(key), parameters)}")
    try:
        statement = STATEMENTS[kind](**rest)
        return statement if by is None else statement.by(by, **options)
    except TypeError as error:
        raise InputError(f"{kind}: {str(error).removeprefix(f'{kind}.__init__() ')}.") from error
