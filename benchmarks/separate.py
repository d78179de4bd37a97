"""Measure rivals in processes of their own, in turn: wall and CPU seconds, and peak memory above the imports."""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

RIVALS = ("lawful", "peer")
Found = dict[str, list[dict[str, float]]]


def measured(work: Callable[[], object]) -> None:
    """Call `work` once in this process and print its seconds and peak memory in bytes as JSON."""
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    wall, cpu = time.perf_counter(), time.process_time()
    kept = work()
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert kept is not None
    print(json.dumps({"wall": seconds[0], "cpu": seconds[1], "memory": peak - before}))


def compare(script: str, *arguments: str, runs: int) -> Found:
    """Run `measure(rival, *arguments)` of a script for the rivals in turn, each in a process of its own."""
    found: Found = {rival: [] for rival in RIVALS}
    folder = str(Path(__file__).parent)
    for run in range(runs + 1):
        for rival in RIVALS:
            call = f"{script}.measure{(rival, *arguments)!r}"
            code = f"import sys; sys.path.insert(0, {folder!r}); import {script}; {call}"
            out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
            if run:  # the first one warms the file cache
                found[rival].append(json.loads(out))
    return found


def median(found: Found, rival: str, key: str) -> float:
    """Median over the runs of what was measured."""
    return statistics.median(run[key] for run in found[rival])


def median_ratio(found: Found, key: str) -> float:
    """Median of the ratios run by run, ours over the peer's."""
    return statistics.median(a[key] / b[key] for a, b in zip(found["lawful"], found["peer"], strict=True))
