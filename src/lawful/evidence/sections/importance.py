"""Which features matter, as a part of the report."""

from lawful.evidence.case import Case
from lawful.evidence.describe import title_of
from lawful.evidence.document import Section
from lawful.evidence.figures.bars import draw_importance
from lawful.evidence.importance import importance_of
from lawful.evidence.resampling import Measured

_MOST_FEATURES = 200


def importance_section(case: Case) -> tuple[Section | None, dict[str, Measured]]:
    """Loss of the main metric when a feature is shuffled, with its figure."""
    used = list(case.subject.groups or case.subject.names or case.test.plain)
    if not case.importance or len(used) > _MOST_FEATURES:
        return None, {}
    repeats = 5 if len(used) <= 40 else 2
    found = importance_of(case.subject, case.question, case.test, repeats=repeats, seed=case.seed)
    title = title_of(case.question.main)
    what = f"{'loss' if case.question.rises else 'rise'} of {title}"
    text = (
        f"{what[0].upper()}{what[1:]} when a feature is shuffled among the test events, mean of {repeats} shuffles. "
        "A feature whose information others carry too looks unimportant.",
    )
    figure = draw_importance(found, what=what)
    return Section("importance", "Importance of the features", text, figures={"importance": figure}), found
