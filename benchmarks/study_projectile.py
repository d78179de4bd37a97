"""Constants of a throw, with drag that nobody told the model of. Table and figure of docs/studies/projectile.md.

python benchmarks/study_projectile.py
"""

import time

import numpy as np

import lawful as lf
from lawful.evidence.figures.style import canvas, styled
from lawful.physics import Baseline, Sum
from lawful.simulators import simulate
from study_common import keep, print_table, rmse

SPEED, GRAVITY, DRAGS, POINTS, SEEDS = 20.0, 9.81, (0.0, 0.002, 0.01), 300, range(2)
KNOWN = Baseline("v0 * time - g * time**2 / 2", parameters={"v0": 10.0, "g": 5.0})
PARTS = Sum({"start": ["speed"], "fall": ["time"]})


def around():
    """The throw without air, and a network for what it misses."""
    rows = []
    for drag in DRAGS:
        truth = simulate("projectile", 1000, seed=99, speed=SPEED, gravity=GRAVITY, drag=drag, noise=0.0)
        for seed in SEEDS:
            seen = simulate("projectile", POINTS, seed=seed, speed=SPEED, gravity=GRAVITY, drag=drag)
            start = time.process_time()
            model = lf.Regressor(hidden=(16,), physics=[KNOWN.by("residual")], seed=seed, verbose=False).fit(seen)
            spent = time.process_time() - start
            found = [f"{p.value:.2f} ± {p.error:.2f}" for p in model.parameters_.values()]
            imitated = f"{min(p.imitated for p in model.parameters_.values()):.2f}"
            error = f"{rmse(model.predict(truth), truth.y):.3f}"
            rows.append([drag, seed, *found, imitated, error, f"{spent:.0f}"])
    heads = ["drag in 1/m", "seed", "v0 (20)", "g (9.81)", "imitated", "RMSE in m", "CPU s"]
    print_table(heads, rows)


@styled
def draw(speed, times, parts):
    """Both parts against the truth."""
    figure, panels = canvas(8.0, 3.2, ncols=2)
    truths = (speed - speed.mean(), -GRAVITY * (times - times.mean()) / 2)
    names = ("start", "fall"), (speed, times), ("speed at the start [m/s]", "time [s]")
    for axes, name, x, text, truth in zip(panels, *names, truths, strict=True):
        order = np.argsort(x)
        axes.plot(x[order], truth[order], color="black", linewidth=1.0, label="truth")
        axes.plot(x[order], parts[name][order], "--", color="#bd1f01", label=f"the part {name}")
        axes.set(xlabel=text, ylabel="m/s")
        axes.legend()
    keep(figure, "projectile-parts")


def apart():
    """The mean speed height / time is v0 - g t / 2: a part of the speed, and a part of the time."""
    rows = []
    for seed in SEEDS:
        seen = simulate("projectile", POINTS, seed=seed, speed=[5.0, 30.0], gravity=GRAVITY)
        test = simulate("projectile", 1000, seed=99, speed=[5.0, 30.0], gravity=GRAVITY)
        model = lf.Regressor(hidden=(16,), physics=[PARTS.by("architecture")], seed=seed, verbose=False)
        t = seen["time"]
        model.fit(seen.frame(list(seen.features)), seen.y / t, sample_weight=t**2)  # noise of height / time
        parts = model.parts(test.frame(list(test.features)))
        along = np.polyfit(test["speed"], parts["start"], 1)[0]
        g = -2 * np.polyfit(test["time"], parts["fall"], 1, w=test["time"])[0]
        rows.append([seed, f"{along:.3f}", f"{g:.2f}"])
        if seed == 0:
            w = test["time"] ** 2
            level = np.average(parts["fall"] + GRAVITY * (test["time"] - test["time"].mean()) / 2, weights=w)
            centred = {"start": parts["start"] - parts["start"].mean(), "fall": parts["fall"] - level}
            draw(test["speed"], test["time"], centred)
    print_table(["seed", "slope of the part start (1)", "g from the part fall (9.81)"], rows)


if __name__ == "__main__":
    around()
    apart()
