"""The two lines of progress on a terminal, drawn by rich; fits 80 columns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TextIO

from rich.cells import cell_len
from rich.console import RenderableType
from rich.filesize import decimal
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from reidsearch.base.errors import absent
from reidsearch.base.progress import SHARE
from reidsearch.output.console import ShownConsole
from reidsearch.output.terminal import ShownText, drawing_on
from reidsearch.output.visible import duration, shorten, visible


class _Amount(ProgressColumn):
    """Done of total, in the task's unit."""

    def render(self, task: Task) -> Text:
        unit = task.fields["unit"]
        if task.total is None:
            return Text(_quantity(task.completed, unit) if task.completed else "")
        if not task.total:  # a step that has no amount, and is over
            return Text("")
        done = min(task.completed, task.total)
        if unit == SHARE:
            return Text(f"{100 * done / task.total:.1f} %")
        return Text(f"{_number(done, unit)}/{_quantity(task.total, unit)}")


class _Rate(ProgressColumn):
    """Units a second: of late while it runs, over all when it is over."""

    def render(self, task: Task) -> Text:
        if task.fields["unit"] == SHARE:
            return Text("")
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{_quantity(speed, task.fields['unit'])}/s")


class _Left(ProgressColumn):
    """Time left while it runs, time taken when it is over."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.finished:
            return Text(duration(task.finished_time or 0.0))
        left = task.time_remaining
        return Text("" if left is None else f"{duration(left)} left")


class Display(RichProgress):
    """A bar for the total, and a line below it."""

    def __init__(self, rate_over_s: float) -> None:
        self.second_line: Callable[[], tuple[str, str]] = lambda: ("", "")
        self._task: TaskID | None = None
        self._before: tuple[TextIO, TextIO] | None = None
        super().__init__(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=6)),
            _Amount(),
            _Rate(),
            _Left(),
            console=ShownConsole(file=drawing_on(sys.stderr)),
            speed_estimate_period=rate_over_s,
            expand=True,
            # What is printed meanwhile goes to standard output, wherever that was sent to.
            redirect_stdout=sys.stdout.isatty(),
        )

    def start(self) -> None:
        """Begin to draw. What is printed meanwhile goes through rich, which obeys its escapes."""
        self._before = sys.stdout, sys.stderr
        super().start()
        sys.stdout, sys.stderr = ShownText.over(sys.stdout), ShownText.over(sys.stderr)

    def stop(self) -> None:
        """Draw for the last time."""
        super().stop()
        if self._before is not None:
            sys.stdout, sys.stderr = self._before
            self._before = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.second_line = lambda: ("", "")
        super().__exit__(kind, error, trace)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return the bars, and the line below them when there is something to say."""
        yield self.make_tasks_table(self.tasks)
        what, counts = self.second_line()
        if what or counts:
            yield _line(visible(what), counts, self.console.width)

    def begin(self, task: str, total: int | None, unit: str) -> None:
        """Add a bar."""
        self._task = self.add_task(visible(task), total=total, unit=unit)

    def move(self, done: int) -> None:
        """Move the bar on."""
        if self._task is None:
            raise absent("the bar of the progress")
        self.advance(self._task, done)

    def end(self) -> None:
        """Let the bar stand as it is; one without a total is full now."""
        if self._task is None:
            raise absent("the bar of the progress")
        task = next(each for each in self.tasks if each.id == self._task)
        if task.total is None:
            self.update(self._task, total=task.completed)
        self.stop_task(self._task)
        self._task = None


def _line(what: str, counts: str, width: int) -> RenderableType:
    """What is being worked on, then the counts; the name gives way."""
    room = width - 2 - (cell_len(counts) + 3 if counts and what else cell_len(counts))
    named = shorten(what, max(room, 10), cell_len) if what else ""
    text = " - ".join(part for part in (named, counts) if part)
    return Text(f"  {text}", style="dim", no_wrap=True, overflow="ellipsis")


def _quantity(value: float, unit: str) -> str:
    if unit == "bytes":
        return decimal(int(value))
    return f"{value:,.0f} {unit}".rstrip()


def _number(value: float, unit: str) -> str:
    return decimal(int(value)) if unit == "bytes" else f"{value:,.0f}"
