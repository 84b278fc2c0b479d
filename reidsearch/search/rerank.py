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
    mutual = _mutual(pool, encoded, lists)
    inner = np.unique(lists[mutual])
    half = pool.lists(inner)[:, : 1 + round(how.k1 / 2)]
    half_mutual = _mutual(pool, inner, half)

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


def _mutual(pool: _Pool, owners: Rows, lists: Rows) -> NDArray[np.bool_]:
    """Which entries of the owners' (n, k) lists have the owner in their own first k."""
    there = lists >= 0
    back = pool.lists(np.where(there, lists, owners[:, None]))[:, :, : lists.shape[1]]
    found: NDArray[np.bool_] = (back == owners[:, None, None]).any(axis=2) & there
    return found


def _means(weights: NDArray[np.float64], encoded: Rows, averaged: Rows) -> NDArray[np.float64]:
    """Each row's encoding becomes the mean of its nearest ones' (local query expansion)."""
    at = np.searchsorted(encoded, averaged)
    held = np.append(encoded, -1)[at] == averaged
    of_none = np.zeros((1, weights.shape[1]))  # of lists that have no more, and what is not encoded
    total = np.append(weights, of_none, axis=0)[np.where(held, at, len(encoded))].sum(axis=1)
    return np.asarray(total / (averaged >= 0).sum(axis=1, keepdims=True))


def _jaccard(encodings: NDArray[np.float64], query: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) distances of (n, m) encodings to the query's (m,); each sums to one."""
    common = np.minimum(encodings, query).sum(axis=1)
    distance: NDArray[np.float64] = 1.0 - common / (2.0 - common)
    return distance


class _Pool:
    """The query and the gallery as one set of rows; the query's number is the gallery's length.

    What is asked of a row is read, and computed, when it is first asked: its vector may come from
    the database, and most rows are asked several times.
    """

    def __init__(self, asked: Asked, gallery: Gallery, how: KReciprocal) -> None:
        self._asked, self._gallery, self._k1 = asked, gallery, how.k1
        self.query = len(gallery)
        # By row, where it is in what follows; 0: nowhere, or the query. Of many rows few are
        # touched, and the system gives no memory for the rest.
        self._place = np.zeros(1 + len(gallery), dtype=np.int32)
        self._vectors = asked.vector[None]
        self._least = np.array([asked.least], dtype=np.float32)
        self._lists = np.full((1, 1 + how.k1), -1, dtype=np.int64)
        self._lists[0, 0] = self.query
        self._lists[0, 1 : 1 + len(asked.near)] = asked.near[: how.k1]

    def lists(self, rows: Rows) -> Rows:
        """(..., 1 + k1) nearest members of the pool, itself first; -1 where there are fewer."""
        places = self._places(rows)  # first: it may read further ones
        return self._lists[places]

    def reaching(self, shown: Rows) -> Rows:
        """All rows, increasing, that may have one of the shown in their expanded neighbourhood.

        Whoever has it there directly is in its list, and whoever has it by a neighbour's circle is
        in the list of that neighbour, who is in the first half of its own: all of it is mutual.
        The query, which may push somebody out of a list, adds nobody but itself.
        """
        circles = self._around(shown, round(self._k1 / 2))
        return self._around(circles, self._k1)

    def distances(self, rows: Rows, others: Rows) -> NDArray[np.float64]:
        """(m, n) squared distances, divided by the row's largest to any member of the pool."""
        places, across = self._places(rows), self._places(others)
        largest = np.maximum(2.0 - 2.0 * self._least[places].astype(np.float64), TINY)
        scores = (self._vectors[places] @ self._vectors[across].T).astype(np.float64)
        return np.maximum(2.0 - 2.0 * scores, 0.0) / largest[:, None]

    def _around(self, rows: Rows, k: int) -> Rows:
        """The rows, and who is in the list of any before the query takes its place; increasing."""
        near, _ = self._gallery.neighbours(rows[rows != self.query], k)
        own = self._asked.near[:k] if self.query in rows else near[:0].ravel()
        return np.unique(np.concatenate([rows, near[near >= 0], own]))

    def _places(self, rows: Rows) -> NDArray[np.int32]:
        places = self._place[rows]
        lacking = rows[(places == 0) & (rows != self.query)]
        if not len(lacking):
            return places
        self._read(np.unique(lacking))
        return self._place[rows]

    def _read(self, rows: Rows) -> None:
        self._place[rows] = len(self._vectors) + np.arange(len(rows))
        vectors = self._gallery.vectors(rows)
        score = vectors @ self._asked.vector
        near = self._with_query(*self._gallery.neighbours(rows, self._k1), score)
        self._vectors = np.concatenate([self._vectors, vectors])
        self._least = np.append(self._least, np.minimum(self._gallery.least(rows), score))
        self._lists = np.append(self._lists, np.column_stack([rows, near]), axis=0)

    def _with_query(self, near: Rows, scores: Vectors, score: Vectors) -> Rows:
        """The query takes its place in each list; it stands before its equals."""
        k = near.shape[1]
        place = (scores > score[:, None]).sum(axis=1)[:, None]
        numbers = np.arange(k)
        moved = np.where(numbers > place, np.roll(near, 1, axis=1), near)
        return np.where(numbers == place, self.query, moved)
