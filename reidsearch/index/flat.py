"""The FAISS engine: exact inner product over a memory-mapped base and an in-memory tail.

The base is one generation's file, mapped rather than read, so opening a million crops costs a
checksum and no copy. New rows go into the tail, deleted ones into a mask; `save` writes all three
as the next generation's file, in FAISS's layout (`layout.py`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.base import own_files
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Plan
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index import layout
from reidsearch.index.contract import Hits, IndexDamaged, Truth, in_order, no_hits, no_ids
from reidsearch.index.scan import scan

KIND = "faiss-flat-ip"
ROWS_AT_ONCE = 16_384


def one_thread() -> None:
    """Make FAISS use one thread for what this thread asks of it.

    One query is scanned by one thread whatever is set; the others would only spin beside it and
    slow down whatever comes next. On two cores a query among a million took half the time.
    """
    faiss.omp_set_num_threads(1)


@contextlib.contextmanager
def all_threads() -> Iterator[None]:
    """Let FAISS use every core for what this thread asks of it within: large batches."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


class FaissEngine:
    """Makes `FaissFlat` indexes."""

    kind = KIND

    def create(
        self,
        dimension: int,
        truth: Truth | None = None,
        folder: Path | None = None,
        sample: Callable[[], Vectors] | None = None,
    ) -> FaissFlat:
        """Return an empty index; it holds the vectors itself."""
        return FaissFlat(_Part.empty(dimension))

    def files(self, path: Path) -> list[str]:
        """Return none: one file holds everything."""
        return []

    def clear(self) -> None:
        """Do nothing: its files are all there is."""

    def load(self, path: Path, truth: Truth | None = None, folder: Path | None = None) -> FaissFlat:
        """Map a file that `FaissFlat.save` wrote.

        Raises:
            IndexDamaged: it is missing, or another kind of file.
        """
        data = layout.mapped(path)
        dimension, count = layout.count_in(data)
        if not 0 < dimension <= layout.LARGEST_DIMENSION or not 0 <= count <= len(data):
            raise IndexDamaged(f"{path} is no flat index with ids")
        expected = layout.flat_layout(dimension, count)
        expected.require(data, path.name)
        ids = expected.ids_of(data)
        layout.require_increasing(ids, path.name)
        return FaissFlat(_Part.over(dimension, ids, data, len(expected.head)))


def _count(held: CropIds, wanted: CropIds) -> int:
    """Return how many of increasing ids are among others, of which there may be far more."""
    return int((np.append(held, -1)[np.searchsorted(held, wanted)] == wanted).sum())


