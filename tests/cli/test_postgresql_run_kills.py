"""One of two index runs on an archive of PostgreSQL is killed (SIGKILL), wherever it is."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from archive_content import content
from killed_commits import NEVER, started
from postgres import Server, server
from scenes import walk

from reidsearch.archive import Archive
from reidsearch.datasets.synthetic.footage import write_detections, write_scene

pytestmark = pytest.mark.fuzz
SOURCES, ROUNDS = 4, 10


@pytest.fixture(scope="module")
def running() -> Server:
    return server()


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("footage")
    rows = ["path,camera,start,detections"]
    for number in range(SOURCES):
        walks = [walk(number, 0.3, 1.8, 1.1, -0.1), walk(number + 10, 1.5, 3)]
        video = folder / f"{number}.mp4"
        write_detections(video.with_suffix(".txt"), write_scene(video, walks, 3.2, seed=number))
        rows.append(f"{video.name},c{number},2024-05-31T12:0{number}:00Z,{number}.txt")
    (folder / "sources.csv").write_text("\n".join(rows) + "\n")
    return folder


def begin(
    footage: Path, address: object, node: Path, at: int = NEVER, after_s: float = 0.0
) -> subprocess.Popen[bytes]:
    """Begin `reidsearch index` on a machine of its own, to be killed at a commit."""
    node.mkdir(exist_ok=True)
    command = ["index", footage, "--sources", footage / "sources.csv", "--model", "builtin"]
    command += ["-a", address, "--format", "json", "-q"]
    return started(
        *command,
        at=at,
        after_s=after_s,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"REIDSEARCH_DATA": str(node)},
    )


def ended(process: subprocess.Popen[bytes]) -> dict[str, int]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return dict(json.loads(out)["footage"])


def test_what_a_killed_run_left_is_taken_up_by_others(running, footage, tmp_path, capsys):
    ended(begin(footage, tmp_path / "alone", tmp_path / "node"))
    alone = content(tmp_path / "alone")
    chance = random.Random(16)
    killed = resumed = left = 0
    for number in range(ROUNDS):
        address = running.new_archive()
        at, after_s = chance.randint(1, 40), chance.uniform(0, 0.02)
        victim = begin(footage, address, tmp_path / "first", at, after_s)
        survivor = begin(footage, address, tmp_path / "second")
        victim.communicate(timeout=300)
        killed += victim.returncode == -signal.SIGKILL
        told = ended(survivor)
        third = ended(begin(footage, address, tmp_path / "third"))
        resumed += told["resumed"] + third["resumed"]
        left += third["indexed"]
        assert content(address) == alone, f"round {number}, killed {after_s:.4f} s after {at}"
        with Archive.open(address, model="builtin") as archive:
            assert archive.show().unfinished_runs == 0
            assert archive.check() == []
        running.drop(address)
    with capsys.disabled():
        print(f"\nkilled: {killed} of {ROUNDS}; resumed: {resumed}; left to the third: {left}")
    assert killed >= ROUNDS / 2, "hardly a kill fell into the footage"
    assert resumed, "no source was taken up where a killed run had left it"
