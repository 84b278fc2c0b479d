"""Maintenance of one archive: erasing, re-embedding, checking, summaries, backups, migration."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from reidsearch.base.actor import Author, acting, acting_now, default_actor
from reidsearch.base.address import PostgresAddress, read_address
from reidsearch.base.errors import ArchiveLocked, Kind, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.domain.event_log import Event
from reidsearch.domain.pending import Pending
from reidsearch.domain.reports import BackupOrigin, Failure, Finding, Summary
from reidsearch.domain.request import Filters
from reidsearch.domain.separation import Separation
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import record
from reidsearch.store.pending import pending_work

if TYPE_CHECKING:
    from reidsearch.domain.certificates import Certificate
    from reidsearch.maintenance.backup import Backup
    from reidsearch.maintenance.backup_erasing import BackupErasure
    from reidsearch.maintenance.erase import Erasure
    from reidsearch.services.erasing import Caches
    from reidsearch.store.log_key import LogKey
    from reidsearch.vision.engines import Engines


class Further(TypedDict, total=False):
    """What else is to be deleted.

    `identity`: all that shows it; alone, its name and what was decided of it go too. `older_than`:
    by the time that footage shows, or of indexing where that is not known. `searches_of`: the
    details of a case's searches, with the pictures searched with.
    """

    identity: str | None
    older_than: dt.datetime | None
    searches_of: str | None


class MaintenanceService:
    """Maintenance of one archive, whose index and neighbour graph follow what is changed."""

    def __init__(
        self,
        store: Store,
        gallery: Gallery,
        neighbours: Neighbours,
        engines: Engines,
        progress: Progress = NO_PROGRESS,
    ) -> None:
        self._store = store
        self._gallery = gallery
        self._neighbours = neighbours
        self._engines = engines
        self._progress = progress

    def plan_delete(
        self,
        filters: Filters = Filters(),
        crop_ids: Sequence[int] = (),
        *,
        permanent: bool = False,
        **further: Unpack[Further],
    ) -> Erasure:
        """Count what `delete` would delete; all that is given must hold.

        What is on hold is left out, and told.

        Args:
            permanent: no index run brings it back.

        Raises:
            UsageError: nothing was named; the case is on hold.
            NotFound: a camera, source, crop, identity or case is not in the archive.
        """
        from reidsearch.maintenance.erase import Wanted, plan

        return plan(self._store, Wanted(filters, tuple(crop_ids), permanent=permanent, **further))

    def delete(self, planned: Erasure, progress: Progress = NO_PROGRESS) -> bool:
        """Delete for good just what was planned: rows, pictures, embeddings, index entries.

        Returns:
            Whether the freed pages have left the write-ahead log too; if not, another process is
            reading, and they leave it when that ends.

        Raises:
            ArchiveLocked: another process writes.
        """
        finished, _ = self._delete(planned, progress)
        return finished

    def _delete(self, planned: Erasure, progress: Progress) -> tuple[bool, Caches]:
        """Do it; return what `delete` does, and what was dropped from caches."""
        from reidsearch.maintenance.erase import erase
        from reidsearch.services.erasing import caches_dropped

        crops = len(planned.ids)
        with (
            caches_dropped(self._store, planned) as caches,
            parts(progress, "deleting", [crops] * 3) as whole,
        ):
            emptied = erase(self._store, self._gallery, planned, whole, self._neighbours)
        return emptied, caches

    def delete_certified(
        self,
        planned: Erasure,
        asked: Sequence[str],
        key: LogKey | None = None,
        progress: Progress = NO_PROGRESS,
    ) -> Certificate:
        """Delete just what was planned, look for its bytes in every file, and certify it.

        Args:
            asked: by what kinds of choices it was asked for, such as `identity`.
            key: signs it, and the seal of the log that is made for it; None: the archive's key,
                where it has one that needs no passphrase.

        Raises:
            ArchiveLocked: another process writes.
        """
        from reidsearch.services.erasing import delete_certified

        return delete_certified(
            self._store,
            self._gallery,
            planned,
            lambda: self._delete(planned, progress),
            asked,
            key,
            progress,
        )

    def erase_in_backup(
        self, folder: Path, *, dry_run: bool = False, progress: Progress = NO_PROGRESS
    ) -> BackupErasure:
        """Erase from a backup of this archive what the archive no longer holds.

        Raises:
            InputError: it is no backup, or of another archive.
            ArchiveError, StorageError: it is damaged, or cannot be written.
        """
        from reidsearch.maintenance.backup_erasing import treat

        return treat(self._store, folder, dry_run=dry_run, progress=progress)

    def finish(self, progress: Progress = NO_PROGRESS) -> tuple[Pending, ...]:
        """Finish what is pending, and return what it was; costs nothing when nothing is.

        Every method that writes does this first.

        Raises:
            ArchiveLocked: another process writes.
            StorageError: it cannot be written; the rest stays pending.
        """
        from reidsearch.maintenance.finish import EARLIER, finish, told_as_unfinished

        found = pending_work(self._store)
        if not found:
            return ()
        with told_as_unfinished(self._store, EARLIER), self._store.lock():
            finish(self._store, self._gallery, self._neighbours, progress)
        left = {(one.work, one.since) for one in pending_work(self._store)}
        return tuple(one for one in found if (one.work, one.since) not in left)

    def reembed(self, progress: Progress = NO_PROGRESS) -> int:
        """Re-embed all crops as `model` and `flip` given to `Archive.open` say.

        The stored pictures are embedded. Searches go on with the old model until all are done.

        Returns:
            How many were embedded.

        Raises:
            ArchiveError: a stored picture is damaged; nothing is switched over.
        """
        from reidsearch.services.reembed import renew
        from reidsearch.vision.embedding.sense import require_sense

        embedder = self._engines.another()
        if embedder is None:
            raise UsageError(
                "neither another model nor another flip was asked for", kind=Kind.NOTHING_TO_CHANGE
            )
        require_sense(embedder)
        # Embedding takes nearly all of the time; index and graph follow.
        with parts(progress, "re-embedding", [95, 5]) as whole:
            count = renew(self._store, embedder, whole)
            self._engines.use(embedder)
            with (
                contextlib.suppress(ArchiveLocked),  # a writer that has begun meanwhile does it
                self._store.deriving(),
                step(whole, "building the index"),
            ):
                if self._gallery.needs_compaction():
                    self._gallery.compact(whole)
        return count

    def separation(self) -> Separation | None:
        """Return how the archive's scores tell people apart of whom footage itself is sure.

        Pairs of views of one tracklet, and of tracklets seen at once; None: there are none.
        """
        from reidsearch.services.separation import separation

        return separation(self._store)

    def summary(self) -> Summary:
        """Return what the archive holds, in numbers."""
        from reidsearch.maintenance.summary import summarise

        with self._store.one_state():
            return summarise(self._store)

    def failures(self) -> list[Failure]:
        """Return the inputs that never became crops, and why; oldest first."""
        from reidsearch.maintenance.summary import failures

        return failures(self._store)

    def each_failure(self, most: int | None = None) -> Iterator[Failure]:
        """Yield what `failures` returns, read while it is used; at most so many."""
        from reidsearch.maintenance.summary import each_failure

        return each_failure(self._store, most)

    def count_failures(self) -> int:
        """Return how many inputs never became crops."""
        from reidsearch.maintenance.summary import count_failures

        return count_failures(self._store)

    def check(self, *, repair: bool = False, progress: Progress = NO_PROGRESS) -> list[Finding]:
        """Verify that the archive is whole; see `reidsearch.maintenance.check`.

        Args:
            repair: rebuild what is derived first, then return what is still wrong.
        """
        from reidsearch.maintenance import check as checks

        findings = checks.check(self._store, progress)
        if repair and any(finding.repairable for finding in findings):
            with step(progress, "repairing"):
                checks.repair(self._store, findings, progress)
            findings = checks.check(self._store, progress)
            left = sorted({finding.code for finding in findings if finding.repairable})
            record(self._store, Event.REPAIR_END, {"left": left})
        return findings

    def backup(self, target: Path, progress: Progress = NO_PROGRESS) -> Backup:
        """Copy the archive consistently to a new folder, even while it is being written."""
        from reidsearch.maintenance.backup import backup

        return backup(self._store, target, progress)


def mend_log(path: str | os.PathLike[str] | PostgresAddress) -> list[Finding]:
    """Go on without what of a damaged write-ahead log cannot be read; a copy of it is kept.

    An archive with such a log is not opened.

    Returns:
        What was lost; nothing where the log is whole.
    """
    from reidsearch.maintenance.check import lost_in_log

    address = read_address(path)
    return lost_in_log(address) if isinstance(address, Path) else []


def migrate(path: str | os.PathLike[str] | PostgresAddress) -> tuple[str, str]:
    """Bring an archive of an earlier version to this one's schema; return both versions.

    Raises:
        ArchiveError: there is none, or it was made by a newer version.

    Example:
        >>> migrate("archive")
        ('0003', '0009')
    """
    from reidsearch.store import migrating

    return migrating.migrate(read_address(path))


def restore(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | PostgresAddress,
    progress: Progress = NO_PROGRESS,
) -> int:
    """Make an archive from a backup, verified; return how many crops it holds.

    Raises:
        InputError: there is no backup, or it is damaged.

    Example:
        >>> restore("backup", "archive")
        120
    """
    from reidsearch.maintenance import backup

    folder = _restorable(target)
    with acting(acting_now() or Author(default_actor())):
        return backup.restore(Path(source), folder, progress)


def backup_origin(
    source: str | os.PathLike[str], target: str | os.PathLike[str] | PostgresAddress
) -> BackupOrigin:
    """Tell of when a backup is, and whether its archive, if it lies beside it, has gone on since.

    Args:
        target: where it is to be restored to.

    Raises:
        InputError: it is no backup.
        UsageError: it cannot be restored to there.
    """
    from reidsearch.maintenance.backup_origin import origin_of

    return origin_of(Path(source), _restorable(target))


def _restorable(target: str | os.PathLike[str] | PostgresAddress) -> Path:
    """Return the folder that an archive is restored to."""
    address = read_address(target)
    if isinstance(address, PostgresAddress):
        raise UsageError(
            f"{address} is a database of PostgreSQL, and a backup is restored to a folder",
            "pg_restore brings back what pg_dump wrote of such a database",
        )
    return address
