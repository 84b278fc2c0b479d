"""What else names a source that was deleted: failures, runs, jobs, the queue, and what was moved.

Crops, places and spans of a source leave with it by the database's own rules. Other rows only
mention its name; they are looked through in the transaction that deletes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, delete, select, update

from reidsearch.domain.crops import CropIds
from reidsearch.domain.event_log import Event
from reidsearch.store import jobs, passing, queue, saved_erasing, tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.event_log import entries_of_cases, forget_details, mentions
from reidsearch.store.holds import held_cases
from reidsearch.store.identities.erase import ErasedIdentities
from reidsearch.store.tables.footage import footage_location
from reidsearch.store.tables.pictures import picture_object
from reidsearch.store.tables.retention import hold

MOST_MENTIONED = 1000
"""Places that are looked for within other texts (of failures, of jobs), which name few."""
_Value = TypeVar("_Value")
_INSIDE = ("!/", "#", ":")  # a member of a container, a box, a row
SETTINGS_ONLY = "FootageSettings("
"""How what a run was asked for begins where it names nothing."""
GONE = "names a source that was deleted"


def places_of(connection: Connection, crop_ids: CropIds, footage: Sequence[int]) -> frozenset[str]:
    """Return the places of crops and of whole sources of footage, before they are deleted."""
    found: set[str] = set()
    wanted = crop_ids.tolist()
    for part in _parts(wanted):
        at = select(tables.location.c.text).where(tables.location.c.crop_id.in_(part))
        found.update(connection.scalars(at))
    for part in _parts(list(footage)):
        at = select(footage_location.c.text).where(footage_location.c.source_id.in_(part))
        found.update(connection.scalars(at))
    return frozenset(found)


def digests_of(connection: Connection, crop_ids: CropIds, sources: Sequence[int]) -> frozenset[str]:
    """Return the SHA-256 of pictures, embeddings and sources, before they are deleted.

    A search with a copy of such a file, or a written copy of a crop, is known by them alone.
    """
    found: set[bytes] = set()
    for part in _parts(crop_ids.tolist()):
        for table in (tables.picture, picture_object, tables.embedding):
            held = select(table.c.sha256).where(table.c.crop_id.in_(part))
            found.update(connection.scalars(held))
    for part in _parts(list(sources)):
        held = select(tables.source.c.sha256).where(tables.source.c.id.in_(part))
        found.update(connection.scalars(held))
    return frozenset(digest.hex() for digest in found)


def forget(
    connection: Connection,
    places: frozenset[str],
    digests: frozenset[str],
    crop_ids: CropIds,
    erased: ErasedIdentities | None = None,
    searches: Sequence[int] = (),
) -> None:
    """Take what is deleted now out of the rows that only mention it.

    A name that something else in the archive still has stays. Of the event log, entries that name
    it, hold its digest, or searched with it lose their detail; not those of a case on hold.

    Args:
        searches: further entries that lose their detail.
    """
    gone = places - _held(connection, places)
    # What a run of an earlier version was asked for holds every path and list that it was given.
    run = tables.run.c
    named = (run.command != "") & ~run.command.startswith(SETTINGS_ONLY, autoescape=True)
    connection.execute(update(tables.run).where(named).values(command=""))
    names = erased.names if erased else frozenset()
    mentioning = set(mentions(connection, gone | digests, set(crop_ids.tolist()), names))
    kept = held_cases(connection)
    mentioning -= entries_of_cases(connection, kept)
    mentioning |= {*searches, *(erased.entries if erased else ())}
    renewed = erased.renewed if erased else None
    forget_details(connection, mentioning, "it named or showed what was deleted", renewed)
    ids = erased.ids if erased else frozenset()
    going = saved_erasing.Going(gone, digests, ids, searches, kept)
    saved_erasing.forget(connection, going, names)
    passing.empty(connection)  # nothing there tells whom it shows
    _forget_holds(connection, gone)
    if gone:
        _forget_failures(connection, gone)
        _forget_moves(connection, gone)
        jobs.forget(connection, gone, sorted(gone)[:MOST_MENTIONED])
        queue.forget(connection, gone)


def _forget_holds(connection: Connection, gone: frozenset[str]) -> None:
    """A hold that was released may name a file that is gone."""
    named = select(hold.c.id, hold.c.source).where(
        hold.c.source.is_not(None), hold.c.released_us.is_not(None)
    )
    for row in connection.execute(named).all():
        if row.source and any(row.source in place for place in gone):
            connection.execute(update(hold).where(hold.c.id == row.id).values(source=""))


def _held(connection: Connection, places: Iterable[str]) -> set[str]:
    held: set[str] = set()
    for part in _parts(sorted(places)):
        for text in (tables.location.c.text, footage_location.c.text):
            held.update(connection.scalars(select(text).where(text.in_(part))))
    return held


def _forget_failures(connection: Connection, gone: frozenset[str]) -> None:
    failure = tables.failure.c
    few = sorted(gone)[:MOST_MENTIONED]
    keys: list[bytes] = []
    mentioning: list[bytes] = []
    for key, text, message in connection.execute(
        select(failure.key, failure.text, failure.message)
    ):
        if _is_of(text, gone):
            keys.append(key)
        elif any(place in message for place in few):
            mentioning.append(key)
    for part in _parts(keys):
        connection.execute(delete(tables.failure).where(failure.key.in_(part)))
    for part in _parts(mentioning):
        connection.execute(update(tables.failure).where(failure.key.in_(part)).values(message=GONE))


def _is_of(text: str, gone: frozenset[str]) -> bool:
    """Tell whether a failure's place is one of these, or lies in one."""
    if text in gone:
        return True
    heads = (text.rpartition(mark)[0] for mark in _INSIDE)
    return any(head in gone for head in heads if head)


def _forget_moves(connection: Connection, gone: frozenset[str]) -> None:
    """A file that was moved alone is named by the record of that; folders are no source's name."""
    event = tables.event
    moves = connection.execute(
        select(event.c.id, event.c.detail).where(event.c.what == Event.RELOCATE.value)
    )
    numbers = [
        number
        for number, detail in moves
        if isinstance(detail, dict) and {detail.get("old"), detail.get("new")} & gone
    ]
    for part in _parts(numbers):
        connection.execute(delete(event).where(event.c.id.in_(part)))


def _parts(values: Sequence[_Value]) -> Iterable[Sequence[_Value]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
