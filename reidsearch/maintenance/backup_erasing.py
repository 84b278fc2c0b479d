"""A backup is treated: what its archive has erased since is erased from it too.

Crop ids are never used again, so what a backup holds and its archive does not was erased (or was
replaced when footage was analysed again). The archive's holds were asked when it was erased there,
so those that stood when the backup was made are not asked again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select, update

from reidsearch.base import atomic, own_files
from reidsearch.base.errors import InputError, StorageError
from reidsearch.base.locations import location_text
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.base.said import said
from reidsearch.base.settings_file import NAME as SETTINGS
from reidsearch.base.timecode import iso, now, to_us
from reidsearch.domain.event_log import Event
from reidsearch.index.factory import engine_for
from reidsearch.index.gallery import Gallery
from reidsearch.index.generations import file_sha256
from reidsearch.maintenance.backup import LARGEST_FILE, NOTE, read_note
from reidsearch.maintenance.erase import Erasure, erase, sources_only_of
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.database.sqlite import DATABASE
from reidsearch.store.identities.ledger import ERASE
from reidsearch.store.identities.photos import ever_of
from reidsearch.store.identities.store import log
from reidsearch.store.log_reading import record
from reidsearch.store.seals import copy_seals
from reidsearch.store.tables.retention import hold


@dataclass(frozen=True, slots=True)
class BackupErasure:
    """What a backup lost, or would.

    Args:
        crops, identities: how many.
        sha256: of its database now; None: it was not changed.
    """

    folder: Path
    crops: int
    identities: int
    sha256: str | None = None


def treat(
    store: Store, folder: Path, *, dry_run: bool = False, progress: Progress = NO_PROGRESS
) -> BackupErasure:
    """Erase from a backup what its archive no longer holds; its note gets the new checksum.

    The new backup takes the old one's place when it is complete.

    Raises:
        InputError: it is no backup, or of another archive.
        ArchiveError: it is damaged, or of an earlier version's schema.
        StorageError: it cannot be written.
    """
    folder = folder.resolve()
    note = read_note(folder)
    if note.get("archive_id") != store.row.uuid:
        raise InputError(f"{folder} is a backup of another archive")
    if file_sha256(folder / DATABASE).hex() != note["sha256"]:
        raise InputError(f"{folder / DATABASE} is damaged: its checksum differs from {NOTE}")
    with Store(folder) as copied:
        planned = _planned(store, copied)
    found = BackupErasure(folder, len(planned.ids), len(planned.identities))
    if dry_run:
        return found
    if planned.empty:
        _record(store, found, note["sha256"], note["sha256"])
        return found
    was = note["sha256"]
    try:
        with (
            atomic.scratch_folder(folder.with_name(f"{folder.name}.erasing")) as making,
            atomic.new_folder(folder, replace=True) as new,
            step(progress, "erasing from the backup"),
        ):
            with Store(folder) as copied:
                copied.copy_to(making)
            with Store(making) as made:
                made.author = store.acting
                _release(made)
                erase(made, Gallery(made, engine_for), planned)
                made.copy_to(new)
                note["crops"] = len(embedded_ids(made, made.state().last_crop_id))
            sha256 = _renewed(folder, new, note)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {said(error)}") from error
    _record(store, found, was, sha256)
    return BackupErasure(folder, found.crops, found.identities, sha256)


def _record(store: Store, found: BackupErasure, was: str, sha256: str) -> None:
    """Let the archive's log tell that a backup was treated, and which."""
    detail = {
        "folder": location_text(str(found.folder)),
        "was": was,
        "sha256": sha256,
        "crops": found.crops,
        "identities": found.identities,
    }
    record(store, Event.BACKUP_ERASE, detail)


def _renewed(folder: Path, new: Path, note: dict[str, Any]) -> str:
    """Put beside the new database what stood beside the old one, with its checksum."""
    copy_seals(folder, new)
    if own_files.is_file(folder / SETTINGS):
        with own_files.create(new / SETTINGS) as file:
            file.write(own_files.read_bytes(folder / SETTINGS, LARGEST_FILE))
    note["bytes"] = (new / DATABASE).stat().st_size
    note["sha256"] = file_sha256(new / DATABASE).hex()
    note["erased"] = iso(now())
    with own_files.create(new / NOTE) as file:
        file.write((json.dumps(note, indent=2) + "\n").encode())
    return str(note["sha256"])


def _planned(store: Store, copied: Store) -> Erasure:
    held = embedded_ids(store, store.state().last_crop_id)
    there = embedded_ids(copied, copied.state().last_crop_id)
    gone = np.setdiff1d(there, held)
    identities = _identities(store, copied)
    with copied.scan() as connection:
        sources = sources_only_of(connection, gone)
        photos = tuple(ever_of(connection, identities))
    return Erasure(gone, len(sources), 0, 0, identities=identities, photos=photos)


def _identities(store: Store, copied: Store) -> tuple[int, ...]:
    """Return the identities that the archive has erased, and that the backup still names."""
    with store.read() as connection:
        erased = {
            change.identity_id
            for one in log(connection)
            if one.what == ERASE
            for change in one.changes
            if change.identity_id is not None
        }
    with copied.read() as connection:
        decisions = log(connection)
    named = {one for each in decisions for change in each.changes for one in change.identities}
    done = {
        one
        for each in decisions
        if each.what == ERASE
        for change in each.changes
        for one in change.identities
    }
    return tuple(sorted((erased & named) - done))


def _release(made: Store) -> None:
    """Release the holds that stood when the backup was made: the archive's were asked."""
    with made.write() as connection:
        held = select(hold.c.id).where(hold.c.released_us.is_(None))
        if connection.scalar(held.limit(1)) is not None:
            values = {"released_us": to_us(now()), "released_by": made.author.name}
            connection.execute(update(hold).where(hold.c.released_us.is_(None)).values(values))
