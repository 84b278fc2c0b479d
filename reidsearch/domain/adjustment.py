"""What all that a camera shows has in common says nothing about who it is: it is taken out.

Light, colour cast and viewpoint move all embeddings of a camera the same way, so that two people
at one camera look alike and one person at two cameras does not. The mean over the people of a
camera holds this; subtracting it leaves what tells people apart. With m the mean of a crop's camera
and m_q that of the query's (the mean over all people where the camera is not known) the
camera-adjusted score of a query q and a crop g is

    unit(q - m_q) . unit(g - m) = (q' . g - q' . m) / |g - m|        with q' = unit(q - m_q)

so that beside the embeddings one number a crop is kept (|g - m|), and one a camera for each query.

Source: camera-wise centring is the first-order part of camera-aware normalisation (Zhuang et al.,
"Rethinking the Distribution Gap of Person Re-identification with Camera-based Batch
Normalization", ECCV 2020), applied to finished embeddings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import CropIds, Vectors

ALIKE = 0.6
"""Of two tracklets at one camera that score more, most show one person (1 in 10 000 pairs of
different people does): they count as one in the camera's mean, or somebody who is always there
would be taken out with it."""

PRIOR = 15.0
"""As many people stand for what is known before any is seen: a mean over few is trusted little."""

SHORTEST = 0.02
"""What is left of an embedding counts for no less: of one that equals the mean hardly anything is
left that could be compared, and its scores are near 0."""

COMMON = 0
"""The slot of crops whose camera has no mean of its own: the mean over all people."""

_BLOCK = 2048

Slots = NDArray[np.int32]
"""(n,) rows in `Adjustment.means`."""


class WhyNotAdjusted(StrEnum):
    """Why scores are plain cosine similarity."""

    AS_ASKED = "as asked"
    SEVERAL_ARCHIVES = "several archives are asked together"
    ONE_CAMERA = "the archive has crops of fewer than two known cameras"
    NOT_PREPARED = "the means of its cameras are not prepared"


@dataclass(frozen=True, slots=True)
class AdjustedBy:
    """Which means were subtracted before scores were taken.

    Args:
        cameras: that have a mean of their own; 0: scores are plain cosine similarity.
        people: about how many these means are of, everybody counted once at each camera.
        crops: how many the archive held when the means were taken.
        means_sha256: of the means, float32, little-endian, that over all people first, then the
            cameras' in the order of their numbers; empty: none.
        query_cameras: whose means were subtracted from the query's pictures, in their order; None:
            the mean over all people, where a picture's camera is not known or has no mean.
        why_not: why scores are not adjusted; None where they are.
    """

    cameras: int = 0
    people: int = 0
    crops: int = 0
    means_sha256: str = ""
    query_cameras: tuple[str | None, ...] = ()
    why_not: WhyNotAdjusted | None = WhyNotAdjusted.AS_ASKED


PLAIN = AdjustedBy()
"""Nothing was subtracted, as asked."""


@dataclass(frozen=True, slots=True, eq=False)
class CameraMeans:
    """What the people of each camera have in common.

    Args:
        means: (1 + c, d) float32: `COMMON`, over all people, then of each camera.
        people: (1 + c,) float64, how many each is of.
    """

    means: Vectors
    people: NDArray[np.float64]


def camera_means(
    vectors: Vectors,
    cameras: NDArray[np.int64],
    count: int,
    prior: float = PRIOR,
    persons: NDArray[np.int64] | None = None,
) -> CameraMeans:
    """Return the mean of each camera, everybody counted once, drawn towards that of all cameras.

    Args:
        vectors: (n, d) float32, rows of unit length: of tracklets, or crops of none.
        cameras: (n,) a number below `count`; -1: not known, counts for the mean of all alone.
        count: of cameras.
        prior: so many people stand for the mean of all in a camera's mean, and for nothing in that.
        persons: (n,) rows of one number are known to show one person; -1: not known. Others
            are taken for one person where they are `ALIKE`.
    """
    weights = _weights(vectors, cameras, persons)
    wide = vectors.astype(np.float64)
    everybody = float(weights.sum())
    means = np.empty((1 + count, vectors.shape[1]))
    people = np.empty(1 + count)
    means[COMMON], people[COMMON] = (weights @ wide) / (everybody + prior), everybody
    for camera in range(count):
        here = cameras == camera
        people[1 + camera] = seen = float(weights[here].sum())
        shrunk = weights[here] @ wide[here] + prior * means[COMMON]
        means[1 + camera] = shrunk / (seen + prior)
    return CameraMeans(means.astype(np.float32), people)


def centred(vectors: Vectors, means: Vectors) -> Vectors:
    """Return (n, d) vectors less their (n, d) means, of unit length (but see `SHORTEST`)."""
    left = vectors - means
    unit: Vectors = left / lengths(left)[:, None]
    return unit


def lengths(left: Vectors) -> Vectors:
    """Return (n,) float32, the length of each of (n, d) rows; no less than `SHORTEST`."""
    found: Vectors = np.maximum(np.linalg.norm(left, axis=1), np.float32(SHORTEST))
    return found


def _weights(
    vectors: Vectors, cameras: NDArray[np.int64], persons: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """(n,) one over the number of rows at the same camera that show the same person."""
    weights = np.empty(len(vectors))
    for camera in np.unique(cameras).tolist():
        rows = np.flatnonzero(cameras == camera)
        held = vectors[rows]
        for start in range(0, len(rows), _BLOCK):
            part = rows[start : start + _BLOCK]
            same = (vectors[part] @ held.T) >= ALIKE
            if persons is not None:
                known = persons[part] >= 0
                same |= known[:, None] & (persons[part][:, None] == persons[rows])
            weights[part] = 1.0 / np.maximum(same.sum(axis=1), 1)
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """How the scores of an archive's crops are adjusted: a value, the same for writer and readers.

    Args:
        means: (1 + c, d) float32, as `CameraMeans` has them.
        slots: (n,) int32, by crop id: the row of `means` that is the crop's.
        norms: (n,) float32, by crop id: the length of the embedding less that mean.
        cameras: name -> its row of `means`.
        by: what statements say of it.
    """

    means: Vectors
    slots: Slots = field(repr=False)
    norms: Vectors = field(repr=False)
    cameras: Mapping[str, int]
    by: AdjustedBy

    def known(self, cameras: Sequence[str | None]) -> tuple[str | None, ...]:
        """Return the cameras that have a mean; None in place of others."""
        return tuple(one if one in self.cameras else None for one in cameras)

    def queries(self, rows: Vectors, cameras: Sequence[str | None]) -> Vectors:
        """Return (n, d) unit rows of query pictures, each less the mean of its camera.

        Args:
            rows: (n, d) float32 of unit length.
            cameras: n names; None or one that has no mean: the mean over all people.
        """
        slots = [self.cameras.get(one, COMMON) if one else COMMON for one in cameras]
        return centred(rows, self.means[slots])

    def vectors(self, ids: CropIds, vectors: Vectors) -> Vectors:
        """Return (n, d) of crops, adjusted; inner products of these are adjusted scores."""
        left = vectors - self.means[self.slots[ids]]
        adjusted: Vectors = left / self.norms[ids][:, None]
        return adjusted

    def offsets(self, queries: Vectors) -> Vectors:
        """Return (n, 1 + c) of (n, d) adjusted queries: what each camera's mean adds to products.

        `scores`, `products` and `errors` take them.
        """
        found: Vectors = queries @ self.means.T
        return found

    def scores(self, products: Vectors, offsets: Vectors, ids: CropIds) -> Vectors:
        """Return the adjusted scores of inner products.

        Args:
            products: (n, m) of adjusted queries with the crops' own embeddings.
            offsets: (n, 1 + c) of these queries.
            ids: (m,) crop ids.
        """
        slots, norms = self._of(ids)
        found: Vectors = (products - offsets[:, slots]) / norms
        return found

    def products(self, score: float, offsets: Vectors, ids: CropIds) -> Vectors:
        """Return the inner product with which each crop has the adjusted `score`.

        Args:
            offsets: (1 + c,) of the query.
            ids: (m,) crop ids.
        """
        slots, norms = self._of(ids)
        return np.asarray(norms * score + offsets[slots], dtype=np.float32)

    def lowest(self, score: float, offsets: Vectors, first: int, last: int) -> float:
        """Return a product below which no crop of ids `first` to `last` has the adjusted `score`.

        Args:
            offsets: (1 + c,) of the query.
        """
        norms = self.norms[first : last + 1]
        return float((norms.min() if score > 0 else norms.max()) * score + offsets.min())

    def errors(self, errors: Vectors, ids: CropIds) -> Vectors:
        """Return how far adjusted scores are off, (m,), whose products are so far off."""
        _, norms = self._of(ids)
        return np.asarray(errors / np.minimum(norms, 1.0), dtype=np.float32)

    def _of(self, ids: CropIds) -> tuple[Slots, Vectors]:
        """Return (n,) slots and norms; those of ids without gaps are not copied."""
        if not len(ids):
            return self.slots[:0], self.norms[:0]
        first, last = int(ids[0]), int(ids[-1])
        if last - first + 1 == len(ids) and (len(ids) < 3 or (np.diff(ids) == 1).all()):
            return self.slots[first : last + 1], self.norms[first : last + 1]
        return self.slots[ids], self.norms[ids]
