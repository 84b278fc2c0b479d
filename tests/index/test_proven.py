"""Of what may be among the best only what has to be is read, and the best are the same."""

from __future__ import annotations

import numpy as np
import pytest
from archives import unit_rows

from reidsearch.base.errors import ArchiveError
from reidsearch.index.compact.near import Near
from reidsearch.index.compact.proven import WORTH_ASKING_TWICE, best_of

ROWS = unit_rows(3000, seed=8)
IDS = np.arange(1, 3001)
QUERIES = unit_rows(2, seed=9)
ERROR = np.float32(0.02)


class Read:
    """The embeddings but for those that are gone; notes what was asked for."""

    def __init__(self, gone: tuple[int, ...] = ()) -> None:
        self.gone, self.asked = gone, list[int]()

    def __call__(self, ids):
        self.asked += ids.tolist()
        held = ids[~np.isin(ids, self.gone)]
        return held, ROWS[held - 1]


def near(query, share: float = 0.9) -> Near:
    """All of them, their codes off by up to a share of what is allowed."""
    off = np.random.default_rng(3).uniform(-ERROR, ERROR, len(IDS)).astype(np.float32)
    order = np.random.default_rng(4).permutation(len(IDS))
    return Near(IDS[order], (ROWS @ query + share * off)[order], np.full(len(IDS), ERROR))


def truth(query, k: int, gone: tuple[int, ...] = ()) -> list[int]:
    order = IDS[np.argsort(-(ROWS @ query), kind="stable")]
    return order[~np.isin(order, gone)][:k].tolist()


@pytest.mark.parametrize("k", [1, 20, 300, 2990, 3000, 4000])
@pytest.mark.parametrize("queries", [QUERIES[:1], QUERIES], ids=["one", "two"])
def test_the_best_are_the_best_and_nothing_is_read_twice(k, queries):
    read = Read()
    found = best_of(read, queries, k, [near(query) for query in queries], None)
    assert [hits.ids.tolist() for hits in found] == [truth(query, k) for query in queries]
    assert len(set(read.asked)) == len(read.asked)


def test_less_is_read_than_may_be_among_the_best_by_the_bounds():
    read, one = Read(), near(QUERIES[0], share=0.1)  # as real codes are
    best_of(read, QUERIES[:1], 300, [one], None)
    by_bounds = len(one.within_reach(300).ids)
    assert by_bounds > 300 + WORTH_ASKING_TWICE
    assert 300 <= len(read.asked) < 0.9 * by_bounds


def test_what_is_gone_leaves_its_place_to_the_next():
    gone = tuple(truth(QUERIES[0], 3))
    (found,) = best_of(Read(gone), QUERIES[:1], 300, [near(QUERIES[0])], None)
    assert found.ids.tolist()[:250] == truth(QUERIES[0], 250, gone)


def test_a_code_that_is_farther_off_than_it_may_be_is_an_error():
    one, best = near(QUERIES[0]), truth(QUERIES[0], 1)[0]
    at = int(np.flatnonzero(one.ids == best)[0])
    for off in (2 * ERROR, -2 * ERROR):
        scores = one.scores.copy()
        scores[at] = ROWS[best - 1] @ QUERIES[0] + off
        with pytest.raises(ArchiveError, match=f"crop {best}"):
            best_of(Read(), QUERIES[:1], 300, [Near(one.ids, scores, one.error)], None)
