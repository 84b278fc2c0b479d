"""How long work tells how far it is; the library never prints, it is handed a `Progress`."""

from __future__ import annotations

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
