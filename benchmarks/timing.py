"""Run rival functions in turn in one process and print medians and ratios."""

import statistics
import time
from collections.abc import Callable


def alternate(rivals: dict[str, Callable[[], object]], runs: int = 5) -> dict[str, list[tuple[float, float]]]:
    """Call every function once to warm up, then `runs` times in turn; give (wall, CPU) seconds of each call."""
    for rival in rivals.values():
        rival()
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    for _ in range(runs):
        for name, rival in rivals.items():
            wall, cpu = time.perf_counter(), time.process_time()
            rival()
            seconds[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return seconds


def table(seconds: dict[str, list[tuple[float, float]]], ours: str, per: int = 1) -> str:
    """Markdown table: medians of wall and CPU time, and the median of the ratios to `ours` run by run."""
    lines = ["| what | wall s | CPU s | wall time as a multiple of ours |", "|---|---|---|---|"]
    for name, runs in seconds.items():
        wall = statistics.median(r[0] for r in runs) / per
        cpu = statistics.median(r[1] for r in runs) / per
        ratio = statistics.median(r[0] / o[0] for r, o in zip(runs, seconds[ours], strict=True))
        lines.append(f"| {name} | {wall:.4f} | {cpu:.4f} | {ratio:.2f} |")
    return "\n".join(lines)
