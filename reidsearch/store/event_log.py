"""Appending to the event log, and erasing details in it; reading it: `log_reading.py`.

An entry is written in the transaction that does what it says. Who did it, and whether the archive
keeps a log at all, come with the connection that `Store.write` gives.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from reidsearch.base.actor import Author
from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.base.version import __version__
from reidsearch.domain.event_log import (
    BEFORE_FIRST,
    QUESTIONS,
    Event,
    LogEntry,
    canonical,
    committed,
    new_salt,
)
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.identities import decision

PROGRAM = f"reidsearch {__version__}"
ROWS_AT_ONCE = 500
LARGEST_NUMBER = 2**53 - 1
"""Of canonical JSON."""
_NAMING = (*QUESTIONS, Event.RELOCATE, Event.EXPORT, Event.PHOTO, Event.SAVED)
"""Events whose details name sources, or show what somebody searched with or wrote."""
_ASKED = (
    *(Event.SEARCH, Event.EXPLAIN, Event.NEARBY, Event.COMPANY, Event.DISTANCE),
    Event.SAVED,
)
"""Events whose details hold whom somebody asked for."""


def append(
    connection: Connection, event: Event, detail: Mapping[str, Any], *, actor: str | None = None
) -> LogEntry | None:
    """Add an entry, in the transaction that does what it says.

    Args:
        connection: that `Store.write` gave.
        detail: what was done: numbers, texts, digests; no pictures.
        actor: who did it; None: who acts on this connection.

    Returns:
        It; None: the archive keeps no log.
    """
    made = append_all(connection, event, [detail], actor=actor)
    return made[0] if made else None


def append_all(
    connection: Connection,
    event: Event,
    details: Sequence[Mapping[str, Any]],
    *,
    actor: str | None = None,
) -> list[LogEntry]:
    """Add an entry for each of these details, as `append` does, together.

    Returns:
        Them, in that order; none where the archive keeps no log.
    """
    options = connection.get_execution_options()
    if not details or not options["logged"]:
        return []
    author: Author = options["author"]
    last = _last(connection)
    made: list[LogEntry] = []
    if last is None:
        decided = details[0]["decision"] if event is Event.DECISION else None
        made.append(_entry(Event.BEGIN, _held(connection, decided), author, None))
    begun = len(made)
    if actor is not None:
        author = Author(actor, author.case)
    for detail in details:
        made.append(_entry(event, detail, author, made[-1] if made else last))
    connection.execute(insert(log_entry), [_row(one) for one in made])
    return made[begun:]


def _entry(
    event: Event, detail: Mapping[str, Any], author: Author, last: LogEntry | None
) -> LogEntry:
    text, salt = canonical(detail).decode(), new_salt()
    return LogEntry(
        number=last.number + 1 if last else 1,
        at=now(),
        event=event,
        actor=author.name,
        case=author.case,
        program=PROGRAM,
        content=committed(text, salt),
        previous=last.digest if last else BEFORE_FIRST,
        salt=salt,
        detail=text,
    )


def _row(entry: LogEntry) -> dict[str, Any]:
    return {
        "id": entry.number,
        "at_us": to_us(entry.at),
        "event": entry.event.value,
        "actor": entry.actor,
        "case_number": entry.case,
        "program": entry.program,
        "content": entry.content,
        "previous": entry.previous,
        "salt": entry.salt,
        "detail": entry.detail,
    }


def _last(connection: Connection) -> LogEntry | None:
    # Not proven: a damaged row is named by `check`, and must not stop searches and deletions. The
    # next entry follows it as it stands, so the damage shows in the chain as well.
    newest = select(log_entry).order_by(log_entry.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return read_entry(row) if row else None


@reads(log_entry)
def read_entry(row: Row[Any]) -> LogEntry:
    """Return the entry of a row of the table."""
    if not 0 < row.id <= LARGEST_NUMBER:
        raise ValueError("an entry cannot have this number")
    return LogEntry(
        number=row.id,
        at=from_us(row.at_us),
        event=Event(row.event),
        actor=row.actor,
        case=row.case_number,
        program=row.program,
        content=row.content,
        previous=row.previous,
        salt=row.salt,
        detail=row.detail,
    )


# -- what else is bound to it ---------------------------------------------------------------


def decision_digest(row: Row[Any]) -> str:
    """Return the SHA-256 of a decision as it is stored, in hexadecimal."""
    names = ("id", "at_us", "who", "what", "note", "forced", "undoes", "changes")
    return hashlib.sha256(canonical({name: getattr(row, name) for name in names})).hexdigest()


def record_decision(
    connection: Connection, decision_id: int, *, merged_from: str | None = None
) -> None:
    """Add the entry of a decision that was just stored.

    Args:
        merged_from: the archive in which it was taken; the entry is then of who merges, and names
            who has decided. None: it was taken here.
    """
    row = connection.execute(select(decision).where(decision.c.id == decision_id)).one()
    detail = {
        "decision": row.id,
        "what": row.what,
        "note": row.note,
        "undoes": row.undoes,
        "changes": len(row.changes),
        "sha256": decision_digest(row),
    }
    if merged_from is None:
        append(connection, Event.DECISION, detail, actor=row.who)
    else:
        append(connection, Event.DECISION, {**detail, "who": row.who, "merged_from": merged_from})


def entries_of_decisions(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Return the entry of each of these decisions; those from before the log have none.

    An entry whose detail was erased is found by what the forgetting has recorded.
    """
    c, wanted = log_entry.c, set(numbers)
    told = select(c.id, c.event, c.detail).where(
        c.event.in_((Event.DECISION, Event.FORGET)), c.detail.is_not(None), intact(log_entry)
    )
    found: dict[int, int] = {}
    for row in connection.execute(told.order_by(c.id)):
        said = json.loads(row.detail)
        if row.event == Event.DECISION:
            found[said["decision"]] = row.id
        for one in said.get("decisions", ()) if row.event == Event.FORGET else ():
            found[one["decision"]] = row.id
    return {number: entry for number, entry in found.items() if number in wanted}


