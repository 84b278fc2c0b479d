"""Saved questions that are erased, because they show or name what is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from reidsearch.domain.event_log import Event
from reidsearch.store.chunks import chunks
from reidsearch.store.database.proofs import intact
from reidsearch.store.event_log import append
from reidsearch.store.saved import remove_rows
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.saved import saved_picture, saved_question


@dataclass(frozen=True, slots=True)
class Going:
    """What is erased, as far as questions may hold it.

    Args:
        places, digests: of what is deleted; digests in hexadecimal.
        identities: ids of those that are erased.
        searches: entries of the event log whose details are erased: of a case.
        kept: cases on hold, whose questions stay as the details of their entries do.
    """

    places: Set[str]
    digests: Set[str]
    identities: Set[int]
    searches: Sequence[int] = ()
    kept: Set[str] = frozenset()


def going(connection: Connection, what: Going) -> list[int]:
    """Return the questions that go with what is erased: they show it, or ask for it by name."""
    cases: set[str | None] = set()
    for part in chunks(what.searches):
        of = select(log_entry.c.case_number).where(log_entry.c.id.in_(part))
        cases.update(connection.scalars(of))
    c, p = saved_question.c, saved_picture.c
    showing = set[int]()
    shown = select(p.question_id, p.origin).where(intact(saved_picture))
    for row in connection.execute(shown):
        origin = row.origin if isinstance(row.origin, dict) else {}
        digests = {origin.get("sha256"), origin.get("embedding_sha256")}
        if origin.get("location") in what.places or digests & what.digests:
            showing.add(row.question_id)
    found = []
    every = select(c.id, c.asked, c.identity_id, c.case_number).where(intact(saved_question))
    for number, asked, identity_id, case in connection.execute(every):
        erased = identity_id in what.identities or case in cases - {None}
        shows = number in showing or _names(asked, what.places)
        if erased or (shows and case not in what.kept):
            found.append(number)
    return found


def _names(asked: Any, places: Set[str]) -> bool:
    """Tell whether a question's filters name one of these places."""
    filters = asked.get("filters") if isinstance(asked, dict) else None
    sources = filters.get("sources") or () if isinstance(filters, dict) else ()
    return any(place.endswith(str(text)) for text in sources for place in places)


def forget(connection: Connection, what: Going, names: Set[str]) -> None:
    """Remove the questions that go, and take names out of the others.

    Args:
        names: of identities that are erased.
    """
    for number in going(connection, what):
        remove_rows(connection, number)
        told = {"change": "remove", "question": number, "why": "it asked for what was deleted"}
        append(connection, Event.SAVED, told)
    c = saved_question.c
    for row in connection.execute(select(c.id, c.name, c.why_not)).all():
        if any(name in row.name for name in names):
            called = f"question {row.id}"
            connection.execute(update(saved_question).where(c.id == row.id).values(name=called))
        if any(text in (row.why_not or "") for text in (*names, *what.places)):
            gone = "it named what was deleted"
            connection.execute(update(saved_question).where(c.id == row.id).values(why_not=gone))


def embeddings(connection: Connection, numbers: Sequence[int] | None) -> Iterator[bytes]:
    """Yield the embeddings of these questions' pictures; None: of all."""
    every = select(saved_picture.c.vector).execution_options(yield_per=100)
    if numbers is None:
        yield from connection.scalars(every)
        return
    for part in chunks(numbers):
        yield from connection.scalars(every.where(saved_picture.c.question_id.in_(part)))
