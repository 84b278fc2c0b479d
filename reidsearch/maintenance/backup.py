"""Consistent copies of an archive, taken while it is in use, and verified when they return.

A backup is a folder with a compact copy of the database, the archive's settings file if it has
one, and `backup.json`, which holds the SHA-256 of both. The index is derived and not copied. Of an
archive in PostgreSQL the rows are copied into the database of a folder (`copy.write_database`), so
a backup is the same whatever the archive is in. Pictures that the archive keeps in a store of
objects come along, in the copied database.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidsearch.base import atomic, own_files
from reidsearch.base.errors import ArchiveError, InputError, StorageError
from reidsearch.base.locations import location_text
from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.base.said import said
from reidsearch.base.settings_file import NAME as SETTINGS
from reidsearch.base.timecode import iso, now
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.index.factory import engine_for
from reidsearch.index.gallery import Gallery
from reidsearch.index.generations import file_sha256
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.copy import write_database
from reidsearch.maintenance.finish import finish
from reidsearch.maintenance.moving_pictures import bring_in, detach
from reidsearch.store import jobs, queue
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.database.lifecycle import require_usable_name
from reidsearch.store.database.sqlite import DATABASE
from reidsearch.store.log_reading import entries, newest_number, record
from reidsearch.store.migrating import migrate
from reidsearch.store.pictures.places import objects_of, place_of
from reidsearch.store.seals import bring_seals, copy_seals
from reidsearch.store.sessions import drop_sessions

LOOK_EVERY_S = 0.2
LARGEST_FILE = 1 << 20  # of note and settings
COPIED_AT_ONCE = 1 << 20
NOTE = "backup.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished copy.

    Args:
        size_bytes, sha256: of the copied database.
        settings_sha256: of the copied settings file; None: the archive has none.
    """

    folder: Path
    crops: int
    size_bytes: int
    sha256: str
    settings_sha256: str | None


def backup(store: Store, target: Path, progress: Progress = NO_PROGRESS) -> Backup:
    """Copy the archive as it is at one moment; readers and the writer go on meanwhile.

    Args:
        target: a folder that does not exist yet.

    Raises:
        InputError: the target exists, or the settings file cannot be read.
        StorageError: it cannot be written; nothing is left behind.
    """
    require_usable_name(target)
    if os.path.lexists(target):
        raise InputError(f"{target} exists already", "a backup goes to a new folder")
    settings = _read_settings(store.folder.resolve() / SETTINGS)
    size = store.size_bytes()
    with (
        parts(progress, "backing up", [size, size, size], "bytes") as whole,
        _appearing(target) as folder,
    ):
        copy = _copied(store, folder, size, whole)
        with step(whole, "verifying the copy"):
            with Store(folder) as copied:
                _take_pictures_along(store, copied)
                crops = len(embedded_ids(copied, copied.state().last_crop_id))
                last = newest_number(copied)
                copied.purge()
            sha256 = file_sha256(copy).hex()
        settings_sha256 = _write_settings(folder / SETTINGS, settings)
        made = Backup(target, crops, copy.stat().st_size, sha256, settings_sha256)
        note = {
            "format": FORMAT,
            "archive_id": store.row.uuid,
            "made": iso(now()),
            "crops": made.crops,
            "bytes": made.size_bytes,
            "sha256": made.sha256,
            "settings_sha256": made.settings_sha256,
        }
        bring_seals(store, folder, last)
        with own_files.create(folder / NOTE) as file:
            file.write((json.dumps(note, indent=2) + "\n").encode())
        # Before it has its name: a backup that is there has its entry, whatever happens now.
        record(store, Event.BACKUP, {"folder": location_text(str(target)), "sha256": sha256})
    return made


def _copied(store: Store, folder: Path, size: int, progress: Progress) -> Path:
    """Write the database of a backup."""
    if store.in_file:
        with _watched(folder / DATABASE, size, progress):
            return store.copy_to(folder)
    return write_database(store, folder, progress)


def _take_pictures_along(store: Store, copied: Store) -> None:
    """Put pictures of a store of objects into the copy: a backup is whole, and owns no objects."""
    with store.read() as connection:
        place = place_of(connection)
    with copied.read() as connection:
        if place_of(connection) is None:  # or they are there already, as of a copied database
            return
    if place is not None:
        bring_in(copied, objects_of(store, place))
    detach(copied)


def restore(source: Path, target: Path, progress: Progress = NO_PROGRESS) -> int:
    """Make an archive from a backup, of this version's schema, and build its index.

    Returns:
        The number of crops.

    Raises:
        InputError: the source is no backup, or the target exists.
        ArchiveError: the backup is damaged (checksums or SQLite's own check).
    """
    require_usable_name(target)
    source = source.resolve()  # a link to a backup may be given, but what lies in it is none
    note = read_note(source)
    database = source / DATABASE
    if os.path.lexists(target) and (
        target.is_symlink() or not target.is_dir() or any(target.iterdir())
    ):
        raise InputError(f"{target} exists already", "an archive is restored to a new folder")
    if not own_files.is_file(database):
        raise ArchiveError(f"{database} is damaged or missing: its checksum differs from {NOTE}")
    # Digesting, copying, checking and building the index take about as long as each other.
    weights = [database.stat().st_size] * 4
    with parts(progress, "restoring", weights, "bytes") as whole:
        with step(whole, "comparing checksums"):
            if file_sha256(database).hex() != note.get("sha256"):
                raise ArchiveError(
                    f"{database} is damaged or missing: its checksum differs from {NOTE}"
                )
            settings = _verified_settings(source / SETTINGS, note.get("settings_sha256"))
        with _appearing(target) as folder:
            return _restored(database, folder, settings, note, whole)


