"""The compact engine keeps the contract, proves what it reads and what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from archives import DIMENSION, unit_rows
from contract_vectors import FileEngineContract
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.index.compact.codec import Codec
from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.compact.segment import Segment
from reidsearch.index.compact.segment_files import written
from reidsearch.index.recall import Measured, recall

SMALL = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)


class TestCompact(FileEngineContract):
    """Small enough segments and tails that every step of it is taken."""

    engine = SMALL


class Crowd:
    """Many vectors, clustered as people are: each of a person, near its others."""

    def __init__(self, count: int, dimension: int = 64, seed: int = 5) -> None:
        rng = np.random.default_rng(seed)
        people = rng.standard_normal((count // 8 + 1, dimension))
        rows = people[rng.integers(0, len(people), count)]
        rows = rows + 0.7 * rng.standard_normal((count, dimension))
        self.ids = np.cumsum(rng.integers(1, 3, count)).astype(np.int64)
        self.rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        queries = rng.standard_normal((12, dimension)) * 0.4 + people[:12]
        self.queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)

    def truth(self, ids):
        at = np.searchsorted(self.ids, ids)
        there = np.append(self.ids, -1)[at] == ids
        return ids[there], self.rows[at[there]]

    def best(self, query, k, allowed=None):
        scores = self.rows @ query
        if allowed is not None:
            scores[~np.isin(self.ids, allowed)] = -np.inf
        order = np.lexsort((self.ids, -scores))[: min(k, int(np.isfinite(scores).sum()))]
        return self.ids[order].tolist()


CROWD = Crowd(6000)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """An index of 6000 vectors in several segments on disk and a tail, loaded from its files."""
    engine = CompactEngine(
        segment_rows=1500, tail_rows=512, shortlist=60, per_match=10, own_rows=300, proven_rows=0
    )
    folder = tmp_path_factory.mktemp("crowd")
    index = engine.create(64, CROWD.truth, folder, lambda: CROWD.rows)
    index.add(CROWD.ids[:5800], CROWD.rows[:5800])
    index.save(folder / "index")
    index = engine.load(folder / "index", CROWD.truth)
    index.add(CROWD.ids[5800:], CROWD.rows[5800:])
    return index


SHARES = (1 / 6000, 0.001, 0.01, 0.04, 0.06, 0.1, 0.3, 0.5, 0.9, 0.999, 1.0)


@pytest.mark.full
@pytest.mark.parametrize("share", SHARES)
def test_every_selectivity_gives_all_and_only_what_passes(crowded, share):
    rng = np.random.default_rng(int(share * 1e6))
    allowed = np.sort(rng.choice(CROWD.ids, max(1, round(share * 6000)), replace=False))
    for query in CROWD.queries:
        plan = crowded.plan(10, allowed)
        assert plan.candidates == len(allowed)
        hits = crowded.search(query, 10, allowed)
        assert len(hits.ids) == min(10, len(allowed))
        assert set(hits.ids.tolist()) <= set(allowed.tolist())
        assert hits.exact == plan.exact
        truth = CROWD.best(query, 10, allowed)
        common = len(set(hits.ids.tolist()) & set(truth))
        assert common >= (1.0 if plan.exact else 0.8) * len(truth)
        assert crowded.search(query, 10, allowed, exact=True).ids.tolist() == truth
    # 640 are four times the shortlist: below, the scan would not leave out much.
    method = "rows" if len(allowed) <= 300 else "proof" if len(allowed) < 640 else "scan"
    assert plan.method == method


@pytest.mark.full
@pytest.mark.parametrize("k", [1, 9, 100, 1000, 5999, 6000, 9999])
def test_every_k_gives_k(crowded, k):
    query = CROWD.queries[3]
    assert_best(crowded.search(query, k, exact=True), query, k)
    hits = crowded.search(query, k)
    assert len(hits.ids) == min(k, 6000)
    if crowded.plan(k).exact:
        assert_best(hits, query, k)


def assert_best(hits, query, k):
    """The k best, but that scores which differ in their last bit may change places."""
    at = np.searchsorted(CROWD.ids, hits.ids)
    assert len(set(hits.ids.tolist())) == min(k, 6000)
    scores = CROWD.rows @ query
    best = np.sort(scores)[::-1][: len(at)]
    np.testing.assert_allclose(scores[at], best, atol=1e-6)
    np.testing.assert_allclose(hits.scores, best, atol=1e-6)


@pytest.mark.full
def test_a_filter_against_the_query_still_gives_k(crowded):
    """What is nearest does not pass: the scan has to go on below it."""
    query = CROWD.queries[0]
    allowed = np.setdiff1d(CROWD.ids, CROWD.best(query, 2000))
    assert crowded.plan(10, allowed).method == "scan"
    assert len(crowded.search(query, 10, allowed).ids) == 10
    assert crowded.search(query, 10, allowed, exact=True).ids.tolist() == CROWD.best(
        query, 10, allowed
    )


def test_what_is_worst_in_every_part_is_found_when_nothing_else_passes():
    """FAISS's fast scan leaves out whatever has the lowest sum of all: here, all that passes."""
    rows = np.repeat(np.float32([[0.6, 0.8], [-0.6, -0.8]]), 50, axis=0)
    engine = CompactEngine(
        segment_rows=40, tail_rows=10, shortlist=1, per_match=1, own_rows=3, proven_rows=0
    )
    ids = np.arange(1, 101)
    index = engine.create(2, lambda ids: (ids, rows[ids - 1]), None, lambda: rows)
    index.add(ids, rows)
    against = ids[50:]
    assert index.plan(5, against).method == "scan"
    query = rows[0]
    assert index.search(query, 5, against).ids.tolist() == [51, 52, 53, 54, 55]
    first, second = index.search_many(np.stack([query, -query]), 5, against)
    assert first.ids.tolist() == [51, 52, 53, 54, 55]
    assert len(second.ids) == 5


