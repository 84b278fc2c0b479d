"""What a backup says of itself before it is restored, and whether its archive has gone on since.

A backup cannot know what its archive erased later. Where an archive lies beside it (or beside the
folder that it is restored to) whose event log knows the backup, that can be told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from reidsearch.base import own_files
from reidsearch.base.errors import DECODING_ERRORS, ReidsearchError
from reidsearch.domain.event_log import Event
from reidsearch.domain.reports import BackupOrigin
from reidsearch.maintenance.backup import NOTE, read_note
from reidsearch.store import log_reading
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.database.sqlite import DATABASE
from reidsearch.store.identities.photos import photo_ids

MOST_BESIDE = 100
"""Folders that are looked at for an archive of the same past."""


def origin_of(source: Path, target: Path) -> BackupOrigin:
    """Tell what a backup is of, and whether its archive, if it lies beside it, has gone on.

    Args:
        target: where it is to be restored to.

    Raises:
        InputError: it is no backup.
    """
    source = source.resolve()
    note = read_note(source)
    found = BackupOrigin(_text(note, "made"), _text(note, "erased"))
    try:
        with Store(source) as backup:
            for folder in _beside(source, target):
                gone = _deleted_in(folder, backup, note["sha256"])
                if gone is not None:
                    crops, photos = gone
                    return replace(found, archive=folder, deleted_since=crops, photos_since=photos)
    except ReidsearchError:  # of an earlier version's schema, or damaged: restoring tells
        pass
    return found


def _text(note: dict[str, Any], name: str) -> str | None:
    value = note.get(name)
    return value if isinstance(value, str) else None


def _beside(source: Path, target: Path) -> Iterator[Path]:
    """Yield the archives that lie beside a backup or a folder to be made, backups left out."""
    seen = {source, target.resolve()}
    for parent in dict.fromkeys((target.resolve().parent, source.parent)):
        try:
            folders = sorted(islice((one for one in parent.iterdir() if one.is_dir()), MOST_BESIDE))
        except OSError:
            continue
        for folder in folders:
            if folder.resolve() in seen or not own_files.is_file(folder / DATABASE):
                continue
            if not own_files.is_file(folder / NOTE):
                seen.add(folder.resolve())
                yield folder


def _deleted_in(folder: Path, backup: Store, sha256: str) -> tuple[int, int] | None:
    """Return how many crops and reference photographs of a backup an archive no longer has.

    None: it is not its archive.
    """
    try:
        with Store(folder) as found:
            if found.row.uuid != backup.row.uuid or not _knows(found, sha256):
                return None
            here = embedded_ids(found, found.state().last_crop_id)
            photos = photo_ids(found)
    except (ReidsearchError, OSError):
        return None
    there = embedded_ids(backup, backup.state().last_crop_id)
    return len(np.setdiff1d(there, here)), len(photo_ids(backup) - photos)


def _knows(found: Store, sha256: str) -> bool:
    """Tell whether an archive made a backup, or treated it: another copy of its past did not."""
    for entry in log_reading.entries(found, events=[Event.BACKUP, Event.BACKUP_ERASE]):
        with contextlib.suppress(*DECODING_ERRORS):
            if (entry.said or {}).get("sha256") == sha256:
                return True
    return False
