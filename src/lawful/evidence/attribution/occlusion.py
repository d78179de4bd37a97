"""What each object of an event does: the answer with it, less the answer without it."""

from dataclasses import replace
from typing import Any

import numpy as np

from lawful.errors import InputError
from lawful.evidence.arrays import Array
from lawful.evidence.attribution.answers import Answer
from lawful.evidence.attribution.result import Attribution, attribution
from lawful.evidence.attribution.rows import Rows, read_rows


def occlusion(
    model: Any,
    X: Any,
    *,
    on: str | None = None,
    output: Any = None,
    of: str | None = None,
    weight: Any = None,
) -> Attribution:
    r"""By how much the answer changes when one object is left out, event by event.

    $f(x) - f(x \text{ without } i)$ for each object of a cloud, step of a sequence or word of a text. Those behind it
    move up, as if it had never been measured; sums over the event, such as the momentum of a jet, are those of the
    rest. No derivative is needed, and no question what an object of no size would be; but the effects of several
    objects need not add up.

    Args:
        model: A fitted Classifier or Regressor of clouds, sequences or texts.
        X: Inputs, as it takes them, or `lawful.Events`.
        on: Which of them; None: the only one that has objects.
        output: A class, or one for each event; the number of a target. None: the second of two classes, the most
            probable of several, the only target.
        of: "score", the log-odds of the class, or its "probability"; None: the log-odds, but for models that learned
            from weights of both signs.
        weight: Event weights of either sign, (N,), for means; None: those of Events, else ones.

    Returns:
        An `Attribution` with values (N, P, 1).

    Raises:
        InputError: When the model is not ours, or it is not clear which input is meant.

    References:
        Zeiler, Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2.

    Examples:
        >>> from lawful import Regressor
        >>> rng = np.random.default_rng(0)
        >>> hits = [rng.normal(size=(n, 2)) for n in rng.integers(1, 4, 300)]
        >>> model = Regressor("sets", epochs=2).fit(hits, [h[:, 0].sum() for h in hits])
        >>> occlusion(model, hits).values["sequence"].shape
        (300, 3, 1)
    """
    rows, w = read_rows(model, X, weight, "occlusion")
    answer = Answer(model, rows, output, of)
    name, place = _which(rows, on)
    mask = rows.masks[name]
    numbers = np.zeros(mask.shape)
    own = answer.numbers(rows.x)
    each = (place.stop - place.start) // mask.shape[1]
    for k in range(mask.shape[1]):
        some = np.flatnonzero(mask[:, k])
        if len(some):
            without = _without(rows.x[some], place, each, k)
            numbers[some, k] = own[some] - answer.numbers(without, answer.place[some])
    found = attribution(rows, answer, np.zeros(rows.x.shape), w, None, "leaving out")
    return replace(found, values={name: numbers[..., None]})


def _which(rows: Rows, name: str | None) -> tuple[str, slice]:
    places = {own: place for own, part, place in rows.parts() if part.counted}
    if not places:
        raise InputError("occlusion leaves objects out, and this model takes none: use integrated_gradients.")
    if name is None and len(places) == 1:
        name = next(iter(places))
    if name not in places:
        raise InputError(f"on={name!r}: expected one of {list(places)}, whose objects are to be left out.")
    return name, places[name]


def _without(x: Array, place: slice, each: int, k: int) -> Array:
    """Rows without object k, of which each has `each` numbers."""
    found = x.copy()
    values = x[:, place]
    found[:, place] = np.concatenate(
        [values[:, : k * each], values[:, (k + 1) * each :], np.zeros((len(x), each))], axis=1
    )
    found[:, place.start - 1] -= 1
    return found
