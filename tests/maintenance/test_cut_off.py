"""Killed or out of space at any call that changes a file, a deletion always ends.

Each attack ends one command at its n-th such call. Then everybody is told what is left to do, the
same command again does it, and no byte of what was deleted is in any file of the archive.
"""

from __future__ import annotations

import errno
import json
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import fill, opened, sql, unit_rows
from faults import AVAILABLE, Attacker, Outcome

from reidsearch.domain.crops import Facts
from reidsearch.index.compact.index import Compact, CompactEngine
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store.crops.store import Store

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.skipif(not AVAILABLE, reason="needs ptrace of Linux on x86-64"),
]

COUNT, GATE = 60, range(0, 60, 3)
VECTORS = unit_rows(COUNT, seed=3)
FACTS = [Facts(camera="gate" if n in GATE else "door") for n in range(COUNT)]
ENDS: dict[str, dict[str, int]] = {
    "killed": {"number": signal.SIGKILL},
    "ctrl-c": {"number": signal.SIGINT},
    "full disk": {"fail": errno.ENOSPC},
    "bad disk": {"fail": errno.EIO},
}
TRIES = 4  # of each way to end
SMALL = """
from reidsearch.index import factory
from reidsearch.index.compact.index import CompactEngine
small = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)
factory.TAKEOVER, factory.COMPACT = 40, small
factory.ENGINES[small.kind] = small
"""


@pytest.fixture(scope="module")
def small_index() -> Iterator[None]:
    """A compact index from 40 crops on, in this process as in the attacked ones."""
    small = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reidsearch.index.factory.TAKEOVER", 40)
        patch.setattr("reidsearch.index.factory.COMPACT", small)
        patch.setitem(__import__("reidsearch.index.factory", fromlist=["x"]).ENGINES, "x", small)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small_index: None) -> tuple[Path, list[bytes]]:
    """An archive with codes and a neighbour graph, and all bytes that tell of camera `gate`."""
    folder = tmp_path_factory.mktemp("whole") / "archive"
    fill(folder, VECTORS, FACTS)
    with Store(folder) as store, store.lock():
        gallery = Gallery(store)
        gallery.compact()
        Neighbours(store, gallery).keep()
        index = gallery.index
        assert isinstance(index, Compact)
        codes = {
            crop_id: segment.codes.leading[row].tobytes()
            for segment in index.segments
            for row, crop_id in enumerate(segment.ids.tolist())
        }
    assert len(codes) == COUNT
    secrets = [VECTORS[n].tobytes() for n in GATE] + [codes[n + 1] for n in GATE]
    secrets += [b"picture %d\0"[:-1] % n for n in GATE if n > 9]
    secrets += [b"/footage/%05d.jpg" % n for n in GATE]
    found = held_bytes(folder)
    assert all(secret in found for secret in secrets)
    return folder, secrets


@pytest.fixture(scope="module")
def run() -> Iterator[Attacker]:
    with Attacker(SMALL) as attacker:
        yield attacker


