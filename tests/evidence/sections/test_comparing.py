import numpy as np
import pytest

from lawful.evidence import auc
from lawful.evidence.figures.style import svg
from lawful.evidence.ranking import Ranking
from lawful.evidence.resampling import toys_of
from lawful.evidence.sections.comparing import compare, comparison_frame, comparison_section

from .conftest import make_case


def test_a_difference_is_the_other_model_minus_the_examined_one(model, trees, test):
    case = make_case(model, test, others=[("trees", trees)], toys=40)
    found = compare(case)
    scores = [m.predict_proba(f)[:, 1] for m, f in ((model, test.frame()), (trees, test.frame(["pt"])))]
    first, second = (auc(test.y, score, test.weight) for score in scores)
    _, difference = found["trees", "auc"]
    assert difference.value == pytest.approx(second - first)
    ranking = [Ranking(test.y, s) for s in (scores[1], scores[0])]
    W = np.concatenate(list(toys_of(test.weight, 40, 0)))
    toys = ranking[0].sums(W).auc() - ranking[1].sums(W).auc()
    assert [difference.low, difference.high] == pytest.approx(np.quantile(toys, [0.16, 0.84]))
    assert found["model", "auc"][1] is None
    frame = comparison_frame(found).set_index(["model", "metric"])
    assert frame.loc[("trees", "auc"), "difference"] == pytest.approx(second - first)
    section = comparison_section(case, found)
    right = section.figures["comparison"].axes[1].containers[0][0].get_xdata()
    assert np.ravel(right) == pytest.approx([second - first])
    assert [row[0] for row in section.grids[0].rows] == ["model", "trees"]
    assert section.grids[0].rows[1][2] == str(difference)


def test_names_may_hold_any_character(model, trees, test):
    case = make_case(model, test, others=[("a\nb", trees), ("_hidden", trees), ("$x_1", trees)], toys=20)
    found = compare(case)
    assert {name for name, _ in found} == {"model", "a\nb", "_hidden", "$x_1"}
    svg(comparison_section(case, found).figures["comparison"])
