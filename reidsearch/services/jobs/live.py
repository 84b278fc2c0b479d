"""What the process that runs jobs knows of them beyond their rows: progress, and that things move.

Progress is written to the database only where servers on other machines may be asked for it, and
then now and then (`store/jobs.py` says why).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from reidsearch.domain.jobs import JobProgress


class LiveJobs:
    """Progress of running jobs by their number; any thread may tell and ask."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._of: dict[int, JobProgress] = {}
        self._recorded: dict[int, JobProgress] = {}
        self._version = 0

    @property
    def version(self) -> int:
        """A number that grows with everything that is told."""
        return self._version

    def of(self, job_id: int) -> JobProgress | None:
        """Return how far a job is; None: it does not run in this process."""
        return self._of.get(job_id)

    def tell(self, job_id: int, progress: JobProgress) -> None:
        """Set how far a job is."""
        self._of[job_id] = progress
        self.moved()

    def unrecorded(self) -> dict[int, JobProgress]:
        """Return the progress that has changed since the last call, by number of its job."""
        of = dict(self._of)
        changed = {one: told for one, told in of.items() if self._recorded.get(one) != told}
        self._recorded = of
        return changed

    def ended(self, job_id: int) -> None:
        """Forget a job's progress, which now stands in its row."""
        self._of.pop(job_id, None)
        self.moved()

    def moved(self) -> None:
        """Wake whoever waits: a job was queued, stopped, or has ended."""
        with self._moved:
            self._version += 1
            self._moved.notify_all()

    def wait(self, seen: int, timeout_s: float, until: Callable[[], bool] = lambda: False) -> int:
        """Wait until something was told that is later than `seen`; return its version.

        Args:
            until: ends the waiting too; asked when somebody is woken.
        """
        with self._moved:
            self._moved.wait_for(lambda: self._version != seen or until(), timeout_s)
            return self._version
