"""Progress on standard error: two lines on a terminal, JSON lines on request, else nothing."""

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
    from reidsearch.output.progress_display import Display

LINES_EVERY_S = 0.5
RATE_OVER_S = 30.0
LONG_S = 2.0
"""From which a step that does not move on is told with its time."""


def progress_for(
    json_lines: bool = False, quiet: bool = False, *, name: str = "working"
) -> AbstractContextManager[Progress]:
    """The progress that suits standard error.

    Args:
        json_lines: one JSON object a line, `{"event": "begin" | "progress" | "end", "task",
            "unit", "done", "total", "elapsed_s", "rate_per_s", "eta_s", "counts", "working_on"}`, a
            `progress` line at most twice a second. Unknown values are null.
        quiet: nothing at all.
        name: what runs, for a terminal that would show nothing else for seconds.

    Returns:
        A context manager that gives a `Progress` and leaves the terminal in order in the end, also
        when an error passes through.
    """
    if quiet:
        return nullcontext(NO_PROGRESS)
    if json_lines:
        return nullcontext(_JsonLines(sys.stderr))
    return _bar(name) if sys.stderr.isatty() else nullcontext(NO_PROGRESS)


class _Running:
    """One task on its way: how much is done, how fast of late, and how long it will take."""

    def __init__(self, task: str, total: int | None, unit: str) -> None:
        self.task, self.total, self.unit = task, total, unit
        self.done = 0
        self.counts: dict[str, int] = {}
        self.working_on = ""
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
            "working_on": self.working_on or None,
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

    def working_on(self, what: str) -> None:
        with self._lock:
            if self._tasks and self._tasks[-1].working_on != what:
                self._tasks[-1].working_on = what
                if time.monotonic() - self._tasks[-1].told >= LINES_EVERY_S:
                    self._tell("progress")

    def end(self) -> None:
        with self._lock:
            self._tasks[-1].working_on = ""
            self._tell("end")
            self._tasks.pop()

    def _tell(self, event: str) -> None:
        self._stream.write(json.dumps(self._tasks[-1].state(event)) + "\n")
        self._stream.flush()


class _TwoLines:
    """The total as a bar, and one line below it for what is being worked on.

    The task that began first is the bar. Tasks within it, and what `working_on` names, share the
    second line, which goes when the work is done; so any number of files takes two lines. What
    takes long without moving on is told with its time, so that nothing ever looks stuck.

    Args:
        name: what runs, while no task says more.
    """

    def __init__(self, display: Display, name: str) -> None:
        self._display = display
        self._name = name
        self._tasks: list[_Running] = []
        self._what = ""
        self._moved = time.monotonic()
        self._lock = threading.Lock()
        display.second_line = self._second_line

    def begin(self, task: str, total: int | None, unit: str) -> None:
        with self._lock:
            if not self._tasks:
                self._what = ""
                self._display.begin(task, total, unit)
            self._tasks.append(_Running(task, total, unit))
            self._moved = time.monotonic()

    def advance(self, done: int = 1, /, **counts: int) -> None:
        with self._lock:
            running = self._tasks[-1]
            running.done += done
            running.counts.update(counts)
            self._moved = time.monotonic()
            if len(self._tasks) == 1:
                self._display.move(done)

    def working_on(self, what: str) -> None:
        if what != self._what:
            self._what, self._moved = what, time.monotonic()

    def end(self) -> None:
        with self._lock:
            self._tasks.pop()
            self._what = ""
            self._moved = time.monotonic()
            if not self._tasks:
                self._display.end()

    def _second_line(self) -> tuple[str, str]:
        """Return what is being worked on, and the counts so far; asked when it is drawn."""
        tasks = list(self._tasks)
        counts = tasks[0].counts.copy() if tasks else {}
        told = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count]
        what = self._what
        if len(tasks) > 1:
            within = tasks[-1]
            share = f" {min(within.done / within.total, 1.0):.0%}" if within.total else ""
            what = within.task + share
        return self._with_time(what), ", ".join(told)

    def _with_time(self, what: str) -> str:
        """Return what is being worked on, with its time where that begins to be long."""
        since_s = time.monotonic() - self._moved
        if since_s < LONG_S:
            return what
        return f"{what or (self._tasks[-1].task if self._tasks else self._name)} ({since_s:.0f} s)"


@contextmanager
def _bar(name: str) -> Iterator[Progress]:
    from reidsearch.output.progress_display import Display

    with Display(rate_over_s=RATE_OVER_S) as display:
        yield _TwoLines(display, name)
