"""Who looks at what, for the event log: an entry a viewing, not one a request.

Looked at are footage, people, tracklets and matches; single pictures and lists are not recorded.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from reidsearch.archive import Archive
from reidsearch.base.actor import Author
from reidsearch.domain.event_log import Shown

AGAIN_AFTER_S = 600
"""Playing asks for many stretches and stills, and pages are loaded again after each decision: all
of somebody within this time are one viewing."""
FOOTAGE = "footage"
MOST = 10_000


class Views:
    """What was looked at lately, by whom and for which case; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[Author, str, int], float] = OrderedDict()
        self._lock = threading.Lock()

    def seen(self, archive: Archive, who: Author, source_id: int) -> None:
        """Record that somebody, who acts now, looks at a source, unless it was lately."""
        self._once((who, FOOTAGE, source_id), lambda: archive.log.viewed(source_id))

    def opened(self, archive: Archive, who: Author, what: Shown, number: int) -> None:
        """Record that somebody, who acts now, looks at something, unless it was lately."""
        self._once((who, what, number), lambda: archive.log.opened(what, number))

    def _once(self, key: tuple[Author, str, int], record: Callable[[], None]) -> None:
        at = self._clock()
        with self._lock:
            last = self._seen.get(key)
        if last is not None and at - last < AGAIN_AFTER_S:
            return
        record()  # where that is refused, nothing is shown
        with self._lock:
            self._seen[key] = at
            self._seen.move_to_end(key)
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
