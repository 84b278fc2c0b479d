"""The event log: reading it, proving it, sealing it.

with Archive.open("archive") as archive:
    for entry in archive.log.entries(last=20):
        print(entry.number, entry.event, entry.actor)
    assert archive.log.faults() == []
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from reidsearch.base.errors import DECODING_ERRORS, InputError, UsageError
from reidsearch.base.reading import read_bytes
from reidsearch.base.timecode import now
from reidsearch.domain.event_log import Event, LogEntry, LogFault, Seal
from reidsearch.store import log_reading as held
from reidsearch.store.crops.store import Store
from reidsearch.store.seals import LARGEST, kept_seals, read_seal, seal_now


class EventLogService:
    """The event log of one archive."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def kept(self) -> bool:
        """Whether the archive keeps a log; that is decided when it is made."""
        return self._store.logged

    def entries(
        self,
        *,
        last: int | None = None,
        events: Sequence[Event] = (),
        case: str | None = None,
        actor: str | None = None,
    ) -> Iterator[LogEntry]:
        """Yield entries, oldest first.

        Args:
            last: the newest so many of those that the rest chooses; None: all.
            events: of these kinds; none: of all.
            case, actor: of this case, by this name; None: of all.
        """
        return held.entries(self._store, last=last, events=events, case=case, actor=actor)

    def exported(self, name: str, sha256: str, size_bytes: int, what: str) -> None:
        """Record that a file was written of what the archive holds: `what` names the command."""
        detail = {"name": name, "sha256": sha256, "bytes": size_bytes, "by": what}
        held.record(self._store, Event.EXPORT, detail)

    def seal(self) -> Seal:
        """Seal the log as it is now: keep up to where it goes, and return that.

        Raises:
            UsageError: the archive keeps no log.
            StorageError: it cannot be written.
        """
        made = seal_now(self._store)
        if made is None:
            raise UsageError(f"{self._store.location} was made without an event log")
        return made

    def seal_daily(self) -> Seal | None:
        """Seal the log where it has entries of another day than its newest seal; else None.

        Days are those of UTC. Whoever writes calls it, so that a day with entries has a seal from
        the next one at the latest.
        """
        last = held.head(self._store)
        if last is None or last.event is Event.SEAL:
            return None
        sealed = self.seals()
        since = sealed[-1].at if sealed else self._first()
        return self.seal() if _day(since) < _day(now()) else None

    def _first(self) -> dt.datetime:
        return next(held.entries(self._store)).at

    def seals(self) -> list[Seal]:
        """Return the seals in the archive's folder, in their order.

        Raises:
            ArchiveError: one is damaged.
        """
        return kept_seals(self._store)

    def faults(self, further: Sequence[Path] = ()) -> list[LogFault]:
        """Prove the log; return where it does not hold, the first first.

        Args:
            further: seals that were kept elsewhere.

        Raises:
            InputError: one of them cannot be read, or is of another archive.
            ArchiveError: a row or a seal is damaged.
        """
        given = [self._given(path) for path in further]
        return held.log_faults(self._store, [*self.seals(), *given])

    def _given(self, path: Path) -> Seal:
        try:
            seal = read_seal(read_bytes(path, LARGEST))
        except DECODING_ERRORS as error:
            raise InputError(f"{path} is no seal of an event log: {error}") from error
        if seal.archive_id != self._store.row.uuid:
            raise InputError(f"{path} is a seal of another archive ({seal.archive_id})")
        return seal


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(dt.UTC).date()
