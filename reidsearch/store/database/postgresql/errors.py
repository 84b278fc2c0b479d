"""What an error of PostgreSQL means for the user: the one place that knows its SQLSTATEs."""

from __future__ import annotations

from typing import Any

from reidsearch.base.errors import ArchiveError, ArchiveLocked, Kind, ReidsearchError, StorageError

DAMAGED = "RD001"
"""What the proof of a row raises (`proofs`): the table as message, the row as detail."""
NO_DATABASE = "3D000"

_LOCKED = {"55P03", "40P01"}
_NO_ROOM = {"53000", "53100", "53200", "53300", "53400"}
_CORRUPT = {"XX001", "XX002"}
_REFUSED = {"42501", "25006"}
_CUT_OFF = "25P03"  # it was frozen within a transaction


def translated(location: str, error: BaseException) -> ReidsearchError | None:
    """Return what an error means for the user; None when it is a mistake of ours."""
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate or ""
    if state == DAMAGED:
        return _damaged_row(location, error.diag)
    said = _said(error)
    if state == NO_DATABASE or (not state and "does not exist" in said and "database" in said):
        return ArchiveError(
            f"there is no archive {location}",
            "index footage or crops to make one",
            kind=Kind.ARCHIVE_MISSING,
            archive=location,
        )
    if state in _LOCKED:
        return ArchiveLocked(f"{location}: {said}", "another program holds the database; try again")
    if state in _CORRUPT:
        return ArchiveError(
            f"{location}: {said}",
            "verify the archive, or restore it from a backup",
            kind=Kind.DATABASE_DAMAGED,
            archive=location,
        )
    if state in _NO_ROOM:
        return StorageError(
            f"{location}: {said}",
            "make room on the server and do the same again; nothing committed is lost",
        )
    if state in _REFUSED:
        return StorageError(
            f"{location} cannot be written: {said}", "ask the owner of the database for permission"
        )
    if isinstance(error, psycopg.OperationalError) or state == _CUT_OFF:
        return StorageError(
            f"{location} cannot be reached: {said}",
            "see that the server runs and lets you in; nothing committed is lost",
        )
    return None


def _said(error: Any) -> str:
    """The error in one line; libpq's tells of every address that was tried."""
    told = error.diag.message_primary or str(error)
    return " ".join(told.split()) or type(error).__name__


def _damaged_row(location: str, told: Any) -> ArchiveError:
    table, row = told.message_primary or "", told.message_detail or ""
    return ArchiveError(
        f"{location}: a row of table {table} is damaged ({row}): its checksum differs",
        "verify the archive, then restore it from a backup, or delete that source and index it "
        "again",
        kind=Kind.ROW_DAMAGED,
        archive=location,
        table=table,
        row=row,
    )
