"""An index whose vectors a Milvus server has, and answers that are proven all the same.

The server says which of its rows have the best inner products; what is answered is scored from the
database's own embeddings. Three things make an answer proven:

1. *All are there.* With every search the server counts the rows that it searches, and these have to
   be as many as the archive has up to the last crop that was ever verified to be on the server.
   Otherwise there is no answer (`IndexIncomplete`), or one from the database.
2. *All are scored.* The search is exhaustive (`FLAT`), so that what it does not give has no better
   inner product than the last that it gives, but for rounding (`ROUNDED`).
3. *All that could be among the best is read.* Whatever of the rest could reach the k-th best score,
   as the adjustment and the filters have it, is scored from the database, or more is asked for.

What the server has not got yet lies in a flat tail; what was erased is masked at once. Filters are
sets of crop ids that the database makes: the server is told of them as spans of ids and as rows
that are left out, and more is asked for until k of the candidates are proven.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Plan
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import (
    Hits,
    IndexAway,
    Truth,
    merged,
    no_hits,
    no_ids,
)
from reidsearch.index.flat import FaissEngine
from reidsearch.index.milvus import KIND
from reidsearch.index.milvus.candidates import Candidates, common, may_reach, of_rows
from reidsearch.index.milvus.note import MilvusNote
from reidsearch.index.milvus.server import MOST_HITS, NOW, SOON, Collection, Where
from reidsearch.index.milvus.upload import upload

AT_FIRST = 64  # rows that a search asks for, and a multiple of k; more often than not enough
PER_MATCH = 4
MORE = 8  # times as many rows, when they were not enough
QUERIES_AT_ONCE = 16


class MilvusIndex:
    """A collection and a flat tail; implements `FileIndex`.

    Args:
        held: increasing ids that were verified to be in the collection.
        adopting: find in the collection what is added and already there.
        own_rows: as many candidates are read from the database, without the server.
        without_server: answer from the database while the server cannot.
    """

    kind = KIND

    def __init__(
        self,
        collection: Collection,
        dimension: int,
        truth: Truth,
        held: CropIds,
        *,
        adopting: bool,
        own_rows: int,
        without_server: bool,
    ) -> None:
        self._collection, self.dimension, self._truth = collection, dimension, truth
        self._own_rows, self._without_server = own_rows, without_server
        self._held, self._up_to = held, int(held[-1]) if len(held) else 0
        self._adopting = adopting
        self._last = self._up_to  # that was ever given, removed or not
        self._removed = no_ids()
        self._tail = FaissEngine().create(dimension)
        self.warning = ""

    def __len__(self) -> int:
        return len(self._held) + len(self._tail)

    def ids(self) -> CropIds:
        """Return all ids, increasing."""
        return np.concatenate([self._held, self._tail.ids()])

    def vectors(self, ids: CropIds) -> Vectors:
        """Return (n, d) float32 of stored ids, from the database.

        Raises:
            KeyError: an id is not stored.
        """
        wanted = np.intersect1d(ids, self.ids())
        held, rows = self._truth(wanted)
        at = np.searchsorted(held, ids)
        lacking = np.append(held, -1)[at] != ids
        if lacking.any():
            raise KeyError(f"crop {ids[lacking][0]} is not in the index")
        return rows[at]

    # -- changing ---------------------------------------------------------------------------

    def add(self, ids: CropIds, vectors: Vectors) -> None:
        """Take (n,) increasing ids above all stored, with their (n, d) unit vectors.

        What another machine has put on the server already is found there.
        """
        if (np.diff(ids, prepend=self._last) <= 0).any():
            raise ValueError("ids must increase and lie above all stored")
        if not len(ids):
            return
        there = self._found(ids) if self._adopting else 0
        if there:
            self._held = np.concatenate([self._held, ids[:there]])
        if there < len(ids):
            self._adopting = False
            self._tail.add(ids[there:], vectors[there:])
        self._last = int(ids[-1])

    def _found(self, ids: CropIds) -> int:
        """How many of these ids, from the first without a gap, are in the collection already.

        What is there beside them was erased, and is masked.
        """
        try:
            if not self._collection.exists():
                return 0
            present = self._collection.ids(self._up_to, int(ids[-1]), SOON)
        except IndexAway:
            return 0
        there = int(np.append(~np.isin(ids, present), True).argmax())
        if there:
            self._up_to = int(ids[there - 1])
            erased = np.setdiff1d(present[present <= self._up_to], ids)
            self._removed = np.union1d(self._removed, erased)
        return there

    def remove(self, ids: CropIds) -> None:
        """Forget ids at once; ids not stored are ignored."""
        gone = np.intersect1d(self._held, ids)
        self._held = np.setdiff1d(self._held, gone, assume_unique=True)
        self._removed = np.union1d(self._removed, gone)
        self._tail.remove(ids)

    def needs_rebuild(self) -> bool:
        """Return False: it stores what it was given."""
        return False

    def save(self, path: Path) -> None:
        """Bring the collection to what this holds, verify that, and write which ids these are.

        Raises:
            IndexAway: the server does not answer, or has not taken it all.
        """
        ids = self.ids()
        upload(self._collection, self.dimension, self._truth, self._held, self._tail, self._removed)
        self._held, self._up_to = ids, max(self._up_to, int(ids[-1]) if len(ids) else 0)
        self._removed, self._tail = no_ids(), FaissEngine().create(self.dimension)
        self._adopting = False
        self._collection.drop_others()
        MilvusNote(self._collection.name, self.dimension, ids).write(path)

    # -- verifying --------------------------------------------------------------------------

    def verify(self) -> None:
        """Compare how many crops are there with what is known; each answer does that anew.

        Raises:
            IndexAway: the server does not answer.
            IndexIncomplete: they are not all there.
        """
        if len(self._held):
            self._require_all(Where(self._up_to, self._removed), len(self._held))

    def differing(self, ids: CropIds, vectors: Vectors) -> CropIds:
        """Return those of (n,) stored ids whose vectors on the server are others, or missing."""
        in_tail = np.isin(ids, self._tail.ids())
        found = [self._tail.differing(ids[in_tail], vectors[in_tail])]
        ids, vectors = ids[~in_tail], vectors[~in_tail]
        if len(ids):
            present, rows = self._collection.vectors(ids)
            once, first, times = np.unique(present, return_index=True, return_counts=True)
            same = np.zeros(len(ids), dtype=bool)
            at = np.searchsorted(ids, once)
            same[at] = (rows[first] == vectors[at]).all(axis=1) & (times == 1)
            found.append(ids[~same])
        return np.sort(np.concatenate(found))

    # -- searching --------------------------------------------------------------------------

    def plan(self, k: int, allowed: CropIds | None = None, *, exact: bool = False) -> Plan:
        """Return how `search` will go; the server is not asked."""
        here = len(self._held if allowed is None else common(self._held, allowed))
        tail = self._tail.plan(k, allowed).candidates if len(self._tail) else 0
        candidates = here + tail
        if self._few(here):
            why = f"the {candidates:,} candidates are few enough to be read one by one"
            return Plan("rows", True, candidates, candidates, candidates, why)
        if self.warning:
            return Plan("database", True, candidates, candidates, candidates, self.warning)
        why = f"the Milvus server at {self._collection.url} scores every crop that it holds"
        return Plan("server", True, candidates, len(self), self._first(k, here), why)

    def search(
        self,
        query: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> Hits:
        """Return the k best of all, or of `allowed`; see `VectorIndex.search`."""
        return self.search_many(query.reshape(1, -1), k, allowed, adjust=adjust)[0]

    def search_many(
        self,
        queries: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> list[Hits]:
        """Search for each row of (n, d) queries; every answer is proven.

        Raises:
            IndexAway: the server does not answer, and nobody chose to do without.
        """
        if k < 1 or not len(queries):
            return [no_hits()] * len(queries)
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        chosen = self._candidates(allowed)
        if self._few(len(chosen.ids)):
            found = of_rows(self._truth, queries, k, chosen.ids, adjust)
        else:
            try:
                found = self._of_server(queries, k, chosen, adjust)
                self.warning = ""
            except IndexAway as error:
                if not self._without_server:
                    raise
                self.warning = f"{error.message}; every embedding was read from the database"
                found = of_rows(self._truth, queries, k, chosen.ids, adjust)
        tails = self._tail.search_many(queries, k, allowed, adjust=adjust)
        return [merged(a, b, k, exact=True) for a, b in zip(found, tails, strict=True)]

    def above(
        self,
        query: Vectors,
        least: float,
        allowed: CropIds | None = None,
        *,
        adjust: Adjustment | None = None,
    ) -> Iterator[Hits]:
        """Yield everything that scores `least` or more, best first, at once.

        The server is asked for more until all that it does not give scores less; of what cannot
        be told so, the embeddings are read.
        """
        chosen, query = self._candidates(allowed), query.reshape(1, -1)
        ids = chosen.ids
        if not self._few(len(ids)):
            try:
                ids = self._reaching(query, least, chosen, adjust)
                self.warning = ""
            except IndexAway as error:
                if not self._without_server:
                    raise
                self.warning = f"{error.message}; every embedding was read from the database"
        near = of_rows(self._truth, query, None, ids, adjust)[0]
        enough = near.scores >= least
        found = Hits(near.ids[enough], near.scores[enough])
        for hits in self._tail.above(query[0], least, allowed, adjust=adjust):
            found = merged(found, hits, None, exact=True)
        if len(found.ids):
            yield found

    def _few(self, candidates: int) -> bool:
        return candidates <= self._own_rows

    def _first(self, k: int, candidates: int) -> int:
        """How many rows to ask for: where filters leave few of them, so many more."""
        share = max(len(self._held) + len(self._removed), 1) / max(candidates, 1)
        return min(int((AT_FIRST + PER_MATCH * k) * share), MOST_HITS)

    def _candidates(self, allowed: CropIds | None) -> Candidates:
        held, everything = self._held, Where(self._up_to, self._removed)
        if allowed is None or not len(held):
            return Candidates(held, everything, len(held))
        ids = common(held, allowed)
        span = self._collection.span
        if not len(ids) or held[-1] // span == held[0] // span:
            return Candidates(ids, everything, len(held))
        spans = np.unique(ids // span)
        bounds = np.searchsorted(held, np.stack([spans * span, (spans + 1) * span]))
        there = np.isin(self._removed // span, spans)
        where = Where(self._up_to, self._removed[there], tuple(spans.tolist()))
        return Candidates(ids, where, int((bounds[1] - bounds[0]).sum()))

    def _require_all(self, where: Where, rows: int) -> str:
        """Return how consistent a search has to be to see all rows that are searched.

        Raises:
            IndexIncomplete: they are not all there.
        """
        if self._collection.count(where, SOON) == rows:
            return SOON
        held = self._collection.count(where, NOW)
        if held != rows:
            raise self._collection.incomplete(f"holds {held:,} of the {rows:,} crops asked for")
        return NOW

    def _of_server(
        self, queries: Vectors, k: int, chosen: Candidates, adjust: Adjustment | None
    ) -> list[Hits]:
        """The k best of each query, proven, by what the server gives first."""
        level = self._require_all(chosen.where, chosen.rows)
        most = max(self._first(k, len(chosen.ids)), 1)
        found = []
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            part = queries[start : start + QUERIES_AT_ONCE]
            given = self._collection.search(part, most, chosen.where, level)
            for query, one in zip(part, given, strict=True):
                found.append(self._proven(query[None], k, chosen, adjust, one, most, level))
        self._require_all(chosen.where, chosen.rows)  # nor was it started anew meanwhile
        return found

    def _proven(
        self,
        query: Vectors,
        k: int,
        chosen: Candidates,
        adjust: Adjustment | None,
        given: tuple[CropIds, Vectors],
        most: int,
        level: str,
    ) -> Hits:
        """The k best of one (1, d) query, after asking for more where that is needed."""
        while True:
            ids, products = given
            kept = chosen.among(ids)
            ids = np.unique(ids[kept])
            best = of_rows(self._truth, query, k, ids, adjust)[0]
            if len(given[0]) < most:  # that is all there is
                return best
            least = float(best.scores[-1]) if len(best.ids) == k else -np.inf
            rest = may_reach(query, least, chosen, float(products[-1]), adjust, ids)
            if len(rest) <= self._own_rows or most >= MOST_HITS:
                more = of_rows(self._truth, query, k, rest, adjust)[0]
                return merged(best, more, k, exact=True)
            most = min(MORE * most, MOST_HITS)
            given = self._collection.search(query, most, chosen.where, level)[0]

    def _reaching(
        self, query: Vectors, least: float, chosen: Candidates, adjust: Adjustment | None
    ) -> CropIds:
        """Ids of all that may score `least` or more."""
        level = self._require_all(chosen.where, chosen.rows)
        most = self._first(AT_FIRST, len(chosen.ids))
        while True:
            ids, products = self._collection.search(query, most, chosen.where, level)[0]
            kept = np.unique(ids[chosen.among(ids)])
            if len(ids) < most:
                found = kept
                break
            rest = may_reach(query, least, chosen, float(products[-1]), adjust, kept)
            if len(rest) <= self._own_rows or most >= MOST_HITS:
                found = np.union1d(kept, rest)
                break
            most = min(MORE * most, MOST_HITS)
        self._require_all(chosen.where, chosen.rows)
        return found
