"""Killed for good (SIGKILL), wherever it is, a run goes on and ends with the same archive."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from footage_dump import dump

# A checkpoint after every sampled frame. The process kills itself a moment after
# it has begun its n-th commit, however fast or busy the machine is.
PROGRAM = """
import os, signal, sys, threading
import reidsearch.ingest.footage.run as run
from reidsearch.store.footage.writer import FootageWriter

run.MARK_S = 0.0
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
NEVER = 0
KILLS = 30


def index(video: Path, archive: Path, at: int = NEVER, after_s: float = 0.0) -> int:
    """Run `reidsearch index`, to be killed at a commit; return its exit code."""
    detections = video.with_suffix(".det.txt")
    command = ["index", video, "-a", archive, "-q", "--model", "builtin"]
    command += ["--detections", detections, "--camera", "gate"]
    arguments = [str(at), str(after_s), *map(str, command)]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    return ended.returncode


@pytest.mark.fuzz
def test_killed_at_thirty_random_points_the_archive_is_the_same(scene, tmp_path):
    video, _ = scene
    assert index(video, tmp_path / "whole") == 0
    whole = dump(tmp_path / "whole")
    rng = random.Random(20)
    killed = 0
    for number in range(KILLS):
        archive = tmp_path / f"killed-{number}"
        for _ in range(rng.randint(1, 3)):
            at, after_s = rng.randint(1, 100), rng.uniform(0, 0.01)
            killed += index(video, archive, at, after_s) == -signal.SIGKILL
        assert index(video, archive) == 0
        assert dump(archive) == whole, f"run {number}, last killed {after_s:.4f} s after {at}"
    assert killed >= KILLS, "hardly a kill fell into the footage"
