"""Where footage lies: every place it was seen at, and folders that were moved as a whole.

What was moved is kept as events, so an archive that is handed on finds its footage where the
person who has it now says it lies.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from sqlalchemy import Connection, insert, select, update

from reidsearch.base.locations import location_text
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.event_log import Event
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.events import record_event, require_record
from reidsearch.store.location_keys import location_key
from reidsearch.store.tables import event
from reidsearch.store.tables.footage import footage, footage_location

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


@dataclass(frozen=True, slots=True)
class Relocation:
    """A folder, or a file, that was moved.

    Args:
        old: how the places begin that the archive knows.
        new: what stands there instead.
    """

    old: str
    new: str

    def of(self, place: str) -> str | None:
        """Return where a place lies now; None: it is not among those that were moved.

        Example:
            >>> Relocation(r"D:\\cctv", "/mnt/cctv").of(r"D:\\cctv\\gate\\1.mp4")
            '/mnt/cctv/gate/1.mp4'
        """
        windows = _WINDOWS.match(self.old) is not None
        kind = PureWindowsPath if windows else PurePosixPath
        if windows != (_WINDOWS.match(place) is not None):
            return None
        try:
            rest = kind(place).relative_to(kind(self.old)).parts
        except ValueError:
            return None
        into = PureWindowsPath if _WINDOWS.match(self.new) else PurePosixPath
        return str(into(self.new, *rest))


@dataclass(frozen=True, slots=True)
class SourceBytes:
    """One source of footage, and where its bytes may lie.

    Args:
        places: the likeliest first.
    """

    source_id: int
    sha256: str
    size_bytes: int
    places: tuple[str, ...]


def whole_path(path: str) -> str:
    """Return a path as places are stored: from the root on; one of another system as it is."""
    if _WINDOWS.match(path):
        return path
    return location_text(os.path.abspath(path))  # noqa: PTH100 - no resolve


def relocations(store: Store) -> list[Relocation]:
    """Return what was moved, in the order in which it was told."""
    told = select(event.c.detail).where(event.c.what == Event.RELOCATE).order_by(event.c.id)
    with store.read() as connection:
        return [Relocation(one["old"], one["new"]) for one in connection.scalars(told)]


def record_relocation(
    store: Store, moved: Relocation, found: Mapping[int, str], who: str, why: str
) -> None:
    """Keep that something was moved, with who said so and why, and show what is found there.

    Args:
        found: sources, and where they lie now.

    Raises:
        UsageError: who or why cannot be stored.
        StorageError: it cannot be written.
    """
    require_record(who, why)
    detail = {"old": moved.old, "new": moved.new, "actor": who, "why": why}
    with store.write() as connection:
        record_event(connection, Event.RELOCATE, detail)
        for source_id, now_at in found.items():
            show_at(connection, source_id, now_at)


def has_no_place(store: Store, source_id: int) -> bool:
    """Tell whether a source is held whose every place has other footage now."""
    where = footage_location.c
    held = select(footage.c.source_id).where(footage.c.source_id == source_id)
    there = select(where.key).where(where.source_id == source_id, where.replaced_us.is_(None))
    with store.read() as connection:
        return bool(connection.scalar(held)) and connection.scalars(there).first() is None


def bytes_of(store: Store, source_id: int | None = None) -> list[SourceBytes]:
    """Return where sources of footage may lie; None: all of them."""
    where = footage_location.c
    query = (
        select(footage.c.source_id, tables.source.c.sha256, tables.source.c.size_bytes)
        .select_from(footage)
        .join(tables.source)
        .order_by(footage.c.source_id)
    )
    known = select(where.source_id, where.text).order_by(
        where.source_id, where.replaced_us.is_not(None), where.own.desc(), where.text
    )
    if source_id is not None:
        query = query.where(footage.c.source_id == source_id)
        known = known.where(where.source_id == source_id)
    with store.read() as connection:
        rows = connection.execute(query).all()
        places: dict[int, list[str]] = {}
        for row in connection.execute(known):
            places.setdefault(row.source_id, []).append(row.text)
    moved = relocations(store)
    return [
        SourceBytes(
            row.source_id,
            row.sha256.hex(),
            row.size_bytes,
            tuple(candidates(places.get(row.source_id, ()), moved)),
        )
        for row in rows
    ]


def crops_at(store: Store, sha256: str, pts: int) -> list[int]:
    """Return the crops that were cut from one frame of footage with these bytes."""
    query = (
        select(tables.crop.c.id)
        .join(tables.source, tables.source.c.id == tables.crop.c.source_id)
        .join(footage, footage.c.source_id == tables.source.c.id)
        .where(tables.source.c.sha256 == bytes.fromhex(sha256), tables.crop.c.pts == pts)
    )
    with store.read() as connection:
        return list(connection.scalars(query.order_by(tables.crop.c.id)))


def candidates(places: Iterable[str], moved: Sequence[Relocation]) -> list[str]:
    """Return the places, and where they were moved to, once or more often; moved ones first."""
    found = list(places)
    for place in found:  # what was moved may have been moved on
        for one in moved:
            now = one.of(place)
            if now is not None and now not in found:
                found.append(now)
    known = set(places)
    return [*(place for place in reversed(found) if place not in known), *places]


def show_at(connection: Connection, source_id: int, location: str) -> None:
    """Show a source to be at a place from now on; its bytes there need not be verified yet."""
    where = footage_location.c
    key = location_key(location)
    of_source = where.source_id == source_id
    connection.execute(update(footage_location).where(of_source).values(own=False))
    known = connection.execute(
        update(footage_location).where(of_source, where.key == key).values(own=True)
    )
    if known.rowcount:
        return
    others = select(where.source_id).where(where.key == key, where.replaced_us.is_(None))
    connection.execute(
        insert(footage_location).values(
            key=key,
            source_id=source_id,
            text=location,
            fingerprint="",  # an index run hashes it
            facts="",
            own=True,
            replaced_us=to_us(now()) if connection.scalars(others).first() else None,
        )
    )
