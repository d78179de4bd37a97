"""Units by architecture on five formulas, against the network without physics.

    python benchmarks/units.py

400 events without noise, root mean square error on 500 others in deviations of the target, default settings with 200
epochs at most, median of three seeds.
"""

import numpy as np
import pandas as pd
from scipy.special import ellipk

import lawful as lf
from lawful.physics import Units

EVENTS, TESTED, SEEDS = 400, 500, 3


def force(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.Series]:
    """On a charge in crossed fields; each input is log-normal."""
    d = pd.DataFrame({name: np.exp(rng.normal(size=n)) for name in "EvBq"})
    return d, d.q * (d.E + d.v * d.B)


def drag(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.Series]:
    """On a sphere, with Stokes' law at one end and a constant coefficient at the other."""
    d = pd.DataFrame(rng.uniform(0.2, 2, (n, 4)), columns=["rho", "v", "d", "mu"])
    reynolds = d.rho * d.v * d.d / d.mu
    return d, d.rho * d.v**2 * d.d**2 * (24 / reynolds + 6 / (1 + np.sqrt(reynolds)) + 0.4)


def pendulum(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.Series]:
    """Period of a pendulum of any amplitude."""
    d = pd.DataFrame({"L": rng.uniform(0.5, 2, n), "g": rng.uniform(5, 15, n), "a": rng.uniform(0, 2, n)})
    return d, 4 * np.sqrt(d.L / d.g) * ellipk(np.sin(d.a / 2) ** 2)


def energy(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.Series]:
    """Of a relativistic particle in a potential."""
    d = pd.DataFrame(
        {"p": rng.normal(size=n), "m": rng.uniform(0.1, 2, n), "V": rng.normal(size=n), "c": rng.uniform(0.5, 2, n)}
    )
    return d, np.sqrt(d.m**2 * d.c**4 + d.p**2 * d.c**2) + d.V


def oscillator(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.Series]:
    """Mean energy of a quantum oscillator in a heat bath."""
    d = pd.DataFrame({"w": rng.uniform(0.2, 3, n), "t": rng.uniform(0.2, 3, n)}).assign(
        h=rng.uniform(0.5, 1.5, n), k=rng.uniform(0.5, 1.5, n)
    )
    return d, d.h * d.w / np.expm1(d.h * d.w / d.k / d.t)


CASES = {
    "force on a charge": (force, Units({"E": "V/m", "v": "m/s", "B": "T", "q": "C"}, to="N")),
    "drag of a sphere": (drag, Units({"rho": "kg/m**3", "v": "m/s", "d": "m", "mu": "Pa*s"}, to="N")),
    "period of a pendulum": (pendulum, Units({"L": "m", "g": "m/s**2", "a": "rad"}, to="s")),
    "relativistic energy": (energy, Units({"p": "kg*m/s", "m": "kg", "V": "J", "c": "m/s"}, to="J")),
    "oscillator in a bath": (oscillator, Units({"w": "1/s", "t": "K", "h": "J*s", "k": "J/K"}, to="J")),
}


def error(name: str, seed: int, *, built: bool) -> float:
    """Root mean square error in deviations."""
    make, units = CASES[name]
    X, y = make(np.random.default_rng(seed), EVENTS + TESTED)
    physics = [units.by("architecture")] if built else [units]
    model = lf.Regressor(physics=physics, epochs=200, seed=seed, verbose=False).fit(X[:EVENTS], y[:EVENTS])
    return float(np.sqrt(np.mean((model.predict(X[EVENTS:]) - y[EVENTS:]) ** 2)) / y.std())


def main() -> None:
    """Measure and print."""
    print("| formula | units built in | plain network | ratio, median |\n|---|---|---|---|")
    for name in CASES:
        pairs = np.array([[error(name, seed, built=built) for built in (True, False)] for seed in range(SEEDS)])
        ours, plain = np.median(pairs, axis=0)
        print(f"| {name} | {ours:.2g} | {plain:.2g} | {np.median(pairs[:, 0] / pairs[:, 1]):.2g} |", flush=True)


if __name__ == "__main__":
    main()