def test_all_may_still_lie_in_the_tail():
    """As after an erasure of most of an archive that was large."""
    index = CompactEngine(own_rows=300, shortlist=60, per_match=10).create(64, CROWD.truth)
    index.add(CROWD.ids, CROWD.rows)
    assert not index.segments
    assert (index.plan(10).method, index.plan(10).exact) == ("flat", True)
    for found in (index.search(CROWD.queries[0], 10), index.search_many(CROWD.queries, 10)[0]):
        assert found.exact
        assert found.ids.tolist() == CROWD.best(CROWD.queries[0], 10)


@pytest.mark.full
def test_filtered_answers_are_proven_while_that_is_quick(crowded):
    """Nothing like the query passes: its shortlist holds only others, which all score alike."""
    engine = CompactEngine(
        segment_rows=1500, tail_rows=512, own_rows=300, shortlist=60, per_match=10
    )
    index = engine.create(64, CROWD.truth, None, lambda: CROWD.rows)
    index.add(CROWD.ids, CROWD.rows)
    for query in CROWD.queries:
        others = np.setdiff1d(CROWD.ids, CROWD.best(query, 3000))
        assert (index.plan(10).method, index.plan(10, others).method) == ("scan", "proof")
        assert "no recall was measured" in index.plan(10, others).why
        hits = index.search(query, 10, others)
        assert hits.exact
        assert hits.ids.tolist() == CROWD.best(query, 10, others)


def test_a_plan_says_what_happens_and_why(crowded):
    plan = crowded.plan(10)
    assert (plan.method, plan.exact, plan.candidates, plan.scanned) == ("scan", False, 6000, 6000)
    plan = crowded.plan(10, exact=True)
    assert (plan.method, plan.exact) == ("proof", True)
    assert "asked for" in plan.why
    plan = crowded.plan(400)
    assert (plan.method, plan.exact) == ("proof", True)
    assert "large part" in plan.why
    assert crowded.plan(2000).method == "rows"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1.0, 1e-3, 50.0]))
def test_no_true_score_is_farther_from_its_fine_score_than_the_error(seed, scale):
    """Also of vectors unlike the sample: their values lie beyond the codes' range."""
    rng = np.random.default_rng(seed)
    sample = unit_rows(40, seed=seed % 1000)
    rows = rng.standard_normal((200, DIMENSION)) * (1, scale)[int(rng.integers(2))]
    rows[rng.random(200) < 0.1] *= 0
    rows[:, 0] += 1e-9
    rows[5:9, 1:] = 0  # one value is everything: far beyond what the sample's are
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    codec = Codec.train(sample)
    segment = Segment.of(codec).grown(np.arange(200), rows)
    queries = unit_rows(5, seed=3)
    fine = segment.scores(codec.asked(queries), np.arange(200))
    assert (np.abs(fine - queries @ rows.T) <= segment.errors(np.arange(200))).all()
    for number, query in enumerate(queries):
        scores, asked = rows @ query, codec.asked(queries).part(number)
        least = float(np.sort(scores)[-7])
        known = segment.highest(asked, 8, None)
        assert set(np.flatnonzero(scores >= least)) <= set(
            segment.reaching(known, asked, least, None, None).rows
        )
        # What was not returned is below of what is told, but for outliers.
        others = np.setdiff1d(np.arange(200), [*known.rows, *segment.outliers])
        assert (scores[others] <= known.beyond).all()


def test_the_first_parts_alone_bound_every_score(tmp_path):
    """Of vectors with a falling spectrum, in memory and mapped, asked through FAISS."""
    rng = np.random.default_rng(4)
    rows = rng.standard_normal((900, 64)) * np.geomspace(1, 0.02, 64)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    codec = Codec.train(rows[::3])
    assert (codec.leading, codec.scanned) == (31, 16)
    in_memory = Segment.of(codec).grown(np.arange(1, 901), rows)
    for segment in (in_memory, written(in_memory, tmp_path)):
        for query in rows[:20]:
            asked = codec.asked(query[None])
            known = segment.highest(asked, 30, None)
            others = np.setdiff1d(np.arange(900), [*known.rows, *segment.outliers])
            assert (rows[others] @ query <= known.beyond).all()
            assert known.beyond <= np.sort(rows @ query)[-30] + 0.15  # and not by far


def test_wilson_knows_that_nothing_missed_is_not_never():
    found = recall(1000, 1000, 10)
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.995 < found.low < 0.997
    found = recall(990, 1000, 10)
    assert found.low < 0.99 < found.high
    measured = Measured({10: 990, 100: 9000}, {10: 1000, 100: 10_000}, 5)
    assert [measured.at(k).value for k in (1, 10, 11, 100, 1000)] == [0.99, 0.99, 0.9, 0.9, 0.9]
    assert Measured.of_row(measured.to_row()) == measured
