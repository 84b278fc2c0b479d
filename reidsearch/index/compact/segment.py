"""A stretch of the gallery as codes: 4 bits a subvector to scan, 8 bits a value to score finely.

The scan codes (FAISS's fast scan, d/8 bytes a vector) are held in memory and give a shortlist. The
fine codes (d bytes a vector) lie in a mapped file. What they were made from is known to within
`Segment.error`, so that for a query q and a vector x with the fine code y, of unit length all,

    |<q, x> - <q, y>| <= |q| |x - y| <= error

and whatever cannot reach a score by its fine code cannot reach it at all. A
camera-adjusted score is (<q, x> - <q, m>) / |x - m|, for the fine code with the same m and |x - m|,
so that the bound holds for it divided by |x - m| (`Adjustment.errors`). The few vectors whose error
is larger (values beyond the codes' range) are listed apart and always looked at.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.base import own_files
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.compact.blocks import VerifiedFile, block_sums
from reidsearch.index.compact.codec import Codec, Codes, slices
from reidsearch.index.compact.note import SegmentNote
from reidsearch.index.contract import IndexDamaged
from reidsearch.index.cores import each
from reidsearch.index.disk import reading
from reidsearch.index.flat import one_thread
from reidsearch.index.layout import filled_scan, fine_layout, serialized, view_of

Rows: TypeAlias = NDArray[np.int64]

# Sums of 256 products in float32, in NumPy's order or FAISS's, stay a tenth of this apart.
ROUNDING = 1e-4


@dataclass(slots=True)
class Segment:
    """Vectors as codes, in the order of their crop ids.

    Args:
        ids: (n,) crop ids, increasing.
        codes: (n, d) uint8 fine codes, in memory or mapped.
        error: no vector is farther from its fine code, `outliers` apart.
        outliers: (m,) rows of those that are.
        file: verifies the mapped codes; None: they are in memory.
        fine: FAISS over the mapped codes; None: they are in memory.
        note: of the files it was written to; None: it is not on disk.
    """

    codec: Codec
    scan: Any
    ids: CropIds
    codes: Codes
    error: float
    outliers: Rows
    file: VerifiedFile | None = None
    note: SegmentNote | None = None
    fine: Any = None

    @classmethod
    def of(cls, codec: Codec) -> Segment:
        """Make an empty one, to be grown."""
        d = codec.dimension
        none = np.empty(0, np.int64)
        return cls(codec, codec.scan_index(), none, np.empty((0, d), np.uint8), 0.0, none)

    def __len__(self) -> int:
        return len(self.ids)

    def grown(self, ids: CropIds, vectors: Vectors) -> Segment:
        """Return this one and further vectors, in memory; this one is of no use any more."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self.verify()
        every = np.concatenate([self.ids, ids])  # before FAISS moves what may be its own
        found: list[tuple[Codes, Vectors]] = []

        def fine() -> None:
            found.append(self.codec.encoded(vectors))

        def coarse() -> None:
            one_thread()
            self.scan.add_with_ids(vectors, np.ascontiguousarray(ids))

        each(lambda work: work(), (fine, coarse))
        ((codes, errors),) = found
        outside = errors > self.codec.coarsest
        error = float(errors[~outside].max(initial=0.0)) * 1.0001
        return Segment(
            self.codec,
            self.scan,
            every,
            np.concatenate([self.codes, codes]),
            max(self.error, error),
            np.concatenate([self.outliers, len(self) + np.flatnonzero(outside)]),
        )

    def without(self, removed: CropIds) -> Segment:
        """Return the others, in memory, their fine codes as they are."""
        self.verify()
        kept = ~np.isin(self.ids, removed)
        left = Segment.of(self.codec)
        left.codes, left.ids, left.error = self.codes[kept], self.ids[kept], self.error
        left.outliers = np.flatnonzero(np.isin(np.flatnonzero(kept), self.outliers))
        for part in slices(len(left)):
            left.scan.add_with_ids(self.codec.decoded(left.codes[part]), left.ids[part])
        return left

    def rows(self, ids: CropIds) -> Rows:
        """Return rows of those of increasing `ids` that are stored."""
        if not len(self.ids):
            return self.ids
        first, last = int(self.ids[0]), int(self.ids[-1])
        ids = ids[np.searchsorted(ids, first) : np.searchsorted(ids, last, side="right")]
        if last - first + 1 == len(self.ids):  # without gaps, as most are
            rows: Rows = ids - first
        else:
            rows = np.searchsorted(self.ids, ids)
            rows = rows[self.ids[rows] == ids]
        return rows

    def count(self, ids: CropIds) -> int:
        """Return how many of increasing `ids` are held."""
        first, last = int(self.ids[0]), int(self.ids[-1])
        if last - first + 1 > len(self.ids):
            return len(self.rows(ids))
        return int(np.searchsorted(ids, last, side="right") - np.searchsorted(ids, first))

    def rows_of(self, ids: CropIds) -> Rows:
        """Return (n,) rows of stored ids, in any order."""
        if int(self.ids[-1]) - int(self.ids[0]) + 1 == len(self.ids):
            rows: Rows = ids - self.ids[0]
        else:
            rows = np.searchsorted(self.ids, ids)
        return rows

    # -- searching --------------------------------------------------------------------------

    def shortlist(
        self, query: Vectors, wanted: int, selector: Any | None
    ) -> tuple[Vectors, CropIds]:
        """Return scan scores and crop ids of the best of one (1, d) query by the scan codes."""
        one_thread()
        parameters = None
        if selector is not None:
            parameters = faiss.SearchParametersIVF(nprobe=1, sel=selector)
        scores, ids = self.scan.search(query, min(wanted, len(self)), params=parameters)
        found = ids[0] >= 0
        return scores[0][found], ids[0][found]

    def scores(self, queries: Vectors, rows: Rows) -> Vectors:
        """Return (n, m) scores of (n, d) queries with the fine codes of (m,) rows."""
        self._verify_rows(rows)
        # Clipping instead of checking each row again: they come from this segment's own ids.
        parts = [
            self.codec.scores(queries, np.take(self.codes, rows[part], axis=0, mode="clip"))
            for part in slices(len(rows))
        ]
        return np.concatenate([np.empty((len(queries), 0), np.float32), *parts], axis=1)

    def errors(self, rows: Rows) -> Vectors:
        """Return (m,) how far a fine score of each row may be from the true one."""
        found = np.full(len(rows), self.error + ROUNDING, dtype=np.float32)
        if len(self.outliers):
            found[np.isin(rows, self.outliers)] = 2.0  # any two scores are nearer than that
        return found

    def decoded(self, rows: Rows) -> Vectors:
        """Return (m, d) float32, what the fine codes of (m,) rows stand for."""
        self._verify_rows(rows)
        return self.codec.decoded(self.codes[rows])

    def _verify_rows(self, rows: Rows) -> None:
        if self.file is not None:
            start = self.file.size_bytes - self.codes.size
            self.file.verify(start + rows * self.codes.shape[1], self.codes.shape[1])

    def best(
        self, query: Vectors, wanted: int, passing: NDArray[np.bool_] | None
    ) -> tuple[Rows, Vectors]:
        """Return rows and fine scores of the `wanted` best by all fine codes, best first.

        `passing` says which rows count.
        """
        self.verify()
        one_thread()
        if self.fine is None:
            every = self._every(query, passing)
            rows = np.argsort(-every, kind="stable")[:wanted]
            rows = rows[np.isfinite(every[rows])]
            return rows, every[rows]
        parameters = None
        if passing is not None:
            bits = np.packbits(passing, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        scores, found = self.fine.search(
            query.reshape(1, -1), min(wanted, len(self)), params=parameters
        )
        held = found[0] >= 0
        rows, scores = found[0][held], scores[0][held]
        return rows, scores

    def reaching(
        self,
        best: tuple[Rows, Vectors],
        query: Vectors,
        least: float,
        passing: NDArray[np.bool_] | None,
        adjust: Adjustment | None,
    ) -> Rows:
        """Return all rows whose vectors may score `least` or more; some of the `best` are known.

        Args:
            best: the best by their inner products, adjusted scores or not.
        """
        needed = self._needed(query, least, passing, adjust)
        (rows, scores), bound = best, float(needed.min(initial=np.inf))
        wanted = len(rows)
        while wanted == len(rows) and wanted and scores[-1] >= bound:
            wanted *= 4
            if 8 * wanted > len(self):
                every = self._every(query, passing)
                rows = np.flatnonzero((every >= needed) & (every > -np.inf))
                return self._with_outliers(rows, passing)
            rows, scores = self.best(query, wanted, passing)
        each_needs = needed if adjust is None else needed[rows]
        return self._with_outliers(rows[scores >= each_needs], passing)

    def _needed(
        self,
        query: Vectors,
        least: float,
        passing: NDArray[np.bool_] | None,
        adjust: Adjustment | None,
    ) -> Vectors:
        """(n,) fine products without which rows cannot score `least`; (1,) if one is for all."""
        error = np.float32(self.error + ROUNDING)
        if adjust is None:
            return np.array([least], np.float32) - error
        needed = adjust.products(least, adjust.offsets(query[None])[0], self.ids) - error
        if passing is not None:
            needed[~passing] = np.inf
        return needed

    def _every(self, query: Vectors, passing: NDArray[np.bool_] | None) -> Vectors:
        """(n,) fine scores of all; what does not pass scores minus infinity."""
        self.verify()
        scores: Vectors = self.scores(query.reshape(1, -1), np.arange(len(self)))[0]
        if passing is not None:
            scores[~passing] = -np.inf
        return scores

    def _with_outliers(self, rows: Rows, passing: NDArray[np.bool_] | None) -> Rows:
        """Increasing, with the outliers, of which nothing is known."""
        extra = self.outliers if passing is None else self.outliers[passing[self.outliers]]
        return np.union1d(rows, extra)

    # -- on disk ----------------------------------------------------------------------------

    def on_disk(self, folder: Path) -> bool:
        """Tell whether it was written to this folder."""
        return self.file is not None and self.file.path.parent == folder

    def verify(self) -> None:
        """Read what was not yet read of the fine codes. Raises IndexDamaged."""
        if self.file is not None:
            self.file.verify_all()

    def written(self, folder: Path) -> Segment:
        """Write it, synced; return it with its fine codes mapped.

        Three files of one name: `.scan` and `.sums` are read whole and verified by their SHA-256,
        `.fine` is mapped and verified block by block by `.sums`.

        Raises:
            OSError: the disk does not take them.
        """
        name = f"{NAME}{uuid.uuid4().hex}"
        whole = fine_layout(self.codec.fine_index(), len(self))
        fine = whole.head + self.codes.tobytes()
        sums = block_sums(fine)
        scan = serialized(self.scan)
        note = SegmentNote(
            name,
            len(self),
            len(fine),
            self.error,
            self.outliers,
            hashlib.sha256(scan).hexdigest(),
            hashlib.sha256(sums).hexdigest(),
        )
        for ending, content in (("fine", fine), ("scan", scan), ("sums", sums)):
            with own_files.create(folder / f"{name}.{ending}") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        return Segment.load(folder, note, self.codec)

    @classmethod
    def load(cls, folder: Path, note: SegmentNote, codec: Codec) -> Segment:
        """Load what `written` wrote; fine codes are verified when they are used.

        Raises:
            IndexDamaged: a file is missing or not what was written.
        """
        n = note.rows
        of_scan, of_sums, of_fine = (folder / f"{note.name}.{ending}" for ending in ENDINGS)
        scan, ids = filled_scan(
            codec.scan_index(), n, _read_verified(of_scan, note.scan_sha256), of_scan.name
        )
        whole = fine_layout(codec.fine_index(), n)
        file = VerifiedFile(of_fine, note.fine_bytes, _read_verified(of_sums, note.sums_sha256))
        data = file.mapped()
        file.verify(np.zeros(1, dtype=np.int64), len(whole.head))
        whole.require(data, of_fine.name)
        fine = codec.fine_index()
        codes, fine.codes = view_of(data, len(whole.head), whole.values_bytes)
        fine.ntotal = n
        return cls(
            codec,
            scan,
            ids,
            codes.reshape(n, codec.dimension),
            note.error,
            note.outliers,
            file=file,
            fine=fine,
            note=note,
        )


NAME = "codes-"
ENDINGS = ("scan", "sums", "fine")
LARGEST_READ = 1 << 32  # of the files that are read whole; a segment's take some 12 MB


def _read_verified(path: Path, sha256: str) -> bytes:
    with reading(path):
        content = own_files.read_bytes(path, LARGEST_READ)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IndexDamaged(f"{path.name} was altered: its checksum differs")
    return content
