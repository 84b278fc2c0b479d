"""Commands in processes that kill themselves a moment after they have begun their n-th commit.

However fast or busy the machine is, the kill meets the same commit. Every sampled frame is a
checkpoint, so that there are many.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

NEVER = 0

_PROGRAM = """
import os, signal, sys, threading
import reidsearch.ingest.footage.run as run
import reidsearch.store.footage.recordings as recordings
from reidsearch.store.footage.writer import FootageWriter

run.MARK_S = 0.0
if int(sys.argv.pop(1)):
    recordings.by_digest = lambda digest: digest
at, after_s = int(sys.argv.pop(1)), float(sys.argv.pop(1))
commit, begun = FootageWriter.commit, []

def counted(self, step):
    begun.append(step)
    if len(begun) == at:
        threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
    commit(self, step)

FootageWriter.commit = counted
from reidsearch.cli.main import run as command
command()
"""


def started(
    *arguments: object,
    at: int = NEVER,
    after_s: float = 0.0,
    joins: bool = False,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """`reidsearch` with these arguments, to be killed in its commit `at`; silent, if not told.

    Args:
        joins: join people across the segments of a recorder, with which the built-in model is not
            trusted otherwise.
        options: of the process.
    """
    given = [str(int(joins)), str(at), str(after_s), *map(str, arguments)]
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-c", _PROGRAM, *given], **(silent | options))
