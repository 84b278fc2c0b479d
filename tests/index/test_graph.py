"""The neighbour graph against the obvious computation, whatever way it came about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.index.neighbours import graph as graphs
from reidsearch.index.neighbours.graph import NEEDED, WIDTH, Graph, extended, without

CLOSE = 1e-6


class Gallery:
    """Crops with vectors, and how often they were asked for."""

    def __init__(self, seed: int, n: int) -> None:
        rng = np.random.default_rng(seed)
        self.ids = np.cumsum(rng.integers(1, 4, n)).astype(np.int64)
        rows = rng.normal(size=(max(1, n // 8), 6))[rng.integers(0, max(1, n // 8), n)]
        rows = rows + rng.normal(size=(n, 6)) * 0.3
        self.matrix = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        self.asked = 0

    def vectors(self, ids):
        self.asked += len(ids)
        return self.matrix[np.searchsorted(self.ids, ids)]

    def without(self, gone):
        kept = ~np.isin(self.ids, gone)
        self.ids, self.matrix = self.ids[kept], self.matrix[kept]


def assert_right(graph: Graph, gallery: Gallery) -> None:
    """Every list holds the best others, at least NEEDED or all of them, and nothing is unsure."""
    n = len(gallery.ids)
    assert graph.ids.tolist() == gallery.ids.tolist()
    scores = gallery.matrix @ gallery.matrix.T
    np.fill_diagonal(scores, -np.inf)
    held = graph.near >= 0
    counts = held.sum(axis=1)
    assert (counts >= min(NEEDED, n - 1)).all()
    assert (held == (np.arange(WIDTH) < counts[:, None])).all()
    for row in range(n):
        k = int(counts[row])
        near = graph.near[row, :k]
        assert row not in near
        assert len(set(near.tolist())) == k
        np.testing.assert_allclose(graph.scores[row, :k], scores[row, near], atol=CLOSE)
        np.testing.assert_allclose(
            graph.scores[row, :k], np.sort(scores[row])[::-1][:k], atol=CLOSE
        )
        rest = graph.scores[row, k:]
        assert k < n - 1 or np.isneginf(rest).all() or (rest == graph.scores[row, k - 1]).all()
    np.fill_diagonal(scores, np.inf)
    np.testing.assert_allclose(graph.least, scores.min(axis=1, initial=np.inf), atol=CLOSE)
    if n > 1:
        np.testing.assert_allclose(scores[np.arange(n), graph.farthest], graph.least, atol=CLOSE)
    else:
        assert graph.farthest.tolist() == [-1] * n


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of seven, so that few crops are many blocks."""
    monkeypatch.setattr(graphs, "BLOCK", 7)


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "erase"]), st.floats(0, 1), st.integers(0, 2**32 - 1)),
    min_size=1,
    max_size=6,
)


@pytest.mark.full
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 90), steps=STEPS)
def test_any_order_of_additions_and_erasures_gives_the_right_lists(seed, n, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "BLOCK", 7)
        gallery, graph, first = Gallery(seed, n), Graph.empty(), 0
        whole, whole_ids = gallery.matrix, gallery.ids
        gone = np.empty(0, np.int64)
        for step, share, chosen in [*steps, ("add", 1.0, 0)]:
            if step == "add":
                last = first + round(share * (n - first))
                fresh = whole_ids[first:last]
                first = last
                kept = np.isin(whole_ids, whole_ids[:first]) & ~np.isin(whole_ids, gone)
                gallery.ids, gallery.matrix = whole_ids[kept], whole[kept]
                graph = extended(graph, fresh, gallery.vectors)
            else:
                rng = np.random.default_rng(chosen)
                erased = gallery.ids[rng.random(len(gallery.ids)) < share / 2]
                if first < n:  # what is still to come is not erased
                    erased = np.intersect1d(erased, whole_ids[:first])
                gone = np.union1d(gone, erased)
                kept = np.isin(whole_ids, whole_ids[:first]) & ~np.isin(whole_ids, gone)
                gallery.ids, gallery.matrix = whole_ids[kept], whole[kept]
                graph = without(graph, erased, gallery.vectors)
            assert_right(graph, gallery)


def test_lists_that_lost_some_do_not_take_what_may_not_be_next(small_blocks):
    """After an erasure a further crop enters a list only above the last that is known."""
    angles = np.linspace(0.0, 1.0, 60)
    gallery = Gallery(0, 60)
    gallery.ids = np.arange(60)
    gallery.matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    whole, ids = gallery.matrix, gallery.ids
    kept = np.delete(ids, 40)  # comes last, far from row 0
    gallery.ids, gallery.matrix = kept, whole[kept]
    graph = extended(Graph.empty(), kept, gallery.vectors)
    gallery.without(np.array([3]))
    graph = without(graph, np.array([3]), gallery.vectors)
    assert (graph.near[0] >= 0).sum() == WIDTH - 1
    gallery.ids = np.append(gallery.ids, 70)
    gallery.matrix = np.concatenate([gallery.matrix, whole[40:41]])
    graph = extended(graph, np.array([70]), gallery.vectors)
    assert_right(graph, gallery)
    assert (graph.near[0] >= 0).sum() == WIDTH - 1


@pytest.mark.full
def test_an_erasure_that_spares_the_lists_computes_nothing_again(small_blocks):
    gallery = Gallery(1, 200)
    graph = extended(Graph.empty(), gallery.ids, gallery.vectors)
    farthest = set(graph.farthest.tolist())
    spared = next(row for row in range(200) if row not in farthest)
    gone = gallery.ids[[spared]]
    gallery.without(gone)
    gallery.asked = 0
    graph = without(graph, gone, gallery.vectors)
    assert gallery.asked == 0
    assert_right(graph, gallery)


def test_an_addition_reads_each_vector_once_a_block(small_blocks):
    gallery = Gallery(2, 70)
    graph = extended(Graph.empty(), gallery.ids[:63], gallery.vectors)
    gallery.asked = 0
    graph = extended(graph, gallery.ids[63:], gallery.vectors)
    assert gallery.asked == 63 + 7
    assert_right(graph, gallery)


def test_it_stops_between_blocks(small_blocks):
    gallery = Gallery(3, 70)
    asked = iter([False, False, True])
    assert (
        extended(Graph.empty(), gallery.ids, gallery.vectors, stopped=lambda: next(asked)) is None
    )
    graph = extended(Graph.empty(), gallery.ids, gallery.vectors)
    gone = gallery.ids[graph.farthest[[0]]]
    gallery.without(gone)
    assert without(graph, gone, gallery.vectors, stopped=lambda: True) is None


def test_rows_of_crops():
    gallery = Gallery(4, 30)
    graph = extended(Graph.empty(), gallery.ids, gallery.vectors)
    assert graph.rows(gallery.ids[[4, 0, 29]]).tolist() == [4, 0, 29]
    assert graph.rows(np.array([0, 10**9])).tolist() == [-1, -1]
    assert Graph.empty().rows(np.array([1])).tolist() == [-1]
