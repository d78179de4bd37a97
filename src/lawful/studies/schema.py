"""What a study may say. Every key is listed here; the documentation is made from these descriptions."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lawful.studies.sources import resolved
from lawful.studies.statements import make_statement, without_gaps

Share = Annotated[float, Field(gt=0, lt=1)]
SetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]*$")]
Net = Literal["mlp", "linear", "cnn", "rnn", "lstm", "gru", "sets", "graph", "transformer", "equivariant"]
Settings = dict[str, Any]
Yardstick = Literal["logistic regression", "linear regression", "gradient-boosted trees"]


class Section(BaseModel):
    """A table of the TOML file: unknown keys are errors, values are not guessed at."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class Data(Section):
    """`[data]`: where the events are and what the columns mean. The keys are those of `lawful.read`."""

    source: str | list[str] = Field(
        description="File, list of files or glob, relative to the study file; `builtin:NAME` is shipped with lawful; "
        "`package:MODULE:FILE` is a file inside an installed package; "
        "`simulate:WORLD` draws events from a world."
    )
    simulate: dict[str, Any] = Field(
        {}, description="With `simulate:WORLD`: `n`, how many events, `seed`, and the settings of the world."
    )
    tree: str | dict[str, int | str] | None = Field(None, description="ROOT tree, or a table from tree to label.")
    target: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        None,
        description="Column or columns to be predicted, or the name given to the trees' labels; absent: the world's.",
    )
    weight: str | None = Field(None, description="Column of event weights.")
    features: list[str] | None = Field(None, description="Columns to learn from; all others when absent.")
    exclude: list[str] = Field([], description="Columns that are not learned from.")
    unroll: dict[str, list[str]] | None = Field(
        None,
        description="Objects of an event that become rows of their own: new prefix to prefixes of columns, "
        'as `{ jet = ["jet1", "jet2"] }`.',
    )
    define: dict[str, str] | None = Field(
        None, description='New columns from formulas in the language of cuts, as `{ log_pt = "log(pt)" }`.'
    )
    clouds: list[str] | dict[str, list[str] | dict[str, str]] | None = Field(
        None, description="Names of the clouds to read, or a table from cloud to its columns of lists; absent: all."
    )
    select: str | None = Field(None, description="Cut, as `pt > 30 and abs(eta) < 2.5`.")
    missing: float | list[float] | dict[str, float] | None = Field(
        None, description="Values that mean 'missing', as -999; for all columns or by column."
    )
    normalise: float | dict[str, float] | None = Field(
        None, description="What the weights shall sum to (luminosity times cross-section); in all or by label."
    )
    group: str | None = Field(None, description="Column whose equal values stay on one side of every split.")
    units: dict[str, str] = Field({}, description="Units by column.")
    variations: dict[str, str | dict[str, str]] = Field(
        {}, description="Systematic variations: name = weight column, or a table from feature to shifted column."
    )
    split: list[Share] = Field(
        [0.8, 0.2],
        min_length=2,
        max_length=3,
        description="Shares of training and test events, or of training, validation and test events.",
    )
    seed: int = Field(0, ge=0, description="The split follows from it.")
    subsets: dict[SetName, Annotated[list[str], Field(min_length=1)]] = Field(
        {}, description="Named sets of features, each trained on too."
    )

    @model_validator(mode="before")
    @classmethod
    def _world_is_known(cls, content: Any) -> Any:
        return resolved(content) if isinstance(content, dict) else content

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "Data":
        if abs(sum(self.split) - 1) > 1e-9:
            raise ValueError(f"split sums to {sum(self.split):g}; the shares must sum to 1")
        if "all" in self.subsets:
            raise ValueError("subsets: the name 'all' is taken by the set of all features")
        return self


class Physics(Section):
    """`[[physics]]`: a statement about the system, one table each; its arguments stand beside the keys below."""

    model_config = ConfigDict(extra="allow")

    statement: str = Field(description="What is stated, as `Monotonic`; see the table of statements.")
    by: str | None = Field(None, description="Mechanism that enforces it; absent: it is measured alone.")
    options: dict[str, Any] = Field({}, description="Of the mechanism, as `{ weight = 10.0, tolerance = 0.01 }`.")

    @model_validator(mode="before")
    @classmethod
    def _as_toml_can_hold_it(cls, content: Any) -> Any:
        return without_gaps(content, "physics") if isinstance(content, dict) else content

    @model_validator(mode="after")
    def _can_be_made(self) -> "Physics":
        make_statement(self.plain())
        return self

    def plain(self) -> dict[str, Any]:
        """The statement as plain data, with what was given alone."""
        return self.model_dump(exclude_unset=True, exclude_none=True)


