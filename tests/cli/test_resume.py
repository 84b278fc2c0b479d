"""Killed, stopped, and out of space: what was acknowledged is there, once, and the run goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from archives import contents, draw_many, opened, small_disk, sql, start

pytestmark = pytest.mark.full  # processes of their own

COUNT = 150

# Commits come quickly, so that kills fall between and into them.
EAGER = """
import sys
import reidsearch.ingest.crops, reidsearch.output.progress
reidsearch.ingest.crops.COMMIT_CROPS = 6
reidsearch.ingest.crops.LOOKED_UP_AT_ONCE = 10
reidsearch.output.progress.LINES_EVERY_S = 0.0
from reidsearch.cli.main import run
run()
"""

OPTIONS = ("--camera", "gate", "--model", "builtin", "--format", "json")


def index(archive: Path, crops: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", EAGER, "index", crops, "-a", archive, *OPTIONS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Told:
    """Follows the progress lines of a run: how many crops it has acknowledged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.indexed = 0
        self._process = process
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith("{") and line.endswith("}\n"):
                self.indexed = json.loads(line)["counts"].get("indexed", self.indexed)

    def until(self, indexed: int) -> None:
        while self.indexed < indexed and self._process.poll() is None:
            time.sleep(0.002)

    def finish(self) -> None:
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        assert self._process.stderr is not None
        self._process.stderr.close()


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crops") / "crops"
    draw_many(folder, COUNT)
    return folder


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, crops):
    folder = tmp_path_factory.mktemp("whole") / "archive"
    with opened(folder) as archive:
        assert archive.index([crops]).indexed == COUNT
    return contents(folder)


def require_whole(folder: Path, acknowledged: int, before: set, uninterrupted: set) -> set:
    """Everything acknowledged is there, none twice, and the archive proves whole."""
    held = contents(folder)
    assert before <= held <= uninterrupted
    assert len(held) >= len(before) + acknowledged
    assert sql(folder, "SELECT count(*) FROM crop") == [(len(held),)]
    with opened(folder) as archive:
        assert [f for f in archive.check() if f.code != "stray"] == []
    return held


def kill_and_resume(tmp_path: Path, crops: Path, uninterrupted: set, kills: int, seed: int) -> None:
    folder, chooser, held = tmp_path / "archive", random.Random(seed), set()
    for _ in range(kills):
        process = index(folder, crops)
        told = Told(process)
        # From the first moment of making the archive to well into the run.
        if chooser.random() < 0.3:
            time.sleep(chooser.uniform(0.2, 1.0))
        else:
            told.until(chooser.randrange(1, 70))
            time.sleep(chooser.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        told.finish()
        if (folder / "archive.db").exists():
            held = require_whole(folder, told.indexed, held, uninterrupted)
            if len(held) == COUNT:
                shutil.rmtree(folder)
                held = set()
    process = index(folder, crops)
    told = Told(process)
    told.finish()
    assert process.returncode == 0
    assert require_whole(folder, 0, held, uninterrupted) == uninterrupted
    with opened(folder) as archive:
        assert archive.check() == []
        assert archive.show().unfinished_runs == 0
        assert archive.index([crops], naming=_named()).unchanged == COUNT


def _named():
    from reidsearch.media.naming.patterns import Naming

    return Naming(camera="gate")


def test_killed_at_random_points(tmp_path, crops, uninterrupted):
    kill_and_resume(tmp_path, crops, uninterrupted, kills=4, seed=1)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(5))
def test_killed_at_many_random_points(tmp_path, crops, uninterrupted, seed):
    kill_and_resume(tmp_path, crops, uninterrupted, kills=12, seed=100 + seed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_once_it_commits_and_the_same_command_goes_on(
    tmp_path, crops, uninterrupted, number
):
    folder = tmp_path / "archive"
    process = index(folder, crops)
    told = Told(process)
    told.until(20)
    process.send_signal(number)
    told.finish()
    assert process.returncode == 130
    held = require_whole(folder, told.indexed, set(), uninterrupted)
    assert len(held) == told.indexed
    assert sql(folder, "SELECT state FROM run") == [("interrupted",)]
    process = index(folder, crops)
    Told(process).finish()
    assert process.returncode == 0
    assert contents(folder) == uninterrupted
    assert sql(folder, "SELECT state FROM run ORDER BY id") == [("superseded",), ("finished",)]


def test_a_second_run_meanwhile_is_refused_and_readers_are_not(tmp_path, crops):
    folder = tmp_path / "archive"
    process = index(folder, crops)
    told = Told(process)
    told.until(1)
    process.send_signal(signal.SIGSTOP)
    try:
        second = start("index", crops, "-a", folder, "--model", "builtin")
        said = second.communicate()[1]
        assert second.returncode == 6
        assert f"process {process.pid} of" in said
        assert "--camera gate" in said
        shown = start("show", "-a", folder, "--format", "json")
        document = json.loads(shown.communicate()[0])
        assert shown.returncode == 0
        assert 0 < document["crops"] < COUNT
        assert (document["running_runs"], document["unfinished_runs"]) == (1, 0)
    finally:
        process.send_signal(signal.SIGKILL)
        told.finish()
    shown = start("show", "-a", folder, "--format", "json")
    document = json.loads(shown.communicate()[0])
    assert (document["running_runs"], document["unfinished_runs"]) == (0, 1)


def test_a_full_disk_costs_nothing_that_was_committed(tmp_path, crops, uninterrupted):
    with small_disk(tmp_path / "disk", 4000) as disk:
        folder = disk / "archive"
        with opened(folder):
            pass  # an empty archive, so that the rest of the disk holds crops only
        ballast = disk / "ballast"
        leave_free(ballast, 400_000)
        process = index(folder, crops)
        told = Told(process)
        told.finish()
        assert process.returncode == 8
        assert 0 < told.indexed < COUNT
        held = require_after_full(folder, told.indexed, uninterrupted)
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        process = index(folder, crops)
        Told(process).finish()
        assert process.returncode == 0
        assert held <= contents(folder) == uninterrupted
        with opened(folder) as archive:
            assert archive.check() == []


def leave_free(ballast: Path, size: int) -> None:
    ballast.write_bytes(bytes(shutil.disk_usage(ballast.parent).free - size))


def require_after_full(folder: Path, acknowledged: int, uninterrupted: set) -> set:
    copied = folder.parent.parent / "copy"
    shutil.copytree(folder, copied)  # where there is room to open it
    held = contents(copied)
    assert held <= uninterrupted
    assert len(held) >= acknowledged
    assert sql(copied, "PRAGMA integrity_check") == [("ok",)]
    return held


def test_a_fifo_and_broken_files_never_hang_or_end_the_run(tmp_path, run):
    folder = tmp_path / "crops"
    draw_many(folder, 3)
    os.mkfifo(folder / "fifo.png")
    (folder / "broken.png").write_bytes((folder / "000.png").read_bytes()[:300])
    (folder / "empty.jpg").touch()
    (folder / "circle.png").symlink_to(folder / "circle.png")
    process = start("index", folder, "-a", run.archive, "--model", "builtin", "--format", "json")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    report = json.loads(out)
    assert (report["inputs"], report["indexed"], report["failed"]) == (7, 3, 4)
    failures = json.loads(run("failures", "--format", "json").out)["failures"]
    assert {Path(f["location"]).name: f["reason"] for f in failures} == {
        "fifo.png": "not-a-file",
        "broken.png": "truncated",
        "empty.jpg": "empty",
        "circle.png": "unreadable",
    }
