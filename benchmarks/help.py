"""CPU time of `reidsearch --help`, user and system of the whole process, against 0.1 s.

The bare line is a Python that does nothing: what no program in Python can go below.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from measuring import Figure, as_installed, in_turns, report

PROGRAM = str(Path(sys.executable).with_name("reidsearch"))


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return used.ru_utime + used.ru_stime


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    environment = as_installed(given.work)
    cpu_seconds([PROGRAM, "--help"], environment)  # compiles
    ours, bare = in_turns(
        15,
        lambda: cpu_seconds([PROGRAM, "--help"], environment),
        lambda: cpu_seconds([sys.executable, "-c", ""], environment),
    )
    yield Figure("`reidsearch --help`, CPU time", "s", ours, limit=0.1)
    yield Figure("a Python that does nothing", "s", bare)


if __name__ == "__main__":
    report(measure)
