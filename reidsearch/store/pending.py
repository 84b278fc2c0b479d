"""Pending work: a row that is written with the change, and removed when the rest is done.

A change of several steps (rows, then index files, then the write-ahead log) can be cut off after
any of them. The row is part of the first one's transaction, so somebody will know: whoever takes
the writer lock next finishes the work first (`Store.lock`), and until then everybody says so. Files
that a machine has of an archive elsewhere are its own work, and what it tells of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from reidsearch.base.errors import absent
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.pending import Cause, Pending, Work
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.pending import pending


def record_erasure(connection: Connection, cause: Cause, crops: int | None = None) -> None:
    """Count an erasure, and record that files and log still hold what it took out.

    In the transaction that deletes or replaces crops or embeddings, which must say it here.
    """
    archive = tables.archive
    connection.execute(update(archive).values(erasures=archive.c.erasures + 1))
    _record(connection, Work.ERASURE, {"by": cause.value, "crops": crops})


def record_files(store: Store) -> int:
    """Record that files are about to be written; return the row for `forget`."""
    with store.write() as connection:
        return _record(connection, Work.FILES, {"node": store.node} if store.node else {})


def _record(connection: Connection, work: Work, detail: dict[str, str | int | None]) -> int:
    inserted = connection.execute(
        insert(pending).values(kind=work.value, detail=detail, at_us=to_us(now()))
    ).inserted_primary_key
    if inserted is None:
        raise absent("the row of pending work")
    return int(inserted[0])


def pending_rows(store: Store) -> list[tuple[int, Work]]:
    """Return the rows of what is to be done here, oldest first."""
    if not store.state().pending:
        return []
    with store.read() as connection:
        return [(row.id, Work(row.kind)) for row in _here(connection, store)]


def pending_work(store: Store) -> tuple[Pending, ...]:
    """Return what is to be done, as it is told; costs nothing when there is nothing."""
    if not store.state().pending:
        return ()
    running, derives = store.locked(), store.derives()
    with store.read() as connection:
        rows = _here(connection, store)
    return tuple(
        Pending(
            Work(row.kind),
            from_us(row.at_us),
            Cause(row.detail["by"]) if "by" in row.detail else None,
            row.detail.get("crops"),
            running,
        )
        for row in rows
        if not (derives and row.kind == Work.FILES.value)  # as every writer of files has
    )


def _here(connection: Connection, store: Store) -> list[Row[Any]]:
    """Rows of all work but that on files of other machines, oldest first."""
    rows = connection.execute(select(pending).order_by(pending.c.id))
    return [row for row in rows if row.detail.get("node") in {None, store.node}]


def only_log_left(store: Store, rows: Sequence[int]) -> None:
    """Record that of these erasures only the write-ahead log is to be emptied."""
    with store.write() as connection:
        connection.execute(
            update(pending)
            .where(pending.c.id.in_(rows), pending.c.kind == Work.ERASURE.value)
            .values(kind=Work.LOG.value)
        )


def forget(store: Store, rows: Sequence[int]) -> None:
    """Record that this work is done."""
    with store.write() as connection:
        connection.execute(delete(pending).where(pending.c.id.in_(rows)))
