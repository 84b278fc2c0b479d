"""Rows of cases, and what the event log holds of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from reidsearch.base.actor import Author
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import from_us, iso, now, to_us
from reidsearch.domain.cases import (
    AskedFor,
    Belonging,
    Case,
    CaseChange,
    CaseState,
    Needed,
    Reason,
)
from reidsearch.domain.event_log import Event
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.tables.cases import investigation as table
from reidsearch.store.tables.event_log import log_entry

_TIMES = {"issued": "issued_us", "expires": "expires_us"}


def all_cases(store: Store) -> list[Case]:
    """Return all cases, as they were opened."""
    with store.read() as connection:
        return [_case(row) for row in connection.execute(select(table).order_by(table.c.id))]


def require_case(connection: Connection, number: str) -> Case:
    """Return a case by its number.

    Raises:
        NotFound: there is none.
    """
    # Proven here, because a connection that writes proves nothing by itself.
    row = connection.execute(
        select(table).where(table.c.number == number, intact(table))
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no case {number!r}", kind=Kind.CASE_UNKNOWN)
    return _case(row)


def require_open_case(connection: Connection, number: str) -> Case:
    """Return a case that work can belong to now.

    Raises:
        NotFound: there is none of this number.
        UsageError: it is closed, or its authority has expired.
    """
    case = require_case(connection, number)
    state = case.state(now())
    if state is CaseState.CLOSED and case.closed_at is not None:
        raise UsageError(
            f"case {number!r} was closed at {iso(case.closed_at)}",
            kind=Kind.CASE_CLOSED,
            case=number,
        )
    if state is CaseState.EXPIRED and case.expires is not None:
        raise UsageError(
            f"the authority of case {number!r} expired at {iso(case.expires)}",
            kind=Kind.CASE_EXPIRED,
            case=number,
        )
    return case


def require_authors_case(connection: Connection) -> None:
    """Refuse what is being written for a case that it cannot belong to any more.

    Raises:
        NotFound, UsageError: as `require_open_case`.
    """
    author: Author = connection.get_execution_options()["author"]
    if author.case is not None:
        require_open_case(connection, author.case)


def add_case(connection: Connection, number: str, facts: Mapping[str, Any]) -> Case:
    """Open a case.

    Raises:
        UsageError: its number is taken.
    """
    if connection.scalar(select(table.c.id).where(table.c.number == number)) is not None:
        raise UsageError(f"there is a case {number!r} already", kind=Kind.CASE_NUMBER_TAKEN)
    at_us = to_us(now())
    connection.execute(
        insert(table).values(number=number, opened_us=at_us, changed_us=at_us, **_columns(facts))
    )
    return _recorded(connection, CaseChange.NEW, number, "")


def change_case(
    connection: Connection, case: Case, change: CaseChange, facts: Mapping[str, Any], note: str
) -> Case:
    """Change a case, and record what it is now; return it.

    Args:
        facts: fields of `CaseFacts`, and `closed`, whether it is.
    """
    at_us = to_us(now())
    connection.execute(
        update(table)
        .where(table.c.number == case.number)
        .values(changed_us=at_us, **_columns(facts, at_us))
    )
    return _recorded(connection, change, case.number, note)


def belongings(store: Store, number: str, actor: str | None = None) -> list[Belonging]:
    """Return what the event log holds of a case, kind by kind, the newest kind first.

    Args:
        actor: only by this name; None: by all.
    """
    c = log_entry.c
    newest = func.max(c.id)
    by = [] if actor is None else [c.actor == actor]
    with store.scan() as connection:
        counted = connection.execute(
            select(c.event, func.count(), newest, func.max(c.at_us))
            .where(c.case_number == number, *by)
            .group_by(c.event)
            .order_by(newest.desc())
        )
        return [
            Belonging(Event(event), entries, last, from_us(at_us))
            for event, entries, last, at_us in counted
        ]


# -- what searching needs -------------------------------------------------------------------


def search_needs(connection: Connection) -> Needed:
    """Return what every search of the archive needs."""
    return Needed(connection.scalar(select(tables.archive.c.search_needs)) or Needed.NOTHING)


def require_for_searching(connection: Connection, needed: Needed) -> None:
    """Let every search need that from now on, and record it."""
    connection.execute(update(tables.archive).values(search_needs=needed.value))
    append(connection, Event.CASE_REQUIRED, {"search_needs": needed.value})


def asked_for(store: Store) -> AskedFor | None:
    """Return the case that a search of this thread is for; None: for none.

    Everything that searches for a person asks this first, so that no face searches past it.

    Raises:
        NotFound: there is no such case.
        UsageError: the case is closed, or has expired; the archive needs one, or a reason.
    """
    author = store.acting
    with store.read() as connection:
        needed = search_needs(connection)
        if author.case is not None:
            require_open_case(connection, author.case)
    if author.case is None:
        if needed is not Needed.NOTHING:
            raise UsageError(
                f"{store.location} is searched for a case only, and none was given",
                kind=Kind.CASE_REQUIRED,
            )
        return None
    if author.reason is None:
        if needed is Needed.REASON:
            raise UsageError(
                f"{store.location} is searched for a reason only, and none was given",
                kind=Kind.REASON_REQUIRED,
            )
        return AskedFor(author.case)
    reason = Reason.of(author.reason)
    return AskedFor(author.case, reason.kind, reason.note)


def _columns(facts: Mapping[str, Any], at_us: int | None = None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in facts.items():
        if name == "closed":
            values["closed_us"] = at_us if value else None
        elif name in _TIMES:
            values[_TIMES[name]] = None if value is None else to_us(value)
        else:
            values[name] = value
    return values


def _recorded(connection: Connection, change: CaseChange, number: str, note: str) -> Case:
    case = require_case(connection, number)
    detail = {"change": change.value, "note": note, "case": case.document()}
    append(connection, Event.CASE, detail)
    return case


@reads(table)
def _case(row: Row[Any]) -> Case:
    def time(time_us: int | None) -> Any:
        return None if time_us is None else from_us(time_us)

    return Case(
        number=row.number,
        title=row.title,
        authority_kind=row.authority_kind,
        authority_reference=row.authority_reference,
        issued=time(row.issued_us),
        expires=time(row.expires_us),
        purpose=row.purpose,
        examiner=row.examiner,
        notes=row.notes,
        opened_at=from_us(row.opened_us),
        changed_at=from_us(row.changed_us),
        closed_at=time(row.closed_us),
    )
