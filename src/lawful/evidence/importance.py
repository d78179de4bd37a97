"""Which features a model relies on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import subtract
from lawful.evidence.models import Subject
from lawful.evidence.questions import Question, find_question
from lawful.evidence.resampling import Measured, measured, toys_of
from lawful.evidence.sample import Sample, make_sample
from lawful.evidence.shuffling import groups_of, shuffled


def permutation_importance(
    model: Any,
    test: Any,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    repeats: int = 5,
    toys: int = 50,
    seed: int = 0,
    positive: Any = None,
    most: int = 10_000,
) -> dict[str, Measured]:
    """By how much the main metric gets worse when a feature is shuffled among the events.

    The metric is the weighted AUC (mean over classes for many), the RMSE for one output, R^2 for several; positive
    values say that the feature helps. The interval joins the statistics of the events (paired bootstrap) and the
    spread over the shuffles. A feature whose information others carry too seems unimportant: give `groups`. Events of
    other numbers of objects are matched as `lawful.evidence.shuffling.shuffled` says.

    Args:
        model: A fitted estimator.
        test: `lawful.Events`, (X, y) or (X, y, weight).
        groups: Name to features that are shuffled together; None: each feature alone; for structured inputs each
            column of a table, an image, a text, the momenta of a cloud with the number of its objects, and each other
            field of all its objects.
        repeats: Number of shuffles.
        toys: Number of bootstrap toys.
        seed: Seed of shuffles and toys.
        positive: The class that is signal; None: the second of the model's classes.
        most: With more events, a random part of this size is used.

    Returns:
        Name of feature or group to `Measured`.

    Raises:
        InputError: For bad events, or a group with unknown features.

    References:
        Breiman, "Random forests" (2001); Fisher, Rudin, Dominici, "All models are wrong, but many are useful" (2019).

    Examples:
        >>> from sklearn.linear_model import LogisticRegression
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(400, 2))
        >>> y = (X[:, 0] + 0.5 * rng.normal(size=400) > 0).astype(int)
        >>> found = permutation_importance(LogisticRegression().fit(X, y), (X, y))
        >>> found["x0"].value > 0.2 and abs(found["x1"].value) < 0.05
        True
    """
    subject = Subject("model", model)
    subject.check_fitted()
    table = subject.table
    sample = make_sample(test, names=subject.names, tables=[] if table is None else [table])
    question = find_question(subject, sample, positive)
    return importance_of(subject, question, sample, groups=groups, repeats=repeats, toys=toys, seed=seed, most=most)


def importance_of(
    subject: Subject,
    question: Question,
    sample: Sample,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    repeats: int = 5,
    toys: int = 50,
    seed: int = 0,
    most: int = 10_000,
) -> dict[str, Measured]:
    """`permutation_importance` of events that are already taken apart."""
    if repeats < 1:
        raise InputError(f"repeats={repeats}: expected at least 1.")
    rng = np.random.default_rng(seed)
    if len(sample) > most:
        sample = sample.take(np.sort(rng.choice(len(sample), most, replace=False)))
    used = subject.names or list(sample.plain)
    if groups is None:
        groups = groups_of(subject) or {name: [name] for name in used}
    _check_groups(groups, used)
    truth, w = question.truth(sample), sample.weight
    sign = 1.0 if question.rises else -1.0
    W = np.concatenate(list(toys_of(w, toys, seed)))
    judge = question.judge(truth, question.ask(subject, sample.frame))
    value, spread = float(judge(w)), np.asarray(judge(W))
    found = {}
    structure = getattr(subject.model, "structure_", None)
    for name, columns in groups.items():
        losses, toy_losses = [], []
        for _ in range(repeats):
            other = shuffled(sample.frame, columns, rng.permutation(len(sample)), structure)
            judge = question.judge(truth, question.ask(subject, other))
            losses.append(sign * float(subtract(value, judge(w))))
            toy_losses.append(sign * np.asarray(subtract(spread, judge(W))))
        mean = float(np.mean(losses))
        statistical = measured(mean, np.mean(toy_losses, axis=0))
        shuffling = float(np.std(losses, ddof=1)) / np.sqrt(repeats) if repeats > 1 else 0.0
        down, up = (np.hypot(max(d, 0.0), shuffling) for d in (mean - statistical.low, statistical.high - mean))
        found[name] = Measured(mean, float(mean - down), float(mean + up))
    return found


def _check_groups(groups: Mapping[str, Sequence[str]], used: Sequence[str]) -> None:
    from lawful.data.names import require

    for name, columns in groups.items():
        if isinstance(columns, str) or not len(columns):
            raise InputError(f"groups[{name!r}]={columns!r}: expected a list of features.")
        require(columns, used, what="feature", where=f"the model (group {name!r})")
