"""What the world `lake` asks of a network, and what a network gains by what is known of lakes.

    python benchmarks/lake.py              # the table of docs/studies/lake.md, and its figure
    python benchmarks/lake.py heat         # the account of heat and the density, without the process model
    python benchmarks/lake.py world        # the table of docs/simulators.md

Lakes 0 to 9 are whatever the numbers draw; every lake and every rival has the same settings. Errors are against the
noise-free temperature of every day and every half metre. A depth is unstable where the water half a metre below is
lighter by more than 1e-5 of its density, which is more than rounding and less than 0.1 degC at 15 degC.
"""

import sys
import time

import numpy as np
import torch
from joblib import Parallel, delayed

import lawful as lf
from lawful.evidence.figures.style import canvas, styled
from lawful.physics import Baseline, Integral, Monotonic
from lawful.simulators import simulate
from lawful.simulators.lake import draw_basin, draw_season, truth
from study_common import keep, print_table, rmse

LAKES, HEAT_LAKES, OBSERVATIONS = range(10), range(7), 200
DENSITY = "1000 * (1 - (T + 288.9414) * (T - 3.9863)**2 / (508929.2 * (T + 68.12963)))"
STABLE = Monotonic(of=DENSITY, along="depth").by("loss", weight=10.0)


def density(T):
    """Of water in kg / m^3."""
    return 1000 * (1 - (T + 288.9414) * (T - 3.9863) ** 2 / (508929.2 * (T + 68.12963)))


def unstable(T, whole):
    """Share of depths below which the water is lighter, of all days."""
    rho = density(T.reshape(len(np.unique(whole["day"])), -1))
    return float(np.mean(rho[:, 1:] < rho[:, :-1] * (1 - 1e-5)))


def rivals(known):
    """Columns and statements of each rival, given the names of the columns of weather, season and depth."""
    residual = Baseline("a + b * process", parameters={"a": 0.0, "b": 1.0}).by("residual")
    alike = Monotonic("temperature", along="process").by("loss", weight=10.0)
    return {
        "network": (known, []),
        "residual": ([*known, "process"], [residual]),
        "residual, density by loss": ([*known, "process"], [residual, STABLE, alike]),
    }


def budgets(lake, known):
    """As `rivals`, without the process model and with the account of heat."""
    basin = draw_basin(lake)
    heat = Integral(
        f"temperature * (1 - depth / {basin.depth})**{basin.shape}",
        over=("depth", 0.0, basin.depth),
        equals="heat",
        points=16,
    ).by("loss", weight=10.0, tolerance=0.05, rows=8)
    return {"network": (known, []), "network, density and heat by loss": ([*known, "heat"], [STABLE, heat])}


@styled
def draw(errors, names):
    """Error in each lake."""
    figure, axes = canvas(6.0, 3.6)
    for name, marker in zip(names, "s^o", strict=True):
        axes.plot(list(LAKES), errors[name], marker, label=name, markersize=6)
    axes.set(xlabel="lake", ylabel="RMSE [°C]", yscale="log", xticks=list(LAKES))
    axes.tick_params(which="minor", bottom=False, top=False)
    axes.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    axes.set_ylim(0.3, 16)
    axes.legend(ncols=1)
    keep(figure, "lake-errors")


def measure(lake, heat=False):
    """Error, share of unstable depths and CPU seconds of each rival in one lake."""
    torch.set_num_threads(1)
    whole, seen = truth(lake=lake), simulate("lake", OBSERVATIONS, seed=lake, lake=lake)
    known = [name for name in whole.features if name not in ("process", "heat")]
    found = {"process model": (rmse(whole["process"], whole.y), unstable(whole["process"], whole), 0.0)}
    for name, (columns, physics) in (budgets(lake, known) if heat else rivals(known)).items():
        start = time.process_time()
        model = lf.Regressor(members=5, physics=physics, seed=lake, verbose=False)
        model.fit(seen.with_features(columns))
        cpu = time.process_time() - start
        T = model.predict(whole.with_features(columns))
        found[name] = (rmse(T, whole.y), unstable(T, whole), cpu)
    print(f"lake {lake}:", {name: (round(e, 2), round(100 * u, 1)) for name, (e, u, _) in found.items()}, flush=True)
    return found


def main(heat=False):
    each = Parallel(n_jobs=2)(delayed(measure)(lake, heat) for lake in (HEAT_LAKES if heat else LAKES))
    numbers = {name: np.array([found[name] for found in each]) for name in each[0]}
    last = list(numbers)[-1]
    best = numbers[last][:, 0]
    print_table(
        ["model", "RMSE, median", "lowest and highest", "lakes in which the last is better", "unstable", "CPU s"],
        [
            [
                name,
                f"{np.median(errors):.2f}",
                f"{errors.min():.2f}, {errors.max():.2f}",
                "" if name == last else int((best < errors).sum()),
                f"{100 * np.median(broken):.1f}%, at most {100 * broken.max():.1f}%",
                f"{np.median(seconds):.0f}",
            ]
            for name, (errors, broken, seconds) in ((name, n.T) for name, n in numbers.items())
        ],
    )
    if not heat:
        draw({name: n[:, 0] for name, n in numbers.items()}, ["process model", "network", last])


def world():
    errors = [rmse(s.process.temperature, s.truth.temperature) for s in map(draw_season, range(30))]
    low, middle, high = np.percentile(errors, [25, 50, 75])
    print(f"process model, lakes 0 to 29: median {middle:.2f}, quartiles {low:.2f} and {high:.2f} degC")
    rows = []
    for lake in (1, 4, 12):
        whole = truth(lake=lake)
        names = [name for name in whole.features if name not in ("process", "heat")]
        for n in (100, 300, 600):
            seen = simulate("lake", n, seed=0, lake=lake)
            x, z = seen.frame(names), whole.frame(names)
            network = lf.Regressor(members=5, verbose=False).fit(x, seen.y)
            rest = lf.Regressor(members=5, verbose=False).fit(x, seen.y - seen["process"])
            found = [network.predict(z), rest.predict(z) + whole["process"], whole["process"]]
            rows.append([lake, n, *(f"{rmse(values, whole.y):.2f}" for values in found)])
    print_table(
        ["lake", "observations", "network", "network on what the process model misses", "process model"], rows
    )


if __name__ == "__main__":
    world() if sys.argv[1:] == ["world"] else main(heat=sys.argv[1:] == ["heat"])