def held_bytes(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def attacked_at(calls: int, seed: str) -> list[int]:
    """Every call, or as many as there is time for."""
    every = list(range(1, calls + 1))
    return sorted(random.Random(seed).sample(every, min(TRIES, len(every))))


def pending(run: Attacker, folder: Path) -> list[str]:
    shown = run(folder, "show", "-a", folder, "--format", "json")
    assert shown.code == 0, shown.err
    return [one["work"] for one in json.loads(shown.out)["pending"]]


def require_told(run: Attacker, folder: Path, secrets: list[bytes], ended: Outcome) -> list[str]:
    """Whatever of the deleted is left in the files is told of, by this command and the next."""
    assert "Traceback" not in ended.err
    assert ended.code in {0, 1, 8, 130, -signal.SIGKILL}, ended  # 1: a file could not be removed
    left = pending(run, folder)
    gone = sql(folder, "SELECT count(*) FROM crop") != [(COUNT,)]
    if gone and any(secret in held_bytes(folder) for secret in secrets):
        assert "erasure" in left or "log" in left
    return left


def require_gone(folder: Path, secrets: list[bytes]) -> None:
    """Nothing of the deleted is left, and all others are."""
    left = held_bytes(folder)
    assert [number for number, secret in enumerate(secrets) if secret in left] == []
    kept = [n for n in range(COUNT) if n not in GATE]
    assert all(VECTORS[n].tobytes() in left for n in kept)
    with opened(folder) as archive:
        assert archive.check() == []
        assert archive.pending() == ()
        assert len(archive) == len(kept)


@pytest.mark.parametrize("end", ENDS)
def test_a_deletion_that_is_cut_off_is_finished_by_the_same_command(run, whole, tmp_path, end):
    made, secrets = whole
    held = 0
    folder = Path(shutil.copytree(made, tmp_path / "uncut"))
    command = ["delete", "--camera", "gate", "-y", "-a"]
    uncut = run(folder, *command, folder)
    assert uncut.code == 0, uncut.err
    require_gone(folder, secrets)
    points = attacked_at(uncut.calls, end)
    for at in points:
        folder = Path(shutil.copytree(made, tmp_path / f"{at}"))
        ended = run(folder, *command, folder, at=at, **ENDS[end])
        left = require_told(run, folder, secrets, ended)
        if "erasure" in left and ended.code > 0:
            assert "not finished" in ended.err, ended
        again = run(folder, *command, folder)
        # Ended after its last step there is no such camera any more, and nothing to finish.
        assert again.code == (9 if ended.code == 0 or (not left and again.code) else 0), again
        assert ("Finished a deletion" in again.out) == ("erasure" in left or "log" in left)
        require_gone(folder, secrets)
        shutil.rmtree(folder)
        held += 1
    print(f"\ndelete, {end}: {len(points)} tried, {held} held (of {uncut.calls} calls)")


@pytest.mark.parametrize("end", ENDS)
def test_a_repair_that_is_cut_off_is_finished_by_the_next(run, whole, tmp_path, end):
    """A damaged index, and a deletion that was cut off: both are mended in the end."""
    made, secrets = whole
    held = 0
    start = Path(shutil.copytree(made, tmp_path / "start"))
    committed = _cut_off_after_commit(run, made, start)
    command = ["check", "--repair", "-a"]
    for path in (start / "index").glob("*.fine"):
        path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    folder = Path(shutil.copytree(start, tmp_path / "uncut"))
    uncut = run(folder, *command, folder)
    assert uncut.code == 0, uncut
    require_gone(folder, secrets)
    points = attacked_at(uncut.calls, f"repair {end}")
    for at in points:
        folder = Path(shutil.copytree(start, tmp_path / f"{at}"))
        ended = run(folder, *command, folder, at=at, **ENDS[end])
        require_told(run, folder, secrets, ended)
        assert run(folder, *command, folder).code == 0
        require_gone(folder, secrets)
        shutil.rmtree(folder)
        held += 1
    assert committed
    print(f"\ncheck --repair, {end}: {len(points)} tried, {held} held (of {uncut.calls} calls)")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EMFILE])
def test_a_query_beside_a_damaged_index_answers_from_memory(run, whole, tmp_path, error):
    """Whatever fails while the index is rebuilt, its half-written files are gone afterwards."""
    made, _ = whole
    start = Path(shutil.copytree(made, tmp_path / "start"))
    next(start.glob("index/generation-*")).write_bytes(b"damaged")
    before = len(list((start / "index").iterdir()))
    command = ["query", "--crop", "3", "-k", "3", "--format", "json", "-a"]
    folder = Path(shutil.copytree(start, tmp_path / "uncut"))
    uncut = run(folder, *command, folder)
    expected = [one["crop_id"] for one in json.loads(uncut.out)["matches"]]
    points = attacked_at(uncut.calls, f"query {error}")
    for at in points:
        folder = Path(shutil.copytree(start, tmp_path / f"{at}"))
        ended = run(folder, *command, folder, at=at, fail=error)
        if ended.code == 8:
            assert "archive.db" in ended.err  # nothing can be read without it
            continue
        assert ended.code == 0, ended
        answer = json.loads(ended.out)
        assert [one["crop_id"] for one in answer["matches"]] == expected
        assert "rebuilt from the database" in answer["statement"]["warnings"][0]
        in_place = "in memory only" not in answer["statement"]["warnings"][0]
        assert in_place or len(list((folder / "index").iterdir())) <= before
        shutil.rmtree(folder)
    print(f"\nquery, {errno.errorcode[error]}: {len(points)} tried, {len(points)} held")


def _cut_off_after_commit(run: Attacker, made: Path, folder: Path) -> int:
    """Kill a deletion just after its transaction; return at which call."""
    for at in range(5, 200):
        shutil.rmtree(folder)
        shutil.copytree(made, folder)
        run(folder, "delete", "--camera", "gate", "-y", "-a", folder, at=at)
        if "erasure" in pending(run, folder):
            return at
    raise AssertionError("no kill fell behind the transaction")
