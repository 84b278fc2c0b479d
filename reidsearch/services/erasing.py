"""Deleting with proof: what was erased, where it was looked for, and what may still hold it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base import own_files
from reidsearch.base.cache import cache_folder
from reidsearch.base.errors import DECODING_ERRORS, ReidsearchError
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.base.timecode import now
from reidsearch.domain.certificates import Certificate, MayHold
from reidsearch.domain.event_log import Event
from reidsearch.maintenance.residue import look_for, patterns_of
from reidsearch.store import log_reading
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.photos import count_of
from reidsearch.store.seals import seal_unasked

if TYPE_CHECKING:
    from reidsearch.maintenance.erase import Erasure


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


def forget_pictures(store: Store, digests: set[str]) -> None:
    """Remove kept pictures by their SHA-256."""
    folder = query_pictures(store)
    for name in own_files.names(folder):
        if name in digests:
            own_files.remove(folder / name)


def delete_certified(
    store: Store,
    planned: Erasure,
    delete: Callable[[], bool],
    asked: Sequence[str],
    progress: Progress = NO_PROGRESS,
) -> Certificate:
    """Delete what was planned, look for its bytes in every file, and seal the log.

    Args:
        delete: does it, and tells whether all is finished.
    """
    ids = planned.ids.tolist()
    patterns = patterns_of(store, ids, planned.photos)
    finished = delete()
    entry = next(log_reading.entries(store, last=1, events=[Event.DELETE]), None)
    exports, backups = may_hold(store, ids, planned.photos)
    with step(progress, "looking for what was erased"):
        found = look_for(store, patterns, [store.folder.resolve(), query_pictures(store)])
    author = store.acting
    return Certificate(
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
        search=found,
        exports=exports,
        backups=backups,
        entry=entry.number if entry else None,
        digest=entry.digest.hex() if entry else None,
        seal=seal_unasked(store),
    )


def may_hold(
    store: Store, ids: Sequence[int], photos: Sequence[int]
) -> tuple[tuple[MayHold, ...], tuple[MayHold, ...]]:
    """Return the exports and the backups of the event log that may hold what is erased now."""
    exports: list[MayHold] = []
    backups: list[MayHold] = []
    for entry in log_reading.entries(store, events=[Event.EXPORT, Event.BACKUP]):
        try:
            said = entry.said or {}
        except DECODING_ERRORS:
            said = {}
        if entry.event is Event.BACKUP:
            name = str(said.get("folder", "(erased)"))
            held = _held_in(store, Path(name), ids, photos)
            backups.append(MayHold(entry.number, entry.at, name, said.get("sha256"), held))
        else:
            name = str(said.get("name", "(erased)"))
            exports.append(MayHold(entry.number, entry.at, name, said.get("sha256")))
    return tuple(exports), tuple(backups)


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
