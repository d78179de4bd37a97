"""Progress on a terminal as a bar, elsewhere as lines."""

import sys
import time
from types import TracebackType
from typing import Any, Self


class Progress:
    """Show how long work goes on.

    On a terminal a bar appears once the work has lasted two seconds. Elsewhere each step prints a line, if `verbose`
    is true; notebooks and log files stay clean otherwise. Everything goes to the error stream.

    Args:
        title: What is being done.
        total: Number of steps, or None when nobody knows.
        verbose: True: show from the first step, also where there is no terminal. False: show nothing.
            None: show a bar on a terminal.

    Examples:
        >>> with Progress("counting", 3, verbose=False) as progress:
        ...     for _ in range(3):
        ...         progress.step()
    """

    def __init__(self, title: str, total: int | None = None, *, verbose: bool | None = None) -> None:
        self.title, self.total = title, total
        self.terminal = sys.stderr.isatty()
        self.shown = verbose is True or (verbose is None and self.terminal)
        self.delay = 0.0 if verbose else 2.0
        self.count = 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        self.started = time.perf_counter()
        return self

    def step(self, text: str = "") -> None:
        """Count one step; `text` says what came of it."""
        self.count += 1
        if not self.shown or time.perf_counter() - self.started < self.delay:
            return
        if not self.terminal:
            of = f"/{self.total}" if self.total else ""
            print(f"{self.title} {self.count}{of} {text}".rstrip(), file=sys.stderr, flush=True)
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._bar = Progress(
                *columns, TextColumn("{task.fields[text]}"), console=Console(stderr=True), transient=True
            )
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=self.total, text=text)
        self._bar.update(self._task, completed=self.count, text=text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
