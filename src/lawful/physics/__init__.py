"""What is known about a system: statements, groups and how they are enforced."""

from lawful.physics import groups
from lawful.physics.baseline import Baseline
from lawful.physics.bounds import Bounds
from lawful.physics.conserved import Conserved
from lawful.physics.contradictions import check_together
from lawful.physics.integral import Integral
from lawful.physics.monotonic import Monotonic
from lawful.physics.parts import Product, Sum
from lawful.physics.statement import MECHANISMS, STATEMENTS, Enforced, Statement
from lawful.physics.symmetry import Symmetry
from lawful.physics.tied import Tied
from lawful.physics.units import Units

__all__ = [
    "MECHANISMS",
    "STATEMENTS",
    "Baseline",
    "Bounds",
    "Conserved",
    "Enforced",
    "Integral",
    "Monotonic",
    "Product",
    "Statement",
    "Sum",
    "Symmetry",
    "Tied",
    "Units",
    "check_together",
    "groups",
]
