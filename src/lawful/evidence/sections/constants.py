"""Constants of a known model that were fitted with the network, as a part of the report."""

import math
from collections.abc import Mapping

from lawful.evidence.case import Case
from lawful.evidence.document import Grid, Section, percent
from lawful.evidence.resampling import Measured


def constants_section(case: Case) -> Section | None:
    """Each constant with its error, for models that have `parameters_`."""
    found = getattr(case.subject.model, "parameters_", None)
    if not isinstance(found, Mapping) or not found:
        return None
    metrics, rows = {}, []
    for name, constant in found.items():
        measured = Measured(constant.value, constant.value - constant.error, constant.value + constant.error)
        metrics[f"constant[{name}]"] = measured
        rows.append((name, str(measured), percent(constant.imitated)))
    text: tuple[str, ...] = (
        "Constants of the known model, fitted with the network, with standard errors from the training events.",
        "Imitated: the share of a constant's effect on the predictions that the network could make as well. Where it "
        "is near 100%, the penalty on the network decides between the two, and what the known model lacks may be "
        "credited to the constant, which the error does not cover.",
    )
    if any(math.isinf(constant.error) for constant in found.values()):
        text += ("Without limits: other values of these constants predict the same.",)
    grid = Grid(("constant", "value", "imitated"), tuple(rows))
    return Section("constants", "Fitted constants", text, (grid,), metrics=metrics)
