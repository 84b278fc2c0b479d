"""k-reciprocal re-ranking of one query, bounded by its candidates and their neighbourhoods.

Zhong, Zheng, Cao, Li: Re-ranking Person Re-identification with k-reciprocal Encoding (CVPR 2017),
over the pool of this one query and the whole gallery. Two crops are alike when they are among each
other's neighbours and have such neighbours in common: the Jaccard distance between their encoded
neighbourhoods, blended with the plain distance. A person's crops confirm each other so; somebody
who only looks alike from one side does not get in.

The paper's code holds all distances of all pairs. Of those a query needs few: the lists of
neighbours around its candidates, which are prepared (`index/neighbours/graph.py`), and the products
of the vectors of those rows that can share a neighbour with the query, mostly some dozens. The
query itself enters every list in which its score beats the last one, so that the outcome is that of
the full algorithm, candidate by candidate.

The query is first expanded by its best match (`KReciprocal.expansion`): a single query has no
second view of its person to be confirmed by, as the paper's many queries have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors

Rows: TypeAlias = NDArray[np.int64]
"""Row numbers of a gallery."""

TINY = 1e-12  # a gallery of copies of one vector has no largest distance


@dataclass(frozen=True, slots=True)
class KReciprocal:
    """How to re-rank. k1, k2 and blend are the paper's own values, not tuned on any set.

    Args:
        k1: neighbours in which reciprocity is looked for.
        k2: neighbours, itself among them, over which a crop's encoding is averaged.
        blend: the plain distance's share of the final one (lambda in the paper).
        candidates: how many of the plain search are ranked anew; the rest keep their order below.
        expansion: the query becomes the mean of itself and so many best matches. One was chosen
            on synthetic people; more cost first places there (benchmarks/reranking.py).
    """

    k1: int = 20
    k2: int = 6
    blend: float = 0.3
    candidates: int = 300
    expansion: int = 1


DEFAULT = KReciprocal()
PAPER = KReciprocal(expansion=0)


class Gallery(Protocol):
    """What is searched in, as re-ranking sees it: rows with their vectors and neighbours."""

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def around(self, vector: Vectors, k: int) -> tuple[Rows, float]:
        """What a (d,) vector scores with all rows: the k best rows, equal ones by number.

        Returns:
            (min(k, n),) rows, best first, and the smallest score of all.
        """
        ...

    def neighbours(self, rows: Rows, k: int) -> tuple[Rows, Vectors]:
        """The k nearest other rows: (m, k) rows, -1 where there are fewer, and their scores."""
        ...

    def least(self, rows: Rows) -> Vectors:
        """(m,) float32, the smallest score that a row has with any other; inf: there is none."""
        ...

    def vectors(self, rows: Rows) -> Vectors:
        """(m, d) float32 of unit length."""
        ...


def order(
    query: Vectors,
    candidates: Rows,
    gallery: Gallery,
    best: Rows,
    how: KReciprocal = DEFAULT,
) -> NDArray[np.intp]:
    """Rank candidates anew; the same for a query alone and in a batch.

    Args:
        query: (d,) float32 of unit length.
        candidates: (n,) rows in the order of the plain search, which decides between equals.
        best: the best matches in the whole gallery, without what the query was made of; the first
            `how.expansion` of them expand the query.

    Returns:
        (n,) places in `candidates`, best first.
    """
    expanded = average_expansion(query, gallery.vectors(best[: how.expansion]))
    asked = Asked(expanded, *gallery.around(expanded, how.k1))
    return np.argsort(distances(asked, candidates, gallery, how), kind="stable")


def average_expansion(query: Vectors, best: Vectors) -> Vectors:
    """The mean direction of a (d,) query and its (n, d) best matches (Chum et al., 2007)."""
    total = query.astype(np.float64) + best.sum(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(total))
    return query if length < TINY else np.asarray(total / length, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and what the plain search of the whole gallery finds for it.

    Args:
        vector: (d,) float32 of unit length.
        near: its k1 nearest rows, best first; fewer when there are fewer.
        least: the smallest score that it has with any row.
    """

    vector: Vectors
    near: Rows
    least: float


