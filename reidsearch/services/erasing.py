"""Deleting with proof: what was erased, where it was looked for, and what may still hold it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from reidsearch.base import own_files, temporaries
from reidsearch.base.cache import cache_folder
from reidsearch.base.errors import (
    DECODING_ERRORS,
    ArchiveError,
    Kind,
    ReidsearchError,
    StorageError,
)
from reidsearch.base.locations import path_of
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.base.timecode import now
from reidsearch.domain.certificates import Certificate, MayHold, Remains
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.index.gallery import Gallery
from reidsearch.maintenance import residue
from reidsearch.maintenance.erase import Erasure, sources_only_of
from reidsearch.maintenance.forget import digests_of, places_of
from reidsearch.media.video import verified
from reidsearch.store import log_reading
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.photos import count_of, digests_of_photos
from reidsearch.store.log_key import LogKey, key_path, read_key
from reidsearch.store.nodes import node_files
from reidsearch.store.seals import seal_now

CERTIFIED_BY = "delete"
"""Which command writes certificates, which show nobody."""


def query_pictures(store: Store) -> Path:
    """Return where pictures that somebody searched with in the page are kept."""
    return cache_folder() / "query-pictures" / str(store.row.uuid)


def searched_with(store: Store, entries: Sequence[int]) -> set[str]:
    """Return the SHA-256 of the pictures that these entries of the log were asked with."""
    found: set[str] = set()
    if not entries:
        return found
    wanted = set(entries)
    for entry in log_reading.entries(store, events=[Event.SEARCH, Event.EXPLAIN]):
        if entry.number not in wanted or entry.detail is None:
            continue
        try:
            said = json.loads(entry.detail)
        except DECODING_ERRORS:
            continue
        pictures = said.get("statement", {}).get("query_pictures") or [said.get("query_picture")]
        found |= {one["sha256"] for one in pictures if one and one.get("sha256")}
    return found


# -- what is kept outside of the archive ----------------------------------------------------


@dataclass(slots=True)
class Caches:
    """What is kept of an archive outside of it, as far as it shows or names what is erased.

    Args:
        pictures: SHA-256 of pictures that somebody may have searched with.
        footage: places of sources that are forgotten.
        removed: how many files of each cache were removed, once they are.
    """

    store: Store
    pictures: frozenset[str]
    footage: frozenset[str]
    removed: dict[str, int] = field(default_factory=dict)

    def drop(self) -> None:
        """Remove it. What is made for browsers goes whole: no name there tells whom it shows."""
        folder, archive = query_pictures(self.store), self.store.folder
        names = [name for name in own_files.names(folder) if name in self.pictures]
        for name in names:
            own_files.remove(folder / name)
        self.removed = {
            "query_pictures": len(names),
            "footage_digests": sum(verified.forget(path_of(one)) for one in self.footage),
            "clips": temporaries.empty(temporaries.MADE, archive),
            "job_files": temporaries.empty(temporaries.JOBS, archive),
            "fetched_footage": temporaries.empty(temporaries.FETCHED, archive),
        }


@contextmanager
def caches_dropped(store: Store, planned: Erasure) -> Iterator[Caches]:
    """Drop from caches what is erased meanwhile, also where that is cut off after it was done."""
    with store.scan() as connection:
        sources = [*sources_only_of(connection, planned.ids), *planned.footage]
        digests = digests_of(connection, planned.ids, sources)
        digests |= digests_of_photos(connection, planned.photos)
        places = places_of(connection, np.empty(0, dtype=np.int64), planned.footage)
    caches = Caches(store, digests | searched_with(store, planned.searches), places)
    before = store.state().erasures
    try:
        yield caches
    finally:
        if store.state().erasures != before:
            caches.drop()


# -- the certificate ------------------------------------------------------------------------


def delete_certified(
    store: Store,
    gallery: Gallery,
    planned: Erasure,
    delete: Callable[[], tuple[bool, Caches]],
    asked: Sequence[str],
    key: LogKey | None = None,
    progress: Progress = NO_PROGRESS,
) -> Certificate:
    """Delete what was planned, look for it in every file, seal the log, and sign what was found.

    Args:
        delete: does it, and tells whether all is finished, and what was dropped.
        key: signs seal and certificate; None: the archive's, if nobody has to be asked for it.

    Raises:
        StorageError, ArchiveError: nothing is deleted, unless the message says so.
    """
    why_not = None
    if key is None:
        key, why_not = _own_key(store)
    ids = planned.ids.tolist()
    patterns = residue.patterns_of(store, gallery, planned)
    finished, caches = delete()
    with _told_as_deleted():
        entry = next(log_reading.entries(store, last=1, events=[Event.DELETE]), None)
        exports, backups = may_hold(store, ids, planned.photos)
        with step(progress, "looking for what was erased"):
            erasures = store.state().erasures
            found = residue.look_for(store, gallery, patterns, list(_folders(store)))
            remains = Remains(
                found,
                residue.rows_left(store, ids),
                residue.derived_files(store, gallery, ids),
                caches.removed,
                erasures,
                node_files(store, erasures),
                store.server_keeps(),
            )
        author = store.acting
        missing = why_not == Kind.SIGNING_KEY_MISSING
        certificate = Certificate(
            archive_id=str(store.row.uuid),
            at=now(),
            by=author.name,
            case=author.case,
            asked=tuple(asked),
            crops=len(ids),
            sources=planned.sources,
            identities=len(planned.identities),
            searches=len(planned.searches),
            photos=len(planned.photos),
            kept_out=planned.permanent,
            held=planned.held,
            finished=finished,
            remains=remains,
            exports=exports,
            backups=backups,
            entry=entry.number if entry else None,
            digest=entry.digest.hex() if entry else None,
            seal=seal_now(store, key, "" if missing else why_not or ""),
            unsigned=why_not,
        )
    return (
        replace(certificate, signature=key.sign(certificate.signed_bytes)) if key else certificate
    )


@contextmanager
def _told_as_deleted() -> Iterator[None]:
    """Let an error say that the deletion before it is done."""
    try:
        yield
    except (StorageError, ArchiveError) as error:
        kind = StorageError if isinstance(error, StorageError) else ArchiveError
        text = f"it is deleted, but no certificate can be made: {error.message}"
        raise error.reworded(text, kind) from error


def _own_key(store: Store) -> tuple[LogKey | None, str | None]:
    """Return the archive's key where nobody has to be asked for it, else why it is not used."""
    try:
        return read_key(key_path(store.row.uuid)), None
    except ReidsearchError as error:
        return None, error.kind


