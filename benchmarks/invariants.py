"""Functions of invariants that are no polynomials, and energies of particles, by architecture and without.

    python benchmarks/invariants.py

Three standard normal vectors in space, or particles in a cube of side 3 that may be permuted. Root mean square error
on 2,000 test events in deviations of the target, default settings with 300 epochs at most, median of three seeds.
"""

import numpy as np

import lawful as lf
from lawful.physics import Symmetry, groups


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Scalar product of each row."""
    return (a * b).sum(1)


def size(a: np.ndarray) -> np.ndarray:
    """Length of each row."""
    return np.linalg.norm(a, axis=1)


FUNCTIONS = {  # of (a, b, c), each (n, 3)
    "sin(a.b) |a|": lambda v: np.sin(dot(v[0], v[1])) * size(v[0]),
    "exp(-|a|) + cos(3 |b|)": lambda v: np.exp(-size(v[0])) + np.cos(3 * size(v[1])),
    "angle between a and b": lambda v: np.arccos(np.clip(dot(v[0], v[1]) / size(v[0]) / size(v[1]), -1, 1)),
    "log(1 + |a + b|^2)": lambda v: np.log1p(dot(v[0] + v[1], v[0] + v[1])),
    "tanh(a x b . c)": lambda v: np.tanh(dot(np.cross(v[0], v[1]), v[2])),
    "|a + b| cos|c|": lambda v: size(v[0] + v[1]) * np.cos(size(v[2])),
    "two charges at distances |a - b|, |a - c|": lambda v: sum(
        1 / np.sqrt(0.1 + dot(v[0] - other, v[0] - other)) for other in v[1:]
    ),
}
ENERGIES = {
    "five Lennard-Jones particles": (lambda d: 4 * (d**-12 - d**-6), 0.95),
    "five Morse particles": (lambda d: (1 - np.exp(-2 * (d - 1))) ** 2, 0.0),
    "five charges": (lambda d: 1 / np.sqrt(d**2 + 0.1), 0.0),
}
WAYS = {
    "architecture": lambda s: [s.by("architecture")],
    "architecture, from nothing": lambda s: [s.by("architecture", start=False)],
    "augment": lambda s: [s.by("augment")],
    "plain network": lambda s: [s],
}


def particles(n: int, least: float, rng: np.random.Generator) -> np.ndarray:
    """Positions of five particles that are not nearer than `least`, (n, 5, 3)."""
    found: list[np.ndarray] = []
    while sum(map(len, found)) < n:
        x = rng.uniform(-1.5, 1.5, size=(4000, 5, 3))
        d = np.linalg.norm(x[:, :, None] - x[:, None], axis=3) + 9 * np.eye(5)
        found.append(x[d.min((1, 2)) > least])
    return np.concatenate(found)[:n]


def energy(x: np.ndarray, pair: object) -> np.ndarray:
    """Sum over pairs of a function of the distance."""
    i, j = np.triu_indices(x.shape[1], 1)
    return pair(np.linalg.norm(x[:, i] - x[:, j], axis=2)).sum(1)  # type: ignore[operator]


def sample(name: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, Symmetry]:
    """Events of a task, and what is stated of them."""
    rng = np.random.default_rng(seed)
    if name in FUNCTIONS:
        X = rng.normal(size=(n, 9))
        return X, FUNCTIONS[name]((X[:, :3], X[:, 3:6], X[:, 6:])), Symmetry(groups.SO(3), "3*vector")
    pair, least = ENERGIES[name]
    x = particles(n, least, rng)
    return x.reshape(n, -1), energy(x, pair), Symmetry(groups.S(5) * groups.O(3), "vector")


def error(name: str, n: int, seed: int, way: str) -> float:
    """Root mean square error in deviations."""
    X, y, symmetry = sample(name, n + 2000, seed)
    model = lf.Regressor(physics=WAYS[way](symmetry), seed=seed, epochs=300, verbose=False).fit(X[:n], y[:n])
    return float(np.sqrt(np.mean((model.predict(X[n:]) - y[n:]) ** 2)) / y.std())


def main() -> None:
    """Measure and print."""
    print("| task | events | " + " | ".join(WAYS) + " |\n|---|---|" + "---|" * len(WAYS))
    for name in (*FUNCTIONS, *ENERGIES):
        for n in (300, 2000):
            errors = [np.median([error(name, n, seed, way) for seed in range(3)]) for way in WAYS]
            print(f"| {name} | {n:,} | " + " | ".join(f"{e:.2g}" for e in errors) + " |", flush=True)


if __name__ == "__main__":
    main()