class FaissFlat:
    """Exact search; implements `VectorIndex`."""

    kind = KIND
    warning = ""

    def __init__(self, base: _Part) -> None:
        self.dimension: int = base.flat.d
        self._parts = [base, _Part.empty(self.dimension)]
        self._removed = no_ids()

    def __len__(self) -> int:
        return sum(len(part.ids) for part in self._parts) - len(self._removed)

    def ids(self) -> CropIds:
        """Return all stored ids, increasing."""
        held = np.concatenate([part.ids for part in self._parts])
        return held[~np.isin(held, self._removed, assume_unique=True)]

    def vectors(self, ids: CropIds) -> Vectors:
        """Return (n, d) float32 of stored ids.

        Raises:
            KeyError: an id is not stored.
        """
        found = np.empty((len(ids), self.dimension), dtype=np.float32)
        filled = np.zeros(len(ids), dtype=bool)
        for part in self._parts:
            rows, here = part.rows(ids)
            found[here] = part.matrix()[rows]
            filled |= here
        filled &= ~np.isin(ids, self._removed)
        if not filled.all():
            raise KeyError(f"crop {ids[~filled][0]} is not in the index")
        return found

    def add(self, ids: CropIds, vectors: Vectors) -> None:
        """Take (n,) increasing ids above all stored, with their (n, d) unit vectors."""
        if len(ids) == 0:
            return
        last = max((int(part.ids[-1]) for part in self._parts if len(part.ids)), default=-1)
        if ids[0] <= last or (np.diff(ids) <= 0).any():
            raise ValueError("ids must increase and lie above all stored")
        self._parts[1].append(ids, vectors)

    def remove(self, ids: CropIds) -> None:
        """Forget ids at once; ids not stored are ignored."""
        self._removed = np.union1d(self._removed, np.intersect1d(ids, self.ids()))

    def plan(self, k: int, allowed: CropIds | None = None, *, exact: bool = False) -> Plan:
        """Return the plan: every candidate's own score."""
        candidates = len(self)
        if allowed is not None and candidates:
            candidates = sum(_count(part.ids, allowed) for part in self._parts)
            candidates -= _count(self._removed, allowed)
        why = f"{len(self):,} crops are few enough to be scored one by one"
        return Plan("flat", True, candidates, candidates, candidates, why)

    def search(
        self,
        query: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = True,
        adjust: Adjustment | None = None,
    ) -> Hits:
        """Return the k best of all, or of `allowed`; see `VectorIndex.search`."""
        found = [
            part.search(query, k, allowed, self._removed, adjust)
            for part in self._parts
            if len(part.ids)
        ]
        if not found:
            return no_hits()
        ids = np.concatenate([hits.ids for hits in found])
        scores = np.concatenate([hits.scores for hits in found])
        best = np.lexsort((ids, -scores))[:k]
        return Hits(ids[best], scores[best])

    def search_many(
        self,
        queries: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = True,
        adjust: Adjustment | None = None,
    ) -> list[Hits]:
        """Search for each row of (n, d) queries, through BLAS; see `VectorIndex.search_many`."""
        found = [
            part.search_many(queries, k, allowed, self._removed, adjust)
            for part in self._parts
            if len(part.ids)
        ]
        if not found:
            return [no_hits()] * len(queries)
        # Parts hold increasing ids and come in order, so that a stable sort puts ties by id.
        ids = np.concatenate([ids for ids, _ in found], axis=1)
        scores = np.concatenate([scores for _, scores in found], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, : max(k, 0)]
        ids = np.take_along_axis(ids, order, axis=1)
        scores = np.take_along_axis(scores, order, axis=1)
        held = np.isfinite(scores).sum(axis=1).tolist()
        return [Hits(ids[i, :n], scores[i, :n]) for i, n in enumerate(held)]

    def above(
        self,
        query: Vectors,
        least: float,
        allowed: CropIds | None = None,
        *,
        adjust: Adjustment | None = None,
    ) -> Iterator[Hits]:
        """Yield everything that scores `least` or more, best first, at once."""
        ids = self.ids()
        if allowed is not None:
            ids = np.intersect1d(ids, allowed, assume_unique=True)
        found = []
        offsets = adjust.offsets(query[None]) if adjust is not None else None
        for start in range(0, len(ids), ROWS_AT_ONCE):
            part = ids[start : start + ROWS_AT_ONCE]
            scores = self.vectors(part) @ query
            if adjust is not None and offsets is not None:
                scores = adjust.scores(scores[None], offsets, part)[0]
            found.append((part[scores >= least], scores[scores >= least]))
        ids = np.concatenate([no_ids(), *(ids for ids, _ in found)])
        scores = np.concatenate([np.empty(0, np.float32), *(scores for _, scores in found)])
        order = np.lexsort((ids, -scores))
        if len(order):
            yield Hits(ids[order], scores[order])

    def needs_rebuild(self) -> bool:
        """Return False: it stores what it was given."""
        return False

    def verify(self) -> None:
        """Do nothing: the one file was verified before it was loaded."""

    def differing(self, ids: CropIds, vectors: Vectors) -> CropIds:
        """Return those of (n,) stored ids whose vectors are others than these (n, d)."""
        found: CropIds = ids[(self.vectors(ids) != vectors).any(axis=1)]
        return found

    def save(self, path: Path) -> None:
        """Write base and tail without the removed rows as one flat index."""
        kept = [~np.isin(part.ids, self._removed, assume_unique=True) for part in self._parts]
        ids = np.concatenate([part.ids[keep] for part, keep in zip(self._parts, kept, strict=True)])
        whole = layout.flat_layout(self.dimension, len(ids))
        with own_files.create(path) as file:
            file.write(whole.head)
            for part, keep in zip(self._parts, kept, strict=True):
                rows = np.flatnonzero(keep)
                for start in range(0, len(rows), ROWS_AT_ONCE):
                    file.write(part.matrix()[rows[start : start + ROWS_AT_ONCE]].tobytes())
            file.write(whole.tail)
            file.write(ids.astype("<i8").tobytes())


