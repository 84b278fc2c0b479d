"""The mark of a copy that is not finished: an archive that has it is opened by nobody else.

It is a row of `pending`, made with the tables and removed by the transaction that completes the
copy. So whatever ends the process, what is there is either whole or marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.base.timecode import now, to_us
from reidsearch.store import tables
from reidsearch.store.database import references
from reidsearch.store.tables.pending import pending

COPY = "copy"
"""What a row of `pending` is, beside `domain.pending.Work`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A copy that is being made.

    Args:
        source: where it is made from, as commands name it.
        uuid: of the archive that it is of.
        references: what the tables refer to, to be made again when all rows are there.
    """

    source: str
    uuid: str
    references: list[list[str]]


def begin(connection: Connection, source: str, uuid: str) -> None:
    """Make an archive, whose tables were just made, the target of a copy."""
    connection.execute(update(tables.archive).values(uuid=uuid))
    detail = {"from": source, "uuid": uuid, "references": references.taken_away(connection)}
    connection.execute(insert(pending).values(kind=COPY, detail=detail, at_us=to_us(now())))


def mark_of(connection: Connection) -> Mark | None:
    """Return the mark of an archive; None: it is whole."""
    marked = select(pending.c.detail).where(pending.c.kind == COPY)
    detail: dict[str, Any] | None = connection.scalar(marked)
    return Mark(detail["from"], detail["uuid"], detail["references"]) if detail else None


def end(connection: Connection, mark: Mark) -> None:
    """Let the tables refer to each other again, and remove the mark.

    Raises:
        ArchiveError: rows refer to rows that are not there.
    """
    references.given_back(connection, mark.references)
    connection.execute(delete(pending))


def require_whole(connection: Connection, location: str) -> None:
    """Refuse an archive whose rows are not all there yet.

    Raises:
        ArchiveError: a copy is being made there.
    """
    mark = mark_of(connection)
    if mark is not None:
        raise ArchiveError(
            f"{location} is being made by a copy that is not finished",
            "finish that first",
            kind=Kind.COPY_UNFINISHED,
            source=mark.source,
            archive=location,
        )
