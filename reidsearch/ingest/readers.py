"""How many threads read crops: as few as keep the model busy."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

FIRST_S = 0.02
"""Sixteen crops of people are read in a fifth of it, photographs take far longer."""
AHEAD = 4
"""After so many results that had not to be waited for, one thread fewer reads."""


class Readers:
    """Lets one thread of a pool work, and more while results have to be waited for.

    Threads of Python get in each other's way, and in that of whoever feeds the model: three take
    a third more processor time than one to read the same crops.

    Args:
        most: threads of the pool.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._room = threading.Semaphore(1)
        self._allowed = 1
        self._waited = self._there = 0  # how many results running had to be waited for, or not
        self._begun = False

    def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work of a thread of the pool, once it is its turn."""
        with self._room:
            return work(*args, **kwargs)

    def result(self, future: Future[T]) -> T:
        """Return the next result; for use by one thread."""
        if not self._begun:  # the first one cannot be there yet
            self._begun = True
            with contextlib.suppress(TimeoutError):
                return future.result(FIRST_S)
            self._waited = 1
        if future.done():
            self._waited, self._there = 0, self._there + 1
        else:
            self._waited, self._there = self._waited + 1, 0
        if self._waited > 1 and self._allowed < self._most:
            self._allowed += 1
            self._room.release()
        elif self._there > AHEAD and self._allowed > 1 and self._room.acquire(blocking=False):
            self._allowed, self._there = self._allowed - 1, 0
        return future.result()
