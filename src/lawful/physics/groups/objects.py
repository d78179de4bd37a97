"""Groups that permute objects, alone or as a factor of a product."""

from dataclasses import dataclass

import numpy as np

from lawful.physics.groups.group import Array, Group
from lawful.physics.groups.products import product


@dataclass(frozen=True)
class Objects:
    """What a group permutes.

    Attributes:
        count: Number n of objects.
        inner: The group that acts on each object's own vector; None when an object has one number that stays.
        before: Numbers of the factors left of the permutations in the product; 1 where these come first.
    """

    count: int
    inner: Group | None
    before: int

    @property
    def width(self) -> int:
        """Numbers d of each object in a vector of the whole group."""
        return 1 if self.inner is None else self.inner.dimension

    def split(self, vectors: Array) -> Array:
        """Vectors of the whole group, (..., n * d), as those of each object, (..., n, d)."""
        parts = vectors.reshape(*vectors.shape[:-1], self.before, self.count, self.width // self.before)
        return np.moveaxis(parts, -2, -3).reshape(*vectors.shape[:-1], self.count, self.width)


def permuted_objects(group: Group) -> Objects | None:
    """The objects that `S(n)` permutes, where the group is that or a direct product with it; None for any other.

    Of several such factors the one with most objects is taken.

    Examples:
        >>> from lawful.physics import groups
        >>> permuted_objects(groups.S(4) * groups.O(3))
        Objects(count=4, inner=O(3), before=1)
        >>> permuted_objects(groups.Z(4)) is None
        True
    """
    factors = _factors(group)
    places = [k for k, factor in enumerate(factors) if factor.recipe is not None and factor.recipe[0] == "S"]
    if not places:
        return None
    place = max(places, key=lambda k: factors[k].dimension)
    rest = factors[:place] + factors[place + 1 :]
    inner = product(*rest) if len(rest) > 1 else rest[0] if rest else None
    before = int(np.prod([factor.dimension for factor in factors[:place]], dtype=int))
    return Objects(factors[place].dimension, inner, before)


def _factors(group: Group) -> list[Group]:
    return [part for factor in group.factors for part in _factors(factor)] if group.factors else [group]
