"""Killed for good (SIGKILL), wherever it is, a run goes on and ends with the same archive."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from footage_dump import dump

# Checkpoints every tenth of a second instead of every two: kills then fall between all of them.
PROGRAM = """
import sys
import reidsearch.ingest.footage.run as run
run.MARK_S = 0.1
from reidsearch.cli.main import run as command
command()
"""
KILLS = 30


def start(video: Path, archive: Path) -> subprocess.Popen[bytes]:
    detections = video.with_suffix(".det.txt")
    command = ["index", video, "-a", archive, "-q", "--model", "builtin"]
    command += ["--detections", detections, "--camera", "gate"]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, command)], stdout=subprocess.DEVNULL
    )


def finish(video: Path, archive: Path) -> float:
    began = time.monotonic()
    assert start(video, archive).wait(timeout=120) == 0
    return time.monotonic() - began


@pytest.mark.fuzz
def test_killed_at_thirty_random_points_the_archive_is_the_same(scene, tmp_path):
    video, _ = scene
    took = finish(video, tmp_path / "whole")
    whole = dump(tmp_path / "whole")
    rng = random.Random(20)
    reached = number = 0
    # Beside other programs a start takes longer, and more kills fall before the footage.
    while number < KILLS or reached < KILLS // 2:
        assert number < 4 * KILLS, "hardly a kill fell into the footage"
        number += 1
        after_s = rng.uniform(0.3 * took, took)
        archive = tmp_path / f"killed-{number}"
        for _ in range(rng.randint(1, 3)):
            process = start(video, archive)
            try:
                process.wait(timeout=after_s)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        if (archive / "archive.db").exists():
            reached += bool(dump(archive)["footage"])
        finish(video, archive)
        assert dump(archive) == whole, f"kill {number} after {after_s:.2f} s"
