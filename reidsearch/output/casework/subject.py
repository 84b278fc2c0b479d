"""What a report is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """What a report may tell of an identity beside itself, where not all that is on record.

    Args:
        entries: of the log, that searches are taken from.
        photos: numbers of reference photographs.
    """

    entries: frozenset[int]
    photos: frozenset[int]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about.

    Args:
        of: `case`, `answer`, `identity` or `journey`.
        name: its number or name; of an answer the entry of the log, or the file it was read from.
        document: of an answer that was kept: its JSON.
    """

    of: str
    name: str
    document: Any = None

    @classmethod
    def case(cls, number: str) -> Subject:
        """Return a case."""
        return cls("case", number)

    @classmethod
    def answer(cls, name: str, document: Any) -> Subject:
        """Return an answer that was kept as JSON."""
        return cls("answer", name, document)

    @classmethod
    def entry(cls, number: int) -> Subject:
        """Return the answer of a search by its entry of the event log."""
        return cls("answer", str(number))
