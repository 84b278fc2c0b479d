"""The contracts of `index/contract.py`, against a NumPy oracle; tests of engines derive from one.

class TestMine(FileEngineContract):  # kept in files of the archive
    engine = MyEngine()

class TestRemote(VectorIndexContract):  # keeps its vectors itself
    def create(self, oracle): ...
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.adjustment import AdjustedBy, Adjustment, centred, lengths
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import FileEngine, FileIndex, Hits, VectorIndex, no_ids

DIMENSION = 8
CLOSE = 1e-5

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 12), st.integers(1, 4)),
        st.tuples(st.just("remove"), st.integers(0, 2**32), st.integers(0, 8)),
        st.tuples(st.just("reload"), st.just(0), st.just(0)),
        st.tuples(st.just("search"), st.integers(0, 2**32), st.integers(1, 60)),
    ),
    min_size=1,
    max_size=14,
)


def rows(rng: np.random.Generator, count: int) -> Vectors:
    """Unit rows from few directions, so that ties and negative scores are common."""
    made = rng.choice([-1.0, 0.0, 1.0], size=(count, DIMENSION))
    made[:, 0] += (made == 0).all(axis=1)
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


class Oracle:
    """The obvious implementation; also the truth that an index may ask."""

    def __init__(self) -> None:
        self.held: dict[int, Vectors] = {}
        self.ever: dict[int, Vectors] = {}

    def take(self, ids: CropIds, vectors: Vectors) -> None:
        new = dict(zip(ids.tolist(), vectors, strict=True))
        self.held |= new
        self.ever |= new

    def truth(self, ids: CropIds) -> tuple[CropIds, Vectors]:
        """Of all that was ever held: what an index was told to forget, it forgets by itself."""
        found = np.array([i for i in ids.tolist() if i in self.ever], dtype=np.int64)
        vectors = [self.ever[i] for i in found.tolist()]
        return found, np.array(vectors, np.float32).reshape(len(found), DIMENSION)

    def candidates(self, allowed: CropIds | None) -> list[int]:
        wanted = self.held if allowed is None else set(allowed.tolist())
        return sorted(crop_id for crop_id in self.held if crop_id in wanted)

    def scores(
        self, query: Vectors, allowed: CropIds | None, adjust: Adjustment | None = None
    ) -> dict[int, float]:
        return {i: float(self._vector(i, adjust) @ query) for i in self.candidates(allowed)}

    def _vector(self, crop_id: int, adjust: Adjustment | None) -> Vectors:
        if adjust is None:
            return self.held[crop_id]
        mean = adjust.means[adjust.slots[crop_id]]
        return centred(self.held[crop_id][None], mean[None])[0]

    def adjustment(self, rng: np.random.Generator) -> Adjustment:
        """Means of three cameras, and a camera for every crop; some equal their mean."""
        means = (0.6 * rows(rng, 4)).astype(np.float32)
        if self.held:
            means[3] = self.held[max(self.held)]
        slots = rng.integers(0, 4, max(self.ever, default=0) + 1).astype(np.int32)
        norms = np.ones(len(slots), np.float32)
        for crop_id, vector in self.ever.items():
            norms[crop_id] = lengths((vector - means[slots[crop_id]])[None])[0]
        cameras = {f"camera {slot}": slot for slot in (1, 2, 3)}
        return Adjustment(means, slots, norms, cameras, AdjustedBy(3))


def same(index: VectorIndex, oracle: Oracle) -> None:
    assert len(index) == len(oracle.held)
    assert index.ids().tolist() == sorted(oracle.held)
    assert index.ids().dtype == np.int64
    held = np.array(sorted(oracle.held), dtype=np.int64)
    if len(held):
        truth = np.stack([oracle.held[i] for i in held.tolist()])
        np.testing.assert_array_equal(index.vectors(held), truth)
        np.testing.assert_array_equal(index.vectors(held[::-1]), truth[::-1])


def same_answer(
    index: VectorIndex,
    oracle: Oracle,
    query: Vectors,
    k: int,
    allowed: CropIds | None,
    adjust: Adjustment | None = None,
) -> None:
    hits = index.search(query, k, allowed, adjust=adjust)
    assert hits.exact == index.plan(k, allowed).exact
    same_hits(hits, oracle, query, k, allowed, adjust)
    proven = index.search(query, k, allowed, exact=True, adjust=adjust)
    assert proven.exact
    assert index.plan(k, allowed, exact=True).exact
    same_hits(proven, oracle, query, k, allowed, adjust)


def same_range(
    index: VectorIndex,
    oracle: Oracle,
    query: Vectors,
    least: float,
    allowed: CropIds | None,
    adjust: Adjustment | None = None,
) -> None:
    """`above` gives all that reaches a score, once, best first."""
    truth = oracle.scores(query, allowed, adjust)
    parts = list(index.above(query, least, allowed, adjust=adjust))
    ids = [i for hits in parts for i in hits.ids.tolist()]
    scores = [s for hits in parts for s in hits.scores.tolist()]
    assert len(set(ids)) == len(ids)
    # Scores that differ in their last bits may fall on either side of the limit.
    assert {i for i, score in truth.items() if score >= least + CLOSE} <= set(ids)
    assert set(ids) <= {i for i, score in truth.items() if score >= least - CLOSE}
    np.testing.assert_allclose(scores, [truth[i] for i in ids], atol=CLOSE)
    assert scores == sorted(scores, reverse=True)


def same_hits(
    hits: Hits,
    oracle: Oracle,
    query: Vectors,
    k: int,
    allowed: CropIds | None,
    adjust: Adjustment | None = None,
) -> None:
    truth = oracle.scores(query, allowed, adjust)
    assert hits.ids.dtype == np.int64
    ids, scores = hits.ids.tolist(), hits.scores.tolist()
    assert len(ids) == min(k, len(truth))
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(truth)
    if hits.exact:
        best = sorted(truth.values(), reverse=True)[: len(ids)]
        np.testing.assert_allclose(scores, best, atol=CLOSE)
    np.testing.assert_allclose(scores, [truth[i] for i in ids], atol=CLOSE)
    order = [(-score, crop_id) for score, crop_id in zip(scores, ids, strict=True)]
    assert order == sorted(order)


def same_answers(
    index: VectorIndex,
    oracle: Oracle,
    queries: Vectors,
    k: int,
    allowed: CropIds | None,
    adjust: Adjustment | None = None,
) -> None:
    """`search_many` is right for each query, whatever the others are."""
    found = index.search_many(queries, k, allowed, adjust=adjust)
    assert len(found) == len(queries)
    for query, hits in zip(queries, found, strict=True):
        same_hits(hits, oracle, query, k, allowed, adjust)


class VectorIndexContract:
    """What every index does, wherever its vectors are."""

    def create(self, oracle: Oracle) -> VectorIndex:
        """Make an empty index whose truth is the oracle."""
        raise NotImplementedError

    def reopened(self, index: VectorIndex, oracle: Oracle, path: Path) -> VectorIndex:
        """The same index as another process would find it."""
        return index

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
    )
    @given(steps=STEPS, seed=st.integers(0, 2**32 - 1))
    def test_any_order_of_steps_equals_the_oracle(self, steps, seed):
        self.in_order(steps, seed)

    def in_order(self, steps: list[tuple[str, int, int]], seed: int) -> None:
        rng = np.random.default_rng(seed)
        oracle, last = Oracle(), 0
        index = self.create(oracle)
        with tempfile.TemporaryDirectory() as folder:
            for number, (step, a, b) in enumerate(steps):
                if step == "add":
                    ids = last + np.cumsum(rng.integers(1, b + 1, a)).astype(np.int64)
                    vectors = rows(rng, a)
                    index.add(ids, vectors)
                    oracle.take(ids, vectors)
                    last = int(ids[-1]) if a else last
                elif step == "remove":
                    picked = np.random.default_rng(a).integers(0, last + 5, b)
                    index.remove(np.unique(picked).astype(np.int64))
                    for crop_id in picked.tolist():
                        oracle.held.pop(crop_id, None)
                elif step == "reload":
                    index = self.reopened(index, oracle, Path(folder) / f"{number}.index")
                else:
                    chooser = np.random.default_rng(a)
                    share = chooser.choice([0.0, 0.02, 0.5, 1.0])
                    some = np.flatnonzero(chooser.random(last + 5) < share).astype(np.int64)
                    allowed = [None, some][int(chooser.integers(2))]
                    adjust = [None, oracle.adjustment(chooser)][int(chooser.integers(2))]

                    def queries(count: int, chooser=chooser, adjust=adjust) -> Vectors:
                        made = rows(chooser, count)
                        return made if adjust is None else adjust.queries(made, [None] * count)

                    same_answer(index, oracle, queries(1)[0], b, allowed, adjust)
                    same_answers(index, oracle, queries(3), b, allowed, adjust)
                    least = float(chooser.choice([-1.0, 0.0, 0.5, 0.99]))
                    same_range(index, oracle, queries(1)[0], least, allowed, adjust)
            same(index, oracle)
            same_answer(index, oracle, rows(rng, 1)[0], 1000, None)

    def filled(self, count: int = 20) -> tuple[VectorIndex, Oracle]:
        oracle = Oracle()
        index = self.create(oracle)
        ids, vectors = (
            np.arange(1, count + 1, dtype=np.int64),
            rows(np.random.default_rng(1), count),
        )
        index.add(ids, vectors)
        oracle.take(ids, vectors)
        return index, oracle

    @pytest.mark.parametrize("k", [1, 19, 20, 21, 1000])
    def test_filters_never_cost_answers(self, k):
        index, oracle = self.filled()
        query = oracle.held[7]
        for allowed in (no_ids(), *(np.array([i], np.int64) for i in (1, 7, 20, 21, 999))):
            same_answer(index, oracle, query, k, allowed)
            same_answers(index, oracle, rows(np.random.default_rng(2), 5), k, allowed)
        same_answer(index, oracle, query, k, np.arange(0, 999, dtype=np.int64))

    @pytest.mark.parametrize("k", [1, 19, 20, 1000])
    def test_adjusted_scores_are_ranked_and_proven(self, k):
        index, oracle = self.filled()
        for seed in range(3):
            rng = np.random.default_rng(seed)
            adjust = oracle.adjustment(rng)
            queries = adjust.queries(rows(rng, 4), [None, "camera 1", "camera 3", "unknown"])
            some = np.flatnonzero(rng.random(25) < 0.5).astype(np.int64)
            for allowed in (None, some):
                same_answer(index, oracle, queries[0], k, allowed, adjust)
                same_answers(index, oracle, queries, k, allowed, adjust)
                same_range(index, oracle, queries[1], 0.3, allowed, adjust)

    @pytest.mark.full
    def test_many_queries_are_answered_as_one_by_one_also_across_blocks(self):
        index, oracle = self.filled(3000)
        index.remove(np.arange(5, 3000, 7, dtype=np.int64))
        for gone in range(5, 3000, 7):
            oracle.held.pop(gone, None)
        queries = rows(np.random.default_rng(4), 600)
        found = index.search_many(queries, 9)
        for number in range(0, 600, 40):
            same_hits(found[number], oracle, queries[number], 9, None)
        assert index.search_many(queries[:0], 9) == []

    def test_an_empty_index_answers_nothing(self):
        index = self.create(Oracle())
        query = rows(np.random.default_rng(0), 1)[0]
        assert len(index.search(query, 5).ids) == 0
        assert len(index.search(query, 5, np.array([3], np.int64)).ids) == 0
        assert index.ids().tolist() == []
        many = index.search_many(rows(np.random.default_rng(0), 2), 5)
        assert [len(hits.ids) for hits in many] == [0, 0]

    def test_opposite_vectors_are_found_too(self):
        oracle = Oracle()
        index = self.create(oracle)
        query = rows(np.random.default_rng(0), 1)[0]
        index.add(np.array([5], np.int64), -query[None])
        oracle.take(np.array([5], np.int64), -query[None])
        hits = index.search(query, 3)
        assert hits.ids.tolist() == [5]
        assert hits.scores[0] == pytest.approx(-1.0, abs=CLOSE)

    def test_equal_scores_come_by_crop_id_also_when_reopened(self, tmp_path):
        vector, oracle = rows(np.random.default_rng(3), 1), Oracle()
        oracle.take(np.arange(1, 10, dtype=np.int64), np.repeat(vector, 9, axis=0))
        index = self.create(oracle)
        index.add(np.arange(1, 6, dtype=np.int64), np.repeat(vector, 5, axis=0))
        index = self.reopened(index, oracle, tmp_path / "index")
        index.add(np.arange(6, 10, dtype=np.int64), np.repeat(vector, 4, axis=0))
        assert index.search(vector[0], 9).ids.tolist() == list(range(1, 10))
        assert index.search_many(vector, 7)[0].ids.tolist() == list(range(1, 8))

    @pytest.mark.parametrize("ids", [[20], [3], [22, 21], [21, 21]])
    def test_ids_that_do_not_increase_are_refused(self, ids):
        index, oracle = self.filled()
        with pytest.raises(ValueError, match="increase"):
            index.add(np.array(ids, np.int64), rows(np.random.default_rng(0), len(ids)))
        same(index, oracle)

    def test_a_removed_id_is_not_given_out_and_not_taken_again(self):
        index, oracle = self.filled()
        index.remove(np.array([20, 999], np.int64))
        oracle.held.pop(20)
        same(index, oracle)
        with pytest.raises(KeyError, match="20"):
            index.vectors(np.array([1, 20], np.int64))
        with pytest.raises(KeyError, match="999"):
            index.vectors(np.array([999], np.int64))
        with pytest.raises(ValueError, match="increase"):
            index.add(np.array([20], np.int64), rows(np.random.default_rng(0), 1))

    @pytest.mark.full
    def test_many_threads_search_at_once(self):
        index, oracle = self.filled(3000)
        queries = rows(np.random.default_rng(6), 40)

        def answered(query: Vectors) -> None:
            same_hits(index.search(query, 7), oracle, query, 7, None)
            same_range(index, oracle, query, 0.5, None)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(answered, queries))

    def test_what_does_not_belong_to_the_vectors_is_told(self, tmp_path):
        index, oracle = self.filled()
        loaded = self.reopened(index, oracle, tmp_path / "a")
        ids = np.array([2, 5, 9], np.int64)
        truth = np.stack([oracle.held[i] for i in ids.tolist()])
        assert loaded.differing(ids, truth).tolist() == []
        truth[1] = -truth[1]
        assert loaded.differing(ids, truth).tolist() == [5]


class FileEngineContract(VectorIndexContract):
    """What an engine does beside it that keeps its indexes in files."""

    engine: FileEngine

    def create(self, oracle: Oracle) -> FileIndex:
        return self.engine.create(DIMENSION, oracle.truth)

    def reopened(self, index: FileIndex, oracle: Oracle, path: Path) -> FileIndex:
        index.save(path)
        loaded = self.engine.load(path, oracle.truth)
        assert loaded.kind == self.engine.kind
        assert all((path.parent / name).is_file() for name in self.engine.files(path))
        return loaded

    def test_a_loaded_index_is_verified(self, tmp_path):
        index, oracle = self.filled()
        loaded = self.reopened(index, oracle, tmp_path / "a")
        loaded.verify()
        same(loaded, oracle)

    def test_saving_does_not_change_the_index_and_a_loaded_one_goes_on(self, tmp_path):
        index, oracle = self.filled()
        index.remove(np.array([2], np.int64))
        oracle.held.pop(2)
        index.save(tmp_path / "a")
        same(index, oracle)
        loaded = self.engine.load(tmp_path / "a", oracle.truth)
        loaded.add(np.array([30], np.int64), oracle.held[1][None])
        oracle.take(np.array([30], np.int64), oracle.held[1][None])
        same(loaded, oracle)

    @pytest.mark.parametrize("data", [b"", b"not an index", b"\0" * 5000, b"IxMp" + b"\xff" * 99])
    def test_other_files_are_refused(self, tmp_path, data):
        (tmp_path / "file").write_bytes(data)
        with pytest.raises(ArchiveError, match="file"):
            self.engine.load(tmp_path / "file", Oracle().truth)

    def test_a_missing_file_is_refused(self, tmp_path):
        with pytest.raises(ArchiveError, match="nowhere"):
            self.engine.load(tmp_path / "nowhere", Oracle().truth)
