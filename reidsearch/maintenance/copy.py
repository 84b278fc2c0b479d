"""Moving an archive into another database: a folder, or one of PostgreSQL, whatever it is in now.

Every row is brought over by its values, in the order of its key, some thousands a transaction, from
one state of the source while others write to it. The target is marked until all is there and
proven, so nothing else opens it; the same copy, begun again after whatever ended it, goes on behind
the last rows that it has. Then both sides are read and compared row by row: what the source has
changed since an earlier beginning is brought over too, and whatever else differs is an error.

Pictures that the source keeps in a store of objects are copied into the target's database: what is
deleted in one of the two takes nothing of the other. Derived files are not copied: they are made of
what was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from reidsearch.base import atomic, own_files
from reidsearch.base.address import Address
from reidsearch.base.errors import ArchiveError, Interrupted, Kind, StorageError
from reidsearch.base.locations import location_text
from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.base.said import said
from reidsearch.base.settings_file import LARGEST_FILE
from reidsearch.base.settings_file import NAME as SETTINGS
from reidsearch.domain.copies import CopiedTable, Copy
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.index.gallery import Gallery
from reidsearch.store import tables
from reidsearch.store.copying import pictures, rows
from reidsearch.store.copying.compare import Compared, compared
from reidsearch.store.copying.target import Target, in_new_folder, opened
from reidsearch.store.crops.store import Store
from reidsearch.store.database.references import counter_of
from reidsearch.store.database.sqlite import DATABASE
from reidsearch.store.log_reading import entries, log_faults, record
from reidsearch.store.seals import bring_seals, require_own_seals
from reidsearch.store.tables.every import metadata

NOT_COPIED = {"id", "row_digest"}
INDEX_WEIGHT = 4
"""Of how many rows a crop is, while its index is built."""


@dataclass(frozen=True, slots=True)
class _State:
    """What a source is in the state that is copied."""

    archive: dict[str, Any]
    counters: dict[Table, int]
    head: LogEntry | None


NOT_FINISHED = "the copy is not finished"
WITHOUT_INDEX = "the copy is whole, but its index is not built: it is when the copy is searched"


def copy(store: Store, address: Address, progress: Progress = NO_PROGRESS) -> Copy:
    """Make the archive at another address too, verified; the index is built there.

    Args:
        address: where nothing is yet, or what an earlier copy of this archive has left.

    Raises:
        InputError: an archive is there, or a copy of another one.
        ArchiveLocked: another process makes the same copy.
        ArchiveError: a row of the source is damaged.
        StorageError: it cannot be written; the same copy goes on from there.
    """
    with store.scan() as connection:
        total = sum(pictures.count(connection, table) for table in rows.copied_tables())
        crops = rows.count(connection, tables.crop)
    with parts(progress, "copying", [total, total, INDEX_WEIGHT * crops], "rows") as whole:
        with (
            _told(NOT_FINISHED, store, address, kind=Kind.COPY_UNFINISHED),
            opened(address, store.location, store.row.uuid) as target,
        ):
            require_own_seals(store, target.folder)
            made, state = _filled(store, target, whole)
            _complete(store, target, made, state)
        with _told(WITHOUT_INDEX, store, address), Store(address) as copied:
            gallery = Gallery(copied)
            with copied.lock(), step(whole, "building the index"):
                gallery.compact(whole)
    return made


def write_database(store: Store, folder: Path, progress: Progress = NO_PROGRESS) -> Path:
    """Write the database of a folder with all that the archive holds, verified; return its file.

    For databases that cannot write a copy of themselves. What is cut off is of no use.

    Args:
        folder: an empty one, which nobody else knows of.

    Raises:
        ArchiveError: a row is damaged.
        StorageError: it cannot be written.
    """
    with in_new_folder(folder, store.location, store.row.uuid) as target:
        with store.one_state(), store.read() as source:
            with store.scan() as scanned:
                total = sum(pictures.count(scanned, table) for table in rows.copied_tables())
            _bring(store, source, target, progress, total)
            _proven(source, target, progress, total)
            state = _state_of(store, source)
        target.complete(state.archive, state.counters)
    return folder / DATABASE


def _filled(store: Store, target: Target, progress: Progress) -> tuple[Copy, _State]:
    """Bring all rows and files over from one state of the source, and prove them."""
    with store.one_state(), store.read() as source:
        with store.scan() as scanned:
            counts = {table: pictures.count(scanned, table) for table in rows.copied_tables()}
        total = sum(counts.values())
        brought = _bring(store, source, target, progress, total)
        held = _proven(source, target, progress, total)
        state, faults = _state_of(store, source), log_faults(store)
    made = Copy(
        source=store.location,
        target=str(target.address),
        archive_id=store.row.uuid,
        crops=counts[tables.crop],
        tables=tuple(CopiedTable(one.table.name, one.rows, one.sha256) for one in held),
        resumed=target.resumed,
        brought=brought,
        head=state.head,
        log_faults=len(faults),
        settings=_settings(store, target),
    )
    bring_seals(store, target.folder, state.head.number if state.head else 0)
    return made, state


def _state_of(store: Store, source: Connection) -> _State:
    """Return what the source is in this state, beside its rows."""
    row = source.execute(select(tables.archive)).one()
    own = {name: value for name, value in row._mapping.items() if name not in NOT_COPIED}
    counters = {table: counter_of(source, table) for table in metadata.sorted_tables}
    head = next(entries(store, last=1), None)
    return _State(own, counters, head)


def _complete(store: Store, target: Target, made: Copy, state: _State) -> None:
    """Make the target an archive, with an entry in both logs.

    The source's comes first: a copy that is there has its entry, whatever happens now.
    """
    told = {
        "rows": made.rows,
        "sha256": made.sha256,
        "entries": made.head.number if made.head else None,
        "head": made.head.digest.hex() if made.head else None,
    }
    record(store, Event.COPY, {"to": location_text(made.target), **told})
    detail = {"from": location_text(made.source), **told}
    target.complete(state.archive, state.counters, store.acting, detail)


def _settings(store: Store, target: Target) -> Path | None:
    """Copy the settings file of a folder to another one; return it where it cannot go along.

    Raises:
        StorageError: it cannot be read or written.
    """
    if not isinstance(store.address, Path):
        return None
    path = store.folder.resolve() / SETTINGS
    try:
        data = own_files.read_bytes(path, LARGEST_FILE)
        if not isinstance(target.address, Path):
            return path
        with atomic.replacing(target.folder.resolve() / SETTINGS) as partial:
            partial.write_bytes(data)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StorageError(f"{path} cannot be copied: {said(error)}") from error
    return None


@contextmanager
def _told(left: str, store: Store, address: Address, kind: Kind | None = None) -> Iterator[None]:
    """Say of a copy that is cut off what there is of it.

    Raises:
        StorageError, Interrupted: in place of what cut it off.
    """
    fields = {"source": store.location, "archive": str(address)} if kind else {}
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(f"stopped; {left}", kind=kind, **fields) from error
    except StorageError as error:
        told = f"{error.message} ({error.hint})" if error.hint else error.message
        raise StorageError(f"{told}; {left}", kind=kind, **fields) from error


def _bring(store: Store, source: Connection, target: Target, progress: Progress, total: int) -> int:
    """Copy all rows; return how many of those that the target had were not as in the source.

    What the source no longer has as it was goes first: what follows may need its place.
    """
    brought = 0
    progress.begin("copying rows", total, "rows")
    for table in rows.copied_tables():
        with target.scan() as connection:
            last = rows.last_key(connection, table)
        if last is not None:
            with target.read() as copied:
                held = compared(source, copied, table, progress, last)
            brought += _bring_changes(store, source, target, held)
        for batch in rows.batches(pictures.read(store, source, table, after=last)):
            with target.write() as connection:
                rows.insert_rows(connection, table, batch)
            progress.advance(len(batch))
    progress.end()
    return brought


def _bring_changes(store: Store, source: Connection, target: Target, held: Compared) -> int:
    """Make what the target has of a table what it is in the source; return how many differed."""
    if held.stale:
        with target.write() as connection:
            rows.delete_rows(connection, held.table, held.stale)
    for batch in rows.batches(pictures.read_keys(store, source, held.table, held.lacking)):
        with target.write() as connection:
            rows.insert_rows(connection, held.table, batch)
    return len({*held.stale, *held.lacking})


def _proven(source: Connection, target: Target, progress: Progress, total: int) -> list[Compared]:
    """Read both sides anew and compare all rows.

    Raises:
        ArchiveError: they differ.
    """
    progress.begin("comparing rows", total, "rows")
    with target.read() as copied:
        found = [compared(source, copied, one, progress) for one in rows.copied_tables()]
    progress.end()
    for one in found:
        if not one.equal:
            raise ArchiveError(
                f"{target.address} is not what was copied there: table {one.table.name} differs",
                "give another place, and see whether its disk is sound",
            )
    return found
