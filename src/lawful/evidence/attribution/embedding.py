"""What the last layer of a network sees of each event."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from lawful.errors import InputError
from lawful.evidence.arrays import Array, check_numbers, check_one_weight, check_same_length
from lawful.evidence.attribution.rows import read_rows
from lawful.nets.linear import Linear
from lawful.nets.mlp import MLP
from lawful.nets.structured import Joined, called

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("pca", "tsne")
_AT_ONCE = 1024  # events at a time
_MOST = 5000  # events that t-SNE takes in a minute


def embed(model: Any, X: Any, *, member: int = 0) -> Array:
    """The events as a network sees them before it answers: what goes into its last layers.

    Of a network for clouds, sequences or images it is what it makes of the whole event, before the layers that answer
    (`embed` of the network); of several inputs, what their networks give, side by side; of any other network, what
    its last affine map is given.

    Args:
        model: A fitted Classifier or Regressor.
        X: Inputs, as it takes them, or `lawful.Events`.
        member: Which network of the ensemble; those of different members have nothing to do with each other.

    Returns:
        (N, D).

    Raises:
        InputError: When the model is not ours, there is no such member, or a network of one's own has no affine map.

    Examples:
        >>> from lawful import Classifier
        >>> X = np.random.default_rng(0).normal(size=(400, 3))
        >>> model = Classifier(hidden=(32, 8), epochs=2).fit(X, (X[:, 0] + X[:, 1] > 0).astype(int))
        >>> embed(model, X).shape
        (400, 8)
    """
    rows, _ = read_rows(model, X, None, "embed")
    members = model.members_
    if isinstance(member, bool) or not isinstance(member, int | np.integer) or not 0 <= member < len(members):
        raise InputError(f"member={member!r}: expected the number of a member, 0 to {len(members) - 1}.")
    net = members.net_of(int(member))
    x = torch.from_numpy(np.asarray(model.physics_.prepare(rows.x, model.scaling_))).to(members.values)
    with torch.no_grad():
        return np.concatenate([_seen(net, part).numpy(force=True) for part in x.split(_AT_ONCE)])


def _seen(net: nn.Module, x: Tensor) -> Tensor:
    """What goes into the last layers, (n, D)."""
    if isinstance(net, Joined):
        contents = net.structure.contents(x)
        pairs = list(zip(net.encoders, contents, strict=True))
        if net.head is not None:
            return torch.cat([called(encoder, content) for encoder, content in pairs], -1)
        encoder, content = pairs[0]
        if hasattr(encoder, "embed"):
            given = (content.values, content.mask, content.momenta)
            found: Tensor = encoder.embed(*[part for part in given if part is not None])  # type: ignore[operator]
            return found
    return _before_the_last(net, x)


def _before_the_last(net: nn.Module, x: Tensor) -> Tensor:
    """What the last affine map is given, (n, D); the mean where it is called for several rows of an event."""
    own = any(isinstance(part, MLP | Linear) for part in net.modules())  # which apply their maps themselves
    kinds = (MLP, Linear) if own else (nn.Linear,)
    watched = [part for part in net.modules() if isinstance(part, kinds)]
    seen: list[tuple[nn.Module, Tensor]] = []
    handles = [part.register_forward_pre_hook(lambda part, given: seen.append((part, given[0]))) for part in watched]
    try:
        net(x)
    finally:
        for handle in handles:
            handle.remove()
    if not seen:
        raise InputError(
            f"embed: {type(net).__name__} has no affine map (torch.nn.Linear) whose input could be given."
        )
    part, last = seen[-1]
    if isinstance(part, MLP):
        last = _hidden(part, last)
    return last.reshape(len(x), -1, last.shape[-1]).mean(1)


def _hidden(net: MLP, x: Tensor) -> Tensor:
    """What the last layer of an MLP is given: the MLP with the identity in its place."""
    width = net.layers[-1].weight.shape[1]  # type: ignore[index]
    same = nn.Linear(int(width), int(width)).to(x)
    with torch.no_grad():
        same.weight.copy_(torch.eye(int(width)))
        same.bias.zero_()
    net.layers[-1] = same
    h: Tensor = net(x)
    return h


def embedding_figure(
    values: Any, y: Any, *, kind: str = "pca", weight: Any = None, name: str = "target", seed: int = 0
) -> "Figure":
    """Embeddings in two dimensions, coloured by class or target.

    Args:
        values: (N, D), as `embed` gives them.
        y: Labels, or numbers (more than ten different ones), (N,).
        kind: "pca": the two directions of largest variance, under the weights of either sign; "tsne": t-SNE, which
            keeps neighbours together and no distances, of 5000 events at most.
        weight: Event weights, (N,); events of negative weight are drawn as rings.
        name: What y is, for its scale.
        seed: Of t-SNE.

    Raises:
        InputError: For an unknown kind, unequal lengths, or too many events for t-SNE.

    References:
        van der Maaten, Hinton, "Visualizing data using t-SNE" (2008), as scikit-learn has it.

    Examples:
        >>> h = np.random.default_rng(0).normal(size=(50, 4)) * [3.0, 1.0, 1.0, 1.0]
        >>> embedding_figure(h, h[:, 0] > 0).axes[0].get_xlabel()
        'first component (74% of the variance)'
    """
    from lawful.evidence.figures.attribution import draw_plane

    if kind not in KINDS:
        raise InputError(f"kind={kind!r}: expected one of {list(KINDS)}.")
    h = check_numbers("values", values, (2,))
    labels = np.asarray(y)
    check_same_length(values=h, y=labels)
    w = check_one_weight(weight, len(h))
    if kind == "pca":
        plane, shares = principal_plane(h, w)
        axes = [
            f"{n} component ({100 * s:.0f}% of the variance)"
            for n, s in zip(("first", "second"), shares, strict=True)
        ]
    else:
        from sklearn.manifold import TSNE

        if len(h) > _MOST:
            raise InputError(f"t-SNE of {len(h)} events takes too long: give a part of them, {_MOST} at most.")
        made = TSNE(perplexity=min(30.0, (len(h) - 1) / 3), init="pca", random_state=seed)
        plane, axes = made.fit_transform(h), ["t-SNE, first", "t-SNE, second"]
    return draw_plane(plane, labels, w, axes=axes, name=name)


def principal_plane(h: Array, weight: Array) -> tuple[Array, Array]:
    """Events (N, D) in the plane of largest weighted variance, (N, 2), and the shares of the variance, (2,)."""
    h = h if h.shape[1] > 1 else np.concatenate([h, np.zeros_like(h)], 1)
    away = h - weight @ h / weight.sum()
    values, directions = np.linalg.eigh((away * weight[:, None]).T @ away / weight.sum())
    total = max(float(values.sum()), 1e-300)
    directions = directions[:, [-1, -2]]
    turned = directions * np.sign(
        directions[np.abs(directions).argmax(0), [0, 1]]
    )  # a sign that does not depend on chance
    return away @ turned, values[[-1, -2]] / total
