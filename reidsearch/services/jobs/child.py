"""The process that does one job, as the runner sees it; `told.py` is its own side."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reidsearch.base.errors import Kind
from reidsearch.domain.jobs import JobProblem

GRACE_S = 12.0
"""Longer than a process that was asked to stop takes to end itself."""
LONGEST_MESSAGE = 1 << 26


class Child:
    """A child process at one job. It stops when it is asked to, or when this process dies.

    Args:
        command: starts it.
        told: what it is to do; plain JSON.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str], told: Mapping[str, Any]) -> None:
        # Of a session of its own: Ctrl-C in the server's terminal is for the server, which asks.
        self._process = subprocess.Popen(  # noqa: S603
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._send(json.dumps(told).encode() + b"\n")

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield what it tells, until it ends."""
        if self._process.stdout is None:
            return
        while line := self._process.stdout.readline(LONGEST_MESSAGE):
            with contextlib.suppress(ValueError):  # a line that its end cut off
                message = json.loads(line)
                if isinstance(message, dict):
                    yield message

    def ask_to_stop(self) -> None:
        """Ask it to stop after what it is just committing; later calls do nothing."""
        with self._lock:
            if self._asked_at is not None:
                return
            self._asked_at = time.monotonic()
        self._send(b"stop\n")

    def end_when_overdue(self) -> None:
        """Kill it when it was asked to stop long ago."""
        if self._asked_at is not None and time.monotonic() - self._asked_at > GRACE_S:
            self._process.kill()

    def ended(self) -> JobProblem:
        """Wait for its end; return what is to be said when it told no result itself."""
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if code >= 0:
            return JobProblem(
                Kind.INTERNAL.value, f"the process that ran it ended with exit code {code}"
            )
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        return JobProblem(Kind.JOB_KILLED.value, f"the process that ran it was ended by {name}")

    def _send(self, line: bytes) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it has ended
                self._process.stdin.write(line)
                self._process.stdin.flush()