def distances(
    asked: Asked, candidates: Rows, gallery: Gallery, how: KReciprocal = PAPER
) -> NDArray[np.float64]:
    """The re-ranked distance of each candidate; smaller is more alike.

    Args:
        candidates: (n,) rows.

    Returns:
        (n,) float64 in [0, 1].
    """
    pool = _Pool(asked, gallery, how)
    query = np.array([pool.query])
    averaged = pool.lists(np.append(candidates, query))[:, : how.k2]
    # Only what the query's own encoding shows can be in common with it.
    own, in_own = _members(pool, np.unique(averaged[-1][averaged[-1] >= 0]), how)
    shown = own[in_own.any(axis=0)]
    # Few of the rows to be encoded can have any of it; all others' weights there are zero.
    encoded = np.intersect1d(averaged[averaged >= 0], pool.reaching(shown))
    means = _means(_weights(pool, encoded, shown, how), encoded, averaged)
    jaccard = _jaccard(means[:-1], means[-1])
    plain = pool.distances(query, candidates)[0]
    return np.asarray((1.0 - how.blend) * jaccard + how.blend * plain)


def _weights(pool: _Pool, encoded: Rows, shown: Rows, how: KReciprocal) -> NDArray[np.float64]:
    """(n, s) encodings of the rows, in the s columns that are shown; whole ones sum to one."""
    columns, members = _members(pool, encoded, how)
    at = np.searchsorted(columns, shown)  # all that is shown is a column, by the query's own rows
    touching = np.flatnonzero(members[:, at].any(axis=1))
    used = np.flatnonzero(members[touching].any(axis=0))
    among = members[np.ix_(touching, used)]
    weights = np.zeros(among.shape)
    weights[among] = np.exp(-pool.distances(encoded[touching], columns[used])[among])
    weights /= weights.sum(axis=1, keepdims=True)
    found = np.zeros((len(encoded), len(shown)))
    found[touching] = weights[:, np.searchsorted(used, at)]
    return found


def _members(pool: _Pool, encoded: Rows, how: KReciprocal) -> tuple[Rows, NDArray[np.bool_]]:
    """Who is in the expanded reciprocal neighbourhood of each row (R* in the paper).

    Returns:
        The (m,) members of any, and an (n, m) table of who is in whose.
    """
    lists = pool.lists(encoded)
    around = _Lists(pool, np.unique(lists[lists >= 0]))
    mutual = around.mutual(encoded, lists)
    inner = np.unique(lists[mutual])
    half = around.of(inner)[:, : 1 + round(how.k1 / 2)]
    around_inner = _Lists(pool, np.unique(half[half >= 0]))
    half_mutual = around_inner.mutual(inner, half)

    columns = np.union1d(inner, half[half_mutual])
    owner, place = np.nonzero(mutual)
    neighbour = np.searchsorted(inner, lists[owner, place])
    members = np.zeros((len(encoded), len(columns)), dtype=bool)
    members[owner, np.searchsorted(columns, lists[owner, place])] = True
    # Two thirds of a neighbour's own circle belong already: then all of it does.
    circle = np.where(half_mutual, np.searchsorted(columns, half), 0)[neighbour]
    inside = half_mutual[neighbour]
    shared = (members[owner[:, None], circle] & inside).sum(axis=1)
    taken = shared > 2.0 / 3.0 * inside.sum(axis=1)
    joining, at = np.nonzero(inside[taken])
    members[owner[taken][joining], circle[taken][joining, at]] = True
    return columns, members


class _Lists:
    """The lists of some rows, looked up by row."""

    def __init__(self, pool: _Pool, rows: Rows) -> None:
        self._rows, self._lists = rows, pool.lists(rows)

    def of(self, rows: Rows) -> Rows:
        return self._lists[np.searchsorted(self._rows, rows)]

    def mutual(self, owners: Rows, lists: Rows) -> NDArray[np.bool_]:
        """Which entries of the owners' (n, k) lists have the owner in their own first k."""
        back = self.of(np.maximum(lists, self._rows[0]))[:, :, : lists.shape[1]]
        found: NDArray[np.bool_] = (back == owners[:, None, None]).any(axis=2) & (lists >= 0)
        return found


