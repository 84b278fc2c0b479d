"""Which crops of a compact index may be among the best, by their codes.

Two ways to a shortlist: the best of a scan of the compact codes, of which nothing is proven, or
whatever may be among the k best by the fine codes of all, which is. Either comes with fine scores
and how far the true ones may be from them. An adjustment applies to the fine scores: the scan goes
by inner products, which order the best in nearly the same way (of the hundred best by adjusted
scores it finds 0.997 either way, with codes of the embeddings or of adjusted ones).
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
from reidsearch.index.compact.segment import Rows, Segment
from reidsearch.index.contract import no_ids
from reidsearch.index.cores import each, in_turn

Segments: TypeAlias = Sequence[Segment]

FEW_SEGMENTS = 4
AT_FIRST = 64  # rows that a proof begins with: more often than not they are enough


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


def rows_above(
    segments: Segments,
    query: Vectors,
    least: float,
    passing: NDArray[np.bool_] | None,
    adjust: Adjustment | None,
) -> list[Rows]:
    """Return rows of all that may score `least` or more, a segment each."""

    def of(segment: Segment) -> Rows:
        mask = _mask(segment, passing)
        return segment.reaching(segment.best(query, AT_FIRST, mask), query, least, mask, adjust)

    return each(of, segments)


def near_by_proof(
    segments: Segments,
    query: Vectors,
    k: int,
    passing: NDArray[np.bool_] | None,
    adjust: Adjustment | None,
) -> Near:
    """Find all that may be among the k best of one (d,) query, by the fine codes of all."""

    def best(segment: Segment) -> tuple[Rows, Vectors]:
        return segment.best(query, max(AT_FIRST, k), _mask(segment, passing))

    found = each(best, segments)
    surely = [
        _lowest(segment, query, *one, adjust) for segment, one in zip(segments, found, strict=True)
    ]
    lower = np.concatenate([np.full(k, -np.inf, np.float32), *surely])
    least = float(np.partition(lower, -k)[-k])  # k of them score so much at least
    rows = [
        segment.reaching(known, query, least, _mask(segment, passing), adjust)
        for segment, known in zip(segments, found, strict=True)
    ]
    return near_rows(segments, query.reshape(1, -1), rows, adjust)[0]


def _lowest(
    segment: Segment, query: Vectors, rows: Rows, products: Vectors, adjust: Adjustment | None
) -> Vectors:
    """(n,) what rows score at least, by their fine products with a (d,) query."""
    near = _near(
        query.reshape(1, -1), segment.ids[rows], products[None], segment.errors(rows), adjust
    )
    return near[0].scores - near[0].error


def near_by_scan(
    segments: Segments,
    queries: Vectors,
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
        return near_rows(segments, queries, [], adjust)
    selector = None
    if passing is not None:
        selector = faiss.IDSelectorBitmap(np.packbits(passing, bitorder="little"))
    if len(queries) == 1:
        return [_near_one(segments, queries, wanted, quota, selector, adjust, each)]

    def one(number: int) -> Near:
        query = queries[number : number + 1]
        return _near_one(segments, query, wanted, quota, selector, adjust, in_turn)

    return each(one, range(len(queries)))


def _near_one(
    segments: Segments,
    query: Vectors,
    wanted: int,
    quota: int,
    selector: Any | None,
    adjust: Adjustment | None,
    over: Callable[..., list[Any]],
) -> Near:
    # Near ones gather in a segment, as footage is in order of time, but hardly ever so much.
    most = quota if len(segments) < FEW_SEGMENTS else quota // 2
    found = over(lambda s: s.shortlist(query, most, selector), segments)
    scores = np.concatenate([scores for scores, _ in found])
    least = np.float32(-np.inf)
    if len(scores) > wanted:
        least = np.partition(scores, len(scores) - wanted)[len(scores) - wanted]
    # In the order in which their codes lie: thousands of rows are read in half the time.
    kept = [np.sort(ids[scores >= least]) for scores, ids in found]
    rows = [segment.rows_of(ids) for segment, ids in zip(segments, kept, strict=True)]
    pairs = list(zip(segments, rows, strict=True))
    fine = np.concatenate([segment.scores(query, of) for segment, of in pairs], axis=1)
    error = np.concatenate([segment.errors(of) for segment, of in pairs])
    return _near(query, np.concatenate(kept), fine, error, adjust)[0]


def near_rows(
    segments: Segments, queries: Vectors, rows: list[Rows], adjust: Adjustment | None
) -> list[Near]:
    """Return of each query the same rows, a segment each, with their fine scores."""

    def of(pair: tuple[Segment, Rows]) -> Vectors:
        return pair[0].scores(queries, pair[1])

    pairs = [pair for pair in zip(segments, rows, strict=True) if len(pair[1])]
    none = np.empty((len(queries), 0), np.float32)
    fine = np.concatenate([none, *each(of, pairs)], axis=1)
    ids = np.concatenate([no_ids(), *(segment.ids[r] for segment, r in pairs)])
    error = np.concatenate([none[0], *(segment.errors(r) for segment, r in pairs)])
    return _near(queries, ids, fine, error, adjust)


def _near(
    queries: Vectors, ids: CropIds, products: Vectors, error: Vectors, adjust: Adjustment | None
) -> list[Near]:
    """Return `Near` of each query, by (n, m) fine products and how far these are off."""
    if adjust is None:
        return [Near(ids, one, error) for one in products]
    error = adjust.errors(error, ids)
    scores = adjust.scores(products, adjust.offsets(queries), ids)
    return [Near(ids, one, error) for one in scores]


def _mask(segment: Segment, passing: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Which rows of a segment are candidates, of a mask over ids."""
    return None if passing is None else passing[segment.ids]
