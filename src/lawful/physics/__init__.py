"""What is known about a system: statements, groups and how they are enforced."""

from lawful.physics import groups
from lawful.physics.statement import MECHANISMS, STATEMENTS, Enforced, Statement
from lawful.physics.symmetry import Symmetry

__all__ = ["MECHANISMS", "STATEMENTS", "Enforced", "Statement", "Symmetry", "groups"]
