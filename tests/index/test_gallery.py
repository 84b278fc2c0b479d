"""The gallery equals the database, whatever happens to the index file or in other processes."""

from __future__ import annotations

import hashlib
import shutil
import threading

import numpy as np
import pytest
from archives import DIMENSION, MODEL, fill, read_only, sql, unit_rows

from reidsearch.base.errors import ArchiveError
from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.factory import ENGINES
from reidsearch.index.flat import FaissEngine
from reidsearch.index.gallery import Gallery
from reidsearch.maintenance import check as checks
from reidsearch.maintenance.erase import Erasure, erase
from reidsearch.output.hints import advice
from reidsearch.store.crops.embeddings import embedding_rows, embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.database.lock import writer_lock
from reidsearch.store.derived import newest_generation

VECTORS = unit_rows(40)


@pytest.fixture(scope="module", params=["flat", "compact"], autouse=True)
def kind(request):
    """Every promise holds for every engine; the compact one is made small enough for it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "compact":
            small = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)
            patch.setattr("reidsearch.index.factory.TAKEOVER", 1)
            patch.setattr("reidsearch.index.factory.COMPACT", small)
            patch.setitem(ENGINES, small.kind, small)
        yield request.param


@pytest.fixture(scope="module")
def made_once(tmp_path_factory, kind):
    made = tmp_path_factory.mktemp("once") / "archive"
    fill(made, VECTORS[:30])
    with Store(made) as store, store.lock():
        Gallery(store).rebuild()
    return made


@pytest.fixture
def folder(tmp_path, made_once):
    """An archive of 30 crops with an index file."""
    return shutil.copytree(made_once, tmp_path / "archive")


def index_file(folder):
    return next((folder / "index").glob("generation-*"))


def held_ids(folder):
    """What the file in force holds, whatever the database says."""
    with Store(folder) as store:
        newest = newest_generation(store)
        truth = lambda ids: embedding_rows(store, ids, DIMENSION)  # noqa: E731
        return ENGINES[newest.kind].load(newest.path, truth).ids().tolist()


def found(store: Store) -> tuple[list[int], list[str]]:
    """All ids in order of score for one query, and the warnings."""
    gallery = Gallery(store)
    gallery.sync()
    hits = gallery.search(VECTORS[3], 1000)
    truth = embeddings_of(store, hits.ids.tolist())
    np.testing.assert_allclose(
        hits.scores, [truth[i] @ VECTORS[3] for i in hits.ids.tolist()], atol=1e-5
    )
    return hits.ids.tolist(), gallery.warnings


def expected(count: int, without: tuple[int, ...] = ()) -> list[int]:
    scores = VECTORS[:count] @ VECTORS[3]
    return [i + 1 for i in np.argsort(-scores, kind="stable").tolist() if i + 1 not in without]


@pytest.mark.full
def test_a_whole_file_is_used_as_it_is(folder):
    with Store(folder) as store:
        assert found(store) == (expected(30), [])


@pytest.mark.full
def test_an_archive_that_was_never_given_a_model_answers_nothing(tmp_path):
    Store.create(tmp_path / "new")
    with Store(tmp_path / "new") as store:
        gallery = Gallery(store)
        gallery.sync()
        assert len(gallery) == 0
        assert gallery.search(VECTORS[0], 5).ids.tolist() == []


@pytest.mark.full
def test_what_another_process_commits_is_taken_in(folder):
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        fill(folder, VECTORS[30:], first=30)
        assert len(gallery) == 30
        gallery.sync()
        assert gallery.search(VECTORS[3], 1000).ids.tolist() == expected(40)
        assert found(store) == (expected(40), [])


@pytest.mark.full
def test_what_another_process_erases_is_masked(folder):
    with Store(folder) as store, Store(folder) as other:
        gallery = Gallery(store)
        gallery.sync()
        erase(other, Gallery(other), Erasure(np.array([4, 30]), 0, 0, 0))
        # Not synced: the answer is checked against the database and the erased crops dropped.
        assert gallery.search(VECTORS[3], 1000).ids.tolist() == expected(30, (4, 30))
        gallery.sync()
        assert len(gallery) == 28
        # Ids are not reused: the next crop is 31, though 30 is gone.
        assert fill(folder, VECTORS[30:31], first=30).tolist() == [31]
        gallery.sync()
        assert gallery.search(VECTORS[3], 1000).ids.tolist() == expected(31, (4, 30))


@pytest.mark.full
def test_a_deletion_whose_index_was_not_rewritten_is_masked_told_and_mended(folder):
    sql(folder, "DELETE FROM crop WHERE id IN (4, 9)")
    sql(folder, "UPDATE archive SET erasures = erasures + 1")  # killed after its commit
    with Store(folder) as store:
        assert found(store) == (expected(30, (4, 9)), [])
        (finding,) = checks.check(store)
        assert (finding.code, finding.repairable, finding.crop_ids) == ("index", True, (4, 9))
        checks.repair(store, [finding])
        assert checks.check(store) == []
        assert held_ids(folder) == sorted(expected(30, (4, 9)))


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def other_index(path):
    index = FaissEngine().create(DIMENSION)
    index.add(np.arange(1, 31), unit_rows(30, seed=9))
    path.unlink()
    index.save(path)


DAMAGE = {
    "missing": (lambda path: path.unlink(), "is missing"),
    "empty": (lambda path: path.write_bytes(b""), "has 0 bytes"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, expected"),
    "one bit": (flip, "checksum differs"),
    "another valid index": (other_index, "not usable"),
    "the index folder is gone": (lambda path: shutil.rmtree(path.parent), "is missing"),
}


@pytest.mark.full
@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_noticed_and_rebuilt(folder, damage, said):
    damage(index_file(folder))
    with Store(folder) as store:
        codes = {(f.code, f.repairable) for f in checks.check(store)}
        assert codes == {("index", True)}
        ids, warnings = found(store)
        assert ids == expected(30)
        assert len(warnings) == 1
        assert said in warnings[0]
        assert "rebuilt from the database" in warnings[0]
    with Store(folder) as store:  # for good: nobody else has to be warned
        assert found(store) == (expected(30), [])
        assert checks.check(store) == []


@pytest.mark.full
def test_the_file_of_an_earlier_generation_is_not_taken_for_the_newest(folder):
    old = index_file(folder).read_bytes()
    fill(folder, VECTORS[30:], first=30)
    with Store(folder) as store, store.lock():
        Gallery(store).rebuild()
    index_file(folder).write_bytes(old)
    with Store(folder) as store:
        ids, warnings = found(store)
        assert ids == expected(40)
        assert "expected" in warnings[0]


@pytest.mark.full
def test_while_another_process_writes_a_damaged_file_is_rebuilt_in_memory(folder):
    flip(index_file(folder))
    with writer_lock(folder), Store(folder) as store:
        ids, warnings = found(store)
        assert ids == expected(30)
        assert "in memory only" in warnings[0]


@pytest.mark.full
def test_read_only_media(folder):
    fill(folder, VECTORS[30:], first=30)
    with read_only(folder), Store(folder) as store:
        assert found(store) == (expected(40), [])
        assert checks.check(store) == []


@pytest.mark.full
def test_read_only_media_with_a_damaged_file(folder):
    flip(index_file(folder))
    with read_only(folder), Store(folder) as store:
        ids, warnings = found(store)
        assert ids == expected(30)
        assert "in memory only" in warnings[0]


def test_an_index_that_lies_is_an_error_not_an_answer(folder):
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        statement = "UPDATE embedding SET vector = zeroblob(64), sha256 = :s WHERE crop_id = 4"
        sql(folder, statement, s=hashlib.sha256(bytes(64)).digest())
        with pytest.raises(ArchiveError, match="crop 4") as error:
            gallery.search(VECTORS[3], 5)
        assert "check --repair" in advice(error.value)


@pytest.mark.full
def test_the_index_of_the_model_before_is_neither_used_nor_called_damaged(folder):
    other = {"name": "other", "digest": "cd" * 48, "dimension": 4}
    sql(
        folder,
        "INSERT INTO model (id, name, precision, digest, preprocessing, dimension)"
        " VALUES (2, :name, 'FP32', :digest, 'none/1', :dimension)",
        **other,
    )
    blob = np.array([1, 0, 0, 0], "<f4").tobytes()
    sql(
        folder,
        "INSERT INTO embedding (model_id, crop_id, vector, sha256)"
        " SELECT 2, crop_id, :blob, :sha256 FROM embedding",
        blob=blob,
        sha256=hashlib.sha256(blob).digest(),
    )
    sql(folder, "DELETE FROM embedding WHERE model_id = 1")
    sql(folder, "UPDATE archive SET model_id = 2, erasures = erasures + 1")
    with Store(folder) as store:
        assert checks.check(store) == []
        gallery = Gallery(store)
        gallery.sync()
        hits = gallery.search(np.array([0, 1, 0, 0], np.float32), 100)
        assert hits.ids.tolist() == list(range(1, 31))
        assert gallery.warnings == []


@pytest.mark.full
def test_readers_while_a_writer_commits_see_whole_states(tmp_path):
    folder = tmp_path / "archive"
    fill(folder, VECTORS[:1])
    failures: list[BaseException] = []
    done = threading.Event()

    def read():
        try:
            with Store(folder) as store:
                gallery = Gallery(store)
                last = 0
                while not done.is_set():
                    gallery.sync()
                    ids = gallery.search(VECTORS[0], 1000).ids
                    assert len(ids) >= last  # nothing that was committed is missed later
                    assert sorted(ids.tolist()) == list(range(1, len(ids) + 1))
                    last = len(ids)
                gallery.sync()
                assert len(gallery) == 13
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(1, 13):
        fill(folder, VECTORS[i : i + 1], first=i)
        if i % 5 == 0:
            with Store(folder) as store, store.lock():
                Gallery(store).rebuild()
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []


@pytest.mark.full
def test_a_generation_is_compacted_when_its_tail_has_grown_long(folder, monkeypatch):
    monkeypatch.setattr("reidsearch.index.generations.LACKING_ROWS", 5)
    with Store(folder) as store:
        gallery = Gallery(store)
        fill(folder, VECTORS[30:35], first=30)
        gallery.sync()
        assert not gallery.needs_compaction()
        fill(folder, VECTORS[35:36], first=35)
        gallery.sync()
        assert gallery.needs_compaction()


@pytest.mark.full
def test_only_the_newest_file_stays(folder):
    with Store(folder) as store:
        for _ in range(3):
            with store.lock():
                Gallery(store).rebuild()
        newest = newest_generation(store)
        assert newest is not None
        files = {path.name for path in (folder / "index").iterdir()}
        assert files == {newest.path.name, *ENGINES[newest.kind].files(newest.path)}
        assert newest.number == 4
        assert (newest.crops, newest.last_crop_id) == (30, 30)
        assert store.model() == MODEL
