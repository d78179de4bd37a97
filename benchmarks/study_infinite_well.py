"""Overfitting, and what stops it: penalties on weights, and unitarity.

    python benchmarks/study_infinite_well.py

Table and figure of docs/studies/infinite-well.md. Same network, same 40 noisy points, five seeds of data and network
together. The strengths of l1 and l2 are the best of 0.0001, 0.001, 0.01 and of 0.001, 0.01, 0.1 on the seeds 100 to
102; the weight of the penalty was the best of 10 and 100.
"""

import time

import numpy as np

import lawful as lf
from lawful.evidence.figures.style import canvas, headroom, styled
from lawful.physics import Integral
from lawful.simulators import simulate
from study_common import keep, print_table, rmse

WIDTH, NOISE, POINTS, SEEDS, EPOCHS = [1.0, 4.0], 0.5, 40, range(5), 300
UNITARY = Integral("psi**2", over=("x", 0.0, "width"), equals=1.0)
RIVALS = {
    "none": {},
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.1},
    "unitarity by loss": {"physics": [UNITARY.by("loss", weight=10.0, tolerance=0.05)]},
    "unitarity by architecture": {"physics": [UNITARY.by("architecture")]},
}


def network(seed, **more):
    """Large, without decay, averaging or early stopping: it overfits."""
    return lf.Regressor(
        hidden=(128, 128), embedding="periodic", epochs=EPOCHS, patience=EPOCHS, weight_decay=0.0, averaging=0,
        seed=seed, verbose=False, **more,
    )  # fmt: skip


@styled
def draw(curves):
    """Training and validation loss, median over the seeds."""
    figure, panels = canvas(9.0, 3.2, ncols=3, sharey=True)
    for axes, name in zip(panels, ("none", "unitarity by loss", "unitarity by architecture"), strict=True):
        for kind, label in (("train_loss", "training"), ("validation_loss", "validation")):
            each = [[line[kind] for line in history] for history in curves[name]]
            axes.plot(range(1, EPOCHS + 1), np.median(each, 0), label=label)
        axes.set(title=name, xlabel="epoch", yscale="log")
    panels[0].set_ylabel("loss")
    panels[0].legend(loc="lower left")
    headroom(panels[0], 0.05)
    keep(figure, "well-curves")


def main():
    whole = simulate("infinite-well", 4000, seed=10_000, width=WIDTH, noise=0.0)
    held = simulate("infinite-well", 300, seed=10_001, width=WIDTH, noise=NOISE)
    found = {name: [] for name in RIVALS}
    curves = {name: [] for name in RIVALS}
    seconds = {name: [] for name in RIVALS}
    broken = {name: [] for name in RIVALS}
    for seed in SEEDS:
        seen = simulate("infinite-well", POINTS, seed=seed, width=WIDTH, noise=NOISE)
        for name, more in RIVALS.items():
            start = time.process_time()
            model = network(seed, **more).fit(seen, validation=False)
            seconds[name].append(time.process_time() - start)
            found[name].append(rmse(model.predict(whole), whole.y))
            broken[name].append(float(UNITARY.violation(model, whole).mean()))
            curves[name].append(network(seed, **more).fit(seen, validation=held).history_)
    plain = np.median(found["none"])
    rows = []
    for name, errors in found.items():
        v = np.median([[line["validation_loss"] for line in history] for history in curves[name]], 0)
        rows.append(
            [
                name,
                f"{np.median(errors):.3f}",
                f"{min(errors):.3f} to {max(errors):.3f}",
                f"{100 * (np.median(errors) / plain - 1):+.0f}%",
                f"{np.median(broken[name]):.2g}",
                f"{v[-1] / v.min():.2f}",
                f"{np.median(seconds[name]):.0f}",
            ]
        )
    print_table(
        ["", "error", "of five seeds", "against none", "violation", "last validation loss over lowest", "CPU s"], rows
    )
    draw(curves)


if __name__ == "__main__":
    main()
