"""The neighbour graph of an archive: proven, caught up, written, mended, never trusted."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest
from archives import DIMENSION, fill, forge_graph, sql, unit_rows

from reidsearch.base.errors import ArchiveLocked, StorageError
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours import table as rooms
from reidsearch.index.neighbours.graph import WIDTH, Graph, extended
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.backup import backup, restore
from reidsearch.maintenance.check import check, repair
from reidsearch.maintenance.erase import Wanted, erase, plan
from reidsearch.store.crops.embeddings import embedded_ids, embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_graph


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once") / "archive"
    fill(folder, unit_rows(120))
    return folder


@pytest.fixture
def store(tmp_path, made_once):
    """An archive of 120 crops, without a graph."""
    with Store(shutil.copytree(made_once, tmp_path / "archive")) as opened:
        yield opened


def opened(store: Store) -> Neighbours:
    """As another process would."""
    gallery = Gallery(store)
    gallery.sync()
    return Neighbours(store, gallery)


def assert_right(graph: Graph | None, store: Store) -> None:
    """The lists are those of a graph made from nothing."""
    assert graph is not None
    held = embeddings_of(store, embedded_ids(store, 10**9).tolist())
    ids = np.array(sorted(held))
    matrix = np.stack([held[crop_id] for crop_id in ids.tolist()])
    truth = extended(Graph.empty(), ids, lambda wanted: matrix[np.searchsorted(ids, wanted)])
    assert truth is not None
    assert graph.ids.tolist() == ids.tolist()
    assert graph.near[:, :20].tolist() == truth.near[:, :20].tolist()
    np.testing.assert_allclose(graph.scores[:, :20], truth.scores[:, :20], atol=1e-6)
    np.testing.assert_allclose(graph.least, truth.least, atol=1e-6)


@pytest.mark.full
def test_it_is_made_written_and_read_back(store):
    assert newest_graph(store) is None
    assert_right(opened(store).graph(), store)
    assert newest_graph(store) is None  # a search writes nothing
    assert opened(store).keep()
    file = newest_graph(store)
    assert file is not None
    assert file.path == store.folder / "neighbours" / "graph-000001.npy"
    assert (file.crops, file.size_bytes) == (120, file.path.stat().st_size)
    assert file.size_bytes - 120 * (16 + 8 * WIDTH) < 1024  # the header
    read = opened(store)
    read._gallery.index.vectors = None  # nothing is computed
    assert_right(read.graph(), store)
    assert check(store) == []


@pytest.mark.full
def test_keeping_what_has_not_changed_writes_nothing(store):
    opened(store).keep()
    before = newest_graph(store)
    kept = opened(store)
    assert kept.keep()
    assert kept.keep()
    assert newest_graph(store) == before


@pytest.mark.full
def test_additions_and_erasures_are_caught_up_in_every_process(store):
    opened(store).keep()
    early = opened(store)
    assert_right(early.graph(), store)
    fill(store.folder, unit_rows(50, seed=1), first=120)
    early._gallery.sync()
    assert_right(early.graph(), store)
    late = opened(store)
    assert_right(late.graph(), store)
    late.keep()
    with Store(store.folder) as writable:
        erase(
            writable, Gallery(writable), plan(writable, Wanted(Filters(), tuple(range(3, 90, 7))))
        )
    for held in (early, late, opened(store)):
        held._gallery.sync()
        assert_right(held.graph(), store)
    assert check(store) == []  # the erasure has rewritten the file as well
    assert late.keep()
    assert check(store) == []
    assert_right(opened(store).graph(), store)


@pytest.mark.full
@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "other", "empty"])
def test_a_damaged_file_is_not_trusted(store, damage):
    opened(store).keep()
    path = newest_graph(store).path
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "flipped":
        data = bytearray(path.read_bytes())
        data[-300] ^= 4
        path.write_bytes(data)
    else:
        path.write_bytes(b"something else" if damage == "other" else b"")
    assert_right(opened(store).graph(), store)
    codes = [finding.code for finding in check(store)]
    assert codes == ([] if damage == "gone" else ["neighbours"])
    repair(store, check(store))
    assert check(store) == []
    assert (newest_graph(store) is None) == (damage != "gone")
    assert opened(store).keep()
    assert_right(opened(store).graph(), store)
    assert check(store) == []


@pytest.mark.full
def test_a_file_whose_checksum_was_forged_is_noticed_by_its_scores_and_its_layout(store):
    opened(store).keep()
    path = newest_graph(store).path
    rows = np.load(path)
    rows["score"][:, 0] += 0.01
    np.save(path, rows)
    forge_graph(store)
    (finding,) = check(store)
    assert "scores of 100 crops that differ from the embeddings" in finding.message
    np.save(path, rows[["crop_id", "near"]])
    forge_graph(store)
    (finding,) = check(store)
    assert "layout" in finding.message
    assert_right(opened(store).graph(), store)
    np.save(path, np.array([{}], dtype=object))
    forge_graph(store)
    (finding,) = check(store)  # a pickle is not opened
    assert "layout" in finding.message


@pytest.mark.full
def test_too_much_work_is_left_to_the_command(store, monkeypatch):
    monkeypatch.setattr(rooms, "BLOCKS_IN_A_SEARCH", 0)
    held = opened(store)
    assert held.graph() is None
    assert not held.keep(blocks=0)
    assert newest_graph(store) is None
    assert held.keep(blocks=None)
    assert_right(held.graph(), store)
    fill(store.folder, unit_rows(1, seed=2), first=120)
    held._gallery.sync()
    assert held.graph() is None
    assert held.graph() is None
    # What may hold erased crops does not stay when it is not kept up.
    assert not held.keep(blocks=0)
    assert newest_graph(store) is None
    assert list((store.folder / "neighbours").iterdir()) == []
    assert held.keep(blocks=None)
    assert_right(held.graph(), store)


def test_a_stopped_run_writes_nothing_and_keeps_what_there_was(store):
    opened(store).keep()
    before = newest_graph(store)
    fill(store.folder, unit_rows(30, seed=3), first=120)
    assert not opened(store).keep(stopped=lambda: True)
    assert newest_graph(store) == before
    assert before.path.exists()
    assert opened(store).keep()
    assert newest_graph(store).crops == 150


@pytest.mark.full
def test_another_models_graph_is_not_used(store):
    opened(store).keep()
    sql(
        store.folder,
        "INSERT INTO model VALUES (9, 'other', 'FP32', 'cd', 'none/1', :dimension, NULL)",
        dimension=DIMENSION,
    )
    rows = unit_rows(120, seed=9)
    for number, row in enumerate(rows, start=1):
        sql(
            store.folder,
            "INSERT INTO embedding SELECT 9, crop_id, :vector, :sha256 FROM embedding"
            " WHERE crop_id = :crop AND model_id = 1",
            vector=row.tobytes(),
            sha256=hashlib.sha256(row.tobytes()).digest(),
            crop=number,
        )
    sql(store.folder, "UPDATE archive SET model_id = 9, erasures = erasures + 1")
    held = opened(store)
    assert_right(held.graph(), store)
    assert held.keep()
    assert newest_graph(store).model_id == 9


@pytest.mark.full
def test_no_space_and_another_writer_are_told(store, monkeypatch):
    held = opened(store)
    with Store(store.address) as other, other.lock(), pytest.raises(ArchiveLocked):
        held.keep()
    (store.folder / "neighbours").write_text("in the way")
    with pytest.raises(StorageError, match="neighbours"):
        held.keep()


@pytest.mark.full
def test_strays_are_found_and_removed(store):
    opened(store).keep()
    (store.folder / "neighbours" / "graph.partial").write_bytes(b"half")
    (finding,) = check(store)
    assert "graph.partial" in finding.message
    repair(store, [finding])
    assert check(store) == []


@pytest.mark.full
def test_a_backup_comes_back_without_it_and_makes_it_anew(store, tmp_path):
    opened(store).keep()
    backup(store, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "back")
    with Store(tmp_path / "back") as back:
        assert check(back) == []
        assert_right(opened(back).graph(), back)
        assert opened(back).keep()
        assert check(back) == []