def _means(weights: NDArray[np.float64], encoded: Rows, averaged: Rows) -> NDArray[np.float64]:
    """Each row's encoding becomes the mean of its nearest ones' (local query expansion)."""
    at, held = np.searchsorted(encoded, averaged), np.isin(averaged, encoded)
    total = np.zeros((len(averaged), weights.shape[1]))
    for place in range(averaged.shape[1]):  # k2 of them
        total[held[:, place]] += weights[at[held[:, place], place]]
    return np.asarray(total / (averaged >= 0).sum(axis=1, keepdims=True))


def _jaccard(encodings: NDArray[np.float64], query: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) distances of (n, m) encodings to the query's (m,); each sums to one."""
    common = np.minimum(encodings, query).sum(axis=1)
    distance: NDArray[np.float64] = 1.0 - common / (2.0 - common)
    return distance


class _Pool:
    """The query and the gallery as one set of rows; the query's number is the gallery's length."""

    def __init__(self, asked: Asked, gallery: Gallery, how: KReciprocal) -> None:
        self._asked, self._gallery, self._k1 = asked, gallery, how.k1
        self.query = len(gallery)
        # Vectors may come from the database, row by row: each is read once.
        self._place = np.full(len(gallery), -1, dtype=np.int32)
        self._vectors = np.empty((0, len(asked.vector)), dtype=np.float32)

    def lists(self, rows: Rows) -> Rows:
        """(m, 1 + k1) nearest members of the pool, itself first; -1 where there are fewer."""
        asked, k = self._asked, self._k1
        found = np.full((len(rows), 1 + k), -1, dtype=np.int64)
        found[:, 0] = rows
        own = rows == self.query
        found[own, 1 : 1 + len(asked.near)] = asked.near[:k]
        others = rows[~own]
        near, scores = self._gallery.neighbours(others, k)
        score = self.vectors(others) @ asked.vector
        found[~own, 1:] = self._with_query(near, scores, score)
        return found

    def reaching(self, shown: Rows) -> Rows:
        """All rows, increasing, that may have one of the shown in their expanded neighbourhood.

        Whoever has it there directly is in its list, and whoever has it by a neighbour's circle is
        in the list of that neighbour, who is in the first half of its own: all of it is mutual.
        The query, which may push somebody out of a list, adds nobody but itself.
        """
        circles = self._around(shown, round(self._k1 / 2))
        return self._around(circles, self._k1)

    def _around(self, rows: Rows, k: int) -> Rows:
        """The rows, and who is in the list of any before the query takes its place; increasing."""
        near, _ = self._gallery.neighbours(rows[rows != self.query], k)
        own = self._asked.near[:k] if self.query in rows else near[:0].ravel()
        return np.unique(np.concatenate([rows, near[near >= 0], own]))

    def _with_query(self, near: Rows, scores: Vectors, score: Vectors) -> Rows:
        """The query takes its place in each list; it stands before its equals."""
        k = near.shape[1]
        place = (scores > score[:, None]).sum(axis=1)[:, None]
        numbers = np.arange(k)
        moved = np.where(numbers > place, np.roll(near, 1, axis=1), near)
        return np.where(numbers == place, self.query, moved)

    def vectors(self, rows: Rows) -> Vectors:
        own = rows == self.query
        found = np.empty((len(rows), len(self._asked.vector)), dtype=np.float32)
        found[own] = self._asked.vector
        found[~own] = self._held(rows[~own])
        return found

    def _held(self, rows: Rows) -> Vectors:
        """The gallery's vectors of any rows of it."""
        lacking = np.unique(rows[self._place[rows] < 0])
        if len(lacking):
            self._place[lacking] = np.arange(len(lacking)) + len(self._vectors)
            self._vectors = np.concatenate([self._vectors, self._gallery.vectors(lacking)])
        return self._vectors[self._place[rows]]

    def distances(self, rows: Rows, others: Rows) -> NDArray[np.float64]:
        """(m, n) squared distances, divided by the row's largest to any member of the pool."""
        left, right = self.vectors(rows), self.vectors(others)
        own = rows == self.query
        least = np.empty(len(rows), dtype=np.float32)
        least[own] = self._asked.least
        least[~own] = np.minimum(self._gallery.least(rows[~own]), left[~own] @ self._asked.vector)
        largest = np.maximum(2.0 - 2.0 * least.astype(np.float64), TINY)
        scores = (left @ right.T).astype(np.float64)
        return np.maximum(2.0 - 2.0 * scores, 0.0) / largest[:, None]
