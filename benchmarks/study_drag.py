"""Force on a particle as pressure and shear, under rotations. Table and figure of docs/studies/drag.md.

python benchmarks/study_drag.py
"""

import time

import numpy as np

import lawful as lf
from lawful.evidence.figures.style import canvas, styled
from lawful.physics import Sum, Symmetry, Units, groups
from lawful.simulators import simulate
from study_common import keep, print_table, rmse

VELOCITY = ["velocity_x", "velocity_y", "velocity_z"]
ROTATION = Symmetry(groups.O(3), on={"vector": [VELOCITY], "scalar": "others"}, to="vector")
PARTS = Sum(
    {
        "pressure": [*VELOCITY, "density", "diameter", "solid_fraction"],
        "shear": [*VELOCITY, "viscosity", "diameter", "solid_fraction"],
    }
)
UNITS = Units(
    {
        **dict.fromkeys(VELOCITY, "m/s"),
        "density": "kg/m**3",
        "viscosity": "Pa*s",
        "diameter": "m",
        "solid_fraction": "",
    },
    to="N",
)
BOTH = Symmetry(groups.O(3), on=ROTATION.on, to="2*vector")
WAYS = {
    "none": [],
    "rotations": [ROTATION.by("architecture")],
    "rotations and units": [ROTATION.by("architecture"), UNITS.by("architecture")],
    "rotations and parts": [ROTATION.by("architecture"), PARTS.by("architecture")],
    "rotations and units, parts as targets": [BOTH.by("architecture"), UNITS.by("architecture")],
}
SEEDS, POINTS = range(3), 500


def vectors(events, name):
    """One of the true parts, (N, 3)."""
    return np.stack([events[f"{name}_{axis}"] for axis in "xyz"], 1)


@styled
def draw(read, truth):
    """Components of the predicted parts against the true ones."""
    figure, panels = canvas(8.0, 3.6, ncols=2)
    for axes, name in zip(panels, ("pressure", "shear"), strict=True):
        x, y = 1e6 * truth[name].ravel(), 1e6 * read[name].ravel()
        axes.plot(x, y, ".", markersize=2, color="#3f90da")
        most = np.percentile(np.abs(x), 99.5)
        axes.plot([-most, most], [-most, most], color="black", linewidth=0.8)
        axes.set(xlabel=f"true {name} [µN]", ylabel="predicted [µN]", xlim=(-most, most), ylim=(-most, most))
    keep(figure, "drag-parts")


def main():
    test = simulate("drag", 3000, seed=99, noise=0.0)
    truth = {name: vectors(test, name) for name in ("pressure", "shear")}
    size = {name: rmse(value, 0) for name, value in truth.items()}
    found, seconds, off = ({name: [] for name in WAYS} for _ in range(3))
    for seed in SEEDS:
        seen = simulate("drag", POINTS, seed=seed)
        for name, physics in WAYS.items():
            start = time.process_time()
            model = lf.Regressor(physics=physics, seed=seed, verbose=False)
            if name.endswith("targets"):
                told = np.concatenate([vectors(seen, part) for part in truth], 1)
                sizes = np.linalg.norm(told.reshape(-1, 2, 3), axis=2).repeat(3, 1)
                told = told + 0.02 * sizes * np.random.default_rng([seed, 1]).normal(size=told.shape)
                x, z = (events.frame(list(events.features)) for events in (seen, test))
                y = model.fit(x, told).predict(z)
                read = {"pressure": y[:, :3], "shear": y[:, 3:]}
                force = read["pressure"] + read["shear"]
            else:
                force = model.fit(seen).predict(test)
                read = model.parts(test) if name == "rotations and parts" else None
            seconds[name].append(time.process_time() - start)
            found[name].append(rmse(force, test.y) / rmse(test.y, 0))
            if read is not None:
                off[name].append([rmse(read[part], truth[part]) / size[part] for part in truth])
                if seed == 0 and name.endswith("targets"):
                    draw(read, truth)
    rows = []
    for name, values in found.items():
        shown = [f"{100 * v:.0f}%" for v in np.median(off[name], 0)] if off[name] else ["", ""]
        rows.append([name, f"{100 * np.median(values):.1f}%", *shown, f"{np.median(seconds[name]):.1f}"])
    print_table(["built in", "error of the force", "of the pressure", "of the shear", "CPU s"], rows)


if __name__ == "__main__":
    main()
