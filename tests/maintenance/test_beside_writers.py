"""Commands of many reads beside a process that writes: never a false alarm, never a half state."""

from __future__ import annotations

import itertools
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import NOON, draw_many, fill, opened, unit_rows
from faults import AVAILABLE, Attacker

from reidsearch.domain.crops import Facts
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store.crops.store import Store

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.skipif(not AVAILABLE, reason="needs ptrace of Linux on x86-64"),
]

COUNT, KEPT = 60, 12
DELETIONS = 12
READERS = {
    "check": ["check"],
    "show": ["show"],
    "check again": ["check"],
    "journey": ["journey", "anna"],
    "link": ["link", "--join-above", "0.4"],
    "proposals": ["identity", "proposals"],
    "identity": ["identity", "show", "anna"],
    "coverage": ["coverage"],
    "failures": ["failures"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "archive"
    # People are alike, so that linking has something to propose.
    vectors = unit_rows(COUNT, seed=3) * 0.3 + unit_rows(COUNT // 4, seed=4).repeat(4, axis=0)
    vectors /= (vectors**2).sum(axis=1, keepdims=True) ** 0.5
    facts = [Facts(camera=f"cam{n % 4}", time=NOON) for n in range(COUNT)]
    fill(folder, vectors.astype("float32"), facts)
    with Store(folder) as store, store.lock():
        gallery = Gallery(store)
        gallery.compact()
        Neighbours(store, gallery).keep()
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 2, 3, KEPT + 1, KEPT + 2])
        archive.proposals.link(join_above=0.4)
    return folder


@pytest.fixture
def deleting(made: Path, tmp_path: Path) -> Iterator[tuple[Path, threading.Event]]:
    """An archive of which another process deletes one crop after the other; set when it is done."""
    folder = Path(shutil.copytree(made, tmp_path / "archive"))
    done, wrong = threading.Event(), []

    def delete() -> None:
        with Attacker() as run:
            for crop_id in range(KEPT + 1, KEPT + 1 + DELETIONS):
                ran = run(folder, "delete", "--crop", crop_id, "-y", "-a", folder)
                if ran.code:
                    wrong.append(ran)
        done.set()

    thread = threading.Thread(target=delete)
    thread.start()
    yield folder, done
    thread.join()
    assert wrong == []


def test_a_reader_beside_deletions_sees_one_state(deleting):
    folder, done = deleting
    tried = 0
    with Attacker() as run:
        for name in itertools.cycle(READERS):
            if done.is_set():
                break
            ran = run(folder, *READERS[name], "-a", folder, "--format", "json")
            assert ran.code == 0, ran
            document = json.loads(ran.out)
            if "findings" in document:
                assert document["findings"] == []
            elif name == "show":
                cameras = sum(one["crops"] for one in document["cameras"])
                assert cameras == document["crops"] == document["sources"]
            tried += 1
        last = run(folder, "check", "-a", folder, "--format", "json")
        assert last.code == 0, last
    assert tried >= 5
    print(f"\nreaders beside {DELETIONS} deletions: {tried} tried, {tried} held")


def test_a_backup_beside_deletions_is_whole(deleting, tmp_path):
    folder, done = deleting
    tried = 0
    with Attacker() as run:
        while not done.is_set():
            copy, back = tmp_path / f"copy{tried}", tmp_path / f"back{tried}"
            assert run(folder, "backup", copy, "-a", folder).code == 0
            assert run(folder, "restore", copy, "-a", back).code == 0
            with opened(back) as archive:
                assert archive.check() == []
                assert archive.pending() == ()
            tried += 1
    print(f"\nbackup beside {DELETIONS} deletions: {tried} tried, {tried} held")


def test_check_beside_runs_raises_no_false_alarm(tmp_path):
    """Indexing, deleting, another embedding: each writes a generation."""
    folder, crops = tmp_path / "archive", tmp_path / "crops"
    draw_many(crops, 8)
    with opened(folder) as archive:
        archive.index([crops])
    done, wrong = threading.Event(), []

    def write() -> None:
        with Attacker("import openvino") as run:
            for number in range(4):
                draw_many(crops, 4, start=8 + 4 * number)
                flip = "--no-flip" if number % 2 else "--flip"
                for command in (
                    ["index", crops, "-q"],
                    ["delete", "--source", f"{number:03d}.png", "-y"],
                    ["reembed", flip],
                ):
                    ran = run(folder, *command, "-a", folder)
                    if ran.code:
                        wrong.append(ran)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    tried = 0
    with Attacker() as run:
        while not done.is_set():
            ran = run(folder, "check", "-a", folder, "--format", "json")
            assert ran.code == 0, ran
            assert json.loads(ran.out)["findings"] == []
            tried += 1
    thread.join()
    assert wrong == []
    print(f"\ncheck beside 12 runs: {tried} tried, {tried} held")
