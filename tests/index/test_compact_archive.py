"""The compact engine in an archive: damage, erasures, kills and readers beside a writer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from archives import fill, sql, unit_rows

from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.factory import ENGINES, FLAT, engine_for
from reidsearch.index.gallery import Gallery
from reidsearch.index.generations import files_of
from reidsearch.maintenance import check as checks
from reidsearch.maintenance.erase import Erasure, erase
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_generation

SMALL = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)
VECTORS = unit_rows(90)


def make_small(patch):
    patch.setattr("reidsearch.index.factory.TAKEOVER", 40)
    patch.setattr("reidsearch.index.factory.COMPACT", SMALL)
    patch.setitem(ENGINES, SMALL.kind, SMALL)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Archives of 40 crops have a compact index of several segments."""
    make_small(monkeypatch)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    made = tmp_path_factory.mktemp("once") / "archive"
    fill(made, VECTORS[:60])
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        with Store(made) as store, store.lock():
            Gallery(store).rebuild()
    return made


@pytest.fixture
def folder(tmp_path, made_once):
    return shutil.copytree(made_once, tmp_path / "archive")


def found(store: Store, exact: bool = False) -> tuple[list[int], list[str]]:
    gallery = Gallery(store)
    gallery.sync()
    return gallery.search(VECTORS[3], 1000, exact=exact).ids.tolist(), gallery.warnings


def expected(count: int, without: tuple[int, ...] = ()) -> list[int]:
    order = np.argsort(-(VECTORS[:count] @ VECTORS[3]), kind="stable")
    return [i + 1 for i in order.tolist() if i + 1 not in without]


def test_the_size_decides_and_does_not_waver():
    assert engine_for(39) is FLAT
    assert engine_for(40) is SMALL
    assert engine_for(39, FLAT.kind) is FLAT
    assert engine_for(20, SMALL.kind) is SMALL
    assert engine_for(19, SMALL.kind) is FLAT


@pytest.mark.full
def test_an_archive_takes_over_and_goes_back(tmp_path):
    folder = tmp_path / "archive"
    fill(folder, VECTORS[:39])
    with Store(folder) as store:
        for count, kind in ((39, FLAT.kind), (40, SMALL.kind)):
            fill(folder, VECTORS[39:count], first=39)
            with store.lock():
                Gallery(store).compact()
            assert newest_generation(store).kind == kind
            assert found(store) == (expected(count), [])
        erase(store, Gallery(store), Erasure(np.arange(1, 22), 0, 0, 0))
        assert newest_generation(store).kind == FLAT.kind
        assert {p.name for p in (folder / "index").iterdir()} == files_of(newest_generation(store))
        assert found(store) == (expected(40, tuple(range(1, 22))), [])


