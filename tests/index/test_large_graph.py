"""The neighbour graph of a large gallery: nearly exact, measured, and followed by searches."""

from __future__ import annotations

import numpy as np
import pytest
from archives import fill, forge_graph, unit_rows

from reidsearch.domain.answer_reading import read_answer
from reidsearch.domain.answers import WhyNot
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.index.flat import FaissEngine
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours import approximate as rooms
from reidsearch.index.neighbours import cells, making
from reidsearch.index.neighbours.approximate import approximate
from reidsearch.index.neighbours.graph import NEEDED, WIDTH, Graph, extended
from reidsearch.index.neighbours.making import Source, Way, way_of, with_recall
from reidsearch.index.neighbours.searching import extended_by_search, without_by_search
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.check import check, repair
from reidsearch.maintenance.erase import Wanted, erase, plan
from reidsearch.output.statement import sentences
from reidsearch.search.engine import search
from reidsearch.search.query import Query
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_graph


def crowd(n: int, seed: int = 0) -> np.ndarray:
    """Rows around one centre for every thirty of them."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, n // 30), 16))
    rows = centres[rng.integers(0, len(centres), n)] + rng.normal(size=(n, 16)) * 0.5
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def source(matrix: np.ndarray) -> Source:
    index = FaissEngine().create(matrix.shape[1])
    ids = 3 * np.arange(1, len(matrix) + 1)
    index.add(ids, matrix)
    return Source(index, ids, None)


def exact(given: Source) -> Graph:
    graph = extended(Graph.empty(), given.ids, given.held)
    assert graph is not None
    return graph


def assert_sound(graph: Graph, given: Source) -> None:
    """Lists are full, of different others, with their true scores, best first."""
    matrix = given.read()
    n = len(matrix)
    assert graph.ids.tolist() == given.ids.tolist()
    held = graph.near >= 0
    assert (held.sum(axis=1) >= min(NEEDED, n - 1)).all()
    for row in range(n):
        near = graph.near[row][held[row]]
        assert row not in near
        assert len(set(near.tolist())) == len(near)
        np.testing.assert_allclose(
            graph.scores[row][held[row]], matrix[near] @ matrix[row], atol=1e-6
        )
        assert (np.diff(graph.scores[row]) <= 0).all()
    far = np.einsum("nd,nd->n", matrix, matrix[graph.farthest])
    np.testing.assert_allclose(graph.least, far, atol=1e-6)


def found(graph: Graph, truth: Graph) -> float:
    """Share of the true NEEDED nearest."""
    return float((graph.scores[:, :NEEDED] >= truth.scores[:, NEEDED - 1, None] - 1e-6).mean())


@pytest.fixture
def small_cells(monkeypatch):
    monkeypatch.setattr(cells, "ROWS", 100)


@pytest.mark.full
def test_it_finds_nearly_all_and_says_how_many(small_cells):
    given = source(crowd(2000))
    graph = approximate(given.ids, given.read())
    truth = exact(given)
    assert_sound(graph, given)
    assert found(graph, truth) > 0.95
    assert graph.recall is None
    measured = with_recall(graph, given).recall
    assert measured.k == NEEDED
    assert measured.of == 200 * NEEDED
    assert measured.low - 0.01 < found(graph, truth) < measured.high + 0.01
    assert np.abs(graph.least - truth.least).mean() < 0.05
    again = approximate(given.ids, given.read())
    assert again.near.tolist() == graph.near.tolist()
    assert approximate(given.ids, given.read(), stopped=lambda: True) is None


@pytest.mark.full
def test_what_it_measures_is_the_truth_of_worse_lists():
    given = source(crowd(400))
    truth = exact(given)
    scores = truth.scores.copy()
    scores[:, 15:] = -1.0  # five of twenty are wrong
    worse = Graph(truth.ids, truth.near, scores, truth.least, truth.farthest)
    assert with_recall(worse, given).recall.value == 0.75
    assert with_recall(truth, given).recall.value == 1.0


@pytest.mark.full
def test_copies_of_one_vector_and_too_few_for_a_list(small_cells):
    one = np.tile(crowd(1), (700, 1))
    assert_sound(approximate(source(one).ids, one), source(one))
    few = source(crowd(9))
    graph = approximate(few.ids, few.read())
    assert (graph.near >= 0).sum(axis=1).tolist() == [8] * 9


@pytest.mark.full
def test_new_and_erased_crops_cost_searches_not_products(small_cells):
    matrix = crowd(1500)
    early = source(matrix[:1400])
    graph = with_recall(approximate(early.ids, early.read()), early)
    now = source(matrix)
    read = []
    vectors = lambda ids: (read.append(len(ids)), now.vectors(ids))[1]  # noqa: E731
    grown = extended_by_search(graph, now.ids[1400:], vectors, now.find)
    assert sum(read) < 100 + 2 * 1024  # the new ones, and the farthest of most
    assert grown.recall == graph.recall
    assert_sound(grown, now)
    assert found(grown, exact(now)) > 0.97
    gone = np.concatenate([now.ids[5:300:7], grown.ids[np.unique(grown.farthest)]])
    kept = ~np.isin(now.ids, gone)
    now.index.remove(gone)
    left = Source(now.index, now.ids[kept], None)
    mended = without_by_search(grown, gone, left.vectors, left.find)
    assert_sound(mended, left)
    assert found(mended, exact(left)) > 0.97
    assert without_by_search(grown, gone, left.vectors, left.find, lambda: True) is None


def test_how_it_catches_up_depends_on_what_there_is():
    few, many = 100_000, 1_000_000
    empty = Graph.empty()
    held = extended(empty, np.arange(5), lambda ids: crowd(5)[ids])
    assert way_of(held, 1000, many, asked=False) is Way.SEARCHING
    assert way_of(held, many, many, asked=False) is Way.ANEW
    assert way_of(empty, few, few, asked=False) is Way.EXACTLY
    assert way_of(empty, many, many, asked=False) is Way.ANEW
    assert making.work(Way.ANEW, many, many) <= making.BLOCKS_IN_A_RUN


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An archive whose 300 crops are many."""
    monkeypatch.setattr(making, "EXACT_CROPS", 200)
    monkeypatch.setattr(cells, "ROWS", 60)
    fill(tmp_path / "archive", unit_rows(300))
    with Store(tmp_path / "archive") as opened:
        yield opened


