"""The FAISS engine: exact inner product over a memory-mapped base and an in-memory tail.

The base is one generation's file, mapped rather than read, so opening a million crops costs a
checksum and no copy. New rows go into the tail, deleted ones into a mask; `save` writes all three
as the next generation's file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.answers import Plan
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Hits, Truth, no_hits, no_ids
from reidsearch.index.disk import reading
from reidsearch.index.scan import scan

KIND = "faiss-flat-ip"
ROWS_AT_ONCE = 16_384


def one_thread() -> None:
    """Make FAISS use one thread for what this thread asks of it.

    One query is scanned by one thread whatever is set; the others would only spin beside it and
    slow down whatever comes next. On two cores a query among a million took half the time.
    """
    faiss.omp_set_num_threads(1)


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
        return FaissFlat(_flat(dimension))

    def files(self, path: Path) -> list[str]:
        """Return none: one file holds everything."""
        return []

    def load(self, path: Path, truth: Truth | None = None, folder: Path | None = None) -> FaissFlat:
        """Map a file that `FaissFlat.save` wrote.

        Raises:
            ArchiveError: FAISS cannot read it, or it holds another kind of index.
        """
        with reading(path):
            base = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        inner = faiss.downcast_index(base.index) if isinstance(base, faiss.IndexIDMap) else base
        if inner is base or not isinstance(inner, faiss.IndexFlatIP):
            raise ArchiveError(f"{path} holds a {type(inner).__name__}, not a flat index with ids")
        return FaissFlat(base)


class FaissFlat:
    """Exact search; implements `VectorIndex`."""

    kind = KIND

    def __init__(self, base: Any) -> None:
        self._parts = [_Part(base), _Part(_flat(base.d))]
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
        found = np.empty((len(ids), self._parts[0].index.d), dtype=np.float32)
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
            held = self.ids()
            allowed = allowed[np.searchsorted(allowed, held[0]) :]
            candidates = len(np.intersect1d(allowed, held, assume_unique=True))
        why = f"{len(self):,} crops are few enough to be scored one by one"
        return Plan("flat", True, candidates, candidates, candidates, why)

    def search(
        self, query: Vectors, k: int, allowed: CropIds | None = None, *, exact: bool = True
    ) -> Hits:
        """Return the k best of all, or of `allowed`; see `VectorIndex.search`."""
        found = [
            part.search(query, k, allowed, self._removed) for part in self._parts if len(part.ids)
        ]
        if not found:
            return no_hits()
        ids = np.concatenate([hits.ids for hits in found])
        scores = np.concatenate([hits.scores for hits in found])
        best = np.lexsort((ids, -scores))[:k]
        return Hits(ids[best], scores[best])

    def search_many(
        self, queries: Vectors, k: int, allowed: CropIds | None = None, *, exact: bool = True
    ) -> list[Hits]:
        """Search for each row of (n, d) queries, through BLAS; see `VectorIndex.search_many`."""
        found = [
            part.search_many(queries, k, allowed, self._removed)
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

    def above(self, query: Vectors, least: float, allowed: CropIds | None = None) -> Iterator[Hits]:
        """Yield everything that scores `least` or more, best first, at once."""
        ids = self.ids()
        if allowed is not None:
            ids = np.intersect1d(ids, allowed, assume_unique=True)
        found = []
        for start in range(0, len(ids), ROWS_AT_ONCE):
            part = ids[start : start + ROWS_AT_ONCE]
            scores = self.vectors(part) @ query
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
        whole = _flat(self._parts[0].index.d)
        for part in self._parts:
            keep = ~np.isin(part.ids, self._removed, assume_unique=True)
            whole.add_with_ids(part.matrix()[keep], part.ids[keep])
        faiss.write_index(whole, str(path))


class _Part:
    """A FAISS flat index with its ids as a NumPy array."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.ids: CropIds = _vector(index.id_map, index.ntotal)

    def append(self, ids: CropIds, vectors: Vectors) -> None:
        self.index.add_with_ids(np.ascontiguousarray(vectors), np.ascontiguousarray(ids))
        self.ids = np.concatenate([self.ids, ids])

    def matrix(self) -> Vectors:
        """Return (n, d) float32, a view into FAISS's memory."""
        flat = faiss.downcast_index(self.index.index)
        n = flat.ntotal
        if n == 0:
            return np.empty((0, flat.d), dtype=np.float32)
        view: Vectors = faiss.rev_swig_ptr(flat.get_xb(), n * flat.d).reshape(n, flat.d)
        return view

    def rows(self, ids: CropIds) -> tuple[CropIds, Any]:
        """Return rows of those `ids` that are stored here, and a mask of which they are."""
        if len(self.ids) == 0:
            return no_ids(), np.zeros(len(ids), dtype=bool)
        rows = np.searchsorted(self.ids, ids)
        here = self.ids[np.minimum(rows, len(self.ids) - 1)] == ids
        return rows[here], here

    def search(self, query: Vectors, k: int, allowed: CropIds | None, removed: CropIds) -> Hits:
        one_thread()
        candidates = len(self.ids)
        parameters = None
        mask = self._mask(allowed, removed)
        if mask is not None:
            candidates = int(mask.sum())
            # Over row numbers, not crop ids: the flat index inside is searched without its map.
            bits = np.packbits(mask, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        if candidates == 0 or k < 1:
            return no_hits()
        scores, rows = self.index.index.search(
            query.reshape(1, -1), min(k, candidates), params=parameters
        )
        found = rows[0] >= 0
        return Hits(self.ids[rows[0][found]], scores[0][found])

    def search_many(
        self, queries: Vectors, k: int, allowed: CropIds | None, removed: CropIds
    ) -> tuple[CropIds, Vectors]:
        """Find (n, k) ids and scores; the score is -inf where there are fewer than k candidates."""
        best = scan(queries, self.matrix(), max(k, 0), self._mask(allowed, removed))
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


def _flat(dimension: int) -> Any:
    return faiss.IndexIDMap(faiss.IndexFlatIP(dimension))


def _vector(swig_vector: Any, n: int) -> CropIds:
    if n == 0:
        return no_ids()
    copied: CropIds = faiss.rev_swig_ptr(swig_vector.data(), n).astype(np.int64, copy=True)
    return copied
