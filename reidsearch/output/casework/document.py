"""The document model: sections of blocks, with pictures beside them by their digest.

Texts are as the archive holds them; whoever lays them out makes them visible and escapes them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from reidsearch.base.timecode import iso
from reidsearch.base.version import __version__
from reidsearch.domain.event_log import canonical
from reidsearch.output.emit import dumps

SCHEMA = "reidsearch/report/1"
THE_JSON = "the report as JSON, which the PDF holds as report.json"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph.

    Args:
        caution: it must not be overlooked.
    """

    text: str
    caution: bool = False
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one pair a line."""

    rows: tuple[tuple[str, str], ...]
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose head is repeated on each page.

    Args:
        widths: of the columns, in relation to each other.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by the SHA-256 of its JPEG; `Report.pictures` holds the bytes."""

    sha256: str
    caption: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Card:
    """One finding: pictures side by side, facts below them, kept together."""

    heading: str
    pictures: tuple[Picture, ...]
    facts: tuple[tuple[str, str], ...]
    texts: tuple[str, ...] = ()
    kind: str = "card"


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a coverage chart.

    Args:
        parts: begin, end, both from 0 to 1, and whether somebody could be seen then:
            `seen`, `unseen`.
    """

    label: str
    parts: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """When each camera's footage was analysed, from a first time to a last."""

    first: str
    last: str
    rows: tuple[Bar, ...]
    kind: str = "bars"


Block: TypeAlias = Text | Facts | Table | Card | Bars


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document.

    Args:
        level: 1 or 2; those of level 2 belong to the one before.
    """

    heading: str
    blocks: tuple[Block, ...]
    level: int = 1


@dataclass(frozen=True)
class Document:
    """What a document says; this is also what its JSON holds.

    Args:
        of: `case`, `answer`, `identity`, `journey`, or what else it is about.
        subject: which one.
        case: the number of the case it belongs to; empty: to none.
        data: the documents that it was made from, by their names.
    """

    of: str
    title: str
    subject: str
    case: str
    archive: str
    archive_id: str
    made_at: dt.datetime
    made_by: str
    zone: str
    sections: tuple[Section, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    schema: str = SCHEMA

    @cached_property
    def report_id(self) -> str:
        """Sixteen digits of the SHA-256 of all it says: another content has another id.

        Kept, because every page names it, and a large case takes seconds to digest.
        """
        return hashlib.sha256(canonical(self._content())).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return self._content() | {"report_id": self.report_id}

    def _content(self) -> dict[str, Any]:
        return {
            "schema": self.schema,
            "of": self.of,
            "title": self.title,
            "subject": self.subject,
            "case": self.case or None,
            "archive": self.archive,
            "archive_id": self.archive_id,
            "made_at": iso(self.made_at),
            "made_by": self.made_by,
            "version": __version__,
            "zone": self.zone,
            "sections": [_listed(asdict(one)) for one in self.sections],
            "data": dict(self.data),
        }


def _listed(value: Any) -> Any:
    """Return a value with lists for tuples, as JSON has them."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Report:
    """A document with what belongs to it.

    Args:
        pictures: bytes (JPEG) by their SHA-256.
        attachments: further JSON files that a PDF holds, by their names.
    """

    document: Document
    pictures: Mapping[str, bytes]
    attachments: Mapping[str, bytes] = field(default_factory=dict)


def report_json(report: Report) -> bytes:
    """Return the document as JSON, the same bytes that a PDF holds as an attachment."""
    return dumps(report.document.to_json(), indent=2).encode() + b"\n"
