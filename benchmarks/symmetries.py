"""The three tasks of EMLP: test error with the default settings of `Regressor` and the symmetry by architecture.

    python benchmarks/symmetries.py

Inputs are standard normal (a quarter of that for Lorentz). Median of five seeds, 5,000 test points; beside it a plain
network, and the figures printed for EMLP by its authors' code (Finzi, Welling, Wilson 2021). Also: the time to build
the invariants, and the time of a training step against that of a plain network of the same width.
"""

import time

import numpy as np

import lawful as lf
from lawful.physics import Symmetry, groups
from lawful.physics.columns import Columns
from lawful.physics.features import Features
from lawful.physics.groups import Group

ETA = np.diag([1.0, -1, -1, -1])


def inertia(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Five masses and positions to the tensor of inertia."""
    x = rng.normal(size=(n, 20))
    x[:, :5] = np.logaddexp(0, x[:, :5])
    m, r = x[:, :5], x[:, 5:].reshape(n, 5, 3)
    y = np.einsum("nk,nkj->n", m, r**2)[:, None, None] * np.eye(3) - np.einsum("nk,nki,nkj->nij", m, r, r)
    return x, y.reshape(n, 9)


def o5(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two vectors to sin|x1| - |x2|^3 / 2 + cos of the angle between them."""
    x = rng.normal(size=(n, 10))
    a, b = x[:, :5], x[:, 5:]
    p, q = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    return x, np.sin(p) - q**3 / 2 + (a * b).sum(1) / (p * q)


def lorentz(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four momenta to a contraction of two tensors made of them."""
    x = rng.normal(size=(n, 16)) / 4
    p = x.reshape(n, 4, 4)
    low = p @ ETA

    def dot(i: int, j: int) -> np.ndarray:
        return (p[:, i] * low[:, j]).sum(1)

    A = np.einsum("ni,nj->nij", p[:, 0], p[:, 2]) - (dot(0, 2) - dot(0, 0))[:, None, None] * ETA
    B = np.einsum("ni,nj->nij", low[:, 1], low[:, 3]) - (dot(1, 3) - dot(1, 1))[:, None, None] * ETA
    return x, 4 * (A * B).sum((1, 2))


TASKS = {
    "inertia": (inertia, Symmetry(groups.O(3), "5*scalar + 5*vector", "tensor(2)"), (1.44, 0.136, 0.018)),
    "O(5)": (o5, Symmetry(groups.O(5), "2*vector"), (0.041, 0.017, 0.013)),
    "Lorentz": (lorentz, Symmetry(groups.Lorentz(), "4*vector"), (0.0089, 3.3e-4, 2.6e-4)),
}


def error(name: str, n: int, seed: int, *, built: bool) -> float:
    """Mean squared error on test points."""
    task, symmetry, _ = TASKS[name]
    x, y = task(n + 5000, np.random.default_rng(seed))
    if name != "inertia":
        much = task(100_000, np.random.default_rng(99))[1]
        y = (y - much.mean()) / much.std()
    physics = [symmetry.by("architecture")] if built else [symmetry]
    model = lf.Regressor(physics=physics, seed=seed, verbose=False).fit(x[:n], y[:n])
    return float(np.mean((model.predict(x[n:]) - y[n:]) ** 2))


def step(name: str, *, built: bool) -> float:
    """Seconds of a training step, batches of 256, everything included."""
    task, symmetry, _ = TASKS[name]
    x, y = task(10_000, np.random.default_rng(0))
    physics = [symmetry.by("architecture")] if built else []
    times = []
    for epochs in (5, 25):
        model = lf.Regressor(physics=physics, epochs=epochs, patience=epochs, batch_size=256, verbose=False)
        started = time.perf_counter()
        model.fit(x, y, validation=False)
        times.append(time.perf_counter() - started)
    return (times[1] - times[0]) / 20 / round(len(x) / 256)


def main() -> None:
    """Measure and print."""
    print("| task | points | ours | plain network, same settings | EMLP |\n|---|---|---|---|---|")
    for name, (_, _, theirs) in TASKS.items():
        for n, anchor in zip((100, 1000, 10_000), theirs, strict=True):
            ours = np.median([error(name, n, seed, built=True) for seed in range(5)])
            plain = np.median([error(name, n, seed, built=False) for seed in range(5)])
            print(f"| {name} | {n:,} | {ours:.2g} | {plain:.2g} | {anchor:g} |", flush=True)
    print("\n| task | step, built in | step, plain network | ratio |\n|---|---|---|---|")
    for name in TASKS:
        pairs = [(step(name, built=True), step(name, built=False)) for _ in range(5)]
        ratio = np.median([a / b for a, b in pairs])
        ours, plain = np.median(pairs, axis=0)
        print(f"| {name} | {1e6 * ours:.0f} µs | {1e6 * plain:.0f} µs | {ratio:.2f} |", flush=True)
    print("\n| group | seconds to find the invariants of 2 vectors, rank 4 |\n|---|---|")
    for named in (groups.SO(3), groups.Lorentz(), groups.SO(5)):
        times = []
        for _ in range(5):  # a fresh group each time: what was found is remembered
            group = Group(named.generators, named.discrete if len(named.discrete) else None, name=named.name)
            started = time.perf_counter()
            Features(Symmetry(group, "2*vector"), Columns(2 * group.dimension))
            times.append(time.perf_counter() - started)
        print(f"| {named.name} | {np.median(times):.3f} |", flush=True)


if __name__ == "__main__":
    main()