DAMAGE = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "one bit": lambda path: path.write_bytes(
        path.read_bytes()[:-9] + bytes([path.read_bytes()[-9] ^ 1]) + path.read_bytes()[-8:]
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("exact", [False, pytest.param(True, marks=pytest.mark.full)])
@pytest.mark.parametrize("ending", ["scan", "sums", "fine"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_code_file_is_noticed_before_it_is_used(folder, damage, ending, exact):
    damage(sorted((folder / "index").glob(f"*.{ending}"))[0])
    with Store(folder) as store:
        assert {(f.code, f.repairable) for f in checks.check(store)} == {("index", True)}
        ids, warnings = found(store, exact)
        assert ids == expected(60)
        assert len(warnings) == 1
        assert "rebuilt from the database" in warnings[0]
    with Store(folder) as store:
        assert found(store) == (expected(60), [])
        assert checks.check(store) == []


@pytest.mark.full
def test_damage_that_comes_after_opening_is_noticed_when_it_is_read(tmp_path, monkeypatch):
    large = CompactEngine(segment_rows=600, tail_rows=50, own_rows=3)
    monkeypatch.setattr("reidsearch.index.factory.COMPACT", large)
    monkeypatch.setitem(ENGINES, large.kind, large)
    folder = tmp_path / "archive"
    fill(folder, unit_rows(600, seed=4))  # fine codes of three blocks: two are read on opening
    with Store(folder) as store:
        with store.lock():
            Gallery(store).rebuild()
        gallery = Gallery(store)
        gallery.sync()
        for path in (folder / "index").glob("*.fine"):
            data = bytearray(path.read_bytes())
            data[5000] ^= 1
            path.write_bytes(data)
        ids = gallery.search(VECTORS[3], 1000).ids
        scores = unit_rows(600, seed=4) @ VECTORS[3]
        assert ids.tolist() == (np.argsort(-scores, kind="stable") + 1).tolist()
        assert "altered" in gallery.warnings[0]


@pytest.mark.full
def test_rows_at_hand_are_given_up_with_an_erasure(folder):
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        assert gallery.search(VECTORS[3], 5).ids[0] == 4
        assert len(gallery._truth) >= 5
        with Store(folder) as other:
            erase(other, Gallery(other), Erasure(np.array([4]), 0, 0, 0))
        gallery.sync()
        assert len(gallery._truth) == 0
        assert gallery.search(VECTORS[3], 1000).ids.tolist() == expected(60, (4,))
        with pytest.raises(KeyError, match="crop 4"):
            gallery.index.vectors(np.array([4]))


@pytest.mark.full
def test_an_erasure_rewrites_only_the_segments_that_hold_it(folder):
    before = {path.name for path in (folder / "index").glob("codes-*")}
    with Store(folder) as store:
        erase(store, Gallery(store), Erasure(np.array([2, 5]), 0, 0, 0))
        after = {path.name for path in (folder / "index").glob("codes-*")}
        assert len(before) == len(after) == 12  # four segments of three files
        assert len(before & after) == 9
        assert found(store) == (expected(60, (2, 5)), [])
        assert checks.check(store) == []


@pytest.mark.full
def test_a_fold_appends_and_keeps_full_segments(folder):
    before = {path.name for path in (folder / "index").glob("codes-*")}
    fill(folder, VECTORS[60:], first=60)
    with Store(folder) as store, store.lock():
        Gallery(store).compact()
        after = {path.name for path in (folder / "index").glob("codes-*")}
        assert len(before & after) == 9  # the last was not full
        assert found(store) == (expected(90), [])
        assert checks.check(store) == []


@pytest.mark.full
def test_codes_that_are_not_of_their_vector_are_found_by_check(folder):
    sql(
        folder,
        "UPDATE embedding SET vector = (SELECT vector FROM embedding WHERE crop_id = 9),"
        " sha256 = (SELECT sha256 FROM embedding WHERE crop_id = 9) WHERE crop_id = 4",
    )
    with Store(folder) as store:
        (finding,) = checks.check(store)
        assert (finding.code, finding.repairable, finding.crop_ids) == ("index", True, (4,))
        checks.repair(store, [finding])
        assert checks.check(store) == []


@pytest.mark.full
def test_readers_go_on_while_generations_are_rebuilt(folder):
    """Each answer is of a whole state, whichever generation was in force when it was asked."""
    failures: list[BaseException] = []
    done = threading.Event()

    def read():
        try:
            with Store(folder) as store:
                gallery, last = Gallery(store), 0
                while not done.is_set():
                    gallery.sync()
                    ids = gallery.search(VECTORS[3], 1000).ids.tolist()
                    assert ids == expected(len(ids))
                    assert len(ids) >= last
                    last = len(ids)
                    assert gallery.warnings == []
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(60, 90, 3):
        fill(folder, VECTORS[i : i + 3], first=i)
        with Store(folder) as store, store.lock():
            (Gallery(store).rebuild if i % 2 else Gallery(store).compact)()
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    with Store(folder) as store:
        assert found(store) == (expected(90), [])
        assert {p.name for p in (folder / "index").iterdir()} == files_of(newest_generation(store))


KILLED = """
import os, signal, sys
from pathlib import Path
from reidsearch.index import factory, generations
from reidsearch.index.compact import segment
from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.gallery import Gallery
from reidsearch.store.database.lock import writer_lock
from reidsearch.store.crops.store import Store
small = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)
factory.TAKEOVER, factory.COMPACT = 40, small
factory.ENGINES[small.kind] = small
folder, left = Path(sys.argv[1]), int(sys.argv[2])
sync = os.fsync
def counted(descriptor):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    sync(descriptor)
os.fsync = counted
with Store(folder) as store, store.lock():
    Gallery(store).rebuild()
print("done")
"""


@pytest.mark.full
@pytest.mark.parametrize(
    "steps",
    [pytest.param(n, marks=[] if n in {1, 12, 13} else pytest.mark.fuzz) for n in range(14)],
)
def test_killed_in_the_middle_of_a_rebuild_the_old_generation_is_in_force(folder, steps):
    before = sorted(p.name for p in (folder / "index").iterdir())
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, folder, str(steps)],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with Store(folder) as store:
        assert newest_generation(store).number == 1
        assert set(before) <= {p.name for p in (folder / "index").iterdir()}
        assert found(store) == (expected(60), [])
        assert {f.code for f in checks.check(store)} <= {"stray"}
        checks.repair(store, checks.check(store))
        assert checks.check(store) == []
        assert sorted(p.name for p in (folder / "index").iterdir()) == before


@pytest.mark.full
def test_a_recall_is_measured_when_a_generation_is_built_and_kept(tmp_path, monkeypatch):
    coarse = CompactEngine(
        segment_rows=4000, tail_rows=500, shortlist=20, per_match=10, own_rows=20
    )
    monkeypatch.setattr("reidsearch.index.factory.COMPACT", coarse)
    monkeypatch.setitem(ENGINES, coarse.kind, coarse)
    folder = tmp_path / "archive"
    rows = unit_rows(2500, seed=8)
    fill(folder, rows)
    with Store(folder) as store:
        with store.lock():
            Gallery(store).compact()
        gallery = Gallery(store)
        gallery.sync()
        measured = gallery.recall(10)
        assert 0.3 < measured.value <= 1.0
        assert measured.low < measured.value <= measured.high
        assert measured.of == 1000
        assert newest_generation(store).recall["crops"] == 2500
        proven = gallery.search(VECTORS[3], 10, exact=True)
        assert proven.exact
        assert not gallery.search(VECTORS[3], 10).exact
        truth = np.argsort(-(rows @ VECTORS[3]), kind="stable")[:10] + 1
        assert proven.ids.tolist() == truth.tolist()
        # Until much has changed it holds, and is not measured again.
        erase(store, gallery, Erasure(np.arange(1, 50), 0, 0, 0))
        assert newest_generation(store).recall["crops"] == 2500
