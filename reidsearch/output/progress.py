"""Progress on standard error: a bar on a terminal, JSON lines for machines, else nothing."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TextIO

from reidsearch.base.progress import NO_PROGRESS, Progress

if TYPE_CHECKING:
    import rich.progress

LINES_EVERY_S = 0.5
RATE_OVER_S = 30.0


def progress_for(json_lines: bool = False, quiet: bool = False) -> AbstractContextManager[Progress]:
    """The progress that suits standard error.

    Args:
        json_lines: one JSON object a line, `{"event": "begin" | "progress" | "end", "task",
            "unit", "done", "total", "elapsed_s", "rate_per_s", "eta_s", "counts"}`, a `progress`
            line at most twice a second. Unknown values are null.
        quiet: nothing at all.

    Returns:
        A context manager that gives a `Progress` and takes the bar away in the end, also when an
        error passes through.
    """
    if quiet:
        return nullcontext(NO_PROGRESS)
    if json_lines:
        return nullcontext(_JsonLines(sys.stderr))
    return _bar() if sys.stderr.isatty() else nullcontext(NO_PROGRESS)


class _Running:
    """One task on its way: how much is done, how fast of late, and how long it will take."""

    def __init__(self, task: str, total: int | None, unit: str) -> None:
        self.task, self.total, self.unit = task, total, unit
        self.done = 0
        self.counts: dict[str, int] = {}
        self.began = self.told = time.monotonic()
        # Marks of (when, done): the rate of late, not of the whole run, because a re-run races
        # through unchanged files before it comes to the slow ones.
        self._marks = deque([(self.began, 0)])

    def state(self, event: str) -> dict[str, Any]:
        """The line to tell."""
        now = self.told = time.monotonic()
        self._marks.append((now, self.done))
        while len(self._marks) > 2 and now - self._marks[0][0] > RATE_OVER_S:
            self._marks.popleft()
        since, done_then = self._marks[0]
        rate = (self.done - done_then) / (now - since) if now > since else 0.0
        left = None if self.total is None else max(self.total - self.done, 0)
        return {
            "event": event,
            "task": self.task,
            "unit": self.unit,
            "done": self.done,
            "total": self.total,
            "elapsed_s": round(now - self.began, 3),
            "rate_per_s": round(rate, 3),
            "eta_s": None if left is None or (left and not rate) else round(left / (rate or 1), 1),
            "counts": self.counts,
        }


class _JsonLines:
    """Progress as JSON lines; may be called from several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tasks: list[_Running] = []
        self._lock = threading.Lock()

    def begin(self, task: str, total: int | None, unit: str) -> None:
        with self._lock:
            self._tasks.append(_Running(task, total, unit))
            self._tell("begin")

    def advance(self, done: int = 1, /, **counts: int) -> None:
        with self._lock:
            running = self._tasks[-1]
            running.done += done
            running.counts.update(counts)
            if time.monotonic() - running.told >= LINES_EVERY_S:
                self._tell("progress")

    def end(self) -> None:
        with self._lock:
            self._tell("end")
            self._tasks.pop()

    def _tell(self, event: str) -> None:
        self._stream.write(json.dumps(self._tasks[-1].state(event)) + "\n")
        self._stream.flush()


class _Bar:
    """Progress as a rich bar, one line a task; counts follow the rate."""

    def __init__(self, bar: rich.progress.Progress) -> None:
        self._bar = bar
        self._tasks: list[tuple[rich.progress.TaskID, dict[str, int]]] = []

    def begin(self, task: str, total: int | None, unit: str) -> None:
        self._tasks.append((self._bar.add_task(task, total=total, unit=unit, counts=""), {}))

    def advance(self, done: int = 1, /, **counts: int) -> None:
        task, running = self._tasks[-1]
        if counts:
            running.update(counts)
            told = ", ".join(f"{count} {name}" for name, count in running.items() if count)
            self._bar.update(task, advance=done, counts=told)
        else:
            self._bar.advance(task, done)

    def end(self) -> None:
        task, _ = self._tasks.pop()
        state = next(shown for shown in self._bar.tasks if shown.id == task)
        if state.total is None:  # now it is known, and the bar stands still at its end
            self._bar.update(task, total=state.completed)
        self._bar.stop_task(task)


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    class Rate(ProgressColumn):
        """Units a second, of late while it runs, over all when it is over."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f} {task.fields['unit']}/s")

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}", markup=False),
    )
    with RichProgress(
        *columns, console=Console(stderr=True), speed_estimate_period=RATE_OVER_S
    ) as bar:
        yield _Bar(bar)
