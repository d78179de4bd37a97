"""Azimuthal rotation and reflections in the study `higgs`. Table and figure of docs/studies/higgs.md.

    python benchmarks/study_higgs.py

The azimuths of the file end at 1.7437 in place of pi: they are radians over 1.8017, so the period is 3.4875. The
low-level features alone, since the masses are invariant already.
"""

import time

import numpy as np
from sklearn.metrics import roc_auc_score

import lawful as lf
from lawful.evidence.figures.style import canvas, styled
from lawful.physics import Symmetry, groups
from lawful.studies import read_study
from lawful.studies.runner import read_events
from study_common import keep, print_table

PERIOD, SPLITS = 3.4875, range(3)
PHI = ["lepton_phi", "missing_energy_phi", *(f"jet{j}_phi" for j in (1, 2, 3, 4))]
ETA = ["lepton_eta", *(f"jet{j}_eta" for j in (1, 2, 3, 4))]


def rotation():
    """All azimuths shift together."""
    return Symmetry(groups.Translation(1, period=PERIOD), on={"vector": [[p] for p in PHI], "scalar": "others"})


def reflection(columns):
    """Columns that change sign together."""
    return Symmetry(groups.O(1), on={"vector": [[c] for c in columns], "scalar": "others"})


def rivals():
    turn, along, across = rotation(), reflection(ETA), reflection(PHI)
    every = [turn, along, across]
    return {
        "none": [],
        "augment, rotation": [turn.by("augment")],
        "augment, all three": [s.by("augment") for s in every],
        "architecture, rotation": [turn.by("architecture")],
        "architecture, all three": [s.by("architecture") for s in every],
    }


@styled
def draw(found):
    """AUC of each way, above the plain network."""
    figure, axes = canvas(6.0, 3.0)
    names = [name for name in found if name != "none"]
    for place, name in enumerate(names):
        gaps = np.subtract(found[name], found["none"])
        axes.plot(gaps, [place] * len(gaps), "o", color="#94a4a2", label="one split" if place == 0 else None)
        axes.errorbar(
            gaps.mean(), place, xerr=gaps.std(ddof=1) / len(gaps) ** 0.5, fmt="s", color="#bd1f01",
            label="mean" if place == 0 else None,
        )  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.9)
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel="AUC above the plain network", ylim=(-0.6, 4.4))
    axes.tick_params(axis="y", which="both", left=False, right=False)
    axes.legend(ncols=2)
    keep(figure, "higgs-symmetries")


def main():
    study = read_study("higgs")
    events = read_events(study).with_features(study.data.subsets["low-level"])
    ways = rivals()
    aucs, seconds, broken = ({name: [] for name in ways} for _ in range(3))
    stated = [rotation(), reflection(ETA), reflection(PHI)]
    for split in SPLITS:
        train, test = events.split((0.8, 0.2), seed=split)
        some = test.frame(list(test.features))[:1000]
        for name, physics in ways.items():
            start = time.process_time()
            settings = study.settings() | {"members": 3, "seed": split, "physics": physics, "verbose": False}
            model = lf.Classifier(**settings).fit(train)
            seconds[name].append(time.process_time() - start)
            aucs[name].append(roc_auc_score(test.y, model.predict_proba(test)[:, 1]))
            broken[name].append([float(s.violation(model, some).mean()) for s in stated])
            print(f"split {split}, {name}: {aucs[name][-1]:.4f}", flush=True)
    rows = []
    for name, values in aucs.items():
        gap = np.subtract(values, aucs["none"])
        shown = "" if name == "none" else f"{gap.mean():+.4f} ± {gap.std(ddof=1) / len(gap) ** 0.5:.4f}"
        v = [f"{x:.3f}" if x > 1e-6 else "0" for x in np.mean(broken[name], 0)]
        rows.append([name, f"{np.mean(values):.4f}", shown, *v, f"{np.median(seconds[name]):.0f}"])
    heads = ["", "AUC", "against none", "rotation broken by", "eta", "phi", "CPU s"]
    print_table(heads, rows)
    draw(aucs)


if __name__ == "__main__":
    main()
