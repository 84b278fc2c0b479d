"""Follow the folders of recorders: finished segments are indexed as they come.

    follower = archive.follower(FollowPlan((Path("/nvr"),), options))
    follower.run(stop)

Each segment is an index run of its own, so a kill costs what any killed index run costs, and what
is done is known by the archive alone: nothing is written down beside it. A tracklet goes on from
segment to segment as in any files of one recording (`store/footage/recordings.py`).
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reidsearch.base.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveVersionError,
    InputError,
    ModelError,
    Reason,
    Refused,
    ReidsearchError,
    StorageError,
    UsageError,
)
from reidsearch.base.foreign_errors import as_ours
from reidsearch.base.locations import path_of
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Rejected
from reidsearch.domain.following import FollowReport, SegmentState, SegmentTold, Standing
from reidsearch.domain.reports import IndexReport
from reidsearch.index.contract import IndexAway
from reidsearch.media.files.inventory import (
    Entry,
    Kind,
    absolute,
    take_inventory,
    take_place,
)
from reidsearch.media.files.remote import remote_of
from reidsearch.media.files.segments import Segment, Segments
from reidsearch.media.naming.patterns import Naming
from reidsearch.services.attributes import AttributeService
from reidsearch.services.followed import FollowedFolders, outcome, state_of
from reidsearch.services.index import FootageOptions, IndexService
from reidsearch.services.lag import options_of
from reidsearch.services.retention import RetentionService
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.reader import finished_at, source_at, unfinished_places
from reidsearch.store.queue_reading import failure_at

LONGEST_WAIT_S = 30.0
"""Between two tries to reach a database, a disk or a folder that is away."""
RETENTION_EVERY_S = 3600.0
PASSED_OVER_S = 5.0
"""What another run works on is looked at again after that."""
LOST = Refused(Reason.MISSING, "it was deleted before it was indexed")
OVERWRITTEN = Refused(Reason.MISSING, "it was overwritten before it was indexed")

Tell = Callable[[SegmentTold], object]


@dataclass(frozen=True)
class FollowPlan:
    """What is followed, and how.

    Args:
        folders: of this machine, or shares that it has mounted.
        options: how segments are analysed, and where their camera and start come from.
        settle_s: so long a file must not have changed before it is taken for finished.
        poll_s: time between two looks into the folders.
        max_lag_s: when indexing is further behind than this, fewer frames are sampled of the next
            segments, and coverage says so; None: never.
        retention: delete by the retention rules too, at the start and every hour.
        attributes: record what people wear and carry too.

    Raises:
        UsageError: a folder is in a store of objects.
        InputError: a folder is not there.
    """

    folders: tuple[Path, ...]
    options: FootageOptions = field(default_factory=FootageOptions)
    settle_s: float = 10.0
    poll_s: float = 5.0
    max_lag_s: float | None = None
    retention: bool = False
    attributes: bool = False
    limits: PictureLimits = PictureLimits()

    def __post_init__(self) -> None:
        for folder in self.folders:
            if remote_of(absolute(folder)) is not None:
                raise UsageError(f"{folder} is no folder of this machine, which alone is followed")
            if not folder.is_dir():
                raise InputError(f"{folder}: there is no such folder")


class FolderFollower:
    """Follows folders into one archive; made by `Archive.follower`.

    `run` is its whole use; a caller that has a loop of its own calls `step` again and again.

    Attributes:
        standing: where it stood at the last look.
        report: what it has done so far.

    """

    def __init__(
        self,
        store: Store,
        indexing: IndexService,
        plan: FollowPlan,
        tell: Tell = lambda _: None,
        *,
        retention: RetentionService,
        attributes: AttributeService,
        progress: Progress = NO_PROGRESS,
    ) -> None:
        self._store, self._indexing, self._plan = store, indexing, plan
        self._told, self._progress = tell, progress
        self._retention, self._attributes = retention, attributes
        self._folders = FollowedFolders(plan.folders)
        self._segments = Segments(plan.options.naming, plan.settle_s, self._held)
        self._waiting: list[Segment] = []
        self._passed_over: dict[str, float] = {}
        self._looked_at = -plan.poll_s
        self._expired_at: float | None = None
        self._began = self._shown = False
        self.standing, self.report = Standing(), FollowReport()

    def run(self, stop: threading.Event, *, once: bool = False) -> FollowReport:
        """Follow until `stop` is set; what is being worked on is committed first.

        Args:
            once: index what is finished now, and end.

        Raises:
            StorageError, ArchiveLocked: with `once` alone; else it waits.
            UsageError: there is no retention rule to delete by.
            ModelError: there is no model, or not the archive's.
            ArchiveError: the archive is damaged.
        """
        self._indexing.prepare()
        self._looked_at = -math.inf  # what has come since an earlier run is seen too
        began, wait_s = time.monotonic(), 1.0
        self._progress.begin("following", None, "segments")
        self._shown = True
        try:
            while not stop.is_set():
                try:
                    worked = self.step(stop)
                    wait_s = 1.0
                except (StorageError, ArchiveLocked, IndexAway) as error:
                    if once:
                        raise
                    self._tell(SegmentTold(SegmentState.WAITS, message=error.message))
                    stop.wait(wait_s)
                    wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                    continue
                if once and not self._waiting:
                    break
                if not worked:
                    stop.wait(self._plan.poll_s)
        finally:
            self._shown = False
            self._progress.end()
        report = replace(self.report, seconds=time.monotonic() - began, interrupted=stop.is_set())
        return report.at(self.standing)

    def step(self, stop: threading.Event | None = None) -> bool:
        """Look into the folders if it is time to, and index the oldest finished segment.

        Returns:
            Whether there was one: if not, nothing is to be done before the next look.

        Raises:
            StorageError, ArchiveLocked, IndexAway: nothing is lost; call it again later.
            ModelError, ArchiveError: nothing can be done here.
        """
        stop = stop or threading.Event()
        self._begin()
        self._expire()
        if not self._waiting or time.monotonic() - self._looked_at >= self._plan.poll_s:
            self._look()
        now = time.monotonic()
        for segment in self._waiting:
            if self._passed_over.get(segment.path, 0.0) <= now:
                self._take(segment, stop)
                self._show()
                return True
        return False

    # -- looking ------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Tell of what was begun before and deleted since: no look can find that."""
        if self._began:
            return
        for location in unfinished_places(self._store):
            path = path_of(location)
            if not self._folders.hold(path) or os.path.lexists(path):
                continue
            with self._store.read() as connection:
                told = failure_at(connection, location) == LOST.message
            if not told:
                self._lost(location)
        self._began = True

    def _look(self) -> None:
        inventory = take_inventory([Path(folder) for folder in self._folders.paths])
        away = [one.location for one in inventory.entries({Kind.REFUSED})] + self._folders.away()
        looked = self._segments.look(inventory.entries({Kind.VIDEO}), whole=not away)
        self._looked_at = time.monotonic()
        for segment in looked.gone:
            self._lost(segment.location, segment.camera)
        for segment in looked.overwritten:
            self._lost(segment.location, segment.camera, OVERWRITTEN)
        self._waiting = list(looked.finished)
        self._stand(looked.growing)
        if away and not self._waiting:
            raise StorageError(f"{away[0]} cannot be read just now")

    def _held(self, entries: Sequence[Entry]) -> set[str]:
        """Return which entries lie in the archive just as they lie there."""
        held = finished_at(self._store, [entry.location for entry in entries])
        return {
            entry.path
            for entry in entries
            if held.get(entry.location) == f"{entry.size_bytes}-{entry.mtime_ns}"
        }

    def _stand(self, growing: int | None = None) -> None:
        waits = self._waiting
        times = [segment.mtime_s for segment in waits]
        lag_s = max(times) - times[0] if times else 0.0
        growing = self.standing.growing if growing is None else growing
        self.standing = Standing(len(waits), growing, max(lag_s, 0.0))
        self._show()

    def _show(self) -> None:
        """Tell where it stands on the line of progress, which `run` has begun."""
        if not self._shown:
            return
        standing = self.standing
        self._progress.advance(
            0,
            indexed=self.report.indexed,
            waiting=standing.waiting,
            growing=standing.growing,
            s_behind=round(standing.lag_s),
        )
        if not standing.waiting:
            self._progress.working_on("waits for the next segment")

    # -- one segment --------------------------------------------------------------------------

    def _take(self, segment: Segment, stop: threading.Event) -> None:
        """Index one segment, and tell what became of it."""
        state = state_of(segment.path)
        if state is None:
            self._folders.require()
            self._done(segment)
            self._lost(segment.location, segment.camera)
            return
        if state != segment.fingerprint:  # a recorder writes there again: the next look tells
            self._waiting.remove(segment)
            self._looked_at = -math.inf
            return
        lag_s = self.standing.lag_s
        options, rate_hz = options_of(
            self._store, segment, self._plan.options, lag_s, self._plan.max_lag_s
        )
        told = SegmentTold(
            SegmentState.INDEXED,
            segment.location,
            camera=segment.camera,
            sample_rate_hz=rate_hz,
            lag_s=lag_s,
        )
        began = time.monotonic()
        before = source_at(self._store, segment.location)
        try:
            report = self._indexed(segment, options, stop)
        except (StorageError, ArchiveLocked, ModelError, ArchiveError, ArchiveVersionError):
            raise
        except (InputError, UsageError) as error:
            self._failed(segment, told, error)
            return
        except Exception as error:  # one segment must not end it
            ours = error if isinstance(error, ReidsearchError) else as_ours(error)
            if isinstance(ours, StorageError):
                raise ours from error
            self._failed(segment, told, ours)
            return
        if report.interrupted:
            return
        if report.footage.in_other_runs:
            self._passed_over[segment.path] = time.monotonic() + PASSED_OVER_S
            return
        told = outcome(self._store, report, replace(told, seconds=time.monotonic() - began), before)
        if told.state is SegmentState.FAILED:
            self._folders.require()  # that of a share which has gone is no failure of the file
        self._done(segment)
        if told.replaced and before is not None and not before.finished:
            message = "what lay there before was overwritten before it was indexed to its end"
            self._tell(SegmentTold(SegmentState.LOST, segment.location, message, segment.camera))
        self._tell(told)

    def _indexed(
        self, segment: Segment, options: FootageOptions, stop: threading.Event
    ) -> IndexReport:
        limits, place = self._plan.limits, take_place(segment.path, Kind.VIDEO)
        report = self._indexing.place(
            place, segment.location, Naming(), options, limits, self._progress, stop
        )
        if not stop.is_set():
            self._indexing.catch_up(self._progress)
            self._indexing.ask_saved()
        if self._plan.attributes and not report.interrupted:
            self._attributes.record(self._progress, stop=stop)
        return report

    def _failed(self, segment: Segment, told: SegmentTold, error: ReidsearchError) -> None:
        """Record what a segment cannot be indexed for, and go on with the others."""
        refused = Refused(Reason.UNREADABLE, error.message, error.hint)
        self._ledger(segment.location, refused)
        self._done(segment)
        self._tell(
            replace(told, state=SegmentState.FAILED, message=error.message, sample_rate_hz=None)
        )

    def _lost(self, location: str, camera: str | None = None, why: Refused = LOST) -> None:
        self._ledger(location, why)
        self._tell(SegmentTold(SegmentState.LOST, location, why.message, camera))

    def _ledger(self, location: str, refused: Refused) -> None:
        self._indexing.crops([Rejected(location, refused)], request=[location])

    def _done(self, segment: Segment) -> None:
        segment.done = True
        self._waiting.remove(segment)
        self._stand()

    # -- retention ----------------------------------------------------------------------------

    def _expire(self) -> None:
        """Delete by the retention rules, at the start and every hour."""
        now = time.monotonic()
        if not self._plan.retention:
            return
        if self._expired_at is not None and now - self._expired_at < RETENTION_EVERY_S:
            return
        planned = self._retention.run(progress=self._progress)
        self._expired_at = now
        crops = sum(len(erasure.ids) for _, erasure in planned)
        if crops:
            self._tell(SegmentTold(SegmentState.EXPIRED, crops=crops))

    def _tell(self, told: SegmentTold) -> None:
        self.report = self.report.with_told(told)
        self._told(told)
