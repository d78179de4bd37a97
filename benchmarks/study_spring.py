"""Energy of a spring: its parts, and its conservation. Tables and figures of docs/studies/spring.md.

python benchmarks/study_spring.py
"""

import sys
import time

import numpy as np

import lawful as lf
from lawful.evidence.figures.style import canvas, styled
from lawful.physics import Conserved, Sum
from lawful.simulators import simulate
from study_common import keep, print_table, rmse

MASS, STIFFNESS, STEPS, SEEDS = 2.0, 3.0, 200, range(3)
PARTS = Sum({"kinetic": ["speed"], "potential": ["position"]})
ENERGY = Conserved(f"{MASS} * speed**2 / 2 + {STIFFNESS} * position**2 / 2", columns=["position", "speed"])
WAYS = {"none": [], "loss": [ENERGY.by("loss", weight=1.0)], "architecture": [ENERGY.by("architecture")]}


def energy(state):
    """Of states (n, 2)."""
    return MASS * state[:, 1] ** 2 / 2 + STIFFNESS * state[:, 0] ** 2 / 2


def parts():
    """Kinetic and potential energy, read from a network that was told their sum alone."""
    test = simulate("spring-energy", 1000, seed=99, mass=MASS, stiffness=STIFFNESS, noise=0.0)
    truth = {"kinetic": MASS * test["speed"] ** 2 / 2, "potential": STIFFNESS * test["position"] ** 2 / 2}
    rows = []
    for seed in SEEDS:
        seen = simulate("spring-energy", 300, seed=seed, mass=MASS, stiffness=STIFFNESS, noise=0.05)
        found = {}
        for name, physics in (("no parts", []), ("parts", [PARTS.by("architecture")])):
            model = lf.Regressor(hidden=(32,), physics=physics, seed=seed, verbose=False).fit(seen)
            found[name] = rmse(model.predict(test), test.y)
        read = {name: value - value.mean() for name, value in model.parts(test).items() if name != "constant"}
        off = [rmse(read[name], value - value.mean()) for name, value in truth.items()]
        rows.append([seed, *(f"{value:.3f}" for value in (*found.values(), *off))])
        if seed == 0:
            draw_parts(test, read, truth)
    heads = [
        "seed",
        "error of the energy, no parts",
        "with parts",
        "error of the kinetic part",
        "of the potential part",
    ]
    print_table(heads, rows)


@styled
def draw_parts(test, read, truth):
    """Each part against its column."""
    figure, panels = canvas(8.0, 3.2, ncols=2)
    for axes, name, column, unit in zip(panels, truth, ("speed", "position"), ("m/s", "m"), strict=True):
        order = np.argsort(test[column])
        x = test[column][order]
        axes.plot(x, truth[name][order], color="black", linewidth=1.0, label="truth")
        axes.plot(x, (read[name] + truth[name].mean())[order], "--", color="#bd1f01", label=f"the part {name}")
        axes.set(xlabel=f"{column} [{unit}]", ylabel="energy [J]")
        axes.legend(loc="upper center")
    keep(figure, "spring-parts")


def rollout(model, start):
    """States (STEPS + 1, n, 2) that follow when the learned step is made again and again."""
    states = [start]
    for _ in range(STEPS):
        states.append(model.predict(states[-1]))
    return np.stack(states)


def conserved():
    """Energy along a rollout of the learned step."""
    truth = simulate("spring", 1000, seed=99, mass=MASS, stiffness=STIFFNESS, dt=0.3, noise=0.0)
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    fastest = np.sqrt(STIFFNESS / MASS)
    start = 0.7 * np.stack([np.cos(angle), fastest * np.sin(angle)], 1)
    rows, curves = [], {}
    for name, physics in WAYS.items():
        errors, drifts, seconds = [], [], []
        for seed in SEEDS:
            seen = simulate("spring", 300, seed=seed, mass=MASS, stiffness=STIFFNESS, dt=0.3, noise=0.02)
            begun = time.process_time()
            model = lf.Regressor(hidden=(32,), epochs=200, physics=physics, seed=seed, verbose=False).fit(seen)
            seconds.append(time.process_time() - begun)
            errors.append(rmse(model.predict(truth), truth.y))
            E = np.stack([energy(states) for states in rollout(model, start)]) / energy(start)
            drifts.append(float(np.abs(E[-1] - 1).mean()))
            curves.setdefault(name, E.mean(1))
        rows.append([name, f"{np.median(errors):.4f}", f"{np.median(drifts):.2g}", f"{np.median(seconds):.1f}"])
    print_table(["energy kept by", "error of one step", f"drift in {STEPS} steps", "CPU s"], rows)
    draw_drift(curves)


@styled
def draw_drift(curves):
    """Energy over steps."""
    figure, axes = canvas(6.0, 3.4)
    for name, curve in curves.items():
        axes.plot(curve, label=name)
    axes.axhline(1, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlabel="step", ylabel="energy over its first value")
    axes.legend()
    keep(figure, "spring-drift")


if __name__ == "__main__":
    if sys.argv[1:] != ["drift"]:
        parts()
    conserved()
