"""Events a second: `boosted-jets` on all cores against Pythia's own batches in one process.

    python benchmarks/simulation.py [--jets N] [--runs N] [--cores N]

An event is a hard scatter that Pythia has selected and begun to shower. Ours begins as many as its jets need; the
peer makes the same number by `nextBatch`, of the same processes with the same settings of hard scatter, showers,
hadrons and decays, `Check:event = off` included, which makes it faster. The peer finishes every event and makes no
jet. Ours makes jets, observables and clouds, and gives up in the middle of the showers what can make no jet in the
window: such an event counts like any other, and the jets a second tell what is left. Rivals take turns. Pythia is
started before the clock, and so are the processes. With `--cores 1` all is in one process, and the CPU time is
compared too, which says more on a busy machine.
"""

import argparse
import os
import statistics
import time

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import numpy as np

from lawful.simulators import check_settings
from lawful.simulators.jets.boosted import make
from lawful.simulators.jets.generating import Beam, pythia_lines


def peer(process: str, settings: dict[str, object]) -> object:
    """Pythia alone with the settings that ours gives it."""
    import pythia8mc

    low, high = settings["pt"]
    names = ("eta", "radius", "bias", "energy", "multiparton", "variations", "detector")
    scatter = (settings["scatter"][0] * low, settings["scatter"][1] * high)
    pythia = pythia8mc.Pythia("", False)
    for line in pythia_lines(
        process, Beam(scatter=scatter, pt=(low, high), **{name: settings[name] for name in names})
    ):
        assert line.startswith("Check:") or pythia.readString(line), line
    assert pythia.init()
    pythia.nextBatch(20)
    return pythia


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jets", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cores", type=int, default=0)
    given = parser.parse_args()
    cores = given.cores or os.cpu_count()
    print("| processes | events/s, Pythia alone | events/s, ours | ratio | ratio of CPU time | jets/s, ours |")
    print("|---|---|---|---|---|---|")
    for options in ({"processes": "W, QCD"}, {"processes": "W"}, {"processes": "QCD"}, {"processes": "top"}):
        settings = check_settings("boosted-jets", {**options, "cores": cores})
        pythias = {name: peer(name, settings) for name in settings["processes"]}
        make(4 * cores * len(pythias), np.random.default_rng(0), settings)
        rates = []
        for run in range(given.runs):
            start, used = time.perf_counter(), time.process_time()
            made = make(given.jets, np.random.default_rng(run), settings)
            ours, our_cpu = time.perf_counter() - start, time.process_time() - used
            tried = {name: sum(part.tried for label, part in made if label == name) for name in pythias}
            start, used = time.perf_counter(), time.process_time()
            for name, pythia in pythias.items():
                for first in range(0, tried[name], 400):
                    pythia.nextBatch(min(400, tried[name] - first))
            alone, cpu = time.perf_counter() - start, time.process_time() - used
            events = sum(tried.values())
            rates.append((events / alone, events / ours, alone / ours, cpu / our_cpu, given.jets / ours))
        columns = [statistics.median(values) for values in zip(*rates, strict=True)]
        a, b, ratio, cpu_ratio, jets = columns
        shown = f"{cpu_ratio:.2f}" if cores == 1 else ""
        print(f"| {options['processes']} | {a:.0f} | {b:.0f} | {ratio:.2f} | {shown} | {jets:.0f} |")


if __name__ == "__main__":
    main()
