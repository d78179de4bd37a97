"""Groups made from groups."""

import numpy as np

from lawful.errors import InputError
from lawful.physics.groups.group import Array, Group


def product(*groups: Group) -> Group:
    """The direct product, acting on the tensor product of the groups' vectors, flattened row-major.

    `S(5) * O(3)` permutes five objects and turns their three-vectors together: a vector has 15 numbers, three for
    each object in turn.

    Raises:
        InputError: For a group of shifts, which has no tensor products.

    Examples:
        >>> from lawful.physics import groups
        >>> (groups.S(5) * groups.O(3)).dimension
        15
    """
    if len(groups) < 2:
        raise InputError("A product needs at least two groups.")
    for group in groups:
        if group.affine:
            raise InputError(f"{group.name} shifts its vectors: a product of groups needs linear ones.")
    sizes = [group.dimension for group in groups]
    eyes = [np.eye(d) for d in sizes]

    def lifted(place: int, matrices: Array) -> list[Array]:
        out = []
        for matrix in matrices:
            full = np.ones((1, 1))
            for other, eye in enumerate(eyes):
                full = np.kron(full, matrix if other == place else eye)
            out.append(full)
        return out

    generators = [m for place, group in enumerate(groups) for m in lifted(place, group.generators)]
    discrete = [m for place, group in enumerate(groups) for m in lifted(place, group.discrete)]

    def sample(count: int, rng: np.random.Generator) -> Array:
        g = groups[0].sample(count, rng)
        for group in groups[1:]:
            right = group.sample(count, rng)
            n, m = g.shape[-1], right.shape[-1]
            g = np.einsum("nij,nkl->nikjl", g, right).reshape(count, n * m, n * m)
        return g

    made = Group(
        np.stack(generators) if generators else None,
        np.stack(discrete) if discrete else None,
        name=" x ".join(group.name for group in groups),
        reach=max(group.reach for group in groups),
        sampler=sample,
    )
    made.factors = groups
    return made
