"""Every row proves itself by its digest, table by table; what is derived of them is made anew."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping

from sqlalchemy import Table, delete, func, select

from reidsearch.base.errors import ArchiveError
from reidsearch.base.progress import Progress
from reidsearch.domain.reports import Finding
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import damaged, reseal
from reidsearch.store.footage.unfinished import restart
from reidsearch.store.identities.store import rebuild
from reidsearch.store.row_digests import Value, has_digest, row_name
from reidsearch.store.tables.every import metadata
from reidsearch.store.tables.footage import checkpoint

CODE = "row"
NAMED_AT_MOST = 20
CROPS_AT_MOST = 1000  # ids listed in one finding

AFFECTED = {
    "archive": "the archive's own facts",
    "model": "which model made the embeddings",
    "camera": "the names of cameras",
    "run": "the record of index runs",
    "source": "the bytes that crops were found in",
    "crop": "where, when and by which camera crops were seen",
    "location": "where pictures lay",
    "event": "the record of what was done",
    "footage": "camera, clock and settings of footage",
    "footage_location": "where footage lay",
    "span": "how footage was analysed",
    "erased": "what was deleted of footage",
    "tracklet": "tracklets",
    "tracklet_part": "when tracklets were seen",
    "moment": "which tracklet crops belong to",
    "decision": "what was decided about identities",
    "reference_photo": "reference photographs of identities",
    "calibration": "the calibration",
    "picture_store": "where pictures are kept outside of the database",
    "picture_object": "pictures that are kept outside of the database",
    "picture_gone": "which pictures are still to be deleted outside of the database",
    "account": "who may sign in",
}
"""What a damaged row of a table means for answers."""

RENEWED = {
    "session": "dropped; sign in again",
    "failure": "dropped; the next index run records anew what still fails",
    "generation": "dropped, and the index built anew",
    "adjustment": "dropped, and the camera means taken anew",
    "neighbours": "dropped; the next search or index run makes the graph anew",
    "attributes": "dropped; they can be recorded again",
    "checkpoint": "dropped; that source is analysed again from its start",
    "identity": "made anew from the decisions",
    "identity_member": "made anew from the decisions",
    "identity_rejection": "made anew from the decisions",
    "linking": "dropped; link again",
    "proposal": "dropped; link again",
    "proposal_member": "dropped; link again",
    "job": "dropped; ask for that work again",
    "queued_source": "dropped; queue that source again",
    "worker": "dropped; a worker that is at work goes on, and its source is taken anew",
    "failed_sign_in": "dropped; they are counted anew",
    "passing_file": "dropped; what was to be fetched is made again",
}
"""What repairing does with damaged rows of the tables that are derived."""

RESTORED = "restore from a backup"
INDEXED_AGAIN = f"{RESTORED}, or delete that source and index it again"
OF_SOURCES = frozenset(
    {
        "source",
        "crop",
        "location",
        "footage",
        "footage_location",
        "span",
        "tracklet",
        "tracklet_part",
        "moment",
    }
)


_DROPPED = (
    *("failure", "generation", "adjustment", "neighbours", "attributes", "session", "job"),
    *("queued_source", "worker", "failed_sign_in", "passing_file"),
)


def row_count(store: Store) -> int:
    """Return how many rows have a digest."""
    with store.scan() as connection:
        return sum(
            connection.scalar(select(func.count()).select_from(table)) or 0 for table in _tables()
        )


def check_rows(store: Store, progress: Progress) -> Iterator[Finding]:
    """Prove all rows; yield what is damaged, one finding a table."""
    progress.begin("checking rows", row_count(store), "rows")
    for table in _tables():
        odd: list[Mapping[str, Value]] = []
        for count, found in store.rows_proven(table):
            odd += found
            progress.advance(count)
        if odd:
            yield _finding(table.name, odd)
    progress.end()
    yield from _states(store)


def repair_rows(store: Store) -> None:
    """Drop the damaged rows of what is derived, or make them anew; the caller holds the lock."""
    with store.write() as connection:
        for name in _DROPPED:
            table = metadata.tables[name]
            connection.execute(delete(table).where(damaged(table)))
        lost = _damaged_states(connection.execute(_STATES))
        table = metadata.tables["checkpoint"]
        lost |= set(connection.scalars(select(table.c.source_id).where(damaged(table))))
        for source_id in lost:
            restart(connection, source_id)
        for name in ("linking", "proposal", "proposal_member"):
            table = metadata.tables[name]
            if connection.execute(select(table.c.id).where(damaged(table)).limit(1)).first():
                connection.execute(delete(metadata.tables["linking"]))
    with contextlib.suppress(ArchiveError):  # the decisions themselves are damaged
        _renew_identities(store)


def _renew_identities(store: Store) -> None:
    held = [metadata.tables[name] for name in ("identity", "identity_member", "identity_rejection")]
    with store.write() as connection:
        if not any(
            connection.scalar(select(table.c.id).where(damaged(table)).limit(1)) for table in held
        ):
            return
        for table in held:
            reseal(connection, table)  # what it says is replaced as a whole
        rebuild(connection)


def _tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if has_digest(table)]


def _finding(table: str, odd: list[Mapping[str, Value]]) -> Finding:
    rows, differ = ("a row", "differs") if len(odd) == 1 else (f"{len(odd)} rows", "differ")
    what = f" ({AFFECTED[table]})" if table in AFFECTED else ""
    named = "; ".join(row_name(told) for told in odd[:NAMED_AT_MOST])
    more = f"; and {len(odd) - NAMED_AT_MOST} more" if len(odd) > NAMED_AT_MOST else ""
    to_do = RENEWED.get(table) or (INDEXED_AGAIN if table in OF_SOURCES else RESTORED)
    if table in RENEWED:
        to_do = f"to be {to_do}"
    key = "id" if table == "crop" else "crop_id"
    crops = [told[key] for told in odd if isinstance(told.get(key), int)]
    return Finding(
        CODE,
        f"{rows} of {table}{what} {differ} from what was written: {named}{more}; {to_do}",
        repairable=table in RENEWED,
        crop_ids=tuple(crops[:CROPS_AT_MOST]),  # type: ignore[arg-type]
    )


_STATES = select(checkpoint.c.source_id, checkpoint.c.state, checkpoint.c.sha256)


def _states(store: Store) -> Iterator[Finding]:
    """The state of a checkpoint is a blob of its own, which its row's digest leaves out."""
    with store.scan() as connection:
        odd = _damaged_states(connection.execute(_STATES))
    if odd:
        yield _finding("checkpoint", [{"source_id": source_id} for source_id in sorted(odd)])


def _damaged_states(rows: object) -> set[int]:
    return {
        row.source_id
        for row in rows  # type: ignore[attr-defined]
        if hashlib.sha256(row.state).digest() != row.sha256
    }
