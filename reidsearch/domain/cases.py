"""Cases: why, and with what right, an archive is searched."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypedDict

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.timecode import iso
from reidsearch.domain.event_log import Event


class Needed(StrEnum):
    """What every search of an archive needs."""

    NOTHING = "nothing"
    CASE = "case"
    REASON = "reason"  # a case and a reason


class ReasonKind(StrEnum):
    """Whom a search of a case is for."""

    SUSPECT = "suspect"
    WITNESS = "witness"
    VICTIM = "victim"
    MISSING = "missing"  # a person who is missed
    EXCLUDE = "exclude"  # somebody who is to be ruled out
    OTHER = "other"  # the note says


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a search of a case is made.

    Args:
        note: more of it; empty: nothing.
    """

    kind: ReasonKind
    note: str = ""

    def __str__(self) -> str:
        """Return it as it is written: `missing`, `missing: since Monday`."""
        return f"{self.kind}: {self.note}" if self.note else str(self.kind)

    @classmethod
    def of(cls, text: str) -> Reason:
        """Return what a text says.

        Raises:
            UsageError: it does not begin with a kind, or says nothing of `other`.

        Example:
            >>> Reason.of("missing: since Monday").kind
            <ReasonKind.MISSING: 'missing'>
        """
        kind, _, note = (part.strip() for part in text.partition(":"))
        kinds = [one.value for one in ReasonKind]
        if kind not in kinds:
            raise UsageError(
                f"the reason {text!r} does not begin with one of {', '.join(kinds)}",
                kind=Kind.REASON_BAD,
            )
        if kind == ReasonKind.OTHER and not note:
            raise UsageError("of another reason it has to be said which", kind=Kind.REASON_BAD)
        return cls(ReasonKind(kind), note)


@dataclass(frozen=True, slots=True)
class AskedFor:
    """The case that a search was made for.

    Args:
        reason: None: none was given.
        note: more of the reason.
    """

    number: str
    reason: ReasonKind | None = None
    note: str = ""


class CaseState(StrEnum):
    """Whether work can belong to a case."""

    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"  # its authority is


class CaseFacts(TypedDict, total=False):
    """What is written down of a case, beside its number; see `Case`."""

    title: str
    authority_kind: str
    authority_reference: str
    issued: dt.datetime | None
    expires: dt.datetime | None
    purpose: str
    examiner: str
    notes: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Args:
        number: unique in the archive, as the office that leads the case writes it.
        authority_kind: what gives the right to search: a warrant, an order, a consent.
        authority_reference: its file number.
        issued, expires: when that right begins and ends; None: not said.
        examiner: who works on it.
        closed_at: None: it is not closed.
    """

    number: str
    title: str
    authority_kind: str
    authority_reference: str
    issued: dt.datetime | None
    expires: dt.datetime | None
    purpose: str
    examiner: str
    notes: str
    opened_at: dt.datetime
    changed_at: dt.datetime
    closed_at: dt.datetime | None

    def state(self, at: dt.datetime) -> CaseState:
        """Return whether work can belong to it at a time."""
        if self.closed_at is not None:
            return CaseState.CLOSED
        if self.expires is not None and at >= self.expires:
            return CaseState.EXPIRED
        return CaseState.OPEN

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "number": self.number,
            "title": self.title,
            "authority": {
                "kind": self.authority_kind,
                "reference": self.authority_reference,
                "issued": iso(self.issued) if self.issued else None,
                "expires": iso(self.expires) if self.expires else None,
            },
            "purpose": self.purpose,
            "examiner": self.examiner,
            "notes": self.notes,
            "opened_at": iso(self.opened_at),
            "changed_at": iso(self.changed_at),
            "closed_at": iso(self.closed_at) if self.closed_at else None,
        }


class CaseChange(StrEnum):
    """What was done to a case; stable, since it is printed in JSON and logged."""

    NEW = "new"
    EDIT = "edit"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Belonging:
    """What the event log holds of a case, of one kind.

    Args:
        entries: how many.
        newest: the number of the last of them, and `newest_at` its time.
    """

    event: Event
    entries: int
    newest: int
    newest_at: dt.datetime
