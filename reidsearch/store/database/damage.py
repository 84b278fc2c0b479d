"""What an error of SQLite says of a row: that it is not what was written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store.database import sqlite_proofs as proofs

NO_TEXT = "Could not decode to UTF-8 column "  # as Python's sqlite3 says it


def damage_of(archive: Path, error: sqlite3.Error) -> ArchiveError | None:
    """Return the damage that a statement met; None: the error says nothing of a row."""
    if str(error).startswith(NO_TEXT):
        column = str(error)[len(NO_TEXT) :].split(" ")[0]
        return _unknown(archive, f"text in a column {column} is no UTF-8")
    row = proofs.stopped_at(error)
    if row is None:
        return None
    if not row.table:
        return _unknown(archive, "a row that is needed is damaged")
    return ArchiveError(
        f"{archive}: a row of table {row.table} is damaged ({row.row}): its checksum differs",
        "verify the archive, then restore it from a backup, or delete that source and index it "
        "again",
        kind=Kind.ROW_DAMAGED,
        archive=archive,
        table=row.table,
        row=row.row,
    )


def _unknown(archive: Path, what: str) -> ArchiveError:
    return ArchiveError(f"{archive}: {what}", kind=Kind.ARCHIVE_DAMAGED, archive=archive)