def _restored(
    database: Path,
    folder: Path,
    settings: bytes | None,
    note: dict[str, Any],
    progress: Progress,
) -> int:
    """Fill the folder of a new archive, and return how many crops it holds."""
    with (
        _watched(folder / DATABASE, database.stat().st_size, progress),
        own_files.open_file(database) as old,
        own_files.create(folder / DATABASE) as new,
    ):
        shutil.copyfileobj(old, new, COPIED_AT_ONCE)
    _write_settings(folder / SETTINGS, settings)
    copy_seals(database.parent, folder)
    before, after = migrate(folder)
    with Store(folder) as store:
        with step(progress, "checking the database"):
            damage = store.damage()
        if damage:
            raise ArchiveError(f"{database} is damaged: {damage[0]}")
        last = _head(store, migrated=before != after)
        with store.write() as connection:
            jobs.leave(connection)
            queue.leave(connection)
        gallery = Gallery(store, engine_for)  # in files: a server has the archive it is a copy of
        with store.lock(), step(progress, "building the index"):
            gallery.compact(progress)
            # The backup may be of a moment at which a deletion was not finished.
            finish(store, gallery, Neighbours(store, gallery), progress)
        drop_sessions(store)
        detail = {
            "folder": location_text(str(database.parent)),
            "made": note.get("made"),
            "erased": note.get("erased"),
            "entries": last.number if last else None,
            "head": last.digest.hex() if last else None,
        }
        record(store, Event.RESTORE, detail)
        return len(gallery)


def _head(store: Store, *, migrated: bool) -> LogEntry | None:
    """Return up to where a backup's log went, before it was migrated; None: it had none."""
    last = next(entries(store, last=2 if migrated else 1), None)
    # The first entry never stands alone: one that does now was made by migrating.
    return None if migrated and last and last.event is Event.BEGIN else last


@contextmanager
def _watched(path: Path, size_bytes: int, progress: Progress) -> Iterator[None]:
    """Tell how far a file has grown that is being written in one call."""
    done = threading.Event()

    def watch() -> None:
        told = 0
        while not done.wait(LOOK_EVERY_S):
            with suppress(OSError):
                held = path.stat().st_size
                progress.advance(max(held - told, 0))
                told = max(held, told)

    progress.begin("copying", size_bytes, "bytes")
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
        progress.end()


def _read_settings(path: Path) -> bytes | None:
    """Return the bytes of an archive's settings file; None: it has none."""
    try:
        return own_files.read_bytes(path, LARGEST_FILE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {said(error)}") from error


def _write_settings(path: Path, settings: bytes | None) -> str | None:
    """Write a settings file and return its SHA-256; do nothing when there is none."""
    if settings is None:
        return None
    with own_files.create(path) as file:
        file.write(settings)
    return hashlib.sha256(settings).hexdigest()


def _verified_settings(path: Path, sha256: str | None) -> bytes | None:
    """Return the settings file of a backup that names it; older backups name none."""
    if sha256 is None:
        return None
    settings = _read_settings(path)
    if settings is None or hashlib.sha256(settings).hexdigest() != sha256:
        raise ArchiveError(f"{path} is damaged or missing: its checksum differs from {NOTE}")
    return settings


def read_note(source: Path) -> dict[str, Any]:
    """Return what stands beside a backup's database.

    Raises:
        InputError: there is no backup, or its note makes no sense.
    """
    try:
        note = json.loads(own_files.read_bytes(source / NOTE, LARGEST_FILE))
    except FileNotFoundError as error:
        raise InputError(f"{source} is not a backup: it has no {NOTE}") from error
    except OSError as error:
        raise InputError(f"{source / NOTE} cannot be read: {said(error)}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source / NOTE} cannot be read: it is no JSON") from error
    if not isinstance(note, dict) or note.get("format") != FORMAT:
        raise InputError(f"{source / NOTE} is of another format", "upgrade reidsearch")
    sums = note.get("sha256"), note.get("settings_sha256", None)
    if not isinstance(sums[0], str) or not isinstance(sums[1], str | None):
        raise InputError(f"{source / NOTE} is damaged: it holds no checksums")
    return note


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """`atomic.new_folder`, whose refusals are told as a `StorageError`."""
    try:
        # A relative name has a parent that can be opened, too.
        with atomic.new_folder(target.absolute()) as folder:
            yield folder
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror or error}") from error
