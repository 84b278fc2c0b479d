"""Seals of the event log: one small file each in the archive's folder, beside the database.

A database that was put back to an earlier state, or cut off, no longer reaches its newest seal.
Whoever can write the database can remove these files as well, so copies belong elsewhere.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import secrets
from pathlib import Path

from sqlalchemy import Connection, select

from reidsearch.base import own_files
from reidsearch.base.errors import (
    DECODING_ERRORS,
    ArchiveError,
    InputError,
    Kind,
    ReidsearchError,
    StorageError,
)
from reidsearch.base.reading import parse_json
from reidsearch.base.said import said
from reidsearch.base.timecode import now, parse_time
from reidsearch.domain.event_log import SEAL_FORMAT, Event, Seal, canonical
from reidsearch.domain.signatures import ALGORITHM, Signature, read_signature
from reidsearch.store import timestamps
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import append
from reidsearch.store.log_key import LogKey, key_path, read_key
from reidsearch.store.log_reading import entries
from reidsearch.store.tables.event_log import log_entry

FOLDER = "seals"
LARGEST = 10_000
_NAME = re.compile(r"[0-9]{12}\.json")
_OURS = re.compile(r"[0-9]{12}\.(json|sig|tsr)")
_DIGEST = re.compile("[0-9a-f]{64}")


def seal_now(store: Store, key: LogKey | None, why_not: str = "") -> Seal | None:
    """Add the entry of a seal, and keep the seal; None: the archive keeps no log.

    Args:
        key: signs it; the log names the key before its first seal.
        why_not: it is not signed although there is a key.

    Raises:
        StorageError: it cannot be written.
    """
    detail = {"unsigned": why_not} if why_not else {}
    with store.write() as connection:
        if key is not None:
            name_key(connection, key)
            detail = {"fingerprint": key.fingerprint}
        entry = append(connection, Event.SEAL, detail)
    if entry is None:
        return None
    seal = Seal(store.row.uuid, entry.at, entry.number, entry.digest.hex())
    folder = store.folder.resolve() / FOLDER
    text = canonical(seal.document())
    try:
        own_files.make_folder(folder)
        if key is not None:  # before the seal, which without it would be a fault after a kill
            made = canonical(key.sign(text).document())
            _write(folder / f"{seal.entries:012}.sig", made + b"\n")
        _write(folder / f"{seal.entries:012}.json", seal_bytes(seal))
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {said(error)}") from error
    return seal


def seal_bytes(seal: Seal) -> bytes:
    """Return the bytes of a seal's file."""
    return canonical(seal.document()) + b"\n"


