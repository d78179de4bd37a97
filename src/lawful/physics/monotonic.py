"""Predictions that only rise, or only fall, along a column: density with depth, rate with temperature."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lawful.errors import InputError
from lawful.physics.callables import evaluate, function_name, function_plain, same_function, take_function
from lawful.physics.columns import Columns
from lawful.physics.conserved import deviation
from lawful.physics.expressions import Expression, parse
from lawful.physics.formula_names import prediction_names
from lawful.physics.statement import Model, Statement

_STEPS = 8


def _is_formula(text: str) -> bool:
    """Whether a text is more than a name."""
    try:
        return parse(text).tree.kind != "name"
    except InputError:
        return False


class Monotonic(Statement):
    r"""An output, or a quantity made of the outputs, never falls (or never rises) along a column.

    From each row x steps h are made along the column, of either sign and within the range of the column; the
    violation is the root mean square of $\max(-\mathrm{sign}(h)\,(f(x + h) - f(x)), 0)$. The steps have all sizes,
    $|h| = u^2 (b - a)$ with u uniform in (0, 1) and the range from a to b, and the other columns stay as they are.
    It is in units of the target's deviation, or with `of` in units of the deviation of that quantity.

    Args:
        output: Number of the output; a single output may have any name. Not needed with `of`.
        along: Name or number of the column.
        increasing: Whether it never falls; else it never rises.
        of: The quantity that is monotonic, as density is a function of a predicted temperature: a formula as text,
            whose names are columns and the prediction (y, or any one name that is no column; y0, y1, ... where there
            are several). Or a function from predictions (n, O), torch tensors, to (n,) or (n, 1); one that takes a
            second argument gets the inputs (n, F).
        between: Range (a, b) in which the steps are made, from rows that lie in it; None: the range of the column in
            the data.

    Mechanisms:
        loss: A penalty on what falls; `samples` steps for each row (2).
        architecture: A network that cannot fall, its slope linear between `knots` points (16); not with `of`.

    A formula is saved; of a function only the name, and it is needed again when a saved model is loaded.

    Raises:
        InputError: When an argument is not of that kind.

    Examples:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).uniform(size=(100, 2))
        >>> rising = Monotonic("density", along=0)
        >>> float(rising.violation(lambda x: x[:, 0] ** 3 - x[:, 1], X).max())
        0.0
        >>> bool(rising.violation(lambda x: -x[:, 0], X).mean() > 0.5)
        True
        >>> water = Monotonic(of="1000 - 0.0065 * (T - 4)**2", along=0)  # densest at 4 degrees
        >>> bool(water.violation(lambda x: 20 - 10 * x[:, 0], X).max() == 0)
        True
    """

    mechanisms: tuple[str, ...] = ("loss", "architecture")

    def __init__(
        self,
        output: str | int | None = None,
        along: str | int | None = None,
        increasing: bool = True,
        *,
        of: Any = None,
        between: Any = None,
    ) -> None:
        for what, value in (("output", output), ("along", along)):
            if what == "output" and value is None and of is not None:
                continue
            if isinstance(value, bool) or not isinstance(value, str | int | np.integer):
                also = ", or of=, a formula of the outputs" if what == "output" else " of a column"
                raise InputError(f"Monotonic: {what}={value!r}: expected a name or a number{also}.")
        if isinstance(output, str) and _is_formula(output):
            raise InputError(f"Monotonic: output={output!r} reads as a formula; give it as of={output!r}.")
        if not isinstance(increasing, bool | np.bool_):
            raise InputError(f"Monotonic: increasing={increasing!r}: expected True or False.")
        assert along is not None
        self.output: str | int | None = int(output) if isinstance(output, int | np.integer) else output
        self.along: str | int = along if isinstance(along, str) else int(along)
        self.increasing = bool(increasing)
        self.of = None if of is None else take_function("Monotonic: of", of)
        self.between: list[float] | None = None
        if between is not None:
            try:
                low, high = (float(value) for value in between)
            except (TypeError, ValueError):
                low, high = np.nan, np.nan
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise InputError(f"{self.name}: between={between!r}: expected (low, high) with low < high.")
            self.between = [low, high]
        self.natural = self.of is not None
        if self.of is not None:
            self.mechanisms = ("loss",)

    @property
    def name(self) -> str:
        """What rises or falls along what."""
        called = self.output if isinstance(self.output, str) else f"output {self.output}"
        if self.output is None:
            called = function_name(self.of, "quantity")
        return f"{called} {'increasing' if self.increasing else 'decreasing'} along {self.along}"

    @property
    def sign(self) -> float:
        """1 where it rises, -1 where it falls."""
        return 1.0 if self.increasing else -1.0

    def plain(self) -> dict[str, Any]:
        """See `Statement.plain`; a function by name alone."""
        return {
            "output": self.output,
            "along": self.along,
            "increasing": self.increasing,
            "of": None if self.of is None else function_plain(self.of),
            "between": self.between,
        }

    def options(self, mechanism: str, given: dict[str, Any]) -> dict[str, Any]:
        """See `Statement.options`."""
        known: dict[str, Any] = {"weight": 1.0, "tolerance": 0.0, "samples": 2}
        if mechanism == "architecture":
            if self.of is not None:
                raise InputError(f"{self.name}: a quantity given by of= cannot be built in; it has ['loss'].")
            known = {"knots": 16}
        chosen = self._filled(mechanism, known, given)
        for option, least in (("samples", 1), ("knots", 2)):
            value = chosen.get(option, least)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= 1000:
                wanted = f"expected a whole number from {least} to 1000."
                raise InputError(f"{self.name}.by({mechanism!r}, {option}={value!r}): {wanted}")
        return chosen

    def place(self, outputs: int) -> int:
        """Number of the output.

        Raises:
            InputError: When there is no such output, or it is named and there are several.
        """
        if self.output is None or isinstance(self.output, str):
            if outputs == 1:
                return 0
            raise InputError(
                f"{self.name}: the model gives {outputs} outputs, which have no names: give the number of one, as "
                "Monotonic(0, ...)."
            )
        if not -outputs <= self.output < outputs:
            raise InputError(f"{self.name}: there is no output {self.output}; the model gives {outputs}.")
        return self.output % outputs

    def check(self, table: Columns, outputs: int | None) -> None:
        """See `Statement.check`."""
        table.place(self.along, self)
        if isinstance(self.of, Expression):
            prediction_names(self.of, table, outputs, self)
        if outputs is not None and self.of is None:
            self.place(outputs)

    def located(self, table: Columns) -> "Monotonic":
        """See `Statement.located`."""
        same = copy.copy(self)
        same.along = table.place(self.along, self)
        return same

    def doubt(self, X: NDArray[Any], y: NDArray[Any] | None, table: Columns) -> str | None:  # noqa: ARG002
        """See `Statement.doubt`: a range in which there are no data."""
        if self.between is None:
            return None
        values, (low, high) = X[:, table.place(self.along, self)], self.between
        if ((values >= low) & (values <= high)).any():
            return None
        return (
            f"no event lies between {low:g} and {high:g}, perhaps of another unit; {self.along} goes from "
            f"{values.min():g} to {values.max():g}"
        )

    def against(self, other: Statement) -> str | None:
        """See `Statement.against`: what rises and falls along one column."""
        if not isinstance(other, Monotonic) or self.increasing == other.increasing or self.along != other.along:
            return None
        if not (same_function(self.of, other.of) and (self.of is not None or self._output == other._output)):
            return None
        if self.between and other.between:
            (low, high), (other_low, other_high) = self.between, other.between
            if max(low, other_low) >= min(high, other_high):
                return None
        return f"what only rises along {self.along} does not fall along it"

    @property
    def _output(self) -> int:
        """Number of the output; what has a name is the only one."""
        return self.output if isinstance(self.output, int) else 0

    def residual(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator) -> Tensor:
        """What falls in eight steps, (N, 8)."""
        low, high = self._range(X[:, table.place(self.along, self)])
        if not low < high:
            raise InputError(
                f"{self.name}: {self.along} has a single value in the data, so no step can be made: give "
                "between=(low, high)."
            )
        return self.falls(model, X, table, rng, _STEPS)

    def training_residual(
        self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, options: dict[str, Any]
    ) -> Tensor:
        """See `Statement.training_residual`."""
        return self.falls(model, X, table, rng, int(options["samples"]))

    def falls(self, model: Model, X: Tensor, table: Columns, rng: np.random.Generator, samples: int) -> Tensor:
        """max(-sign(h) (f(x + h) - f(x)), 0) for random steps from each row, (N, samples)."""
        column, N = table.place(self.along, self), len(X)
        start = X[:, column].unsqueeze(1)
        low, high = self._range(start)
        u, forward = rng.random((N, samples)), np.where(rng.random((N, samples)) < 0.5, -1.0, 1.0)
        h = torch.from_numpy(forward * u**2 * (high - low)).to(X)
        inside = (start >= low) & (start <= high)  # nothing is said of rows elsewhere, or of missing values
        beyond = (start + h > high) | (start + h < low)
        end = torch.where(beyond, start - h, start + h).clamp(low, high)
        points = X.unsqueeze(1).repeat(1, samples, 1)
        points[:, :, column] = end
        before = self._quantity(model(X), X, table)
        after = self._quantity(model(points.flatten(0, 1)), points.flatten(0, 1), table).reshape(N, samples)
        r = torch.relu(-self.sign * torch.sign(end - start).to(after) * (after - before))
        r = torch.where(inside.to(r.device), r, torch.zeros_like(r))
        return r / deviation(before).to(r) if self.natural else r

    def _quantity(self, y: Tensor, X: Tensor, table: Columns) -> Tensor:
        """What is monotonic, (n, 1)."""
        if self.of is not None:
            return evaluate(self.of, y, X.to(y), table, self)
        return y[:, self.place(y.shape[1])].unsqueeze(1)

    def _range(self, column: Tensor) -> tuple[float, float]:
        """The range in which steps are made."""
        if self.between is not None:
            return self.between[0], self.between[1]
        there = column[torch.isfinite(column)].detach()
        return (float(there.min()), float(there.max())) if there.numel() else (0.0, 0.0)
