"""How long work tells how far it is; the library never prints, it is handed a `Progress`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, pairwise
from typing import Protocol


class Progress(Protocol):
    """A sink for progress; implementations live in `reidsearch.output.progress`."""

    def begin(self, task: str, total: int | None, unit: str) -> None:
        """Start a task: its name, how many units it has (None: not known), what a unit is."""
        ...

    def advance(self, done: int = 1, /, **counts: int) -> None:
        """Finish `done` more units; `counts` are running totals worth showing."""
        ...

    def working_on(self, what: str) -> None:
        """Name what is being worked on just now; from any thread. Empty: nothing particular."""
        ...

    def end(self) -> None:
        """End the task that began last."""
        ...


class _Silent:
    """Says nothing."""

    def begin(self, task: str, total: int | None, unit: str) -> None:
        """Nothing."""

    def advance(self, done: int = 1, /, **counts: int) -> None:
        """Nothing."""

    def working_on(self, what: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


NO_PROGRESS: Progress = _Silent()
"""Progress that reports nothing."""


SHARE = "0.01 %"
"""The unit of a total that is made of parts of different kinds: hundredths of a per cent."""


@contextmanager
def parts(
    progress: Progress, task: str, weights: Sequence[int], unit: str = SHARE
) -> Iterator[Parts]:
    """Make one task of several: a total that moves on through all of them, one after another.

    Args:
        weights: of the parts, about as long as each takes; in units of the total where one is
            given, else of any sum.

    Example:
        >>> with parts(progress, "checking", [rows, rows, 10]) as whole:
        ...     check_pictures(whole)  # begins, advances and ends as on its own
    """
    if unit == SHARE:
        reached = [10_000 * part // max(sum(weights), 1) for part in accumulate(weights, initial=0)]
        weights = [after - before for before, after in pairwise(reached)]
    progress.begin(task, sum(weights), unit)
    whole = Parts(progress, weights)
    try:
        yield whole
        whole.finish()
    finally:
        progress.end()


class Parts:
    """The progress of the parts of one task: what is begun next is the next part."""

    def __init__(self, progress: Progress, weights: Sequence[int]) -> None:
        self._progress = progress
        self._weights = list(weights)
        self._depth = 0
        self._total: int | None = None  # of the part that runs
        self._done = 0
        self._told = 0  # of the part's weight

    def begin(self, task: str, total: int | None, unit: str) -> None:
        """Begin the next part; what is begun within it is only named."""
        self._depth += 1
        self._progress.working_on(task)
        if self._depth == 1:
            self._total, self._done, self._told = total, 0, 0

    def advance(self, done: int = 1, /, **counts: int) -> None:
        """Move the total on by the share of the part that is done."""
        if self._depth != 1 or not self._weights:
            return
        self._done += done
        share = min(self._done / self._total, 1.0) if self._total else 0.0
        self._tell(round(self._weights[0] * share), counts)

    def working_on(self, what: str) -> None:
        """Pass on."""
        self._progress.working_on(what)

    def end(self) -> None:
        """End a part, of whatever length it was."""
        self._depth -= 1
        if self._depth == 0:
            self.skip()

    def skip(self) -> None:
        """Take the next part, or the rest of it, as done."""
        if self._weights:
            self._tell(self._weights.pop(0), {})
        self._told = 0

    def finish(self) -> None:
        """Take all that is left as done: some parts were not needed."""
        while self._weights:
            self.skip()

    def _tell(self, reached: int, counts: dict[str, int]) -> None:
        if reached > self._told or counts:
            self._progress.advance(max(reached - self._told, 0), **counts)
            self._told = max(reached, self._told)


@contextmanager
def step(progress: Progress, task: str) -> Iterator[None]:
    """Name a step whose length nobody knows, while it takes."""
    progress.begin(task, None, "")
    try:
        yield
    finally:
        progress.end()
