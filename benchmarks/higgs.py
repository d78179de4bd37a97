"""AUC on held-out HIGGS events: defaults with five members, and the study's network, against boosted trees.

    python benchmarks/higgs.py

Five stratified splits of 20,000 events into 80% and 20%; HistGradientBoostingClassifier with early stopping as the
yardstick. Differences are taken on the same test events, split by split; the error is that of the mean over splits
(standard deviation / sqrt 5; the splits share events, so it is a lower bound).
"""

import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

import lawful as lf
from lawful.studies import read_study
from lawful.studies.runner import read_events

SPLITS = 5


def main() -> None:
    study = read_study("higgs")
    events = read_events(study)
    subsets = {"all": list(events.features)} | study.data.subsets
    makers = {
        "boosted trees": lambda s: HistGradientBoostingClassifier(early_stopping=True, random_state=s),
        "defaults, members=5": lambda s: lf.Classifier(members=5, seed=s),
        "the study's network": lambda s: lf.Classifier(**study.settings() | {"seed": s}),
    }
    print("| features | model | AUC | difference to boosted trees | seconds |")
    print("|---|---|---|---|---|")
    for subset, names in subsets.items():
        aucs: dict[str, list[float]] = {name: [] for name in makers}
        seconds: dict[str, list[float]] = {name: [] for name in makers}
        for split in range(SPLITS):
            train, test = (part.with_features(names) for part in events.split((0.8, 0.2), seed=split))
            for name, make in makers.items():
                start = time.perf_counter()
                model = make(split).fit(train.X, train.y)
                seconds[name].append(time.perf_counter() - start)
                aucs[name].append(roc_auc_score(test.y, model.predict_proba(test.X)[:, 1]))
        for name in makers:
            gap = np.subtract(aucs[name], aucs["boosted trees"])
            shown = "" if name == "boosted trees" else f"{gap.mean():+.4f} ± {gap.std(ddof=1) / SPLITS**0.5:.4f}"
            print(
                f"| {subset} | {name} | {np.mean(aucs[name]):.4f} | {shown} | {np.median(seconds[name]):.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