class _Part:
    """A FAISS flat index, and the crop ids of its rows.

    Args:
        data: what the index looks into, kept as long as it; None: it holds its rows itself.
    """

    def __init__(self, flat: Any, ids: CropIds, data: Any = None) -> None:
        self.flat = flat
        self.ids = ids
        self._data = data

    @classmethod
    def empty(cls, dimension: int) -> _Part:
        return cls(faiss.IndexFlatIP(dimension), no_ids())

    @classmethod
    def over(cls, dimension: int, ids: CropIds, data: memoryview, offset: int) -> _Part:
        """Make one that looks into the mapped bytes of a file."""
        if not len(ids):
            return cls.empty(dimension)
        flat = faiss.IndexFlatIP(dimension)
        array, flat.codes = layout.view_of(data, offset, 4 * dimension * len(ids))
        flat.ntotal = len(ids)
        return cls(flat, ids, array)

    def append(self, ids: CropIds, vectors: Vectors) -> None:
        self.flat.add(np.ascontiguousarray(vectors))
        self.ids = np.concatenate([self.ids, ids])

    def matrix(self) -> Vectors:
        """Return (n, d) float32, a view into FAISS's memory."""
        n, d = self.flat.ntotal, self.flat.d
        if n == 0:
            return np.empty((0, d), dtype=np.float32)
        view: Vectors = faiss.rev_swig_ptr(self.flat.get_xb(), n * d).reshape(n, d)
        return view

    def rows(self, ids: CropIds) -> tuple[CropIds, Any]:
        """Return rows of those `ids` that are stored here, and a mask of which they are."""
        if len(self.ids) == 0:
            return no_ids(), np.zeros(len(ids), dtype=bool)
        rows = np.searchsorted(self.ids, ids)
        here = self.ids[np.minimum(rows, len(self.ids) - 1)] == ids
        return rows[here], here

    def search(
        self,
        query: Vectors,
        k: int,
        allowed: CropIds | None,
        removed: CropIds,
        adjust: Adjustment | None,
    ) -> Hits:
        one_thread()
        candidates = len(self.ids)
        parameters = None
        mask = self._mask(allowed, removed)
        if adjust is not None:
            return self._search_adjusted(query, k, mask, adjust)
        if mask is not None:
            candidates = int(mask.sum())
            # Over row numbers, which is what a flat index searches.
            bits = np.packbits(mask, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        if candidates == 0 or k < 1:
            return no_hits()
        scores, rows = self.flat.search(query.reshape(1, -1), min(k, candidates), params=parameters)
        found = rows[0] >= 0
        return Hits(self.ids[rows[0][found]], scores[0][found])

    def _search_adjusted(
        self, query: Vectors, k: int, mask: NDArray[np.bool_] | None, adjust: Adjustment
    ) -> Hits:
        """Score every candidate: FAISS ranks by inner product alone."""
        ids = self.ids if mask is None else self.ids[mask]
        if k < 1 or not len(ids):
            return no_hits()
        products = self.matrix() @ query
        products = products if mask is None else products[mask]
        scores = adjust.scores(products[None], adjust.offsets(query[None]), ids)[0]
        if k < len(ids):
            best = scores >= np.partition(scores, len(ids) - k)[len(ids) - k]
            ids, scores = ids[best], scores[best]
        return in_order(ids, scores, k, exact=True)

    def search_many(
        self,
        queries: Vectors,
        k: int,
        allowed: CropIds | None,
        removed: CropIds,
        adjust: Adjustment | None,
    ) -> tuple[CropIds, Vectors]:
        """Find (n, k) ids and scores; the score is -inf where there are fewer than k candidates."""
        score = None
        if adjust is not None:
            offsets = adjust.offsets(queries)

            def score(products: Vectors, of: slice, rows: slice) -> Vectors:
                return adjust.scores(products, offsets[of], self.ids[rows])

        best = scan(queries, self.matrix(), max(k, 0), self._mask(allowed, removed), score)
        return self.ids[best.columns], best.scores

    def _mask(self, allowed: CropIds | None, removed: CropIds) -> NDArray[np.bool_] | None:
        """(n,) which rows are candidates; None: all."""
        if allowed is None and not len(removed):
            return None
        mask = np.full(len(self.ids), allowed is None)
        if allowed is not None:
            mask[self.rows(allowed)[0]] = True
        mask[self.rows(removed)[0]] = False
        return mask
