"""From ragged branches of a ROOT file to padded tensors: time and memory of lawful against uproot with awkward.

Run as `python benchmarks/clouds.py [--events N] [--runs N]`. The file holds about 30 objects an event (Poisson) with
five float32 branches, as uproot writes it, in baskets of 10,000 events; both rivals make an (N, 64, 5) float32 array
and the (N, 64) mask of it. Each measurement is a process of its own; rivals take turns, so that a busy machine or a
warm file cache favours none. Memory is the peak of the process above what it held after its imports.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from separate import compare, measured, median, median_ratio

FIELDS = ("pt", "eta", "phi", "charge", "d0")
MOST = 64
TASKS = ("as stored", "falling pt")


def make(path: Path, events: int) -> None:
    """The ROOT file of ragged branches."""
    import awkward as ak
    import uproot

    rng = np.random.default_rng(0)
    with uproot.recreate(path, compression=uproot.LZ4(1)) as file:
        tree = None
        for start in range(0, events, 10_000):
            counts = rng.poisson(30, min(10_000, events - start))
            flat = {name: rng.exponential(size=counts.sum()).astype(np.float32) for name in FIELDS}
            piece = {"track": ak.unflatten(ak.zip(flat), counts)}
            if tree is None:
                tree = file.mktree("events", {"track": piece["track"].type.content})
            tree.extend(piece)


def measure(rival: str, path: str, task: str) -> None:
    """Make the arrays once in this process and print seconds and peak memory as JSON."""
    if rival == "lawful":
        import lawful.data.root  # noqa: F401  # the import of uproot is not what is measured
        from lawful.data import read

        def work() -> object:
            events = read(path, clouds=["track"])
            order = None if task == "as stored" else "pt"
            return events.cloud("track", fields=FIELDS, most=MOST, order_by=order)
    else:
        import awkward as ak
        import uproot

        def work() -> object:
            with uproot.open(path) as file:
                arrays = file["events"].arrays([f"track_{name}" for name in FIELDS])
            columns = [arrays[f"track_{name}"] for name in FIELDS]
            if task != "as stored":
                order = ak.argsort(columns[0], axis=1, ascending=False, stable=True)
                columns = [column[order] for column in columns]
            mask = np.arange(MOST) < ak.to_numpy(ak.num(columns[0]))[:, None]
            padded = [ak.fill_none(ak.pad_none(column, MOST, clip=True), np.float32(0)) for column in columns]
            return np.stack([ak.to_numpy(column) for column in padded], axis=-1), mask

    measured(work)


def main() -> None:
    """Make the file, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, default=200_000)
    arguments = parser.parse_args()
    size = arguments.events * MOST * (len(FIELDS) * 4 + 1)
    print("| order | tensor and mask | lawful | peer | wall ratio | CPU ratio | lawful's memory | peer's | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clouds.root")
        make(path, arguments.events)
        for task in TASKS:
            found = compare("clouds", str(path), task, runs=arguments.runs)
            cells = [
                task,
                f"{size / 1e6:.0f} MB",
                *(f"{median(found, rival, 'wall'):.2f} s" for rival in ("lawful", "peer")),
                *(f"{median_ratio(found, key):.2f}" for key in ("wall", "cpu")),
                *(f"{median(found, rival, 'memory') / 1e6:.0f} MB" for rival in ("lawful", "peer")),
                f"{median_ratio(found, 'memory'):.2f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
