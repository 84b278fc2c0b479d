"""Re-ranking against an oracle that holds all distances of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_rerank import reranked

from reidsearch.search.rerank import PAPER, Asked, KReciprocal, average_expansion, distances
from reidsearch.search.scope import gallery_of

CLOSE = 1e-9


def people(seed: int, n: int, changes: int = 1):
    """(n, 16) float32 unit rows: four entries of a person's own are +-0.5, some of them changed.

    Their products are exact in any arithmetic, and equal ones abound, so that the order among
    equals is checked as well.
    """
    rng = np.random.default_rng(seed)
    made = np.zeros((n, 16), dtype=np.float32)
    persons = [rng.permutation(16)[:4] for _ in range(max(1, n // 6))]
    signs = rng.choice([-0.5, 0.5], size=(len(persons), 4))
    for row in range(n):
        who = int(rng.integers(len(persons)))
        places, values = persons[who].copy(), signs[who].copy()
        for _ in range(int(rng.integers(changes + 1))):
            at = int(rng.integers(4))
            places[at] = rng.choice(np.setdiff1d(np.arange(16), places))
            values[at] = rng.choice([-0.5, 0.5])
        made[row, places] = values
    return made


def asked(query, gallery, how=PAPER) -> Asked:
    return Asked(query, *gallery.around(query, how.k1))


@pytest.mark.full
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 120),
    changes=st.integers(0, 3),
    how=st.sampled_from([(20, 6, 0.3), (8, 3, 0.1), (5, 1, 0.5)]),
)
def test_every_distance_is_the_full_algorithms(seed, n, changes, how):
    made = people(seed, n + 1, changes)
    query, matrix = made[0], made[1:]
    gallery, k = gallery_of(matrix), KReciprocal(*how, expansion=0)
    # Any candidates, in any order.
    rows = np.random.default_rng(seed).permutation(n)[: max(1, n // 2)]
    got = distances(asked(query, gallery, k), rows, gallery, k)
    truth = reranked(query, matrix, *how, chosen=rows)
    np.testing.assert_allclose(got, truth[rows], atol=CLOSE)


@pytest.mark.full
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 150), changes=st.integers(0, 3))
def test_with_all_as_candidates_the_order_is_the_oracles_rank_by_rank(seed, n, changes):
    made = people(seed, n + 1, changes)
    query, matrix = made[0], made[1:]
    ranked = gallery_of(matrix).ranked(query, KReciprocal(candidates=n, expansion=0))
    truth = reranked(query, matrix).round(9)
    expected = np.lexsort((np.arange(n), -(matrix @ query), truth))
    same = truth[ranked] == truth[expected]
    assert same.all()
    assert sorted(ranked.tolist()) == list(range(n))


@pytest.mark.full
def test_real_numbers_agree_too():
    rng = np.random.default_rng(8)
    made = rng.normal(size=(30, 32))[rng.integers(0, 30, 401)] + 0.6 * rng.normal(size=(401, 32))
    made = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    gallery = gallery_of(made[1:])
    rows, _ = gallery.around(made[0], 60)
    got = distances(asked(made[0], gallery), rows, gallery)
    np.testing.assert_allclose(got, reranked(made[0], made[1:], chosen=rows)[rows], atol=2e-5)


@pytest.mark.full
def test_the_expanded_query_is_ranked_as_if_it_had_been_asked():
    made = people(5, 201)
    query, matrix = made[0], made[1:]
    gallery = gallery_of(matrix)
    best = matrix[np.argmax(matrix @ query)]
    expanded = average_expansion(query, best[None])
    np.testing.assert_allclose(expanded, (query + best) / np.linalg.norm(query + best), atol=1e-6)
    ranked = gallery.ranked(query, KReciprocal(candidates=200))
    assert (np.diff(reranked(expanded, matrix)[ranked]) >= -2e-5).all()


@pytest.mark.full
def test_a_query_that_is_in_the_gallery_does_not_expand_itself():
    """Nor does a copy of it."""
    matrix = people(6, 200, changes=2)
    query = matrix[3]
    same = (matrix == query).all(axis=1)
    assert same.sum() > 1
    others = np.where(same, -2.0, matrix @ query)
    expanded = average_expansion(query, matrix[np.argmax(others)][None])
    ranked = gallery_of(matrix).ranked(query, KReciprocal(candidates=200))
    assert (np.diff(reranked(expanded, matrix)[ranked]) >= -2e-5).all()
    assert (np.diff(reranked(query, matrix)[ranked]) < -2e-5).any()


def test_only_the_candidates_are_ranked_anew_and_the_rest_keep_their_order():
    made = people(1, 301)
    gallery = gallery_of(made[1:])
    plain, _ = gallery.around(made[0], 300)
    for n in (1, 50, 300, 1000):
        ranked = gallery.ranked(made[0], KReciprocal(candidates=n))
        assert set(ranked[:n]) == set(plain[:n])
        assert ranked[n:].tolist() == plain[n:].tolist()


@pytest.mark.full
def test_a_query_is_ranked_the_same_alone_and_after_others():
    made = people(2, 420)
    gallery, others = gallery_of(made[20:]), gallery_of(made[20:])
    batch = [gallery.ranked(query).tolist() for query in made[:20]]
    assert others.ranked(made[13]).tolist() == batch[13]


@pytest.mark.parametrize("n", [1, 2, 5, 21, 22, 30])
def test_galleries_of_copies_and_of_few_crops_are_ranked(n):
    copies = np.repeat(people(3, 1), n, axis=0)
    assert gallery_of(copies).ranked(copies[0]).tolist() == list(range(n))
    opposite = gallery_of(copies).ranked(-copies[0])
    assert opposite.tolist() == list(range(n))
