"""The audit of the archive, which takes seconds: made when asked for, and kept for a while."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from reidsearch.archive import Archive
from reidsearch.base.timecode import now
from reidsearch.domain.audit import Audit

KEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit, and when it was made."""

    found: Audit
    at: dt.datetime


class KeptAudit:
    """The last audit; at most one is made at a time. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[float, Audited] | None = None
        self._making = threading.Lock()

    def of(self, archive: Archive) -> Audited:
        """Return an audit no older than ten minutes; waits while one is made."""
        with self._making:
            return self._fresh() or self._made(archive)

    def at_once(self, archive: Archive) -> Audited | None:
        """Return the same; None: somebody else's is being made, so ask again."""
        if (fresh := self._fresh()) is not None:
            return fresh
        if not self._making.acquire(blocking=False):
            return None
        try:
            return self._fresh() or self._made(archive)
        finally:
            self._making.release()

    def _fresh(self) -> Audited | None:
        kept = self._kept
        return kept[1] if kept is not None and self._clock() - kept[0] <= KEPT_S else None

    def _made(self, archive: Archive) -> Audited:
        made = Audited(archive.audit(), now())
        self._kept = self._clock(), made
        return made
