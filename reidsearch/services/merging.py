"""Merging archives of several machines into one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from reidsearch.base.address import PostgresAddress, read_address
from reidsearch.base.errors import ArchiveLocked, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress, parts
from reidsearch.domain.merging import Merged
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store.crops.store import Store

AnyAddress = str | os.PathLike[str] | PostgresAddress


class MergeService:
    """Merges other archives into one, whose index follows."""

    def __init__(self, store: Store, gallery: Gallery, neighbours: Neighbours) -> None:
        self._store = store
        self._gallery = gallery
        self._neighbours = neighbours

    def merge(
        self, sources: Sequence[AnyAddress], progress: Progress = NO_PROGRESS
    ) -> list[Merged]:
        """Merge archives into this one, one after the other; they are only read.

        A merge that was cut off goes on when it is called again.

        Raises:
            UsageError: one is this archive or named twice, its model is another one, or its
                footage is not analysed to its end. All are looked at before any is merged.
            ArchiveError: one of them is missing, or damaged.
            ArchiveLocked: another process writes.

        Example:
            >>> archive.merging.merge(["north", "postgresql://db/south"])[0].new["crops"]
            1200
        """
        from reidsearch.maintenance.merging.merge import merge, require_mergeable

        with contextlib.ExitStack() as stack:
            stores = [stack.enter_context(Store(read_address(one))) for one in sources]
            ids = [one.row.uuid for one in stores]
            if len(set(ids)) < len(ids):
                raise UsageError("an archive was named twice, or a copy of it: name it once")
            for one in stores:
                require_mergeable(one, self._store)
            crops = [_crops(one) for one in stores]
            merged = []
            with parts(progress, "merging", [*crops, max(sum(crops) // 4, 1)]) as whole:
                with self._store.lock():
                    for one in stores:
                        merged.append(merge(one, self._store, whole))
                    if self._gallery.needs_compaction():
                        self._gallery.compact(whole)
                with contextlib.suppress(ArchiveLocked):
                    self._neighbours.keep(whole)
        return merged


def require_sources(sources: Sequence[AnyAddress]) -> None:
    """Refuse what is no archive of this version.

    Raises:
        ArchiveError, ArchiveVersionError: naming it.
    """
    for one in sources:
        Store(read_address(one)).close()


def _crops(store: Store) -> int:
    return max(store.state().last_crop_id, 1)
