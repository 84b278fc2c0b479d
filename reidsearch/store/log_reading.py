"""Reading the event log, and proving it together with the decisions that are bound to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from reidsearch.base.errors import DECODING_ERRORS, ArchiveError
from reidsearch.domain.answers import WhyNotLogged
from reidsearch.domain.event_log import Event, LogEntry, LogFault, Seal, faults
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import damaged
from reidsearch.store.database.sqlite import LOWEST_ROW_ID
from reidsearch.store.event_log import append, decision_digest, joined, read_entry
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.identities import decision

ROWS_AT_ONCE = 500


def why_not_logged(store: Store) -> WhyNotLogged | None:
    """Return why nothing can be added to the log; None: it can.

    Only an archive that can be read and not written is left as it is; that a log cannot be written
    for another reason, such as a full disk, is an error of what should have an entry.
    """
    if not store.logged:
        return WhyNotLogged.NO_LOG
    return None if store.writable() else WhyNotLogged.READ_ONLY


def record(store: Store, event: Event, detail: Mapping[str, Any]) -> LogEntry | None:
    """Add an entry of something that changes nothing in the database, and return it.

    An archive that can only be read is left as it is.

    Raises:
        StorageError: it cannot be written.
    """
    if why_not_logged(store) is not None:
        return None
    with store.write() as connection:
        return append(connection, event, detail)


def newest_number(store: Store) -> int:
    """Return the number of the last entry; 0: there is none."""
    with store.scan() as connection:
        return connection.scalar(select(func.max(log_entry.c.id))) or 0


def entries(
    store: Store,
    *,
    after: int = LOWEST_ROW_ID,
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
        yield from map(read_entry, rows)
        after = rows[-1].id


def by_number(store: Store, numbers: Sequence[int]) -> dict[int, LogEntry]:
    """Return these entries, as far as they are there."""
    found = {}
    for part in chunks(numbers):
        chosen = select(log_entry).where(log_entry.c.id.in_(part))
        with store.read() as connection:
            found.update({row.id: read_entry(row) for row in connection.execute(chosen)})
    return found


def unproven_entries(store: Store, faults: list[LogFault]) -> Iterator[LogEntry]:
    """Yield entries in their order, damaged ones too, so that the chain tells what does not hold.

    Args:
        faults: takes the rows that are not as they were written; of those that are no entry at all
            none is yielded.
    """
    c = log_entry.c
    with store.scan() as connection:
        bent = set(connection.scalars(select(c.id).where(damaged(log_entry))))
    after = LOWEST_ROW_ID
    while True:
        with store.scan() as connection:
            further = select(c.id).where(c.id > after).order_by(c.id).limit(ROWS_AT_ONCE)
            numbers = connection.scalars(further).all()
        if not numbers:
            return
        chosen = select(log_entry).where(c.id > after, c.id <= numbers[-1]).order_by(c.id)
        if bent.isdisjoint(numbers):
            with store.scan() as connection:
                yield from map(read_entry, connection.execute(chosen).all())
        else:
            for number in numbers:
                try:
                    with store.scan() as connection:
                        row = connection.execute(chosen.where(c.id == number)).one()
                    yield read_entry(row)
                except ArchiveError:
                    bent.discard(number)
                    faults.append(LogFault(number, "its row is damaged and cannot be read"))
                else:
                    if number in bent:
                        text = "its row is damaged: it is not as it was written"
                        faults.append(LogFault(number, text))
        after = numbers[-1]


def decision_faults(store: Store) -> Iterator[LogFault]:
    """Find decisions that are not those of the log: changed, dropped, or added past it."""
    try:
        yield from _decision_faults(store)
    except ArchiveError as error:
        yield LogFault(1, f"decisions cannot be compared with the log: {error.message}")


def _decision_faults(store: Store) -> Iterator[LogFault]:
    rows = select(decision).order_by(decision.c.id)
    with store.read() as connection:
        held = {row.id: decision_digest(row) for row in connection.execute(rows)}
    kinds = (Event.BEGIN, Event.DECISION, Event.FORGET)
    told = (one for one in unproven_entries(store, []) if one.event in kinds)
    begin = next(told, None)
    if begin is None:
        return
    bound: dict[int, tuple[int, Any]] = {}  # decision -> entry, digest
    before = _said(begin)
    for entry in told:
        detail = _said(entry)
        for one in detail.get("decisions", ()) if entry.event is Event.FORGET else (detail,):
            number = one.get("decision")
            if isinstance(number, int):  # else erased or changed, which the chain tells
                bound[number] = entry.number, one.get("sha256")
        before = detail.get("before", before)  # of decisions of before that were changed
    for number, (at, sha256) in bound.items():
        if held.get(number) != sha256:
            gone = "gone" if number not in held else "not what was decided"
            yield LogFault(at, f"decision {number} is {gone}")
    free = [held[number] for number in sorted(held.keys() - bound.keys())]
    if before and (len(free), joined(free)) != (
        before.get("decisions"),
        before.get("decisions_sha256"),
    ):
        yield LogFault(begin.number, "the decisions before it, or outside of it, are others")


def _said(entry: LogEntry) -> Mapping[str, Any]:
    """Return what an entry says; nothing where that was erased, or cannot be read."""
    try:
        return entry.said or {}
    except DECODING_ERRORS:
        return {}


def log_faults(store: Store, seals: Iterable[Seal] = ()) -> list[LogFault]:
    """Return where the log does not hold, the first first; see `domain.event_log.faults`."""
    with store.one_state():
        found: list[LogFault] = []
        found += [*faults(unproven_entries(store, found), seals), *decision_faults(store)]
    return sorted(found, key=lambda fault: fault.number)
