"""Every world, by name."""

from lawful.simulators.drag import DRAG
from lawful.simulators.jets.boosted import BOOSTED_JETS
from lawful.simulators.lake.observing import LAKE
from lawful.simulators.projectile import PROJECTILE
from lawful.simulators.spring import SPRING, SPRING_ENERGY
from lawful.simulators.well import WELL
from lawful.simulators.world import World

WORLDS: dict[str, World] = {w.name: w for w in (WELL, PROJECTILE, SPRING, SPRING_ENERGY, DRAG, LAKE, BOOSTED_JETS)}
"""The worlds that there are."""
