"""Who looks at which footage, for the event log: an entry a viewing, not one a request."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from reidsearch.archive import Archive
from reidsearch.base.actor import Author

AGAIN_AFTER_S = 600
"""Playing asks for many stretches and stills: all of somebody within this time are one viewing."""
MOST = 10_000


class Views:
    """What was looked at lately, by whom and for which case; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[Author, int], float] = OrderedDict()
        self._lock = threading.Lock()

    def seen(self, archive: Archive, who: Author, source_id: int) -> None:
        """Record that somebody, who acts now, looks at a source, unless it was lately."""
        key, at = (who, source_id), self._clock()
        with self._lock:
            last = self._seen.get(key)
        if last is not None and at - last < AGAIN_AFTER_S:
            return
        archive.log.viewed(source_id)  # where that is refused, nothing is shown
        with self._lock:
            self._seen[key] = at
            self._seen.move_to_end(key)
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