class Model(Section):
    """`[model]`: the question and the network. The keys are those of `lawful.Classifier` and `lawful.Regressor`."""

    question: Literal["classify", "regress"] = Field("classify", description="What is asked.")
    net: Net | dict[str, Net] = Field("mlp", description="Kind of network, or a table from input to kind of network.")
    hidden: list[Annotated[int, Field(gt=0)]] | None = Field(
        None, description="Widths of the hidden layers; absent: 64, 64 of mlp, and what suits the others."
    )
    inputs: Settings | None = Field(
        None, description="What is taken of clouds, by name: `fields`, `most`; `pixels` and so on for cnn."
    )
    options: Settings | None = Field(
        None, description="Further settings of networks for clouds, images and sequences, as `{ heads = 8 }`."
    )
    augment: Settings | None = Field(
        None, description="How images and clouds are moved at random in each epoch, as `{ flips = true }`."
    )
    activation: Literal["silu", "tanh", "relu"] = Field("silu", description="Activation of the hidden layers.")
    dropout: float | None = Field(
        None,
        ge=0,
        le=0.95,
        description="Share of silenced units, at most 0.95; absent: 0.2 to classify, 0 to regress.",
    )
    embedding: Literal["periodic"] | None = Field(None, description="Embedding of each column.")
    scaling: Literal["auto", "robust", "standard", "none"] = Field(
        "auto", description="How inputs are scaled; auto: robust, and standard for the linear net."
    )
    members: int = Field(5, ge=1, description="Networks in the ensemble.")
    class_weight: Literal["balanced"] | None = Field(None, description="Equal total weight for each class.")
    calibrate: bool = Field(True, description="Fit a temperature on held-out events (classify).")
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:1 or mps."
    )
    dtype: Literal["float32", "float64"] = Field("float32", description="Number type of the network.")


class Rival(Section):
    """`[[rivals]]`: another network on the same events, one table each; what it does not say is as in the study."""

    name: SetName = Field(description="What tables and legends call it.")
    features: list[str] | None = Field(
        None, description="Columns that it learns from; an empty list: none, clouds alone."
    )
    net: Net | dict[str, Net] | None = Field(None, description="As in `[model]`.")
    hidden: list[Annotated[int, Field(gt=0)]] | None = Field(None, description="As in `[model]`.")
    activation: Literal["silu", "tanh", "relu"] | None = Field(None, description="As in `[model]`.")
    dropout: float | None = Field(None, ge=0, le=0.95, description="As in `[model]`.")
    inputs: Settings | None = Field(None, description="As in `[model]`.")
    options: Settings | None = Field(None, description="As in `[model]`.")
    augment: Settings | None = Field(None, description="As in `[model]`.")
    members: int | None = Field(None, ge=1, description="As in `[model]`.")
    epochs: int | None = Field(None, ge=1, description="As in `[training]`.")
    patience: int | None = Field(None, ge=1, description="As in `[training]`.")
    batch_size: Annotated[int, Field(ge=1)] | None = Field(None, description="As in `[training]`.")
    learning_rate: float | None = Field(None, gt=0, description="As in `[training]`.")

    def changed(self, settings: Settings) -> Settings:
        """The settings of the study's network with those that are given here in their place; no statements."""
        own = self.model_dump(exclude={"name", "features"}, exclude_none=True)
        if "net" in own:  # settings of another kind of network say nothing here
            settings = {k: v for k, v in settings.items() if k not in ("hidden", "options", "inputs", "augment")}
        return {k: v for k, v in settings.items() if k != "physics"} | own


