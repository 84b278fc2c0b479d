"""Killed for good (SIGKILL), wherever it is, a run goes on and ends with the same archive."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest
from footage_dump import dump
from killed_commits import NEVER, started

KILLS = 30


def index(video: Path, archive: Path, at: int = NEVER, after_s: float = 0.0) -> int:
    """Run `reidsearch index`, to be killed at a commit; return its exit code."""
    detections = video.with_suffix(".det.txt")
    command = ["index", video, "-a", archive, "-q", "--model", "builtin"]
    command += ["--detections", detections, "--camera", "gate"]
    return started(*command, at=at, after_s=after_s).wait(timeout=300)


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
