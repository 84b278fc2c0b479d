"""Figures of clusterings: by hand, and against counting in the plainest way."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from clustering import Agreement, clustering
from hypothesis import given
from hypothesis import strategies as st

from reidsearch.base.errors import UsageError


@pytest.mark.parametrize(
    ("found", "truth", "pairwise", "b_cubed", "idf1"),
    [
        # all right
        ("aabb", "xxyy", (1, 1), (1, 1), 1),
        # everything in one: 2 of 6 pairs
        ("aaaa", "xxyy", (1 / 3, 1), (1 / 2, 1), 1 / 2),
        # everything alone: no pair was put together
        ("abcd", "xxyy", (1, 0), (1, 1 / 2), 1 / 2),
        # Bagga and Baldwin's example: 1 2 3 4 5 | 6 7 | 8 9 A B C, of which the last two are joined
        ("aaaaabbccccc", "xxxxxyyzzzzz", (1, 1), (1, 1), 1),
        ("aaaaabbbbbbb", "xxxxxyyzzzzz", (21 / 31, 1), (16 / 21, 1), 10 / 12),
        ("aaaaabbaaaaa", "xxxxxyyzzzzz", (21 / 46, 1), (7 / 12, 1), 7 / 12),
        # one of x strayed to y
        ("aabbb", "xxxyy", (2 / 4, 2 / 4), (1 / 5 * (2 + 5 / 3), 1 / 5 * (2 * 2 / 3 + 1 / 3 + 2)),
         4 / 5),
        ("a", "x", (1, 1), (1, 1), 1),
    ],
)  # fmt: skip
def test_by_hand(found, truth, pairwise, b_cubed, idf1):
    figures = clustering(found, truth)
    assert (figures.pairwise.precision, figures.pairwise.recall) == pytest.approx(pairwise)
    assert (figures.b_cubed.precision, figures.b_cubed.recall) == pytest.approx(b_cubed)
    assert figures.idf1 == pytest.approx(idf1)
    assert (figures.items, figures.clusters, figures.persons) == (
        len(found),
        len(set(found)),
        len(set(truth)),
    )


def test_f1_is_the_harmonic_mean():
    assert Agreement(0.5, 1.0).f1 == pytest.approx(2 / 3)
    assert Agreement(0.0, 0.0).f1 == 0.0


def naive(found: list[int], truth: list[int]) -> tuple[float, ...]:
    pairs = list(combinations(range(len(found)), 2))
    put = [(a, b) for a, b in pairs if found[a] == found[b]]
    belong = [(a, b) for a, b in pairs if truth[a] == truth[b]]
    both = len(set(put) & set(belong))
    items = range(len(found))
    precision = recall = 0.0
    for a in items:
        mine = [b for b in items if found[b] == found[a]]
        theirs = [b for b in items if truth[b] == truth[a]]
        shared = len(set(mine) & set(theirs))
        precision += shared / len(mine) / len(found)
        recall += shared / len(theirs) / len(found)
    clusters, persons = sorted(set(found)), sorted(set(truth))
    persons += [-1] * (len(clusters) - len(persons))
    best = max(
        sum(
            sum(found[i] == cluster and truth[i] == person for i in items)
            for cluster, person in zip(clusters, order, strict=False)
        )
        for order in permutations(persons, len(clusters))
    )
    return (
        both / len(put) if put else 1.0,
        both / len(belong) if belong else 1.0,
        precision,
        recall,
        best / len(found),
    )


@pytest.mark.full
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_as_counted_in_the_plainest_way(pairs):
    found, truth = [a for a, _ in pairs], [b for _, b in pairs]
    figures = clustering(found, truth)
    assert (
        figures.pairwise.precision,
        figures.pairwise.recall,
        figures.b_cubed.precision,
        figures.b_cubed.recall,
        figures.idf1,
    ) == pytest.approx(naive(found, truth))


@pytest.mark.parametrize(("found", "truth"), [("", ""), ("ab", "x")])
def test_nothing_to_compare(found, truth):
    with pytest.raises(UsageError):
        clustering(found, truth)
