"""How long and beside how much else footage is worked on for somebody who waits for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reidsearch.base.errors import InputError, Interrupted, Kind, StorageError

BEGINS_S = 60.0
"""Longer than that nobody waits for the first picture."""
WAITS_S = 20.0
"""So long somebody waits for their turn."""
_ASKED_EVERY_S = 0.25


def nobody_leaves() -> bool:
    """For a caller who waits until the end."""
    return False


class Patience:
    """Called before each step of a work; ends it when nobody waits any more.

    Args:
        left: tells whether nobody wants the result any more.
        begins_s: the work must have begun to give something after so many seconds.
    """

    def __init__(self, left: Callable[[], bool], begins_s: float = BEGINS_S) -> None:
        self._left, self._until = left, time.monotonic() + begins_s
        self._begun = False

    def __call__(self) -> None:
        """Go on.

        Raises:
            Interrupted: nobody wants it.
            InputError: (moment-not-reached) it took too long to begin.
        """
        if self._left():
            raise Interrupted("nobody waits for this footage any more")
        if not self._begun and time.monotonic() > self._until:
            raise InputError(
                "it takes too long to come to this moment: the file can only be read from its "
                "beginning",
                kind=Kind.MOMENT_NOT_REACHED,
            )

    def begun(self) -> None:
        """It gives something: from now on it may take as long as somebody takes it."""
        self._begun = True


class Slots:
    """Lets as many works run at once as there are cores; others wait for their turn."""

    def __init__(self, count: int | None = None, waits_s: float = WAITS_S) -> None:
        self._free = threading.BoundedSemaphore(count or os.cpu_count() or 1)
        self._waits_s = waits_s

    def take(self, patience: Callable[[], None]) -> Callable[[], None]:
        """Wait for a turn; return what gives it back, once however often it is called.

        Raises:
            StorageError: (playback-busy) it did not come in time.
            Interrupted, InputError: as `patience`.
        """
        until = time.monotonic() + self._waits_s
        while not self._free.acquire(timeout=_ASKED_EVERY_S):
            patience()
            if time.monotonic() > until:
                raise StorageError(
                    "this machine already works on as much footage as it can",
                    "try again in a moment",
                    kind=Kind.PLAYBACK_BUSY,
                )
        taken = [self._free]

        def give_back() -> None:
            if taken:
                taken.pop().release()

        return give_back

    @contextmanager
    def taken(self, patience: Callable[[], None]) -> Iterator[None]:
        """Hold a turn; raises as `take`."""
        give_back = self.take(patience)
        try:
            yield
        finally:
            give_back()
