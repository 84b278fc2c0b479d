"""Which crops of a compact index may be among the best, by their codes.

Two ways to a shortlist: the best of a scan of the compact codes, of which nothing is proven, or
whatever may be among the k best by the first parts of all fine codes, which is. Either comes with
fine scores and how far the true ones may be from them. An adjustment applies to the fine scores:
the scan goes by inner products, which order the best in nearly the same way (of the hundred best by
adjusted scores it finds 0.997 either way, with codes of the embeddings or of adjusted ones).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.compact.codec import ROWS_AT_ONCE, Asked, FineCodes
from reidsearch.index.compact.segment import Reached, Rows, Segment
from reidsearch.index.contract import no_ids
from reidsearch.index.cores import each, in_turn

Segments: TypeAlias = Sequence[Segment]
Over: TypeAlias = Callable[..., list[Any]]
"""`each` or, where cores share something else already, `in_turn`."""

FEW_SEGMENTS = 4
QUERIES_AT_ONCE = 8  # of a batch, scanned by one core
# Rows a segment that a proof begins with, at least and for each of the k: more often than not they
# are enough, and going on means to read all first parts again (benchmarks/scale.py).
AT_FIRST = 64
AT_FIRST_PER_MATCH = 12


@dataclass(frozen=True, slots=True)
class Near:
    """What may be among the best of one query.

    Args:
        ids: (n,) crop ids.
        scores: (n,) by the fine codes; the true ones differ by `error` at most.
        error: (n,).
    """

    ids: CropIds
    scores: Vectors
    error: Vectors

    def within_reach(self, k: int) -> Near:
        """Return those that may be among the k best."""
        if len(self.ids) <= k:
            return self
        least = np.partition(self.scores - self.error, len(self.ids) - k)[len(self.ids) - k]
        return self.only(self.scores + self.error >= least)

    def likely(self, k: int) -> NDArray[np.bool_]:
        """Return which are the k best by the fine codes; more where they are equal."""
        if len(self.ids) <= k:
            return np.ones(len(self.ids), dtype=bool)
        least: np.float32 = np.partition(self.scores, len(self.ids) - k)[len(self.ids) - k]
        return np.asarray(self.scores >= least)

    def only(self, which: NDArray[np.bool_]) -> Near:
        """Return those of them."""
        return Near(self.ids[which], self.scores[which], self.error[which])

    def prove(self, which: NDArray[np.bool_], truth: Vectors) -> None:
        """The promise that everything rests on, kept by whatever is answered.

        Raises:
            ArchiveError: a true score is farther away than the error allows.
        """
        scores = self.scores[which]
        wrong = ~(np.abs(scores - truth) <= self.error[which])
        if wrong.any():
            crop_id, score = self.ids[which][wrong][0], scores[wrong][0]
            raise ArchiveError(
                f"the index scores crop {crop_id} {score:.4f}, the database {truth[wrong][0]:.4f}",
                "repair the archive",
                kind=Kind.ARCHIVE_NEEDS_REPAIR,
            )


def near_above(
    segments: Segments,
    asked: Asked,
    least: float,
    passing: NDArray[np.bool_] | None,
    adjust: Adjustment | None,
) -> Near:
    """Return all that may score `least` or more with one query."""

    def of(segment: Segment) -> Reached:
        mask = _mask(segment, passing)
        return segment.reaching(segment.highest(asked, AT_FIRST, mask), asked, least, mask, adjust)

    return _of_reached(segments, asked, each(of, segments), adjust)


def near_by_proof(
    segments: Segments,
    asked: Asked,
    k: int,
    passing: NDArray[np.bool_] | None,
    adjust: Adjustment | None,
) -> Near:
    """Find all that may be among the k best of one query, by the fine codes of all."""
    wanted = max(AT_FIRST, AT_FIRST_PER_MATCH * k)

    def highest(segment: Segment) -> Reached:
        return segment.highest(asked, wanted, _mask(segment, passing))

    def reaching(pair: tuple[Segment, Reached]) -> Reached:
        segment, known = pair
        return segment.reaching(known, asked, least, _mask(segment, passing), adjust)

    found = each(highest, segments)
    near = _of_reached(segments, asked, found, adjust)
    lower = np.concatenate([np.full(k, -np.inf, np.float32), near.scores - near.error])
    least = float(np.partition(lower, -k)[-k])  # k of them score so much at least
    # Mostly all is known by then, and handing it over would cost more.
    known = adjust is None and all(one.beyond < least for one in found)
    reached = (in_turn if known else each)(reaching, list(zip(segments, found, strict=True)))
    return _of_reached(segments, asked, reached, adjust)


def _of_reached(
    segments: Segments, asked: Asked, reached: Sequence[Reached], adjust: Adjustment | None
) -> Near:
    """Return `Near` of what was reached in each segment, for one query."""
    none = np.empty(0, np.float32)
    pairs = list(zip(segments, reached, strict=True))
    ids = np.concatenate([no_ids(), *(segment.ids[one.rows] for segment, one in pairs)])
    fine = np.concatenate([none, *(one.fine for one in reached)])
    error = np.concatenate([none, *(segment.errors(one.rows) for segment, one in pairs)])
    return _near(asked, ids, fine[None], error, adjust)[0]


def near_by_scan(
    segments: Segments,
    asked: Asked,
    wanted: int,
    quota: int,
    passing: NDArray[np.bool_] | None,
    adjust: Adjustment | None,
) -> list[Near]:
    """Return of each query the `wanted` best by the scan codes, with their fine scores.

    Of a segment so many as would be wanted if it were all, or half of them: `quota`.
    The scan is bound by arithmetic: a batch of queries costs what they cost one by one. So of
    one query the cores share the segments, and many queries they share among themselves.
    """
    if not segments:  # all is still in the tail
        return near_rows(segments, asked, [], adjust)
    selector = None
    if passing is not None:
        selector = faiss.IDSelectorBitmap(np.packbits(passing, bitorder="little"))
    # Near ones gather in a segment, as footage is in order of time, but hardly ever so much.
    most = quota if len(segments) < FEW_SEGMENTS else quota // 2

    def best(some: Asked, over: Over) -> list[Near]:
        found = over(lambda segment: segment.shortlist(some, most, selector), segments)
        scores = np.concatenate([scores for scores, _ in found], axis=1)
        ids = np.concatenate([ids for _, ids in found], axis=1)
        return [
            _near_ids(segments, some.part(i), _best_ids(*pair, wanted), adjust, over)
            for i, pair in enumerate(zip(scores, ids, strict=True))
        ]

    if len(asked) == 1:
        return best(asked, each)
    parts = [asked.part(i, QUERIES_AT_ONCE) for i in range(0, len(asked), QUERIES_AT_ONCE)]
    return [near for part in each(lambda some: best(some, in_turn), parts) for near in part]


def _best_ids(scores: Vectors, ids: CropIds, wanted: int) -> CropIds:
    """Increasing, in the order in which codes lie: thousands of rows are read in half the time."""
    if len(scores) > wanted:
        least = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
        ids = ids[scores >= least]
    found: CropIds = np.sort(ids[ids >= 0])
    return found


def _near_ids(
    segments: Segments, asked: Asked, ids: CropIds, adjust: Adjustment | None, over: Over
) -> Near:
    """Return increasing ids of stored crops, with their fine scores for one query."""
    begin = np.searchsorted(ids, [int(segment.ids[0]) for segment in segments[1:]])
    rows = [
        segment.rows_of(part) if len(part) else part
        for segment, part in zip(segments, np.split(ids, begin), strict=True)
    ]
    return _near_rows(segments, asked, rows, adjust, over)[0]


def near_rows(
    segments: Segments, asked: Asked, rows: list[Rows], adjust: Adjustment | None
) -> list[Near]:
    """Return of each query the same rows, a segment each, with their fine scores."""
    return _near_rows(segments, asked, rows, adjust, each)


def _near_rows(
    segments: Segments, asked: Asked, rows: list[Rows], adjust: Adjustment | None, over: Over
) -> list[Near]:
    pairs = [pair for pair in zip(segments, rows, strict=True) if len(pair[1])]
    ids = np.concatenate([no_ids(), *(segment.ids[r] for segment, r in pairs)])
    error = np.concatenate([np.empty(0, np.float32), *(s.errors(r) for s, r in pairs)])
    if not pairs:
        fine = np.empty((len(asked), 0), np.float32)
    elif len(ids) <= ROWS_AT_ONCE:  # handing over would cost more
        codes = FineCodes.joined([segment.codes_of(r) for segment, r in pairs])
        fine = segments[0].codec.scores(asked, codes)
    else:
        fine = np.concatenate(over(lambda pair: pair[0].scores(asked, pair[1]), pairs), axis=1)
    return _near(asked, ids, fine, error, adjust)


def _near(
    asked: Asked, ids: CropIds, products: Vectors, error: Vectors, adjust: Adjustment | None
) -> list[Near]:
    """Return `Near` of each query, by (n, m) fine products and how far these are off."""
    if adjust is None:
        return [Near(ids, one, error) for one in products]
    error = adjust.errors(error, ids)
    scores = adjust.scores(products, adjust.offsets(asked.queries), ids)
    return [Near(ids, one, error) for one in scores]


def _mask(segment: Segment, passing: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Which rows of a segment are candidates, of a mask over ids."""
    return None if passing is None else passing[segment.ids]
