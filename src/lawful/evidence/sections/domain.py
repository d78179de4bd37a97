"""How the model behaves where its training events end."""

import numpy as np

from lawful.evidence.arrays import Array, safe_ratio
from lawful.evidence.case import Case
from lawful.evidence.describe import title_of
from lawful.evidence.document import Grid, Section, number, percent
from lawful.evidence.resampling import Measured, bootstrap
from lawful.evidence.sample import numeric

_LEAST = 30  # events of each class that a metric needs
_OUTER = 0.1


def outside_range(train: Array, test: Array) -> Array:
    """Which features of which test events lie beyond the least or largest training value, (N, F).

    Examples:
        >>> outside_range(np.array([[0.0], [1.0]]), np.array([[0.5], [1.5]])).tolist()
        [[False], [True]]
    """
    with np.errstate(invalid="ignore"):
        low, high = np.nanmin(train, axis=0), np.nanmax(train, axis=0)
        return np.asarray((test < low) | (test > high))


def remoteness(train: Array, test: Array) -> Array:
    """How far test events lie from the middle of the training events, (N,).

    The root mean square over features of the distance to the median in units of the 68% half-width.
    """
    low, middle, high = np.nanquantile(train, [0.1587, 0.5, 0.8413], axis=0)
    width = (high - low) / 2
    width = np.where(width > 0, width, 1.0)
    return np.asarray(np.sqrt(np.nanmean(((test - middle) / width) ** 2, axis=1)))


def domain_section(case: Case) -> Section | None:
    """The main metrics inside and outside the range of the training events."""
    if case.train is None:
        return None
    used = [n for n in case.subject.names or case.test.plain if n in case.test.plain]
    names = [n for n in numeric(case.test.frame[used]) if n in case.train.frame.columns]
    if not names:
        return None
    train, test = (s.frame[names].to_numpy(dtype=np.float64) for s in (case.train, case.test))
    beyond = outside_range(train, test)
    outside = beyond.any(axis=1)
    far = remoteness(train, test)
    outer = far >= np.quantile(far, 1 - _OUTER)
    main = [case.question.main, "accuracy", "log_loss", "resolution_68", "bias"]
    parts = {
        "inside the training range": ~outside,
        "outside in at least one feature": outside,
        "nine tenths nearest to the training events": ~outer,
        "outermost tenth": outer,
    }
    rows = []
    metrics: dict[str, Measured] = {}
    shown: list[str] = []
    for name, mask in parts.items():
        found = _measure(case, mask)
        shown = shown or [m for m in main if m in found]
        share = float(case.test.weight[mask].sum() / case.test.weight.sum())
        cells = [str(found[m]) if m in found else "too few events" for m in shown]
        rows.append((name, number(int(mask.sum())), percent(share), *cells))
        if name.startswith("outside"):
            metrics["share_outside"] = Measured(share, *_share_interval(case, mask))
            metrics.update({f"outside[{m}]": found[m] for m in shown if m in found})
    each = beyond.mean(axis=0)
    worst = [int(i) for i in np.argsort(-each)[:8] if each[i] > 0]
    grids = [Grid(("test events", "number", "weight share", *map(title_of, shown)), tuple(rows))]
    if worst:
        beyond_range = tuple((names[i], percent(float(each[i]))) for i in worst)
        grids.append(Grid(("feature", "test events beyond its training range"), beyond_range))
    text = (
        "A test event is outside when at least one feature is below its least or above its largest training value. "
        "The outermost tenth lies farthest from the median of the training events, in units of their width.",
    )
    return Section("domain", "Outside the training domain", text, tuple(grids), metrics=metrics)


def _measure(case: Case, mask: Array) -> dict[str, Measured]:
    strata = case.question.strata(case.truth)
    for k in np.unique(strata):
        own = mask & (strata == k)
        if own.sum() < _LEAST or case.test.weight[own].sum() <= 0:
            return {}
    weight = case.test.weight[mask]
    evaluate = case.question.statistics(case.truth[mask], case.answer[mask], weight)
    return bootstrap(evaluate, weight, toys=min(case.toys, 100), seed=case.seed)


def _share_interval(case: Case, mask: Array) -> tuple[float, float]:
    inside = mask.astype(np.float64)
    found = bootstrap(
        lambda W: {"": safe_ratio(W @ inside, W.sum(-1))}, case.test.weight, toys=min(case.toys, 100), seed=case.seed
    )[""]
    return found.low, found.high
