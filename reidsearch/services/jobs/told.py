"""The side of the process that does one job: what it is told, and how it tells.

Its standard input is the runner's end of the rope: one line says what to do, a second line (or the
end of the input, when the runner is gone, however it died) says to stop. What it tells are lines of
JSON on what was its standard output; what others print goes to standard error.
"""

from __future__ import annotations

import _thread
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from reidsearch.base.errors import Interrupted
from reidsearch.domain.jobs import JobProblem, JobProgress

TOLD_EVERY_S = 0.25
ENDS_AFTER_S = 10.0
"""A job that is asked to stop and does not is ended: all that it committed stays."""


class Told:
    """What a runner told this process to do, and the way back.

    Attributes:
        what: as `child.Child` was given it.
        stop: set when the job is to stop.
    """

    def __init__(self) -> None:
        self._in: BinaryIO = os.fdopen(os.dup(0), "rb")
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # nothing but messages may stand among messages
        self._writing = threading.Lock()
        self.what: dict[str, Any] = json.loads(self._in.readline())
        self.stop = threading.Event()
        self._asked_only = False

    def watch(self, *, asked_only: bool) -> None:
        """Begin to listen for the wish to stop.

        Args:
            asked_only: the work looks at `stop` by itself; else it is interrupted like by Ctrl-C.
        """
        self._asked_only = asked_only
        threading.Thread(target=self._listen, name="stop", daemon=True).start()

    def _listen(self) -> None:
        self._in.readline()
        self.stop.set()
        if not self._asked_only:
            _thread.interrupt_main()
        time.sleep(ENDS_AFTER_S)
        os._exit(Interrupted.exit_code)

    def progress(self, progress: JobProgress) -> None:
        """Tell how far the job is."""
        self._tell({"progress": asdict(progress)})

    def result(self, document: Mapping[str, Any] | None, *, stopped: bool) -> None:
        """Tell what was done, at the end.

        Args:
            stopped: before all was done.
        """
        self._tell({"result": document, "stopped": stopped})

    def problem(self, problem: JobProblem) -> None:
        """Tell why nothing more is done, at the end."""
        self._tell({"problem": asdict(problem)})

    def _tell(self, message: Mapping[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        with self._writing:
            try:
                self._out.write(line)
                self._out.flush()
            except OSError:  # the runner is gone; `_listen` stops the work
                self.stop.set()


class ToldProgress:
    """`base.progress.Progress` as messages; any thread may call it.

    The task that began first is the whole; what begins within it, or is worked on, is named.
    """

    def __init__(self, told: Told) -> None:
        self._told = told
        self._lock = threading.Lock()
        self._tasks: list[str] = []
        self._whole = ""
        self._total: int | None = None
        self._done = 0
        self._counts: dict[str, int] = {}
        self._what = ""
        self._at = 0.0

    def begin(self, task: str, total: int | None, unit: str) -> None:
        """Begin the whole, or something within it."""
        with self._lock:
            self._tasks.append(task)
            if len(self._tasks) == 1:
                self._whole = task
                self._total, self._done, self._counts = total, 0, {}
            self._tell(soon=len(self._tasks) == 1)

    def advance(self, done: int = 1, /, **counts: int) -> None:
        """Move the whole on; steps within it are only named."""
        with self._lock:
            if len(self._tasks) <= 1:
                self._done += done
            self._counts.update(counts)
            self._tell()

    def working_on(self, what: str) -> None:
        """Name what is worked on."""
        with self._lock:
            if what != self._what:
                self._what = what
                self._tell()

    def end(self) -> None:
        """End what began last."""
        with self._lock:
            if self._tasks:
                self._tasks.pop()
            self._tell(soon=not self._tasks)

    def _tell(self, *, soon: bool = False) -> None:
        now = time.monotonic()
        if not soon and now - self._at < TOLD_EVERY_S:
            return
        self._at = now
        share = min(self._done / self._total, 1.0) if self._total else None
        within = self._tasks[-1] if len(self._tasks) > 1 else ""
        self._told.progress(
            JobProgress(self._whole, share, self._what or within, dict(self._counts))
        )


def sign(job_id: int) -> None:
    """Let the note beside the writer lock tell for which job this process holds it."""
    sys.argv[:] = ["reidsearch", f"(job {job_id})"]
