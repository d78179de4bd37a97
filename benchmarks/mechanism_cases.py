"""Systems of physics with what is known of them, for `mechanisms.py`; each with events inside and outside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ellipk

from lawful.physics import (
    Baseline,
    Bounds,
    Conserved,
    Integral,
    Monotonic,
    Statement,
    Sum,
    Symmetry,
    Units,
    groups,
)

WEIGHTS = [{"weight": weight} for weight in (0.1, 1.0, 10.0)]
FIELDS = (0.0, 0.1, 0.3, 1.0)
SLOW: dict[str, Any] = {"options": {"loss": {"weight": 1.0}}, "fractions": (1.0,)}
Drawn = tuple[pd.DataFrame, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A system: events inside and outside the domain of training, and what is stated of it."""

    title: str
    statement: Statement
    inside: Drawn
    outside: Drawn
    mechanisms: tuple[str, ...] = ("augment", "loss", "architecture")
    options: dict[str, Any] = field(default_factory=lambda: {"loss": WEIGHTS})
    fractions: tuple[float, ...] = (0.25, 1.0)
    seeds: int = 5


def table(**columns: np.ndarray) -> pd.DataFrame:
    """Columns of numbers; a matrix gives one column for each of its own."""
    parts = {}
    for name, values in columns.items():
        if values.ndim == 1:
            parts[name] = values
        else:
            parts |= {f"{name}{k}": values[:, k] for k in range(values.shape[1])}
    return pd.DataFrame(parts)


# ---- the systems -----------------------------------------------------------------------------------------------
def rotation(rng: np.random.Generator) -> Case:
    """A scalar of three vectors, of which the first was only seen in the upper half of space."""

    def draw(n: int, sign: float) -> Drawn:
        a, b, c = rng.normal(size=(3, n, 3))
        a[:, 2] = sign * np.abs(a[:, 2])
        y = np.linalg.norm(a, axis=1) * np.tanh((b * c).sum(1)) + np.cos((a * b).sum(1))
        return table(a=a, b=b, c=c), y

    known = Symmetry(groups.O(3), "3*vector")
    return Case("scalar of three vectors; outside: the other half of space", known, draw(430, 1), draw(2000, -1))


def force(rng: np.random.Generator) -> Case:
    """The acceleration of a relativistic charge in electric and magnetic fields."""

    def draw(n: int, size: float) -> Drawn:
        E, u, B = size * rng.normal(size=(3, n, 3))
        gamma = np.sqrt(1 + (u**2).sum(1, keepdims=True))
        v = u / gamma
        return table(E=E, u=u, B=B), (E + np.cross(v, B) - v * (v * E).sum(1, keepdims=True)) / gamma

    known = Symmetry(groups.O(3), "2*vector + pseudovector", to="vector")
    return Case("acceleration in E and B; outside: all 1.5 times as large", known, draw(430, 1), draw(2000, 1.5))


def reflection(rng: np.random.Generator) -> Case:
    """What is even in one of three named columns, seen mostly on one side."""

    def draw(n: int, low: float, high: float) -> Drawn:
        x, E, T = rng.uniform(low, high, n), rng.uniform(1, 3, n), rng.uniform(0, 1, n)
        return table(x=x, E=E, T=T), np.exp(-(x**2)) * E + np.cos(2 * x) * T + 0.3 * x**2

    known = Symmetry(groups.O(1), {"vector": [["x"]], "scalar": "others"})
    return Case("even in a column; outside: the side not seen", known, draw(290, -0.5, 2), draw(2000, -2, -0.5))


def permutation(rng: np.random.Generator) -> Case:
    """The energy of eight equal charges on a line."""

    def draw(n: int, size: float) -> Drawn:
        x = size * rng.normal(size=(n, 8))
        i, j = np.triu_indices(8, 1)
        return table(x=x), (1 / np.sqrt((x[:, i] - x[:, j]) ** 2 + 0.25)).sum(1)

    known = Symmetry(groups.S(8), "vector")
    return Case(
        "energy of eight charges; outside: 1.5 times as far apart", known, draw(430, 1), draw(2000, 1.5), **SLOW
    )


def broken(strength: float) -> Callable[[np.random.Generator], Case]:
    """Two vectors in a field along z, which breaks the rotations that are stated."""

    def make(rng: np.random.Generator) -> Case:
        def draw(n: int, size: float) -> Drawn:
            a, b = size * rng.normal(size=(2, n, 3))
            y = np.tanh((a * b).sum(1)) + 0.5 * np.linalg.norm(a, axis=1)  # deviation 0.75
            return table(a=a, b=b), y + 0.75 * strength * a[:, 2]

        known = Symmetry(groups.SO(3), "2*vector")
        title = f"rotations, broken by {strength:g} of the deviation; outside: 1.5 times as large"
        return Case(title, known, draw(430, 1), draw(2000, 1.5))

    return make


def pendulum(rng: np.random.Generator) -> Case:
    """The period of a pendulum of any amplitude."""

    def draw(n: int, longest: float) -> Drawn:
        length, g = longest * rng.uniform(0.25, 1, n), rng.uniform(1.6, 25, n)
        angle = rng.uniform(0.1, 2.5, n)
        period = 4 * np.sqrt(length / g) * ellipk(np.sin(angle / 2) ** 2)
        return table(length=length, g=g, angle=angle), period

    known = Units({"length": "m", "g": "m / s**2", "angle": "rad"}, to="s")
    inside, outside = draw(290, 2), draw(2000, 20)
    title = "period of a pendulum; outside: ten times as long"
    return Case(title, known, inside, outside, ("augment", "architecture"))


