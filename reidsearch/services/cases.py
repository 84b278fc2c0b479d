"""Cases: why, and with what right, an archive is searched; and what belongs to each.

with Archive.open("archive") as archive:
    archive.cases.new("2026-17", title="Theft at the station", authority_kind="warrant")
with Archive.open("archive", case="2026-17") as archive:
    archive.search("person.jpg")
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, Unpack

from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.reading import require_text
from reidsearch.base.timecode import now
from reidsearch.domain.cases import (
    Belonging,
    Case,
    CaseChange,
    CaseFacts,
    CaseState,
    Needed,
    Reason,
)
from reidsearch.store import cases as held
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.store import Store

LONGEST_NUMBER = 100
LONGEST_NOTES = 10_000
EMPTY: CaseFacts = {
    "title": "",
    "authority_kind": "",
    "authority_reference": "",
    "issued": None,
    "expires": None,
    "purpose": "",
    "notes": "",
}
"""What a case has of which nothing is written down: its examiner always is."""


class CaseService:
    """The cases of one archive. Every change has an entry of the event log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Case]:
        """Return all cases, as they were opened."""
        return held.all_cases(self._store)

    def find(self, number: str) -> Case:
        """Return a case by its number.

        Raises:
            NotFound: there is none.
        """
        with self._store.read() as connection:
            return held.require_case(connection, _number(number))

    def state_of(self, case: Case) -> CaseState:
        """Return whether work can belong to a case now."""
        return case.state(now())

    def author(self, actor: str, number: str | None, reason: str | None = None) -> Author:
        """Return who acts for a case that work can belong to now, and why; for `acting`.

        Raises:
            NotFound: there is no such case.
            UsageError: it is closed, or its authority has expired; the reason is none.

        Example:
            >>> with acting(archive.cases.author("maria", "2026-17", "missing")):
            ...     archive.search("person.jpg")
        """
        return author_for(self._store, actor, number, reason)

    def belongings(self, number: str, actor: str | None = None) -> list[Belonging]:
        """Return what the event log holds of a case: how many entries of each kind.

        Args:
            actor: only by this name; None: by all.
        """
        return held.belongings(self._store, _number(number), actor)

    @property
    def search_needs(self) -> Needed:
        """What every search of the archive needs: `archive.cases.search_needs`."""
        with self._store.read() as connection:
            return held.search_needs(connection)

    def require(self, needed: Needed) -> None:
        """Let every search and explanation need a case, a case and a reason, or nothing.

        It holds at once, for everybody who has the archive open too.

        Example:
            >>> archive.cases.require(Needed.CASE)
        """
        with self._store.write() as connection:
            held.require_for_searching(connection, needed)

    # -- changing ---------------------------------------------------------------------------

    def new(self, number: str, **facts: Unpack[CaseFacts]) -> Case:
        """Open a case. Its examiner is who acts, unless another is named.

        Raises:
            UsageError: the number is taken or no number; a text is too long; the authority expires
                before it is issued.

        Example:
            >>> archive.cases.new("2026-17", title="Theft at the station", purpose="find a witness")
        """
        number = _number(number)
        filled: CaseFacts = {**EMPTY, "examiner": self._store.acting.name, **facts}
        _require(filled)
        return self._write(number, lambda connection: held.add_case(connection, number, filled))

    def edit(self, number: str, *, note: str = "", **facts: Unpack[CaseFacts]) -> Case:
        """Change what is written down of a case, for instance when its authority expires.

        Args:
            note: why, for the record.

        Raises:
            NotFound: there is no such case.
            UsageError: nothing is changed; otherwise as `new`.
        """
        if not facts:
            raise UsageError("nothing of the case is to be changed")
        _require_texts({"note": note})

        def change(connection: Transaction, case: Case) -> Case:
            _require({"issued": case.issued, "expires": case.expires, **facts})
            return held.change_case(connection, case, CaseChange.EDIT, facts, note)

        return self._change(number, change)

    def close(self, number: str, *, note: str = "") -> Case:
        """Close a case: nothing belongs to it any more, until it is opened again.

        Raises:
            NotFound: there is no such case.
            UsageError: it is closed already.
        """
        return self._change(number, _closing(closed=True, note=note))

    def reopen(self, number: str, *, note: str = "") -> Case:
        """Open a closed case again. An authority that has expired stays so: `edit`.

        Raises:
            NotFound: there is no such case.
            UsageError: it is not closed.
        """
        return self._change(number, _closing(closed=False, note=note))

    def _change(self, number: str, change: Callable[[Transaction, Case], Case]) -> Case:
        number = _number(number)
        return self._write(
            number, lambda connection: change(connection, held.require_case(connection, number))
        )

    def _write(self, number: str, write: Callable[[Transaction], Case]) -> Case:
        with acting(Author(self._store.acting.name, number)), self._store.write() as connection:
            return write(connection)


def _closing(*, closed: bool, note: str) -> Callable[[Transaction, Case], Case]:
    _require_texts({"note": note})

    def change(connection: Transaction, case: Case) -> Case:
        if (case.closed_at is not None) == closed:
            state = "closed already" if closed else "not closed"
            raise UsageError(f"case {case.number!r} is {state}")
        what = CaseChange.CLOSE if closed else CaseChange.REOPEN
        return held.change_case(connection, case, what, {"closed": closed}, note)

    return change


def author_for(store: Store, actor: str, case: str | None, reason: str | None) -> Author:
    """Return who acts in an archive, for a case that work can belong to now, and why.

    Raises:
        NotFound: there is no such case.
        UsageError: it is closed, or its authority has expired; the reason is none, or of no case.
    """
    if case is None:
        if reason is not None:
            raise UsageError(
                "a reason is given for a case, and none was given", kind=Kind.CASE_REQUIRED
            )
        return Author(actor)
    given = None
    if reason is not None:
        _require_texts({"reason": reason})
        given = str(Reason.of(reason))
    number = _number(case)
    with store.read() as connection:
        held.require_open_case(connection, number)
    return Author(actor, number, given)


def _number(number: str) -> str:
    """Return the number of a case in one form.

    Raises:
        UsageError: it is none.
    """
    text = unicodedata.normalize("NFC", number).strip()
    if not text or len(text) > LONGEST_NUMBER or not text.isprintable():
        raise UsageError(
            f"the number of a case has 1 to {LONGEST_NUMBER} printable characters",
            kind=Kind.CASE_BAD,
        )
    return text


def _require(facts: CaseFacts) -> None:
    """Refuse what could not be stored or makes no sense.

    Raises:
        UsageError: it is so.
    """
    _require_texts(facts)
    issued, expires = facts.get("issued"), facts.get("expires")
    if any(one is not None and one.tzinfo is None for one in (issued, expires)):
        raise UsageError("when an authority begins and ends is told with a time zone")
    if issued and expires and expires <= issued:
        raise UsageError("the authority would expire before it is issued", kind=Kind.CASE_BAD)


def _require_texts(facts: Any) -> None:
    try:
        for name, value in facts.items():
            if isinstance(value, str):
                require_text(value, f"the {name.replace('_', ' ')} of a case", LONGEST_NOTES)
    except ValueError as error:
        raise UsageError(str(error), kind=Kind.CASE_BAD) from error
