"""The leading jet of each event, and what is left of it after soft drop."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lawful.simulators.jets.generating import Index
from lawful.simulators.jets.packages import imported
from lawful.simulators.world import Array


@dataclass(frozen=True)
class Jets:
    """One jet each of some events, their constituents one after the other in falling pT.

    Attributes:
        event: Its event, (J,).
        p: Its px, py, pz, E in GeV, the sum over its constituents, (J, 4).
        counts: How many constituents it has, (J,).
        rows: Which particles they are, (sum of counts,).
    """

    event: Index
    p: Array
    counts: Index
    rows: Index


def leading_jets(event: Index, p: Array, *, radius: float, pt: tuple[float, float], eta: float) -> Jets:
    """The hardest anti-kT jet with |eta| below a limit, of the events where its pT lies in a window.

    Args:
        event: To which event each particle belongs, in rising order, (M,).
        p: px, py, pz, E of the particles in GeV, (M, 4).
        radius: R.
        pt: The window in GeV.
        eta: The limit.

    Returns:
        The jets.

    References:
        M. Cacciari, G. P. Salam, G. Soyez, 'The anti-k_t jet clustering algorithm', JHEP 04 (2008) 063; the same,
        'FastJet user manual', European Physical Journal C 72 (2012) 1896.
    """
    import awkward as ak

    fastjet = imported("fastjet")
    present, counts = np.unique(event, return_counts=True)
    clusters = clustered(p, counts, fastjet.JetDefinition(fastjet.antikt_algorithm, radius))
    found = clusters.inclusive_jets(min_pt=pt[0])
    number = np.asarray(ak.num(found, axis=1))
    total = _momenta(found)
    owner = np.repeat(np.arange(len(counts)), number)  # (jets,) position among the events that are present
    size = np.hypot(total[:, 0], total[:, 1])
    # a jet beyond the window but within eta still is the leading one: its event is left out
    allowed = np.flatnonzero(np.abs(np.arcsinh(total[:, 2] / size)) < eta)
    order = allowed[np.lexsort((-size[allowed], owner[allowed]))]
    first = order[np.flatnonzero(np.diff(owner[order], prepend=-1))]
    chosen = first[size[first] < pt[1]]
    inside = clusters.constituent_index(min_pt=pt[0])
    of_jet = np.asarray(ak.flatten(ak.num(inside, axis=2), axis=None), dtype=np.int64)
    flat = np.asarray(ak.flatten(inside, axis=None), dtype=np.int64)
    rows = flat[_ranges((np.cumsum(of_jet) - of_jet)[chosen], of_jet[chosen])]
    rows += np.repeat((np.cumsum(counts) - counts)[owner[chosen]], of_jet[chosen])
    jet = np.repeat(np.arange(len(chosen)), of_jet[chosen])
    rows = rows[np.lexsort((-np.hypot(p[rows, 0], p[rows, 1]), jet))]
    return Jets(present[owner[chosen]], total[chosen], of_jet[chosen], rows)


def soft_drop_mass(p: Array, counts: Index, *, z_cut: float, beta: float, radius: float) -> Array:
    r"""Mass of jets after soft drop.

    The jet's Cambridge/Aachen tree is taken apart from its root; the softer branch is dropped until
    $\min(p_{T1}, p_{T2}) / (p_{T1} + p_{T2}) > z_{cut} (\Delta R_{12} / R)^\beta$.

    Args:
        p: px, py, pz, E of the constituents in GeV, all jets one after the other, (M, 4).
        counts: Constituents of each jet, (J,).
        z_cut: z_cut.
        beta: beta.
        radius: R.

    Returns:
        Masses in GeV, (J,).

    References:
        A. J. Larkoski, S. Marzani, G. Soyez, J. Thaler, 'Soft drop', JHEP 05 (2014) 146.
    """
    import awkward as ak

    # the tool of FastJet that grooms copies constituents for ten times as long as it takes to cluster them
    fastjet = imported("fastjet")
    clusters = clustered(p, counts, fastjet.JetDefinition(fastjet.cambridge_algorithm, _WHOLE))
    nodes, ends = _momenta(clusters.jets()), np.cumsum(2 * counts - 1)  # (sum of 2 counts - 1, 4), the root last
    splits = clusters.exclusive_jets_lund_declusterings(1)[:, 0]  # along the harder branches
    depth = np.asarray(ak.num(splits, axis=1))
    distance, kt = (np.asarray(ak.flatten(splits[name])) for name in ("Delta", "kt"))
    jet, start = np.repeat(np.arange(len(counts)), depth), np.cumsum(depth) - depth
    softer = nodes[
        _found(nodes, np.repeat(np.arange(len(counts)), 2 * counts - 1), kt / np.maximum(distance, 1e-300), jet)
    ]
    gone = np.concatenate([np.zeros((1, 4)), np.cumsum(softer, axis=0)])  # by all jets so far
    left = nodes[ends - 1][jet] - (gone[1:] - gone[start][jet])  # (splits, 4) the harder branch
    size, other = np.hypot(softer[:, 0], softer[:, 1]), np.hypot(left[:, 0], left[:, 1])
    passed = np.flatnonzero(size > z_cut * (distance / radius) ** beta * (size + other))
    dropped = depth.copy()  # how many branches: all of them where no splitting passes
    dropped[jet[passed[::-1]]] = (passed - start[jet[passed]])[::-1]
    groomed = nodes[ends - 1] - (gone[start + dropped] - gone[start])
    return np.asarray(np.sqrt(np.maximum(groomed[:, 3] ** 2 - (groomed[:, :3] ** 2).sum(1), 0.0)))


def _found(nodes: Array, of: Index, pt: Array, jet: Index) -> Index:
    """Row of the node, among those of the jet, that has this pT; nodes (K, 4), of (K,), pt and jet (S,)."""
    size = np.hypot(nodes[:, 0], nodes[:, 1])
    unit = 2 * size.max(initial=1.0)
    order = np.lexsort((size, of))
    keys = of[order] + size[order] / unit
    place = np.clip(np.searchsorted(keys, jet + pt / unit), 1, len(keys) - 1)
    nearer = place - (np.abs(keys[place - 1] - jet - pt / unit) < np.abs(keys[place] - jet - pt / unit))
    return np.asarray(order[nearer])


def winner_axes(p: Array, counts: Index, most: int) -> Iterator[tuple[Index, Array]]:
    """For N = 1 to `most` the axes of the N exclusive kT jets, recombined by winner-take-all.

    Args:
        p: px, py, pz, E of the constituents, all jets one after the other, (M, 4).
        counts: Constituents of each jet, (J,).
        most: The largest N.

    Yields:
        How many axes each jet has, (J,), and their px, py, pz, E, one jet after the other.
    """
    import awkward as ak

    fastjet = imported("fastjet")
    clusters = clustered(p, counts, fastjet.JetDefinition(fastjet.kt_algorithm, _WHOLE, fastjet.WTA_pt_scheme))
    for n in range(1, most + 1):
        with _unwarned():
            axes = clusters.exclusive_jets_up_to(n)
        yield np.asarray(ak.num(axes, axis=1)), _momenta(axes)


_WHOLE = 1000.0  # R that gathers any jet


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """FastJet 3.5 warns of exclusive jets whatever the algorithm, and changes how Python prints warnings."""
    format_of = warnings.formatwarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            yield
        finally:
            warnings.formatwarning = format_of


def _momenta(jets: Any) -> Array:
    """px, py, pz, E of lists of jets, one list after the other."""
    import awkward as ak

    return np.stack([np.asarray(ak.flatten(jets[name], axis=1)) for name in ("px", "py", "pz", "E")], axis=1)


def clustered(p: Array, counts: Index, definition: Any) -> Any:
    """FastJet's cluster sequences of lists of particles; p is (M, 4), counts (J,)."""
    import awkward as ak

    particles = ak.zip({name: np.ascontiguousarray(p[:, i]) for i, name in enumerate(("px", "py", "pz", "E"))})
    return imported("fastjet").ClusterSequence(ak.unflatten(particles, counts), definition)


def _ranges(starts: Index, counts: Index) -> NDArray[np.int64]:
    """The whole numbers from each start on, so many each."""
    offsets = np.cumsum(counts) - counts
    return np.repeat(starts - offsets, counts) + np.arange(counts.sum())