def name_key(connection: Connection, key: LogKey) -> None:
    """Let the log name the key that seals are signed with from here on, unless it does."""
    c = log_entry.c
    newest = select(log_entry).where(c.event == Event.KEY.value).order_by(c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    told = {
        "algorithm": ALGORITHM,
        "fingerprint": key.fingerprint,
        "public_key": key.public_key.hex(),
    }
    if row is None or row.detail != canonical(told).decode():
        append(connection, Event.KEY, told)


def _write(path: Path, data: bytes) -> None:
    """Write a seal whole or not at all: half of one would be damage."""
    part = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        with own_files.create(part) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        own_files.rename(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            own_files.remove(part)
        raise


def kept_seals(store: Store) -> list[Seal]:
    """Return the seals in the archive's folder, in the order of their entries.

    Raises:
        ArchiveError: one is damaged, or of another archive.
    """
    folder = store.folder.resolve() / FOLDER
    try:
        names = _names(folder)
    except OSError as error:
        raise _damaged(store, f"{folder} holds no seals of the event log: {said(error)}") from error
    found = []
    for name in names:
        try:
            seal = read_seal(own_files.read_bytes(folder / name, LARGEST))
            if (seal.archive_id, f"{seal.entries:012}.json") != (store.row.uuid, name):
                raise ValueError("it is of another archive, or has another name")
        except (OSError, *DECODING_ERRORS) as error:
            told = said(error) if isinstance(error, OSError) else error
            text = f"{folder / name} is no seal of the event log: {told}"
            raise _damaged(store, text) from error
        found.append(seal)
    return found


def kept_signature(store: Store, seal: Seal) -> Signature | None:
    """Return the signature of a seal in the archive's folder; None: it has none.

    Raises:
        ArchiveError: it is damaged.
    """
    path = store.folder.resolve() / FOLDER / f"{seal.entries:012}.sig"
    try:
        return read_signature(own_files.read_bytes(path, LARGEST))
    except FileNotFoundError:
        return None
    except (OSError, *DECODING_ERRORS) as error:
        told = said(error) if isinstance(error, OSError) else error
        raise _damaged(store, f"{path} is no signature of a seal: {told}") from error


def kept_stamp(store: Store, seal: Seal) -> bytes | None:
    """Return the time stamp of a seal in the archive's folder; None: it has none.

    Raises:
        ArchiveError: it cannot be read.
    """
    path = store.folder.resolve() / FOLDER / f"{seal.entries:012}.tsr"
    try:
        return own_files.read_bytes(path, timestamps.LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(store, f"{path} is no time stamp: {said(error)}") from error


def stamp(store: Store, seal: Seal, url: str) -> None:
    """Let a service stamp a seal that is kept, and keep its answer beside it.

    Raises:
        InputError: the service cannot be reached, or does not answer as it should.
        StorageError: the answer cannot be written.
    """
    told = timestamps.fetch(url, seal_bytes(seal))
    path = store.folder.resolve() / FOLDER / f"{seal.entries:012}.tsr"
    try:
        _write(path, told)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {said(error)}") from error


def _names(folder: Path) -> list[str]:
    """Return the names of seals in a folder, in the order of their entries; none without one."""
    return [name for name in own_files.names(folder) if _NAME.fullmatch(name)]


def seal_files(store: Store) -> dict[str, bytes]:
    """Return the files of seals in an archive's folder, signatures and time stamps: name -> bytes.

    Raises:
        ArchiveError: one cannot be read.
    """
    folder = store.folder.resolve() / FOLDER
    try:
        names = [name for name in own_files.names(folder) if _OURS.fullmatch(name)]
        return {name: own_files.read_bytes(folder / name, timestamps.LARGEST) for name in names}
    except OSError as error:
        raise _damaged(store, f"{folder} holds no seals of the event log: {said(error)}") from error


def _damaged(store: Store, text: str) -> ArchiveError:
    return ArchiveError(text, kind=Kind.ARCHIVE_DAMAGED, archive=store.location)


def require_own_seals(store: Store, folder: Path) -> None:
    """Refuse a folder that holds other seals than the archive's, which is to be copied there.

    Raises:
        InputError: it does.
        ArchiveError: one cannot be read.
    """
    if folder.resolve() == store.folder.resolve():
        return
    ours = seal_files(store)
    there = folder.resolve() / FOLDER
    for name in own_files.names(there):
        if _OURS.fullmatch(name) and (
            name not in ours or own_files.read_bytes(there / name, timestamps.LARGEST) != ours[name]
        ):
            raise InputError(
                f"{there / name} is a seal of another copy of this archive",
                "move that folder away, if the copy is no more; or keep this machine's files "
                "elsewhere",
            )


def bring_seals(store: Store, folder: Path, last: int) -> None:
    """Copy the archive's seals of its first entries to the folder of a copy of it.

    Args:
        last: the number of the last entry that the copy has.

    Raises:
        StorageError: one cannot be written.
        ArchiveError: one cannot be read.
    """
    there = folder.resolve() / FOLDER
    held = {} if there == store.folder.resolve() / FOLDER else seal_files(store)
    try:
        for name, data in held.items():
            if int(name.partition(".")[0]) <= last and not own_files.is_file(there / name):
                own_files.make_folder(there)
                _write(there / name, data)
    except OSError as error:
        raise StorageError(f"{there} cannot be written: {said(error)}") from error


def copy_seals(source: Path, target: Path) -> None:
    """Copy the seals of an archive's folder into another one, such as a backup's.

    Raises:
        OSError: one cannot be read or written.
    """
    held = own_files.names(source / FOLDER)
    names = [name for name in held if _OURS.fullmatch(name)]
    if not names:
        return
    own_files.make_folder(target / FOLDER)
    for name in names:
        with own_files.create(target / FOLDER / name) as file:
            file.write(own_files.read_bytes(source / FOLDER / name, timestamps.LARGEST))


def read_seal(data: bytes) -> Seal:
    """Read the document of a seal.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    told = parse_json(data)
    if told["format"] != SEAL_FORMAT:
        raise ValueError("it is of another format")
    seal = Seal(str(told["archive_id"]), parse_time(told["at"]), told["entries"], told["head"])
    if type(seal.entries) is not int or seal.entries < 1 or not _DIGEST.fullmatch(seal.head):
        raise ValueError("it holds no number of entries and no digest")
    return seal


def seal_unasked(store: Store) -> Seal | None:
    """Seal as `seal_now` does, with the archive's key where nobody has to be asked for it.

    The entry says why a key that is there was not used.
    """
    try:
        return seal_now(store, read_key(key_path(store.row.uuid)))
    except ReidsearchError as error:
        if isinstance(error, StorageError):
            raise
        missing = error.kind == Kind.SIGNING_KEY_MISSING
        return seal_now(store, None, "" if missing else error.kind)


class DailySeal:
    """Seals the log where it has entries of another day, by UTC, than its newest seal.

    Called after every write: a day with entries has a seal as soon as somebody writes on a later
    one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looked: dt.date | None = None

    def __call__(self) -> None:
        """Seal where it is due; what cannot be sealed now is due with the next program."""
        today = _day(now())
        if today == self._looked:
            return
        self._looked = today
        with contextlib.suppress(ReidsearchError):
            if self._due(today):
                seal_unasked(self._store)

    def _due(self, today: dt.date) -> bool:
        # A seal from the future (a clock was wrong) says nothing about this day.
        sealed = [one.at for one in kept_seals(self._store) if _day(one.at) <= today]
        since = max(sealed, default=None)
        if since is None:
            first = next(entries(self._store), None)
            since = first.at if first else None
        return since is not None and _day(since) < today


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(dt.UTC).date()
