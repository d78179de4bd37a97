"""The statements that an estimator is given, made ready for one set of data."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.learning.preparation import Scaling
from lawful.learning.scaling import InputScaling, TargetScaling
from lawful.nets.architecture import Blocks, Core
from lawful.nets.built_in import BUILT, build_in
from lawful.physics.baseline import Baseline
from lawful.physics.columns import Columns
from lawful.physics.contradictions import check_together
from lawful.physics.parts import Product, Sum
from lawful.physics.start import Start, fit_start
from lawful.physics.statement import Enforced, Statement, statements_of
from lawful.physics.symmetry import Symmetry
from lawful.physics.terms import Terms
from lawful.physics.tied import Remembered, Tied
from lawful.physics.units import Units
from lawful.predict.compatible import check_compatible
from lawful.predict.inputs import Array
from lawful.predict.output_maps import MAPPED, OutputMaps

_CERTAIN = 1e-4  # a polynomial that leaves less of the variance than this is taken without a second training


def can_hold(statement: Statement, mechanism: str, *, classes: bool) -> bool:
    """Whether an estimator, of classes or of targets, can hold a statement by a mechanism."""
    if mechanism not in statement.mechanisms:
        return False
    return not classes or (
        mechanism != "residual"
        and (mechanism != "architecture" or not isinstance(statement, (*MAPPED, Sum, Product)))
    )


class Knowledge:
    """What is known, and what it changes about inputs, targets, network, predictions and loss.

    Args:
        physics: Statements and enforced statements, as the user gave them.
        table: The columns of the data.
        outputs: Number of targets; None for a classifier, whose output never transforms.
        net: The network that the user chose, which an architecture wraps.

    Attributes:
        targets: Number of targets; None for a classifier.
        statements: Every statement, to be measured.
        augmented: Those that move the training data.
        penalised: Those that add to the loss.
        built: Those that are built in, into the network or around its predictions.
        tied: To which other model the weights are tied, or None.
        chain: What is built into the network.
        maps: What is done to predictions.
        baseline: A model that the network corrects, or None.
        start: A linear model, such as a polynomial, from which training starts, or None.
        doubtful: Whether the network might do better without that.

    Raises:
        InputError: When a statement does not fit the data or the network, or contradicts another; names it.
    """

    def __init__(self, physics: Any, table: Columns, outputs: int | None, net: Any) -> None:
        items = statements_of(physics)
        self.table, self.targets = table, outputs
        self.statements = [item.statement if isinstance(item, Enforced) else item for item in items]
        enforced = [item for item in items if isinstance(item, Enforced)]
        for statement in self.statements:
            statement.check(table, outputs)
            if outputs is None and isinstance(statement, Symmetry) and not statement.invariant:
                raise InputError(f"{statement.name}: the probabilities of classes are scalars, use to='scalar'.")
        check_together(enforced, table)
        self.enforced = enforced
        check_compatible(enforced, table, outputs)
        for item in enforced:
            if not can_hold(item.statement, item.mechanism, classes=outputs is None):
                raise InputError(
                    f"{item.statement.name} by {item.mechanism!r} cannot be kept by probabilities of classes: use "
                    "by('loss') where the statement has it, or a Regressor."
                )
        self.augmented = [item for item in enforced if item.mechanism == "augment"]
        tied = [item for item in enforced if isinstance(item.statement, Tied)]
        if len(tied) > 1:
            raise InputError(f"{tied[0].name}, twice: a model is tied to one other.")
        self.tied = tied[0] if tied else None
        self.penalised = [item for item in enforced if item.mechanism == "loss" and item not in tied]
        self.built = [item for item in enforced if item.mechanism == "architecture"]
        inside = [item for item in self.built if isinstance(item.statement, BUILT)]
        if inside and (not isinstance(net, str) or net != "mlp"):
            shown = net if isinstance(net, str) else "of your own"
            raise InputError(
                f"{inside[0].statement.name} by 'architecture' replaces the network by one of its own: leave "
                f"net='mlp', or enforce it on the network {shown!r} by 'loss' or 'augment'."
            )
        residual = [item for item in enforced if item.mechanism == "residual"]
        if len(residual) > 1:
            raise InputError(
                f"{residual[0].statement.name} and {residual[1].statement.name}: a network corrects one baseline. "
                "Write their sum as one formula."
            )
        self.baseline = residual[0] if residual else None
        if residual and residual[0].options["kind"] == "multiplicative":  # the baseline has the unit
            inside = [
                replace(item, statement=item.statement.pure()) if isinstance(item.statement, Units) else item
                for item in inside
            ]
        self.chain = build_in(inside, table, outputs)
        self.maps = OutputMaps(self.built, table)
        self.start: Start | None = None
        self.doubtful = False
        starts = [item.options["start"] for item in inside if isinstance(item.statement, Symmetry)]
        alone = len(starts) == 1 and all(isinstance(item.statement, Symmetry | Units) for item in inside)
        self.wanted: bool | str = starts[0] if alone and not residual else False

    def __bool__(self) -> bool:
        """Whether anything is stated."""
        return bool(self.statements)

    @property
    def terms(self) -> Terms | None:
        """Of which a linear model may be made, where one symmetry is built in, alone or with units."""
        return self.chain.terms

    @property
    def _tie(self) -> Tied:
        assert self.tied is not None
        assert isinstance(self.tied.statement, Tied)
        return self.tied.statement

    @property
    def known_model(self) -> Baseline:
        """The baseline itself."""
        assert self.baseline is not None
        assert isinstance(self.baseline.statement, Baseline)
        return self.baseline.statement

    @property
    def offsets(self) -> bool:
        """Whether something is added to what the network gives."""
        return bool(self.chain) and self.baseline is None

    # ---- inputs ------------------------------------------------------------------------------------------------
    def fit(self, x: Array, weight: Array, y: Array | None) -> None:
        """Learn sizes from the training inputs, (N, F), weights of any sign, (N,), and targets, (N, T), if any."""
        needs = [item for item in (*self.built, self.baseline) if item is not None]
        if needs and np.isnan(x).any():
            raise InputError(
                f"{needs[0].statement.name} by {needs[0].mechanism!r} cannot be kept with missing inputs."
            )
        for item in self.enforced:
            why = item.statement.doubt(x, y, self.table)
            if why is not None:
                warnings.warn(f"{item.name}: {why}.", UserWarning, stacklevel=6)
        self.chain.fit(x.astype(np.float64), np.abs(weight), y)
        if self.maps and y is not None:
            self.maps.fit(x, y.shape[1])

    @property
    def width(self) -> int:
        """Numbers that the core network is given at a time, before scaling."""
        return self.chain.width

    def fit_scaling(self, x: Array, weight: Array, kind: str) -> InputScaling:
        """Scaling of the core network's inputs."""
        if not self.chain:
            return InputScaling.fit(x, weight, kind)
        numbers = self.chain.numbers(x.astype(np.float64))
        return InputScaling.fit(numbers.reshape(-1, numbers.shape[2]), np.repeat(weight, numbers.shape[1]), kind)

    def prepare(self, x: Array, scaling: Scaling) -> Array:
        """Everything the network is given, (N, numbers)."""
        packed = self.chain.pack(x.astype(np.float64), scaling.apply) if self.chain else scaling.apply(x)
        return packed if self.baseline is None else np.concatenate([packed, x.astype(packed.dtype)], 1)

    def prepare_tensor(self, x: Tensor, scaling: Scaling) -> Tensor:
        """As `prepare`, for tensors; differentiable by x where nothing is built into the network."""
        if self.chain:
            return torch.from_numpy(self.prepare(x.numpy(force=True).astype(np.float64), scaling)).to(x)
        packed = scaling.apply_tensor(x)
        return packed if self.baseline is None else torch.cat([packed, x], 1)

    # ---- network -----------------------------------------------------------------------------------------------
    def wrap(self, core: Core, outputs: int, plain: int, copies: int) -> nn.Module:
        """The network with `plain + copies * outputs` outputs, around a core."""
        return self.chain.wrap(core, plain, outputs, copies)

    # ---- targets -----------------------------------------------------------------------------------------------
    def blocks(self, outputs: int) -> Blocks:
        """Targets that are scaled by one number, and whether they may be shifted too."""
        return self.chain.blocks([([column], True) for column in range(outputs)])

    def scale_targets(self, y: Array, weight: Array) -> TargetScaling:
        """Scaling of targets, (N, T), that commutes with what is built in."""
        scaling = TargetScaling.fit(y, weight)
        w = np.abs(weight)
        for columns, shifts in self.blocks(y.shape[1]):
            if not shifts:
                size = float(np.sqrt(np.average((y[:, columns] ** 2).mean(1), weights=w)))
                scaling.centre[columns], scaling.scale[columns] = 0.0, size if size > 0 else 1.0
        return scaling

    def reference(self, x: Array) -> Array | float:
        """What is added to predictions, (N, T), besides the polynomial."""
        given = self.chain.reference(x.astype(np.float64)) if self.offsets else None
        return 0.0 if given is None else given

    def fit_start(self, x: Array, y: Array, weight: Array, seed: int) -> Array | None:
        """Fit the polynomial to standardised targets, (N, T); give what it predicts of unseen events, or None."""
        if self.terms is None or (weight < 0).any() or self.wanted is False:
            return None
        found = fit_start(self.terms, x.astype(np.float64), y, weight, seed)
        if found is None:
            return None
        self.start, held = found
        left = np.average(((y - held) ** 2).mean(1), weights=weight)
        self.doubtful = self.wanted == "auto" and bool(left > _CERTAIN * np.average((y**2).mean(1), weights=weight))
        return held

    def without_start(self, physics: Any) -> list[Enforced | Statement]:
        """The same statements, with a network that starts from nothing."""
        return [
            replace(item, options={**item.options, "start": False})
            if isinstance(item, Enforced) and "start" in item.options
            else item
            for item in statements_of(physics)
        ]

    def started(self, x: Array) -> Array | float:
        """The polynomial's standardised predictions, (N, T)."""
        if self.start is None:
            return 0.0
        assert self.terms is not None
        return self.start(self.terms, x.astype(np.float64))

    # ---- data and loss -----------------------------------------------------------------------------------------
    def moved(self, x: Array, y: Array, seed: int, epoch: int) -> tuple[Array, Array]:
        """Training inputs (N, F) and targets (N, T), each event moved along the symmetries."""
        rng = np.random.default_rng([seed, epoch, 11])
        xt, yt = torch.from_numpy(x.astype(np.float64)), torch.from_numpy(y.astype(np.float64))
        for item in self.augmented:
            assert isinstance(item.statement, Symmetry | Units)
            xt, yt = item.statement.augmented(xt, yt, self.table, rng)
        return xt.numpy(), yt.numpy()

    # ---- save and load -----------------------------------------------------------------------------------------
    def arrays(self) -> dict[str, Array]:
        """What was learned, besides the network."""
        found = {f"physics.{name}": value for name, value in self.chain.arrays.items()}
        found["physics.powers"] = np.array(self.maps.powers)
        if self.tied is not None:
            found["physics.tied"] = self._tie.weights().numpy()
        if self.start is not None:
            found["physics.start"] = self.start.coefficients
        return found

    def restore(self, arrays: dict[str, Array]) -> None:
        """Take back what `arrays` gave.

        Raises:
            InputError: When it does not fit the statements.
        """
        given = {name.removeprefix("physics."): a for name, a in arrays.items() if name.startswith("physics.")}
        start = given.pop("start", None)
        if self.tied is not None and isinstance(self._tie.first, Remembered):
            if "tied" not in given:
                raise InputError("the weights to which it is tied are missing: the file was changed.")
            self._tie.first.values = np.asarray(given.pop("tied"), dtype=np.float64)
        self.maps.restore(given.pop("powers", np.zeros(0)).tolist())
        self.chain.restore(given)
        self.start = None if start is None else Start(np.asarray(start))