def _folders(store: Store) -> Iterator[Path]:
    """Yield the folders in which something of what an archive holds may lie."""
    yield store.folder.resolve()
    yield query_pictures(store)
    yield verified.folder()
    for kind in temporaries.KINDS:
        yield from temporaries.folders(kind, store.folder)


# -- what may still hold it -----------------------------------------------------------------


def may_hold(
    store: Store, ids: Sequence[int], photos: Sequence[int] = ()
) -> tuple[tuple[MayHold, ...], tuple[MayHold, ...]]:
    """Return the exports and the backups of the event log that may hold what is erased now."""
    exports: list[MayHold] = []
    backups: list[_Backup] = []
    for entry in log_reading.entries(
        store, events=[Event.EXPORT, Event.BACKUP, Event.BACKUP_ERASE]
    ):
        try:
            said = entry.said or {}
        except DECODING_ERRORS:
            said = {}
        if entry.event is Event.BACKUP:
            folder = str(said.get("folder", "(erased)"))
            backups.append(_Backup(entry, folder, said.get("sha256"), folder, said.get("sha256")))
        elif entry.event is Event.BACKUP_ERASE:
            for one in backups:
                if one.now_sha256 is not None and one.now_sha256 == said.get("was"):
                    one.now_sha256, one.now_in = said.get("sha256"), str(said.get("folder"))
                    one.treated_at = entry.at
        elif str(said.get("by", "")).split(" ")[-1] != CERTIFIED_BY:
            name = str(said.get("name", "(erased)"))
            exports.append(MayHold(entry.number, entry.at, name, said.get("sha256")))
    return tuple(exports), tuple(one.told(store, ids, photos) for one in backups)


@dataclass(slots=True)
class _Backup:
    """A backup that the event log knows of.

    Args:
        folder, sha256: where it was made, and of its database then.
        now_in, now_sha256: where it was treated last, and its database's since.
    """

    entry: LogEntry
    folder: str
    sha256: str | None
    now_in: str
    now_sha256: str | None
    treated_at: dt.datetime | None = None

    def told(self, store: Store, ids: Sequence[int], photos: Sequence[int]) -> MayHold:
        """Look into it, where it lies."""
        held = _held_in(store, Path(path_of(self.now_in)), ids, photos)
        return MayHold(
            self.entry.number,
            self.entry.at,
            self.folder,
            self.sha256,
            held,
            self.treated_at,
        )


def _held_in(store: Store, folder: Path, ids: Sequence[int], photos: Sequence[int]) -> int | None:
    """Return how many of these a backup holds; None: it cannot be looked at here."""
    try:
        with Store(folder) as copied:
            if copied.row.uuid != store.row.uuid:
                return None
            held = embedded_ids(copied, copied.state().last_crop_id)
            with copied.read() as connection:
                pictures = count_of(connection, photos)
    except (ReidsearchError, OSError):
        return None
    return int(np.isin(held, np.array(ids, dtype=np.int64)).sum()) + pictures
