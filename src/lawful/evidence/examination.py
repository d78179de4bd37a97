"""The front door: examine a fitted model on events it has not seen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lawful.evidence.case import Case, binary_view
from lawful.evidence.describe import meaning_of
from lawful.evidence.document import Section
from lawful.evidence.models import Subject
from lawful.evidence.questions import Binary, ManyClass, find_question
from lawful.evidence.report import Report
from lawful.evidence.resampling import Measured
from lawful.evidence.sample import make_sample
from lawful.evidence.sections import binary, manyclass, regression
from lawful.evidence.sections.about import (
    cost_section,
    data_section,
    learning_section,
    provenance_section,
)
from lawful.evidence.sections.attribution import attribution_section
from lawful.evidence.sections.comparing import compare, comparison_frame, comparison_section
from lawful.evidence.sections.constants import constants_section
from lawful.evidence.sections.domain import domain_section
from lawful.evidence.sections.importance import importance_section
from lawful.evidence.sections.overlays import overlay_section
from lawful.evidence.sections.sculpting import sculpting_section
from lawful.evidence.sections.summary import asked, headline, measure_pulls, metrics_section
from lawful.evidence.sections.systematics import (
    find_shifts,
    main_metric_systematics_section,
    systematics_section,
)
from lawful.evidence.sections.violations import violations_section
from lawful.evidence.settings import UNCERTAINTY, check_settings, check_use, names_of, subjects, yields

if TYPE_CHECKING:
    import pandas as pd

_MOST_OVERLAID = 4


def examine(
    model: Any,
    test: Any,
    *,
    train: Any = None,
    others: Mapping[str, Any] | None = None,
    positive: Any = None,
    expected: Mapping[str, float] | None = None,
    background_uncertainty: float | None = None,
    variables: Sequence[str] = (),
    data: Any = None,
    toys: int = 200,
    seed: int = 0,
    importance: bool = True,
    attribution: bool = True,
    title: str | None = None,
    description: str = "",
    name: str = "model",
    provenance: Mapping[str, Any] | None = None,
) -> Report:
    """How good a model is, with an uncertainty on every number: metrics, figures and a report in one file.

    A model with `predict_proba` and `classes_` is judged as a classifier, any other as a regression. The metrics:

    - two classes: `auc`, `average_precision`, `accuracy`, `rejection_at_0.3`, `rejection_at_0.5`, `rejection_at_0.7`,
      `log_loss`, `brier`, `calibration_error`, `significance`;
    - many classes: `auc` (mean over each against the rest), `auc[class]`, `accuracy`, `log_loss`, `brier`,
      `calibration_error`;
    - numbers: `rmse`, `mae`, `bias`, `resolution`, `resolution_68`, `r2`, and `pull_mean`, `pull_width` where the
      model states an uncertainty, each with `[output]` if there are several;
    - all: `violation[statement]`, `importance[feature]`, `sculpting[variable, efficiency]`,
      `systematic[variation, what]`, `share_outside`, `outside[metric]`.

    Args:
        model: A fitted estimator with scikit-learn's methods; `spread(X)` and `history_` are used where they exist.
        test: Events it has not seen: `lawful.Events`, (X, y) or (X, y, weight). Their systematic variations are
            measured too.
        train: Events it was trained on, for the overlay of scores and the behaviour outside their range.
        others: Name to another fitted model, judged on the same events; features are found by name.
        positive: The class that is signal; None: the second of the model's classes.
        expected: Expected yields before cuts, {"signal": s, "background": b}, or by class. Where one of two is left
            out, or for None, it is the sum of the weights.
        background_uncertainty: Relative uncertainty of the background in significances; None: 0.1.
        variables: Columns whose shape is compared before and after cuts on the score, for two classes.
        data: Real data without truth, for overlays with the simulation, for two classes.
        toys: Number of bootstrap toys.
        seed: Seed of toys and shuffles.
        importance: Whether to measure which features matter, which takes most of the time.
        attribution: Whether to measure where a lawful network looks: what its inputs contribute, its attention and
            what its last layer sees. Contributions need captum (`pip install 'lawful[interpret]'`).
        title: Heading of the report.
        description: What it is about, in a few sentences below the heading.
        name: What the model is called in tables and legends.
        provenance: Facts for the last section: versions, seeds, checksums, the command.

    Returns:
        A `Report`.

    Raises:
        InputError: For one class only, NaN, unequal lengths, unknown classes, names or features, weights that sum to
            zero or less, settings of the wrong kind, or options that do nothing for this question.

    Examples:
        >>> import numpy as np
        >>> from sklearn.linear_model import LogisticRegression
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.normal(size=(600, 2)), np.repeat([0, 1], 300)
        >>> X[y == 1] += 1.0
        >>> model = LogisticRegression().fit(X[::2], y[::2])
        >>> report = examine(model, (X[1::2], y[1::2]), toys=50, importance=False)
        >>> 0.75 < report.metrics["auc"]["value"] < 0.95
        True
    """
    check_settings(
        toys=toys,
        seed=seed,
        background_uncertainty=background_uncertainty,
        importance=importance,
        attribution=attribution,
        name=name,
        title=title,
        description=description,
        provenance=provenance,
    )
    subject = Subject(name, model)
    subject.check_fitted()
    compared = subjects(others, name)
    tables = [table for each in (subject, *compared) if (table := each.table) is not None]
    sample = make_sample(test, "test", names=subject.names, tables=tables)
    question = find_question(subject, sample, positive)
    check_use(question, data=data, background_uncertainty=background_uncertainty)
    case = Case(
        subject=subject,
        others=compared,
        question=question,
        test=sample,
        train=None if train is None else make_sample(train, "train", names=subject.names, tables=tables),
        data=None if data is None else make_sample(data, "data", names=subject.names, truth=False, tables=tables),
        expected=yields(expected, question),
        uncertainty=UNCERTAINTY if background_uncertainty is None else float(background_uncertainty),
        variables=names_of(variables),
        toys=int(toys),
        seed=int(seed),
        importance=importance,
        provenance=dict(provenance or {}),
        attribution=attribution,
    )
    for variable in case.variables:
        sample.column(variable)
    return _report(case, title, description)


def _report(case: Case, title: str | None, description: str) -> Report:
    found = compare(case)
    metrics = {metric: own for (name, metric), (own, _) in found.items() if name == case.subject.name}
    sections: list[Section | None] = [data_section(case), learning_section(case)]
    comparison = comparison_section(case, found)
    important, by_feature = importance_section(case)
    looks = attribution_section(case)
    if isinstance(case.question, Binary):
        view = binary_view(case)
        shifts = find_shifts(case)
        working = binary.working_section(view)
        metrics |= working.metrics
        first = sorted(by_feature, key=lambda n: -by_feature[n].value)[:_MOST_OVERLAID]
        sections += [
            metrics_section(metrics, case.toys),
            binary.separation_section(case, view),
            binary.calibration_section(case, view),
            working,
            comparison,
            important,
            looks,
            sculpting_section(case, view),
            systematics_section(case, view, shifts),
            overlay_section(case, view, shifts, first),
        ]
    elif isinstance(case.question, ManyClass):
        views = manyclass.views(case)
        sections += [
            metrics_section(metrics, case.toys),
            manyclass.separation_section(case, views),
            manyclass.calibration_section(case),
            manyclass.working_section(views),
            comparison,
            important,
            looks,
            main_metric_systematics_section(case),
        ]
    else:
        metrics |= measure_pulls(case)
        sections += [
            metrics_section(metrics, case.toys),
            regression.residuals_section(case, metrics),
            comparison,
            important,
            looks,
            main_metric_systematics_section(case),
        ]
    sections += [domain_section(case), violations_section(case), constants_section(case), cost_section(case)]
    sections.append(provenance_section(case.provenance))
    there = [section for section in sections if section is not None]
    for section in there:
        metrics |= section.metrics
    metrics |= {f"importance[{key}]": m for key, m in by_feature.items()}
    return Report(
        title=title or f"Evidence for {case.subject.name}",
        asked=asked(case),
        description=description.strip(),
        headline=tuple(headline(case, metrics)),
        kind=case.question.kind,
        metrics={key: m.as_dict() for key, m in metrics.items()},
        table=_table(metrics),
        comparison=comparison_frame(found),
        sections=tuple(there),
    )


def _table(metrics: Mapping[str, Measured]) -> "pd.DataFrame":
    import pandas as pd

    rows = [{"metric": key, **m.as_dict(), "meaning": meaning_of(key)} for key, m in metrics.items()]
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high", "meaning"]).set_index("metric")
