"""Groups of matrices: the usual ones by name, and any other from its generators and discrete elements."""

from lawful.physics.groups.group import Group
from lawful.physics.groups.named import SO, SU, C, D, Lorentz, O, S, Scaling, Sp, Translation, Z
from lawful.physics.groups.products import product
from lawful.physics.groups.reading import read

__all__ = ["SO", "SU", "C", "D", "Group", "Lorentz", "O", "S", "Scaling", "Sp", "Translation", "Z", "product", "read"]
