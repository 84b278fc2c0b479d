"""The segments in a recorder's folder: which are finished, which grow, which are gone.

A folder is looked at again and again instead of being told of changes: network shares tell nothing.
A look is what `take_inventory` finds, so nothing here reads a folder.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reidsearch.base.errors import Refused
from reidsearch.base.locations import location_text
from reidsearch.base.reading import open_regular
from reidsearch.media.files.ended import has_ended
from reidsearch.media.files.inventory import Entry, Kind
from reidsearch.media.naming.source_facts import SourceNaming

ABANDONED_S = 600.0
"""What has not changed for so long is not written any more, whatever its container says."""

MARKED_AT_MOST = 100
"""Of those that wait, so many are marked by their first bytes: the oldest, which a recorder
overwrites first."""
MARK_BYTES = 65_536


class Mark(NamedTuple):
    """The first bytes of a file, by which other footage under its name is told from growth."""

    size_bytes: int
    digest: bytes


@dataclass(slots=True)
class Segment:
    """One video in a folder that is followed.

    Args:
        unchanged_since: by the clock of `Segments`.
        done: it was indexed, cannot be, or is somebody else's work now.
        ended: what its container says; asked once for every state of the file.
        mark: of this state, once it waits to be indexed.
        before: of an earlier state, which waited and was never indexed.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    unchanged_since: float
    camera: str | None = None
    start: dt.datetime | None = None
    done: bool = False
    ended: bool | None = None
    examined: bool = False
    mark: Mark | None = None
    before: Mark | None = None

    @property
    def location(self) -> str:
        """Its place as text that can be shown and stored."""
        return location_text(self.path)

    @property
    def fingerprint(self) -> str:
        """What an index run knows this state of the file by."""
        return f"{self.size_bytes}-{self.mtime_ns}"

    @property
    def mtime_s(self) -> float:
        """When it was last written, in seconds since 1970, by the clock of its disk."""
        return self.mtime_ns / 1e9

    @property
    def order(self) -> tuple[float, str]:
        """Where it stands among others: the oldest first."""
        return (self.start.timestamp() if self.start else self.mtime_s), self.path

    @property
    def stream(self) -> str:
        """What it is a segment of: its camera, or where that is not known its folder."""
        return self.camera or os.path.dirname(self.path) + os.sep  # noqa: PTH120


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found.

    Args:
        finished: there, and not indexed yet; oldest first.
        growing: how many are still written, or may be.
        gone: were there, were not indexed, and are no longer there.
        overwritten: other footage lies there now under the name of what was never indexed.
    """

    finished: tuple[Segment, ...]
    growing: int
    gone: tuple[Segment, ...]
    overwritten: tuple[Segment, ...] = ()


@dataclass
class Segments:
    """What is known of the segments in some folders, from look to look.

    Args:
        naming: tells camera and start from names.
        settle_s: so long a file must not have changed.
        held: which of some entries are indexed already, by path.
        clock: monotonic seconds; `wall`: seconds since 1970.
    """

    naming: SourceNaming
    settle_s: float
    held: Callable[[Sequence[Entry]], set[str]]
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    _known: dict[str, Segment] = field(default_factory=dict)

    def look(self, entries: Iterable[Entry], *, whole: bool = True) -> Looked:
        """Take in what lies there now.

        Args:
            whole: all folders could be read; else what was not found may still be there.
        """
        now, there, fresh = self.clock(), dict[str, Segment](), list[Entry]()
        for entry in entries:
            if entry.kind is not Kind.VIDEO:
                continue
            known = self._known.get(entry.path)
            if known and (known.size_bytes, known.mtime_ns) == (entry.size_bytes, entry.mtime_ns):
                there[entry.path] = known
                continue
            fresh.append(entry)
            there[entry.path] = self._segment(entry, known, now)
        gone = self._gone(there, fresh) if whole else ()
        self._take_in(fresh, there)
        self._known = there if whole else {**self._known, **there}
        open_ones = [one for one in there.values() if not one.done]
        newest = self._newest(open_ones)
        finished = [one for one in open_ones if self._finished(one, now, newest)]
        finished.sort(key=lambda one: one.order)
        overwritten = tuple(one for one in finished if _overwritten(one))
        for one in finished[:MARKED_AT_MOST]:
            self._mark(one)
        return Looked(tuple(finished), len(open_ones) - len(finished), gone, overwritten)

    def _segment(self, entry: Entry, known: Segment | None, now: float) -> Segment:
        since = now
        if known is None:  # it may have lain there for long; a share's clock may be another
            since -= max(0.0, self.wall() - entry.mtime_ns / 1e9)
        before = None if known is None or known.done else known.mark or known.before
        return Segment(entry.path, entry.size_bytes, entry.mtime_ns, since, before=before)

    def _gone(self, there: dict[str, Segment], fresh: Sequence[Entry]) -> tuple[Segment, ...]:
        """Return what is no longer there; what was renamed is there by its new name."""
        renamed = {(one.size_bytes, one.mtime_ns) for one in fresh}
        return tuple(
            one
            for path, one in self._known.items()
            if path not in there
            and not one.done
            and one.size_bytes
            and (one.size_bytes, one.mtime_ns) not in renamed
        )

    def _take_in(self, fresh: Sequence[Entry], there: dict[str, Segment]) -> None:
        held = self.held(fresh) if fresh else set()
        for entry in fresh:
            segment = there[entry.path]
            segment.done = entry.path in held
            if not segment.done:
                facts = self.naming.facts(segment.location, None).facts
                segment.camera, segment.start = facts.camera, facts.clock.start

    def _newest(self, segments: Iterable[Segment]) -> dict[str, tuple[float, str]]:
        newest: dict[str, tuple[float, str]] = {}
        for one in segments:
            newest[one.stream] = max(newest.get(one.stream, one.order), one.order)
        return newest

    def _finished(self, one: Segment, now: float, newest: dict[str, tuple[float, str]]) -> bool:
        quiet_s = now - one.unchanged_since
        if not one.size_bytes or quiet_s < self.settle_s:
            return False
        if quiet_s >= ABANDONED_S or newest[one.stream] > one.order:
            return True
        try:
            return self._ended(one)
        except (OSError, Refused):
            return False  # it has gone, or its disk has; the next look will tell

    def _ended(self, one: Segment) -> bool:
        if not one.examined:
            one.ended, one.examined = has_ended(one.path), True
        return one.ended is not False

    def _mark(self, one: Segment) -> None:
        """Mark one that waits; not one that was never closed, whose start may be written anew."""
        with contextlib.suppress(OSError, Refused):
            if one.mark is None and self._ended(one):
                one.mark = _mark_of(one.path, min(MARK_BYTES, one.size_bytes))


def _overwritten(one: Segment) -> bool:
    before, one.before = one.before, None
    try:
        return before is not None and _mark_of(one.path, before.size_bytes) != before
    except (OSError, Refused):
        one.before = before
        return False


def _mark_of(path: str, size_bytes: int) -> Mark:
    with os.fdopen(open_regular(path), "rb") as file:
        return Mark(size_bytes, hashlib.sha256(file.read(size_bytes)).digest())