def opened(store: Store) -> Neighbours:
    gallery = Gallery(store)
    gallery.sync()
    return Neighbours(store, gallery)


@pytest.mark.full
def test_a_large_archives_graph_is_measured_written_followed_and_checked(store):
    assert opened(store).keep()
    file = newest_graph(store)
    graph = opened(store).graph()
    assert graph.recall.value > 0.9
    assert file.path.read_bytes().endswith(b"}")
    fill(store.folder, unit_rows(30, seed=1), first=300)
    searched = opened(store).graph()  # by a search: nothing is measured anew
    assert len(searched) == 330
    assert searched.recall == graph.recall
    assert opened(store).keep()
    assert check(store) == []
    with Store(store.folder) as writable:
        erase(
            writable, Gallery(writable), plan(writable, Wanted(Filters(), tuple(range(3, 60, 7))))
        )
    assert check(store) == []
    assert len(opened(store).graph()) == 321
    path = newest_graph(store).path
    path.write_bytes(path.read_bytes().replace(b'"of"', b'"OF"'))
    forge_graph(store)
    (finding,) = check(store)
    assert finding.code == "neighbours"
    repair(store, [finding])
    assert check(store) == []


@pytest.mark.full
def test_a_graph_that_misses_too_many_is_not_used_until_it_is_made_exactly(store, monkeypatch):
    monkeypatch.setattr(rooms, "DRAWS", 1)
    monkeypatch.setattr(rooms, "MOST_ROUNDS", 0)
    monkeypatch.setattr(cells, "ROWS", 26)
    kept = opened(store)
    assert kept.keep()
    assert newest_graph(store) is not None
    for one in (kept, opened(store)):
        assert one.graph() is None
        assert one.why_not is WhyNot.IMPRECISE
    assert kept.keep(blocks=None)
    graph = opened(store).graph()
    assert graph.recall is None
    assert (graph.near[:, :WIDTH] >= 0).all()


@pytest.mark.full
def test_a_graph_that_promises_more_than_it_has_is_found_by_the_check(store):
    assert opened(store).keep()
    file = newest_graph(store)
    rows = np.load(file.path)
    tail = file.path.read_bytes()[-40:]
    tail = tail[tail.rindex(b"{") :]
    for row in rows:  # the true ones of the first places are left out
        row["near"][:12], row["score"][:12] = row["near"][12:], row["score"][12:]
    with file.path.open("wb") as out:
        np.save(out, rows)
        out.write(tail)
    forge_graph(store)
    (finding,) = check(store)
    assert "of the true neighbours, and says" in finding.message


@pytest.mark.full
def test_a_re_ranked_answer_says_how_many_neighbours_are_known(store, monkeypatch):
    monkeypatch.setattr(rooms, "MOST_ROUNDS", 0)
    monkeypatch.setattr(making, "FLOOR", 0.0)
    kept = opened(store)
    assert kept.keep()
    query = Query(unit_rows(1, seed=5)[0], "drawn", SearchRequest())
    answer = search(store, kept._gallery, query, "none", kept)
    by = answer.statement.ranked_by
    assert by.reranked > 0
    assert by.neighbours_found == kept.found < 1.0
    told = " ".join(sentences(answer.statement))
    assert f"{by.neighbours_found:.1%} of the true neighbours are known" in told
    assert read_answer(answer.to_json()).statement.ranked_by == by