def _turn_on(rng: np.random.Generator, n: int, low: float, high: float, noise: float) -> Drawn:
    pt, eta = rng.uniform(low, high, n), rng.uniform(-2, 2, n)
    efficiency = 0.97 / (1 + np.exp(-(pt - 25 - 2 * np.abs(eta)) / 4))
    return table(pt=pt, eta=eta), efficiency + noise * rng.normal(size=n)


def monotonic(rng: np.random.Generator) -> Case:
    """A noisy efficiency that rises with pt."""
    known = Monotonic("efficiency", along="pt")
    inside, outside = _turn_on(rng, 140, 5, 50, 0.2), _turn_on(rng, 2000, 50, 100, 0)
    title = "noisy efficiency rises with pt; outside: beyond in pt"
    return Case(title, known, inside, outside, ("loss", "architecture"))


def bounds(rng: np.random.Generator) -> Case:
    """A noisy efficiency between 0 and 1."""
    inside, outside = _turn_on(rng, 140, 5, 50, 0.2), _turn_on(rng, 2000, 50, 100, 0)
    title = "noisy efficiency between 0 and 1; outside: beyond in pt"
    return Case(title, Bounds(0.0, 1.0), inside, outside, ("loss", "architecture"))


def conserved(rng: np.random.Generator) -> Case:
    """The state of an anharmonic oscillator after a time of 0.5."""

    def draw(n: int, size: float) -> Drawn:
        x, v = size * rng.uniform(-1, 1, (2, n))
        X = table(x=x, v=v)
        for _ in range(500):  # leapfrog
            v = v - 0.0005 * x**3
            x = x + 0.001 * v
            v = v - 0.0005 * x**3
        return X, np.stack([x, v], 1)

    known = Conserved("v**2 / 2 + x**4 / 4", columns=["x", "v"])
    inside, outside = draw(200, 1.5), draw(2000, 2.0)
    title = "next state of an oscillator; outside: amplitudes up to a third larger"
    return Case(title, known, inside, outside, ("loss", "architecture"), **SLOW)


def integral(rng: np.random.Generator) -> Case:
    """Ground states of wells of several widths, measured with noise."""

    def draw(n: int, low: float, high: float, noise: float) -> Drawn:
        x, L = rng.uniform(0, 3, n), rng.uniform(low, high, n)
        psi = np.where(x < L, np.sqrt(2 / L) * np.sin(np.pi * x / L), 0)
        return table(x=x, L=L), psi + noise * rng.normal(size=n)

    known = Integral("psi**2", over=("x", 0.0, 3.0), equals=1.0)
    inside, outside = draw(290, 1, 2, 0.1), draw(2000, 2, 2.8, 0)
    title = "noisy wave functions; outside: wider wells"
    return Case(title, known, inside, outside, ("loss", "architecture"))


def baseline(formula: str, words: str) -> Callable[[np.random.Generator], Case]:
    """The acceleration of a pendulum in air, with a formula for a part of it."""

    def make(rng: np.random.Generator) -> Case:
        def draw(n: int, low: float, high: float) -> Drawn:
            angle = rng.uniform(low, high, n) * rng.choice([-1, 1], n)
            speed = rng.uniform(-3, 3, n)
            return table(angle=angle, speed=speed), -9.81 * np.sin(angle) - 0.4 * speed * np.abs(speed)

        known = Baseline(formula, parameters={"length": 1.3})
        title = f"pendulum in air, {words}; outside: larger angles"
        return Case(title, known, draw(140, 0, 1.2), draw(2000, 1.2, 2.4), ("residual",), {})

    return make


def parts(rng: np.random.Generator) -> Case:
    """A separable energy, seen where position or momentum is small."""

    def energy(x: np.ndarray, p: np.ndarray) -> Drawn:
        return table(x=x, p=p), np.sqrt(1 + p**2) - np.cos(2 * x)

    n = 290
    wide, narrow, along = rng.uniform(-2, 2, n), rng.uniform(-0.3, 0.3, n), rng.random(n) < 0.5
    inside = energy(np.where(along, wide, narrow), np.where(along, narrow, wide))
    x, p = rng.choice([-1, 1], (2, 2000)) * rng.uniform(0.3, 2, (2, 2000))
    title = "kinetic + potential energy, seen on a cross; outside: the rest of the plane"
    known = Sum({"kinetic": ["p"], "potential": ["x"]})
    return Case(title, known, inside, energy(x, p), ("loss", "architecture"), **SLOW)


CASES: dict[str, tuple[int, Callable[[np.random.Generator], Case]]] = {  # with the seed of the events
    "rotation": (13, rotation),
    "force": (8, force),
    "reflection": (12, reflection),
    "permutation": (11, permutation),
    **{f"field {strength:g}": (3, broken(strength)) for strength in FIELDS},  # the same vectors
    "units": (15, pendulum),
    "monotonic": (10, monotonic),
    "bounds": (1, bounds),
    "conserved": (2, conserved),
    "integral": (9, integral),
    "baseline": (0, baseline("-9.81 / length * sin(angle)", "the formula without air")),
    "wrong baseline": (16, baseline("9.81 / length * cos(3 * angle)", "a wrong formula")),
    "sum": (14, parts),
}