def _held(connection: Connection, made: int | None) -> dict[str, Any]:
    """What an archive holds when its log begins: its decisions are bound to the log by a digest.

    Args:
        made: the decision that is being made, which has an entry of its own.
    """
    rows = connection.execute(select(decision).where(intact(decision)).order_by(decision.c.id))
    digests = [decision_digest(row) for row in rows if row.id != made]
    count = select(func.count()).select_from(tables.crop)
    return {
        "archive_id": connection.scalar(select(tables.archive.c.uuid)),
        "crops": connection.scalar(count),
        "decisions": len(digests),
        "decisions_sha256": joined(digests),
    }


def joined(digests: Iterable[str]) -> str:
    """Return the SHA-256 of the digests of decisions, one after the other, in hexadecimal."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


# -- erasing --------------------------------------------------------------------------------


def entries_of_cases(connection: Connection, cases: Set[str]) -> set[int]:
    """Return the entries of these cases."""
    of = log_entry.c.case_number.in_(cases)
    return set(connection.scalars(select(log_entry.c.id).where(of)))


def searches_of(connection: Connection, case: str) -> tuple[int, ...]:
    """Return the entries of a case that hold what was searched with, and have a detail."""
    c = log_entry.c
    asked = c.event.in_(_ASKED) & c.detail.is_not(None)
    found = select(c.id).where(c.case_number == case, asked).order_by(c.id)
    return tuple(connection.scalars(found))


def mentions(
    connection: Connection,
    texts: Set[str],
    crop_ids: Set[int],
    names: Set[str] = frozenset(),
) -> Iterator[int]:
    """Yield the entries that hold one of these texts, or were asked with these crops.

    With a search goes the entry of what it gave.

    Args:
        texts: places, and digests in hexadecimal.
        names: of identities that were searched for, or written down.
    """
    c = log_entry.c
    told = select(c.id, c.detail).where(c.detail.is_not(None), c.event.in_(_NAMING)).order_by(c.id)
    found: set[int] = set()
    for row in connection.execute(told.execution_options(yield_per=ROWS_AT_ONCE)):
        try:
            said = json.loads(row.detail)  # all of the log: `parse_json` takes twice as long
            held = not texts.isdisjoint(_texts(said)) or said.get("search") in found
            held = held or not crop_ids.isdisjoint(asked_with(said))
            held = held or (bool(names) and _names(said, names))
        except (RecursionError, *DECODING_ERRORS):
            continue  # a damaged row is for `check`, and hinders no deletion
        if held:
            found.add(row.id)
            yield row.id


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else ():
        yield from _texts(one)
    for one in value if isinstance(value, list) else ():
        yield from _texts(one)


def _names(said: dict[str, Any], names: Set[str]) -> bool:
    """Tell whether a search was for one of these identities, or a file is named like one."""
    searched = (said.get("statement", {}).get("identity") or {}).get("name")
    written = str(said.get("name", ""))
    return searched in names or any(name in written for name in names)


def asked_with(said: dict[str, Any]) -> Iterator[int]:
    """Yield the crops that a search, an explanation or a look around was asked with."""
    statement = said.get("statement", {})
    pictures = statement.get("query_pictures") or [said.get("query_picture")]
    for one in pictures:
        if one and one.get("crop_id") is not None:
            yield one["crop_id"]
    yield from statement.get("crops") or ()
    marked = statement.get("feedback") or {}
    yield from (*marked.get("likes", ()), *marked.get("unlikes", ()))


def forget_details(
    connection: Connection,
    numbers: Iterable[int],
    why: str,
    renewed: Mapping[str, Any] | None = None,
) -> int:
    """Erase what entries say in detail, and record that; the chain holds without it.

    Args:
        renewed: what the record holds of decisions that were changed with it.

    Returns:
        How many had a detail that was erased.
    """
    c = log_entry.c
    gone: list[int] = []
    again: set[int] = set()
    told: dict[str, Any] = dict(renewed or {})
    for part in chunks(sorted(set(numbers))):
        held = connection.execute(
            select(c.id, c.event, c.detail).where(
                c.id.in_(part), c.detail.is_not(None), intact(log_entry)
            )
        ).all()
        for row in held:
            if row.event == Event.FORGET:
                said = json.loads(row.detail)
                again |= set(said["entries"])
                told = _said_again(said, told)
        ids = [row.id for row in held]
        gone += ids
        connection.execute(update(log_entry).where(c.id.in_(ids)).values(salt=None, detail=None))
    if gone or renewed:
        append(connection, Event.FORGET, {**told, "entries": sorted(again.union(gone)), "why": why})
    return len(gone)


def _said_again(earlier: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record of forgetting says now that an earlier one loses its own detail."""
    decisions = {one["decision"]: one for one in earlier.get("decisions", ())}
    decisions |= {one["decision"]: one for one in told.get("decisions", ())}
    return {**earlier, **told, "decisions": [one for _, one in sorted(decisions.items())]}
