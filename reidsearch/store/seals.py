"""Seals of the event log: one small file each in the archive's folder, beside the database.

A database that was put back to an earlier state, or cut off, no longer reaches its newest seal.
Whoever can write the database can remove these files as well, so copies belong elsewhere.
"""

from __future__ import annotations

import re

from reidsearch.base import own_files
from reidsearch.base.errors import DECODING_ERRORS, ArchiveError, Kind, StorageError
from reidsearch.base.reading import parse_json
from reidsearch.base.said import said
from reidsearch.base.timecode import parse_time
from reidsearch.domain.event_log import SEAL_FORMAT, Event, Seal, canonical
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import append

FOLDER = "seals"
LARGEST = 10_000
_NAME = re.compile(r"[0-9]{12}\.json")


def seal_now(store: Store) -> Seal | None:
    """Add the entry of a seal, and keep the seal; None: the archive keeps no log.

    Raises:
        StorageError: it cannot be written.
    """
    with store.write() as connection:
        entry = append(connection, Event.SEAL, {})
    if entry is None:
        return None
    seal = Seal(store.row.uuid, entry.at, entry.number, entry.digest.hex())
    folder = store.folder.resolve() / FOLDER
    try:
        own_files.make_folder(folder)
        with own_files.create(folder / f"{seal.entries:012}.json") as file:
            file.write(canonical(seal.document()) + b"\n")
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {said(error)}") from error
    return seal


def kept_seals(store: Store) -> list[Seal]:
    """Return the seals in the archive's folder, in the order of their entries.

    Raises:
        ArchiveError: one is damaged.
    """
    folder = store.folder.resolve() / FOLDER
    try:
        names = sorted(name for name in own_files.names(folder) if _NAME.fullmatch(name))
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        try:
            found.append(read_seal(own_files.read_bytes(folder / name, LARGEST)))
        except (OSError, *DECODING_ERRORS) as error:
            raise ArchiveError(
                f"{folder / name} is no seal of the event log: {error}",
                kind=Kind.ARCHIVE_DAMAGED,
                archive=store.location,
            ) from error
    return found


def read_seal(data: bytes) -> Seal:
    """Read the document of a seal.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    told = parse_json(data)
    if told["format"] != SEAL_FORMAT:
        raise ValueError("it is of another format")
    seal = Seal(str(told["archive_id"]), parse_time(told["at"]), told["entries"], told["head"])
    if not isinstance(seal.entries, int) or not re.fullmatch("[0-9a-f]{64}", seal.head):
        raise ValueError("it holds no number of entries and no digest")
    return seal
