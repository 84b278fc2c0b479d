"""The event log in the database: appending to it, reading it, erasing details.

An entry is written in the transaction that does what it says. Who did it, and whether the archive
keeps a log at all, come with the connection that `Store.write` gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from reidsearch.base.actor import Author
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.base.version import __version__
from reidsearch.domain.event_log import (
    BEFORE_FIRST,
    Event,
    LogEntry,
    LogFault,
    canonical,
    committed,
    faults,
    new_salt,
)
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.identities import decision

PROGRAM = f"reidsearch {__version__}"
ROWS_AT_ONCE = 500


def append(
    connection: Connection, event: Event, detail: Mapping[str, Any], *, actor: str | None = None
) -> int | None:
    """Add an entry, in the transaction that does what it says.

    Args:
        connection: that `Store.write` gave.
        detail: what was done: numbers, texts, digests; no pictures.
        actor: who did it; None: who acts on this connection.

    Returns:
        Its number; None: the archive keeps no log.
    """
    options = connection.get_execution_options()
    if not options["logged"]:
        return None
    author: Author = options["author"]
    last = _last(connection) or _append(connection, Event.BEGIN, _held(connection), author, None)
    if actor is not None:
        author = Author(actor, author.case)
    return _append(connection, event, detail, author, last).number


def _append(
    connection: Connection,
    event: Event,
    detail: Mapping[str, Any],
    author: Author,
    last: LogEntry | None,
) -> LogEntry:
    text, salt = canonical(detail).decode(), new_salt()
    entry = LogEntry(
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
    connection.execute(
        insert(log_entry).values(
            id=entry.number,
            at_us=to_us(entry.at),
            event=entry.event.value,
            actor=entry.actor,
            case_number=entry.case,
            program=entry.program,
            content=entry.content,
            previous=entry.previous,
            salt=entry.salt,
            detail=entry.detail,
        )
    )
    return entry


def _last(connection: Connection) -> LogEntry | None:
    newest = select(log_entry).where(intact(log_entry)).order_by(log_entry.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return _entry(row) if row else None


@reads(log_entry)
def _entry(row: Row[Any]) -> LogEntry:
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


def head(store: Store) -> LogEntry | None:
    """Return the last entry; None: there is none."""
    newest = select(log_entry).order_by(log_entry.c.id.desc()).limit(1)
    with store.read() as connection:
        row = connection.execute(newest).one_or_none()
    return _entry(row) if row else None


def entries(
    store: Store,
    *,
    after: int = 0,
    last: int | None = None,
    events: Sequence[Event] = (),
    case: str | None = None,
    actor: str | None = None,
) -> Iterator[LogEntry]:
    """Yield entries in their order, read some hundreds at once.

    Args:
        after: those behind this number.
        last: the newest so many, after all filters; None: all.
        events: of these kinds; none: of all.
        case, actor: of this case, by this name; None: of all.
    """
    c = log_entry.c
    chosen = select(log_entry).order_by(c.id)
    if events:
        chosen = chosen.where(c.event.in_([one.value for one in events]))
    if case is not None:
        chosen = chosen.where(c.case_number == case)
    if actor is not None:
        chosen = chosen.where(c.actor == actor)
    if last is not None:
        newest = chosen.with_only_columns(c.id).order_by(None).order_by(c.id.desc()).limit(last)
        with store.read() as connection:
            numbers = connection.scalars(newest).all()
        after = max(after, min(numbers, default=1) - 1) if numbers else after
    while True:
        with store.read() as connection:
            rows = connection.execute(chosen.where(c.id > after).limit(ROWS_AT_ONCE)).all()
        if not rows:
            return
        yield from map(_entry, rows)
        after = rows[-1].id


# -- what else is bound to it ---------------------------------------------------------------


def decision_digest(row: Row[Any]) -> str:
    """Return the SHA-256 of a decision as it is stored, in hexadecimal."""
    names = ("id", "at_us", "who", "what", "note", "forced", "undoes", "changes")
    return hashlib.sha256(canonical({name: getattr(row, name) for name in names})).hexdigest()


def record_decision(connection: Connection, decision_id: int) -> None:
    """Add the entry of a decision that was just stored."""
    row = connection.execute(select(decision).where(decision.c.id == decision_id)).one()
    detail = {
        "decision": row.id,
        "what": row.what,
        "note": row.note,
        "undoes": row.undoes,
        "changes": len(row.changes),
        "sha256": decision_digest(row),
    }
    append(connection, Event.DECISION, detail, actor=row.who)


def _held(connection: Connection) -> dict[str, Any]:
    """What an archive holds when its log begins: its decisions are bound to the log by a digest."""
    rows = connection.execute(select(decision).where(intact(decision)).order_by(decision.c.id))
    digests = [decision_digest(row) for row in rows]
    count = select(func.count()).select_from(tables.crop)
    return {
        "archive_id": connection.scalar(select(tables.archive.c.uuid)),
        "crops": connection.scalar(count),
        "decisions": len(digests),
        "decisions_sha256": _joined(digests),
    }


def _joined(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def decision_faults(store: Store) -> Iterator[LogFault]:
    """Find decisions that are not those of the log: changed, dropped, or added past it."""
    rows = select(decision).order_by(decision.c.id)
    with store.read() as connection:
        held = {row.id: decision_digest(row) for row in connection.execute(rows)}
    told = entries(store, events=[Event.BEGIN, Event.DECISION])
    begin = next(told, None)
    if begin is None:
        return
    first, known = begin.said or {}, set()
    for entry in told:
        detail = entry.said or {}
        number = detail.get("decision")
        known.add(number)
        if detail and held.get(number) != detail.get("sha256"):
            gone = "gone" if number not in held else "not what was decided"
            yield LogFault(entry.number, f"decision {number} is {gone}")
    before = [held[number] for number in sorted(held.keys() - known)]
    if first and (len(before), _joined(before)) != (first["decisions"], first["decisions_sha256"]):
        yield LogFault(begin.number, "the decisions before it, or outside of it, are others")


def log_faults(store: Store, seals: Iterable[Any] = ()) -> list[LogFault]:
    """Return where the log does not hold, the first first; see `domain.event_log.faults`."""
    with store.one_state():
        found = [*faults(entries(store), seals), *decision_faults(store)]
    return sorted(found, key=lambda fault: fault.number)


# -- erasing --------------------------------------------------------------------------------


def forget_details(connection: Connection, numbers: Iterable[int], why: str) -> int:
    """Erase what entries say in detail, and record that; the chain holds without it.

    Returns:
        How many had a detail that was erased.
    """
    c = log_entry.c
    gone: list[int] = []
    for part in chunks(sorted(set(numbers))):
        told = select(c.id).where(c.id.in_(part), c.detail.is_not(None), intact(log_entry))
        held = connection.scalars(told).all()
        gone += held
        connection.execute(update(log_entry).where(c.id.in_(held)).values(salt=None, detail=None))
    if gone:
        append(connection, Event.FORGET, {"entries": gone, "why": why})
    return len(gone)