class Training(Section):
    """`[training]`: how the network learns."""

    epochs: int = Field(10_000, ge=1, description="Passes over the training events at most.")
    patience: int = Field(20, ge=1, description="Epochs without a better validation loss before a member stops.")
    batch_size: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="Events in a step; auto: 256, or fewer where an epoch would have less than ten steps."
    )
    learning_rate: float = Field(2e-3, gt=0, description="Step size of AdamW.")
    schedule: Literal["constant", "cosine"] = Field("constant", description="Course of the step size.")
    averaging: int = Field(1000, ge=0, description="Steps over which weights are averaged; 0: none.")
    weight_decay: float = Field(1e-4, ge=0, description="Decoupled decay of the weights.")
    l1: float = Field(0.0, ge=0, description="Factor of the sum of |weights| in the loss.")
    l2: float = Field(0.0, ge=0, description="Factor of half the sum of squared weights in the loss.")
    gradient_clip: float | None = Field(None, gt=0, description="Largest norm of a gradient.")
    seed: int = Field(0, ge=0, description="Everything random in training follows from it.")


class Evidence(Section):
    """`[evidence]`: what is measured on the test events."""

    yardsticks: list[Yardstick] = Field([], description="Models to compare with, trained on the same events.")
    expected: dict[Literal["signal", "background"], float] | None = Field(
        None, description="Expected yields, for significances; absent: the weights as they are."
    )
    background_uncertainty: float = Field(0.1, ge=0, description="Relative uncertainty of the expected background.")
    variables: list[str] = Field([], description="Columns whose shape after cuts on the score is shown.")
    toys: int = Field(200, ge=20, description="Bootstrap toys behind each interval.")
    importance: bool = Field(True, description="Whether permutation importances are computed.")
    attribution: bool = Field(True, description="Whether the report shows where the network looks (needs captum).")
    figures: list[Literal["pdf", "png", "svg"]] = Field(["pdf", "png"], description="Formats of the figures.")

    @model_validator(mode="after")
    def _both_yields(self) -> "Evidence":
        if self.expected is not None and set(self.expected) != {"signal", "background"}:
            raise ValueError("expected needs both, signal and background, as { signal = 50.0, background = 1000.0 }")
        return self


class Study(Section):
    """A study: data, question, physics, model and evidence."""

    title: str = Field("", description="Heading of the report.")
    description: str = Field("", description="What the study is about, for the report.")
    data: Data
    physics: list[Physics] = Field([], description="What is known about the system; see `[[physics]]`.")
    model: Model = Model()
    training: Training = Training()
    rivals: list[Rival] = Field([], description="Other networks on the same events; see `[[rivals]]`.")
    evidence: Evidence = Evidence()

    @model_validator(mode="after")
    def _fits_together(self) -> "Study":
        fitting = {
            "classify": {"logistic regression", "gradient-boosted trees"},
            "regress": {"linear regression", "gradient-boosted trees"},
        }[self.model.question]
        wrong = [y for y in self.evidence.yardsticks if y not in fitting]
        if self.model.question == "regress" and (self.model.class_weight or not self.model.calibrate):
            raise ValueError("model.class_weight and model.calibrate belong to classify; leave them out to regress")
        if self.model.question == "regress" and self.evidence.expected is not None:
            raise ValueError("evidence.expected belongs to classify; leave it out to regress")
        names = ["network", *self.evidence.yardsticks, *(rival.name for rival in self.rivals)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"rivals: the name {name!r} is taken; call each one differently")
        default = Model.model_fields
        idle = [
            name
            for name in ("hidden", "activation", "dropout", "embedding")
            if self.model.net == "linear" and getattr(self.model, name) != default[name].default
        ]
        if idle:
            raise ValueError(f"model.{idle[0]} has no effect with net = 'linear'; leave it out, or use net = 'mlp'")
        if wrong:
            raise ValueError(
                f"evidence.yardsticks: {wrong[0]!r} does not {self.model.question}; use {sorted(fitting)}"
            )
        return self

    def settings(self) -> dict[str, Any]:
        """Keyword arguments for `lawful.Classifier` or `lawful.Regressor`."""
        chosen = self.model.model_dump(exclude={"question"}) | self.training.model_dump()
        if self.model.question == "regress":
            del chosen["class_weight"], chosen["calibrate"]
        if chosen["dropout"] is None:
            del chosen["dropout"]
        if self.physics:
            chosen["physics"] = self.statements()
        return chosen

    def statements(self) -> list[Any]:
        """What is known about the system, for the `physics` of an estimator."""
        return [make_statement(item.plain()) for item in self.physics]
