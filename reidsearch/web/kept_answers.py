"""Answers that a page has just shown, for what it asks of them after it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")
KEPT_S = 60.0
MOST = 32


class KeptAnswers(Generic[Found]):
    """Answers by who asked for what, each to be taken once; threads may share it.

    So that what follows on a page is of the answer on it, and no second search is made, and
    recorded, for it. Another process does not have them: there the search is made again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, Found]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: Hashable, answer: Found) -> None:
        """Keep an answer for a minute."""
        at = self._clock()
        with self._lock:
            self._kept[key] = at, answer
            self._kept.move_to_end(key)
            while len(self._kept) > MOST or self._oldest_s(at) > KEPT_S:
                self._kept.popitem(last=False)

    def take(self, key: Hashable) -> Found | None:
        """Return a kept answer, and keep it no longer; None: there is none."""
        at = self._clock()
        with self._lock:
            since, answer = self._kept.pop(key, (at, None))
        return answer if at - since <= KEPT_S else None

    def _oldest_s(self, at: float) -> float:
        return at - next(iter(self._kept.values()))[0]
