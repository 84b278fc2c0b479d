"""A stretch of the gallery as codes: 4 bits a subvector to scan, 8 bits a value to score finely.

The scan codes (FAISS's fast scan, some 24 bytes a vector) are held in memory and give a shortlist.
The fine codes (a byte a value) lie in a mapped file, their first parts before the others, so that
a proof reads those alone. What they were made from is known to within `Segment.error`, so that for
a query q and a vector x with the fine code y, of unit length all,

    |<q, x> - <q, y>| <= |q| |x - y| <= error

and whatever cannot reach a score by its fine code cannot reach it at all; nor can what does not
reach it by the bound of its first part (`codec`) and `Segment.bound_error`. A
camera-adjusted score is (<q, x> - <q, m>) / |x - m|, for the fine code with the same m and |x - m|,
so that the bound holds for it divided by |x - m| (`Adjustment.errors`). The few vectors whose error
is larger (values beyond the codes' range) are listed apart with their own, and always looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.compact.blocks import VerifiedFile
from reidsearch.index.compact.codec import Asked, Codec, Errors, FineCodes, slices
from reidsearch.index.compact.note import SegmentNote
from reidsearch.index.cores import each
from reidsearch.index.flat import one_thread

Rows: TypeAlias = NDArray[np.int64]

# Sums of 256 products in float32, in NumPy's order or FAISS's, stay a tenth of this apart.
ROUNDING = 1e-4


@dataclass(frozen=True, slots=True)
class Reached:
    """Rows of a segment, and what every other row is below of, for one query.

    Args:
        rows: (m,) increasing; all outliers that count are among them.
        fine: (m,) their fine scores.
        beyond: no other row that counts has a higher product.
    """

    rows: Rows
    fine: Vectors
    beyond: float


@dataclass(slots=True)
class Segment:
    """Vectors as codes, in the order of their crop ids.

    Args:
        ids: (n,) crop ids, increasing.
        codes: of n vectors, in memory or mapped.
        error: no vector is farther from its fine code, `outliers` apart.
        bound_error: nor from the first part of it.
        longest: no first part is longer, in steps (`Codec.lengths`).
        outliers: (m,) rows of those that are.
        outlier_errors: (m,) float32, how far each is.
        file: verifies the mapped codes; None: they are in memory.
        first_parts: FAISS over the first parts that are mapped; None: they are in memory.
        note: of the files it was written to; None: it is not on disk.
    """

    codec: Codec
    scan: Any
    ids: CropIds
    codes: FineCodes
    error: float
    bound_error: float
    longest: float
    outliers: Rows
    outlier_errors: Vectors
    file: VerifiedFile | None = None
    note: SegmentNote | None = None
    first_parts: Any = None

    @classmethod
    def of(cls, codec: Codec) -> Segment:
        """Make an empty one, to be grown."""
        none = np.empty(0, np.int64)
        first, values = codec.leading + 1, len(codec.steps)
        codes = FineCodes(np.empty((0, first), np.uint8), np.empty((0, values - first), np.uint8))
        errors = np.empty(0, np.float32)
        return cls(codec, codec.scan_index(), none, codes, 0.0, 0.0, 0.0, none, errors)

    def __len__(self) -> int:
        return len(self.ids)

    def grown(self, ids: CropIds, vectors: Vectors) -> Segment:
        """Return this one and further vectors, in memory; this one is of no use any more."""
        self.verify()
        every = np.concatenate([self.ids, ids])  # before FAISS moves what may be its own
        components = self.codec.turned(np.ascontiguousarray(vectors, dtype=np.float32))
        found: list[tuple[FineCodes, Errors]] = []

        def fine() -> None:
            found.append(self.codec.encoded(components))

        def coarse() -> None:
            one_thread()
            self.scan.add_with_ids(self.codec.scan_part(components), np.ascontiguousarray(ids))

        each(lambda work: work(), (fine, coarse))
        ((codes, errors),) = found
        usual = self.codec.usual
        outside = (errors.whole > usual) | (errors.bound > usual)
        return Segment(
            self.codec,
            self.scan,
            every,
            FineCodes.joined([self.codes, codes]),
            max(self.error, float(errors.whole[~outside].max(initial=0.0)) * 1.0001),
            max(self.bound_error, float(errors.bound[~outside].max(initial=0.0)) * 1.0001),
            max(self.longest, float(self.codec.lengths(codes.leading).max(initial=0.0))),
            np.concatenate([self.outliers, len(self) + np.flatnonzero(outside)]),
            np.concatenate([self.outlier_errors, errors.whole[outside] * np.float32(1.0001)]),
        )

    def without(self, removed: CropIds) -> Segment:
        """Return the others, in memory, their fine codes as they are."""
        self.verify()
        kept = ~np.isin(self.ids, removed)
        left = Segment.of(self.codec)
        left.codes, left.ids = self.codes[kept], self.ids[kept]
        left.error, left.bound_error, left.longest = self.error, self.bound_error, self.longest
        left.outliers = np.flatnonzero(np.isin(np.flatnonzero(kept), self.outliers))
        left.outlier_errors = self.outlier_errors[kept[self.outliers]]
        for part in slices(len(left)):
            components = self.codec.decoded(left.codes[part])
            left.scan.add_with_ids(self.codec.scan_part(components), left.ids[part])
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

    def shortlist(self, asked: Asked, wanted: int, selector: Any | None) -> tuple[Vectors, CropIds]:
        """Return the best of n queries by the scan codes.

        Returns:
            (n, wanted) scan scores and crop ids, -1 where there are fewer.
        """
        one_thread()
        parameters = None
        if selector is not None:
            parameters = faiss.SearchParametersIVF(nprobe=1, sel=selector)
        scores, ids = self.scan.search(asked.scan, min(wanted, len(self)), params=parameters)
        return scores, ids

    def scores(self, asked: Asked, rows: Rows) -> Vectors:
        """Return (n, m) scores of n queries with the fine codes of (m,) rows."""
        parts = [self.codec.scores(asked, self.codes_of(rows[part])) for part in slices(len(rows))]
        return np.concatenate([np.empty((len(asked), 0), np.float32), *parts], axis=1)

    def codes_of(self, rows: Rows) -> FineCodes:
        """Return the fine codes of (m,) rows, verified."""
        self._verify_rows(rows)
        # Clipping instead of checking each row again: they come from this segment's own ids.
        return FineCodes(
            np.take(self.codes.leading, rows, axis=0, mode="clip"),
            np.take(self.codes.rest, rows, axis=0, mode="clip"),
        )

    def errors(self, rows: Rows) -> Vectors:
        """Return (m,) how far a fine score of each row may be from the true one."""
        found = np.full(len(rows), self.error + ROUNDING, dtype=np.float32)
        if len(self.outliers):
            # `np.isin` takes three times as long for a few.
            at = np.searchsorted(self.outliers, rows)
            outlying = np.append(self.outliers, -1)[at] == rows
            found[outlying] = self.outlier_errors[at[outlying]] + np.float32(ROUNDING)
        return found

    def far(self, rows: Rows, vectors: Vectors) -> NDArray[np.bool_]:
        """Return which of (m, d) vectors are farther from the codes of (m,) rows than allowed."""
        codes, usual = self.codes_of(rows), ~np.isin(rows, self.outliers)
        errors = self.codec.errors(self.codec.turned(vectors), codes)
        far: NDArray[np.bool_] = errors.whole > self.errors(rows)
        far |= usual & (errors.bound > self.bound_error + ROUNDING)
        return far | (self.codec.lengths(codes.leading) > self.longest)

    def _verify_rows(self, rows: Rows) -> None:
        if self.file is None:
            return
        first, others = self.codes.leading.shape[1], self.codes.rest.shape[1]
        self.file.verify(rows * first, first)
        if others:
            self.file.verify(len(self) * first + rows * others, others)

    def highest(self, asked: Asked, wanted: int, passing: NDArray[np.bool_] | None) -> Reached:
        """Return the `wanted` rows whose scores may be the highest, by the bounds of all.

        `passing` says which rows count.
        """
        self.verify()
        one_thread()
        if self.first_parts is None:
            every = self._every_bound(asked, passing)
            rows = np.argsort(-every, kind="stable")[:wanted]
            rows = rows[np.isfinite(every[rows])]
            bounds = every[rows]
        else:
            parameters = None
            if passing is not None:
                bits = np.packbits(passing, bitorder="little")
                parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
            products, found = self.first_parts.search(
                asked.bound, min(wanted, len(self)), params=parameters
            )
            held = found[0] >= 0
            rows, bounds = found[0][held], products[0][held] * asked.unit + asked.bound_offset
        beyond = float(bounds[-1]) + self._margin(asked) if len(rows) == wanted else -np.inf
        return self._reached(np.sort(rows), asked, passing, beyond)

    def _reached(
        self, rows: Rows, asked: Asked, passing: NDArray[np.bool_] | None, beyond: float
    ) -> Reached:
        """Take the outliers in, whose bounds may be too low by more than is known."""
        if len(self.outliers):
            extra = self.outliers if passing is None else self.outliers[passing[self.outliers]]
            rows = np.union1d(rows, extra)
        return Reached(rows, self.scores(asked, rows)[0], beyond)

    def _margin(self, asked: Asked) -> float:
        """How far above its bound a score may be, because bounds are made from codes."""
        return self.bound_error + ROUNDING + float(asked.rounded[0]) * self.longest

    def reaching(
        self,
        known: Reached,
        asked: Asked,
        least: float,
        passing: NDArray[np.bool_] | None,
        adjust: Adjustment | None,
    ) -> Reached:
        """Return all rows whose vectors may score `least` or more, adjusted or not.

        Args:
            known: what `highest` returned.
        """
        known = self._all_above(known, asked, least, passing, adjust)
        needed = self._needed(asked, least, known.rows, adjust)
        kept = known.fine + self.errors(known.rows) >= needed
        return Reached(known.rows[kept], known.fine[kept], known.beyond)

    def _all_above(
        self,
        known: Reached,
        asked: Asked,
        least: float,
        passing: NDArray[np.bool_] | None,
        adjust: Adjustment | None,
    ) -> Reached:
        """Return rows among which are all that may score `least` or more."""
        lowest = least
        if adjust is not None:
            ends = int(self.ids[0]), int(self.ids[-1])
            lowest = adjust.lowest(least, adjust.offsets(asked.queries)[0], *ends)
        wanted = len(known.rows)
        while known.beyond >= lowest:
            wanted *= 4
            if 8 * wanted > len(self):
                every = self._every_bound(asked, passing) + np.float32(self._margin(asked))
                needed = self._needed(asked, least, np.arange(len(self)), adjust)
                rows = np.flatnonzero((every >= needed) & (every > -np.inf))
                return self._reached(rows, asked, passing, -np.inf)
            known = self.highest(asked, wanted, passing)
        return known

    def _needed(
        self, asked: Asked, least: float, rows: Rows, adjust: Adjustment | None
    ) -> Vectors | float:
        """(m,) products without which (m,) rows cannot score `least`; one if it is for all."""
        if adjust is None:
            return least
        return adjust.products(least, adjust.offsets(asked.queries)[0], self.ids[rows])

    def _every_bound(self, asked: Asked, passing: NDArray[np.bool_] | None) -> Vectors:
        """(n,) bounds of the scores of all; what does not pass has minus infinity."""
        self.verify()
        parts = [
            self.codec.bounds(asked, self.codes.leading[part])[0] for part in slices(len(self))
        ]
        bounds = np.concatenate([np.empty(0, np.float32), *parts])
        if passing is not None:
            bounds[~passing] = -np.inf
        return bounds

    # -- on disk ----------------------------------------------------------------------------

    def on_disk(self, folder: Path) -> bool:
        """Tell whether it was written to this folder."""
        return self.file is not None and self.file.path.parent == folder

    def verify(self) -> None:
        """Read what was not yet read of the fine codes. Raises IndexDamaged."""
        if self.file is not None:
            self.file.verify_all()
