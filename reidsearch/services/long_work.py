"""The work of an open archive that goes on for long: jobs, queues, followed folders, streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.services.shared import Services

if TYPE_CHECKING:
    from reidsearch.base.settings import FootageSettings
    from reidsearch.base.settings_file import Settings
    from reidsearch.domain.following import SegmentTold
    from reidsearch.domain.work import Told
    from reidsearch.services.follow import FolderFollower, FollowPlan
    from reidsearch.services.jobs.runner import JobRunner
    from reidsearch.services.jobs.service import JobService
    from reidsearch.services.queue.service import QueueService
    from reidsearch.services.queue.worker import Leases, Worker
    from reidsearch.services.stream import PersonStream


class LongWork(Services):
    """What `Archive` offers to whoever lets it work for hours or days."""

    @cached_property
    def jobs(self) -> JobService:
        """Long work, queued for whoever runs it: `archive.jobs.queue(LinkWork())`."""
        from reidsearch.services.jobs.service import JobService

        return JobService(self._store, self._actor)

    def job_runner(self, command: Sequence[str], told: Mapping[str, Any]) -> JobRunner:
        """Return what runs the queued jobs, each in a process that `command` starts.

        Args:
            told: to every such process, beside its job.

        Example:
            >>> runner = archive.job_runner([sys.executable, "-m", "reidsearch.web.worker"], told)
            >>> runner.start()
        """
        from reidsearch.services.jobs.runner import JobRunner

        return JobRunner(self._store, self.jobs, self.passing, command, told)

    @cached_property
    def queue(self) -> QueueService:
        """Sources that wait for workers: `archive.queue.put([Path("/footage")], request)`."""
        from reidsearch.services.queue.service import QueueService

        return QueueService(self._store)

    def worker(
        self, settings: Settings, tell: Callable[[Told], object], leases: Leases | None = None
    ) -> Worker:
        """Return what takes sources from the queue and indexes them.

        Args:
            tell: is called with what becomes of each source.

        Example:
            >>> archive.worker(read_settings(archive.address), print).run(threading.Event())
        """
        from reidsearch.services.queue.worker import Leases, Worker

        return Worker(self._store, self.indexing, settings, tell, leases or Leases())

    def follower(
        self,
        plan: FollowPlan,
        tell: Callable[[SegmentTold], object] = lambda _: None,
        progress: Progress = NO_PROGRESS,
    ) -> FolderFollower:
        """Return what follows the folders of recorders.

        Args:
            tell: is called with what becomes of each segment.

        Example:
            >>> archive.follower(FollowPlan((Path("/nvr"),))).run(threading.Event())
        """
        from reidsearch.services.follow import FolderFollower

        return FolderFollower(
            self._store,
            self.indexing,
            plan,
            tell,
            retention=self.retention,
            attributes=self.attributes,
            progress=progress,
        )

    def stream(self, settings: FootageSettings | None = None) -> PersonStream:
        """Return what finds people in frames, with the model of this archive; stores nothing.

        Example:
            >>> people = archive.stream().push(frame, 12.5)
        """
        from reidsearch.base.settings import PRESETS
        from reidsearch.services.stream import PersonStream

        return PersonStream(settings=settings or PRESETS["default"], engines=self._engines)
