"""What an estimator has made of its data before it is trained."""

from dataclasses import dataclass

from lawful.learning.loop import Examples, Settings
from lawful.learning.objectives import Objective
from lawful.predict.inputs import Array


@dataclass(frozen=True)
class Prepared:
    """Everything that a training needs, and what is read off after it.

    Attributes:
        examples: What is learned from.
        objective: The loss.
        settings: How to train.
        judge: Rows that each member is judged on, (M, v).
        weight: Weights of either sign of the examples, (N,).
        rows: How many examples are there to learn from; those behind them are only judged on.
    """

    examples: Examples
    objective: Objective
    settings: Settings
    judge: Array
    weight: Array
    rows: int
