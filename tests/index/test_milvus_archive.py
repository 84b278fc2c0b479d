"""An archive whose index is on a Milvus server answers as one whose index is in files."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from archives import fill, sql, unit_rows
from milvus_server import server

from reidsearch.base.errors import Kind
from reidsearch.domain.crops import Facts
from reidsearch.domain.request import Filters
from reidsearch.index.contract import IndexAway, IndexIncomplete
from reidsearch.index.factory import engine_for
from reidsearch.index.gallery import Gallery
from reidsearch.index.milvus import KIND
from reidsearch.index.milvus.engine import MilvusEngine
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance import check as checks
from reidsearch.maintenance.erase import Wanted, erase, plan
from reidsearch.output.hints import advice
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_generation

pytestmark = pytest.mark.slow

VECTORS = unit_rows(60)
CAMERAS = [Facts("gate" if i % 2 else "door") for i in range(60)]


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """The index of every archive is on the server, which is asked however few candidates are."""
    monkeypatch.setenv("REIDSEARCH_ENGINE", "milvus")
    monkeypatch.setenv("REIDSEARCH_MILVUS_URL", server().url)
    monkeypatch.setattr(MilvusEngine.__init__, "__defaults__", (False, 16, 0))
    return monkeypatch


@pytest.fixture
def folder(tmp_path):
    """An archive of 40 crops whose index is written."""
    made = tmp_path / "archive"
    fill(made, VECTORS[:40], CAMERAS[:40])
    with Store(made) as store, store.lock():
        Gallery(store).compact()
    return made


def answers(store: Store, gallery: Gallery) -> tuple[list[int], list[int], list[int], list[int]]:
    """Of all, through a filter, adjusted, and above a score."""
    gallery.sync()
    some = np.arange(1, 60, 3, dtype=np.int64)
    adjust = gallery.adjustment()
    query = VECTORS[3]
    adjusted = adjust.queries(query[None], [None])[0]
    return (
        gallery.search(query, 7).ids.tolist(),
        gallery.search(query, 7, some, exact=True).ids.tolist(),
        gallery.search(adjusted, 7, adjust=adjust).ids.tolist(),
        [i for part in gallery.above(query, 0.1) for i in part.ids.tolist()],
    )


def same_as_files(store: Store, gallery: Gallery | None = None) -> None:
    gallery = Gallery(store) if gallery is None else gallery
    assert answers(store, gallery) == answers(store, Gallery(store, engine_for))
    assert gallery.index is not None
    assert gallery.index.kind == KIND


def test_answers_equal_those_of_files_whatever_happens(folder):
    with Store(folder) as store, Store(folder) as other:
        assert newest_generation(store).kind == KIND
        gallery, elsewhere = Gallery(store), Gallery(other)
        same_as_files(store, gallery)
        same_as_files(other, elsewhere)
        fill(folder, VECTORS[40:], CAMERAS[40:], first=40)
        same_as_files(store, gallery)  # from its tail
        with store.lock():
            gallery.compact()
        same_as_files(store, gallery)
        same_as_files(other, elsewhere)
        assert erase(store, gallery, plan(store, Wanted(Filters(), (4, 9, 60))))
        same_as_files(store, gallery)
        same_as_files(other, elsewhere)
        assert gallery.index._collection.vectors(np.array([4, 9, 60]))[0].tolist() == []
        assert checks.check(store) == []


def test_a_machine_that_did_not_hear_of_an_erasure_yet_asks_again(folder):
    with Store(folder) as store, Store(folder) as other:
        gallery, elsewhere = Gallery(store), Gallery(other)
        gallery.sync()
        elsewhere.sync()
        erase(store, gallery, plan(store, Wanted(Filters(), (4,))))
        assert (
            gallery.index._collection.count(gallery.index._candidates(None).where, "Strong") == 39
        )
        assert 4 not in elsewhere.search(VECTORS[3], 40).ids.tolist()


def test_a_server_that_is_away_is_an_error_or_by_choice_an_answer_from_the_database(
    folder, settings
):
    settings.setenv("REIDSEARCH_MILVUS_URL", "http://127.0.0.1:9")
    settings.setattr("reidsearch.index.milvus.server.ANSWERS_WITHIN_S", 2.0)
    with Store(folder) as store:
        with pytest.raises(IndexAway, match=r"127\.0\.0\.1:9 does not answer") as told:
            answers(store, Gallery(store))
        assert told.value.kind == Kind.INDEX_AWAY
        assert "when_away" in advice(told.value)
        settings.setenv("REIDSEARCH_WHEN_AWAY", "exact")
        settings.setattr(MilvusEngine.__init__, "__defaults__", (True, 16, 0))
        gallery = Gallery(store)
        same_as_files(store, gallery)
        assert "read from the database" in gallery.warnings[0]


def test_rows_that_the_server_lost_are_noticed_and_put_back(folder):
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        gallery.index._collection.delete(np.array([5]))
        assert gallery.index._collection.ids(0, 40).tolist() == [*range(1, 5), *range(6, 41)]
        with pytest.raises(IndexIncomplete, match="39 of the 40") as told:
            gallery.search(VECTORS[3], 5)
        assert "check --repair" in advice(told.value)
        found = checks.check(store)
        assert [one.code for one in found] == ["index"]
        checks.repair(store, found)
        assert checks.check(store) == []
        same_as_files(store)


def test_another_vector_on_the_server_is_found_by_check(folder):
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        collection = gallery.index._collection
        collection.delete(np.array([5]))
        collection.insert(np.array([5]), VECTORS[50:51])
        found = checks.check(store)
        assert [(one.code, one.crop_ids) for one in found] == [("index", (5,))]
        checks.repair(store, found)
        assert checks.check(store) == []


def test_the_note_can_be_lost(folder):
    shutil.rmtree(folder / "index")
    with Store(folder) as store:
        gallery = Gallery(store)
        same_as_files(store, gallery)
        assert "was rebuilt" in gallery.warnings[0]
        assert checks.check(store) == []


def test_an_index_moves_to_the_server_and_back(tmp_path, settings):
    made = tmp_path / "archive"
    fill(made, VECTORS[:40], CAMERAS[:40])
    with Store(made) as store:
        with store.lock():
            Gallery(store, engine_for).compact()
        gallery = Gallery(store)
        gallery.sync()
        assert gallery.index.kind == "faiss-flat-ip"  # serves until the other is there
        found = checks.check(store)
        assert [one.code for one in found] == ["engine"]
        checks.repair(store, found)
        same_as_files(store)
        settings.setenv("REIDSEARCH_ENGINE", "files")
        gallery = Gallery(store)
        gallery.sync()
        assert gallery.index.kind == "faiss-flat-ip"
        checks.repair(store, checks.check(store))
        assert newest_generation(store).kind == "faiss-flat-ip"


def test_the_neighbour_graph_is_made_of_it(folder):
    with Store(folder) as store:
        gallery = Gallery(store)
        neighbours = Neighbours(store, gallery)
        neighbours.keep()
        graph = neighbours.graph()
        assert graph is not None
        assert graph.ids.tolist() == list(range(1, 41))
        assert checks.check(store) == []


def test_a_database_column_is_not_trusted_as_a_name(folder):
    """An archive from elsewhere may say of its id what it likes."""
    sql(folder, "UPDATE archive SET uuid = :uuid", uuid="x'; drop")
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        gallery.search(VECTORS[3], 5)
