"""Following is killed at random while a recorder writes: the archive is that of one quiet run."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest
from archives import raw_sql
from footage_dump import dump
from killed_commits import NEVER, started
from recorded_segments import cut

from reidsearch import Archive

ROUNDS = 4
PIECES = 5


def run(archive: Path, command: str, folder: Path, *options: str, at: int = NEVER,
        after_s: float = 0.0) -> subprocess.Popen[bytes]:  # fmt: skip
    told = [command, folder, "--sources", folder / "sources.csv", "-a", archive, "-q"]
    told += ["--model", "builtin", *options]
    return started(*told, at=at, after_s=after_s, joins=True)


def record(whole: Path, folder: Path, rng: random.Random) -> None:
    """Write the segments as a recorder does: one after the other, piece by piece."""
    for path in sorted(whole.glob("*.mp4")):
        data = path.read_bytes()
        with (folder / path.name).open("wb") as file:
            for number in range(PIECES):
                start, end = (len(data) * part // PIECES for part in (number, number + 1))
                file.write(data[start:end])
                file.flush()
                time.sleep(rng.uniform(0, 0.3))


def done(archive: Path, recorder: threading.Thread) -> bool:
    """Whether all segments are indexed."""
    if recorder.is_alive() or not (archive / "archive.db").exists():
        return False
    with contextlib.suppress(sqlite3.Error):  # it is being made
        states = raw_sql(archive, "SELECT state FROM footage")
        return [state for (state,) in states] == ["finished"] * 4
    return False


@pytest.mark.fuzz
def test_killed_while_segments_are_written_the_archive_is_the_same(scene, tmp_path):
    whole = tmp_path / "segments"
    cut(scene[0], whole, seconds=4.5)  # in each of them somebody is seen
    place = tmp_path / "nvr"  # places are in the archive
    shutil.copytree(whole, place)
    assert run(tmp_path / "whole", "index", place).wait(timeout=300) == 0
    expected = dump(tmp_path / "whole")
    with Archive.open(tmp_path / "whole") as archive:
        parts, tracklets = expected["tracklet_part"], expected["tracklet"]
        assert len(parts) > len(tracklets), "no tracklet goes on across a border"
        assert archive.check() == []
    rng = random.Random(17)
    killed = 0
    for number in range(ROUNDS):
        shutil.rmtree(place)
        place.mkdir()
        for listed in [*whole.glob("*.csv"), *whole.glob("*.txt")]:
            shutil.copy(listed, place)
        recorder = threading.Thread(target=record, args=(whole, place, rng))
        recorder.start()
        archive = tmp_path / f"killed-{number}"
        follow = ("--settle", "1", "--every", "1")
        for _ in range(3):
            at, after_s = rng.randint(1, 30), rng.uniform(0, 0.01)
            process = run(archive, "follow", place, *follow, at=at, after_s=after_s)
            while process.poll() is None and not done(archive, recorder):
                time.sleep(0.5)
            if process.poll() is None:  # nothing was left to be committed
                process.kill()
            else:
                killed += process.returncode == -signal.SIGKILL
            process.wait()
        recorder.join()
        time.sleep(1.1)
        last = run(archive, "follow", place, "--settle", "1", "--once")
        assert last.wait(timeout=300) == 0
        assert dump(archive) == expected, f"round {number}"
        with Archive.open(archive) as opened:
            assert opened.check() == []
            assert opened.failures() == []
    assert killed >= ROUNDS, "hardly a kill fell into the footage"
