"""Killed or out of space at any call that changes a file, a run ends with the same archive."""

from __future__ import annotations

import errno
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import contents, draw_many, opened, sql
from faults import AVAILABLE, Attacker

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.skipif(not AVAILABLE, reason="needs ptrace of Linux on x86-64"),
]

ENDS: dict[str, dict[str, int]] = {
    "killed": {"number": signal.SIGKILL},
    "full disk": {"fail": errno.ENOSPC},
    "bad disk": {"fail": errno.EIO},
}
TRIES = 4  # of each command and way to end
SETUP = "import openvino"


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crops") / "crops"
    draw_many(folder, 12)
    return folder


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, crops: Path) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "archive"
    with opened(folder) as archive:
        assert archive.index([crops]).indexed == 12
    return folder


@pytest.fixture(scope="module")
def run() -> Iterator[Attacker]:
    with Attacker(SETUP) as attacker:
        yield attacker


def points(calls: int, seed: str) -> list[int]:
    return sorted(random.Random(seed).sample(range(1, calls + 1), TRIES))


def whole(folder: Path) -> None:
    with opened(folder) as archive:
        assert archive.check() == []
        assert archive.pending() == ()


@pytest.mark.parametrize("end", ENDS)
def test_an_index_run_goes_on(run, crops, indexed, tmp_path, end):
    command = ["index", crops, "--model", "builtin", "-q", "-a"]
    uncut = run(tmp_path / "uncut", *command, tmp_path / "uncut")
    assert uncut.code == 0, uncut
    for at in points(uncut.calls, f"index {end}"):
        folder = tmp_path / f"{at}"
        ended = run(folder, *command, folder, at=at, **ENDS[end])
        assert ended.code in {0, 8, -signal.SIGKILL}, ended
        again = run(folder, *command, folder)
        assert again.code == 0, again
        assert contents(folder) == contents(indexed)
        whole(folder)
    print(f"\nindex, {end}: {TRIES} tried, {TRIES} held (of {uncut.calls} calls)")


@pytest.mark.parametrize("end", ENDS)
def test_re_embedding_goes_on_and_leaves_nothing_of_the_old_embeddings(run, indexed, tmp_path, end):
    command = ["reembed", "--flip", "-a"]
    old = [bytes(row[0]) for row in sql(indexed, "SELECT vector FROM embedding")]  # type: ignore[arg-type]
    folder = Path(shutil.copytree(indexed, tmp_path / "uncut"))
    uncut = run(folder, *command, folder)
    assert uncut.code == 0, uncut
    expected = contents(folder)
    for at in points(uncut.calls, f"reembed {end}"):
        folder = Path(shutil.copytree(indexed, tmp_path / f"{at}"))
        ended = run(folder, *command, folder, at=at, **ENDS[end])
        assert ended.code in {0, 8, -signal.SIGKILL}, ended
        again = run(folder, *command, folder)
        assert again.code == 0, again
        assert contents(folder) == expected
        whole(folder)
        left = b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert not any(vector in left for vector in old)
    print(f"\nreembed, {end}: {TRIES} tried, {TRIES} held (of {uncut.calls} calls)")
