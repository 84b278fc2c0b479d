"""What turns vectors into codes: 4 bits a subvector to scan, 8 bits a value to score finely.

Vectors are turned to their principal components first, which keeps inner products and puts most of
them into the leading values. Fine codes are in two parts: the leading components with the length
of what is left of the vector, and the other components. The first part alone bounds a score from
above: with x = (x1, x2) and q = (q1, q2), leading components and others,

    <q, x> = <q1, x1> + <q2, x2> <= <q1, x1> + |q2| |x2|

which is again an inner product, of (q1, |q2|) with (x1, |x2|), and fewer bytes to read. As the
spectrum of person embeddings falls (benchmarks/covariance.npz), a twentieth is left of the square
of a vector after 159 of 256 components, and the bound is 0.05 above the score.

Source: the bound is the first level of Panorama (Ramani et al., "Panorama: Fast-Track Nearest
Neighbors", 2025), which FAISS has for float32 alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.index.flat import one_thread

Codes: TypeAlias = NDArray[np.uint8]

LEVELS = 256
MIDDLE = 128  # FAISS reads a code as a signed byte: so much less
CENTROIDS = 16  # 4 bits
# So much wider than the sample's values are what codes divide: the first that leaves few vectors
# with a value beyond. Real embeddings have longer tails than drawn ones.
HEADROOMS = (1.25, 1.5, 2.0, 3.0)
BEYOND_AT_MOST = 0.005  # of the vectors
ROWS_AT_ONCE = 2048  # decoded at a time: 2 MB, which a core's own cache holds
STEP = 16  # components, which FAISS reads at once
SCANNED_AT_ONCE = 64  # vectors: FAISS's usual 32 take a quarter longer (docs/architecture.md)

# Of the square of the sample's vectors: what the components of the scan hold, and those of the
# first part of the fine codes (docs/architecture.md).
SCANNED_SHARE = 5 / 6
LEADING_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class FineCodes:
    """Fine codes of n vectors, in two parts.

    Args:
        leading: (n, c + 1) uint8, c components and the length of the rest.
        rest: (n, d - c) uint8, the other components.
    """

    leading: Codes
    rest: Codes

    def __len__(self) -> int:
        return len(self.leading)

    def __getitem__(self, rows: Any) -> FineCodes:
        return FineCodes(self.leading[rows], self.rest[rows])

    @classmethod
    def joined(cls, parts: Sequence[FineCodes]) -> FineCodes:
        """Return all of them, in their order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.leading for part in parts]),
            np.concatenate([part.rest for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Errors:
    """How far vectors are from their fine codes.

    Args:
        whole: (n,) from all of it.
        bound: (n,) the first part alone: so far may the bound of a score be too low.
    """

    whole: Vectors
    bound: Vectors


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries, as codes are asked for their scores; n of them.

    A fine score is leading . first part + rest . second part + offset. A bound is
    (bound . first part) unit + bound_offset, with codes less `MIDDLE`, and off by
    rounded |first part| at most.

    Args:
        queries: (n, d) as they were given.
        scan: (n, s) their components that the scan compares.
        leading, rest: (n, c + 1) and (n, d - c) float32.
        offset: (n,) float32.
        bound: (n, c + 1) float32, whole numbers of one signed byte: FAISS takes no others.
        unit, bound_offset, rounded: (n,) float32.
    """

    queries: Vectors
    scan: Vectors
    leading: Vectors
    rest: Vectors
    offset: Vectors
    bound: Vectors
    unit: Vectors
    bound_offset: Vectors
    rounded: Vectors

    def __len__(self) -> int:
        return len(self.queries)

    @classmethod
    def of_nothing(cls, queries: Vectors) -> Asked:
        """Return queries for an index that has no codes yet."""
        none = np.empty((len(queries), 0), np.float32)
        zeros = np.zeros(len(queries), np.float32)
        return cls(queries, none, none, none, zeros, none, zeros, zeros, zeros)

    def part(self, first: int, count: int = 1) -> Asked:
        """Return `count` of them."""
        part = slice(first, first + count)
        return Asked(*(getattr(self, name)[part] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Codec:
    """What turns vectors into codes.

    Args:
        axes: (d, d) float32, orthonormal rows: the principal axes, that of most first.
        leading: c, how many components the first part of the fine codes has, below d.
        middles, steps: (d + 1,) float32, what code 128 stands for and what a code more: of the
            leading components, the length of the rest, the other components.
        centroids: (m, 16, w) float32, of the first m w components.
    """

    axes: Vectors
    leading: int
    middles: Vectors
    steps: Vectors
    centroids: NDArray[np.float32]

    @classmethod
    def train(cls, vectors: Vectors) -> Codec:
        """Make a codec from a sample.

        Args:
            vectors: (n, d) float32 unit rows, n > 0.
        """
        one_thread()  # beside other programs, waiting for each other took threads ten times as long
        wide = vectors.astype(np.float64)
        squares, columns = np.linalg.eigh(wide.T @ wide)
        axes = np.ascontiguousarray(columns[:, ::-1].T, dtype=np.float32)
        held = np.cumsum(np.maximum(squares[::-1], 0)) / max(float(squares.sum()), 1e-12)
        leading = _so_many(held, LEADING_SHARE, below=1)
        turned = vectors @ axes.T
        low, high = _ranges(_values(turned, leading))
        steps = (high - low) / np.float32(LEVELS)
        middles = low + np.float32(MIDDLE + 0.5) * steps
        parts, width = _subvectors(held)
        scan = faiss.ProductQuantizer(parts * width, parts, 4)
        scan.cp.min_points_per_centroid = 1
        # Few vectors are taken several times over: k-means wants a vector a centroid.
        sample = np.ascontiguousarray(turned[:, : parts * width])
        scan.train(np.resize(sample, (max(len(sample), 4 * CENTROIDS), parts * width)))
        centroids = faiss.vector_to_array(scan.centroids).reshape(parts, CENTROIDS, width)
        return cls(axes, leading, middles, steps, centroids)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return len(self.axes)

    @property
    def scanned(self) -> int:
        """How many components the scan compares."""
        return int(self.centroids.shape[0] * self.centroids.shape[2])

    @property
    def coarsest(self) -> float:
        """The largest error of a vector whose values all lie within the range."""
        return float(np.linalg.norm(self.steps)) / 2 * 1.001

    @property
    def usual(self) -> float:
        """The largest error of vectors within the range, but for one in very many.

        Their errors are alike, as sums of many: a root of three below the largest, and hardly any
        is above that by five times what they vary by.
        """
        return self.coarsest * min(1.0, (1 + 5 / math.sqrt(2 * self.dimension)) / math.sqrt(3))

    def scan_index(self) -> Any:
        """Return an empty FAISS index of scan codes under crop ids.

        One inverted list holds everything: an exhaustive scan that takes selectors, which
        `IndexPQFastScan` does not.
        """
        d, parts = self.scanned, self.centroids.shape[0]
        nowhere = faiss.IndexFlatIP(d)
        nowhere.add(np.zeros((1, d), dtype=np.float32))
        index = faiss.IndexIVFPQFastScan(
            nowhere, d, 1, parts, 4, faiss.METRIC_INNER_PRODUCT, SCANNED_AT_ONCE
        )
        nowhere.this.disown()
        index.own_fields = True
        index.by_residual = False
        faiss.copy_array_to_vector(self.centroids.ravel(), index.pq.centroids)
        index.is_trained = True
        return index

    def bound_index(self) -> Any:
        """Return an empty FAISS index of the first part of the fine codes."""
        kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
        index = faiss.IndexScalarQuantizer(self.leading + 1, kind, faiss.METRIC_INNER_PRODUCT)
        index.is_trained = True
        return index

    def turned(self, vectors: Vectors) -> Vectors:
        """Return the (n, d) components of (n, d) vectors."""
        components: Vectors = vectors @ self.axes.T
        return components

    def scan_part(self, components: Vectors) -> Vectors:
        """Return what the scan compares of (n, d) components."""
        return np.ascontiguousarray(components[:, : self.scanned])

    def encoded(self, components: Vectors) -> tuple[FineCodes, Errors]:
        """Return fine codes of (n, d) components, and how far off they are."""
        n, first = len(components), self.leading + 1
        codes = np.empty((n, len(self.steps)), np.uint8)
        errors = Errors(np.empty(n, np.float32), np.empty(n, np.float32))
        low, per = self.middles - np.float32(MIDDLE + 0.5) * self.steps, 1 / self.steps
        for part in slices(n):
            values = _values(components[part], self.leading)
            scaled = (values - low) * per
            codes[part] = np.clip(scaled, 0, LEVELS - 1, out=scaled)
            errors.whole[part], errors.bound[part] = self._off(values, codes[part])
        return FineCodes(codes[:, :first].copy(), codes[:, first:].copy()), errors

    def errors(self, components: Vectors, codes: FineCodes) -> Errors:
        """Return how far (n, d) components are from codes."""
        both = np.concatenate([codes.leading, codes.rest], axis=1)
        return Errors(*self._off(_values(components, self.leading), both))

    def _off(self, values: Vectors, codes: Codes) -> tuple[Vectors, Vectors]:
        off = values - self._values_of(codes)
        np.multiply(off, off, out=off)
        bound = off[:, : self.leading + 1].sum(axis=1)
        # The length of the rest is no part of the vector.
        whole = bound - off[:, self.leading] + off[:, self.leading + 1 :].sum(axis=1)
        return np.sqrt(whole), np.sqrt(bound)

    def decoded(self, codes: FineCodes) -> Vectors:
        """Return (n, d) components that codes stand for, which are not quite of unit length."""
        values = self._values_of(np.concatenate([codes.leading, codes.rest], axis=1))
        components: Vectors = np.delete(values, self.leading, axis=1)
        return components

    def _values_of(self, codes: Codes) -> Vectors:
        values: Vectors = codes * self.steps + (self.middles - MIDDLE * self.steps)
        return values

    def asked(self, queries: Vectors) -> Asked:
        """Prepare (n, d) queries."""
        # Not through BLAS: its threads go on spinning, and the scan needs their cores.
        components = np.einsum("nd,cd->nc", queries, self.axes)
        # The length of the rest has no part in a score, and the other components none in a bound.
        values = _values(components, self.leading)
        cut = self.leading + 1
        first = values[:, :cut].copy()
        values[:, self.leading] = 0
        scaled, bound = values * self.steps, first * self.steps[:cut]
        unit = np.maximum(np.abs(bound).max(axis=1), np.float32(1e-12)) / np.float32(MIDDLE - 1)
        whole = np.rint(bound / unit[:, None])
        return Asked(
            queries,
            self.scan_part(components),
            scaled[:, :cut],
            scaled[:, cut:],
            values @ self.middles - MIDDLE * scaled.sum(axis=1),
            whole,
            unit,
            first @ self.middles[:cut],
            np.linalg.norm(bound - whole * unit[:, None], axis=1),
        )

    def scores(self, asked: Asked, codes: FineCodes) -> Vectors:
        """Return (n, m) fine scores of n queries with m codes."""
        products = _products(codes.leading, asked.leading) + _products(codes.rest, asked.rest)
        scores: Vectors = products + asked.offset[:, None]
        return scores

    def makes_sense(self, codes: FineCodes) -> bool:
        """Tell whether codes are those of unit vectors whose rest is as long as they say."""
        values = self._values_of(np.concatenate([codes.leading, codes.rest], axis=1))
        length, rest = values[:, self.leading], values[:, self.leading + 1 :]
        whole = np.delete(values, self.leading, axis=1)
        off = np.abs(np.linalg.norm(rest, axis=1) - length)
        far = np.abs(np.linalg.norm(whole, axis=1) - 1)
        return bool((off <= 2 * self.coarsest).all() and (far <= 2 * self.coarsest).all())

    def bounds(self, asked: Asked, leading: Codes) -> Vectors:
        """Return (n, m) bounds of the scores of n queries with (m, c + 1) first parts."""
        products = _products(leading, asked.bound) - MIDDLE * asked.bound.sum(axis=1)[:, None]
        bounds: Vectors = products * asked.unit[:, None] + asked.bound_offset[:, None]
        return bounds

    def lengths(self, leading: Codes) -> Vectors:
        """Return (m,) the lengths of (m, c + 1) first parts, in steps."""
        found = np.empty(len(leading), np.float32)
        for part in slices(len(leading)):
            floats = leading[part].astype(np.float32) - np.float32(MIDDLE)
            found[part] = np.sqrt(np.einsum("mv,mv->m", floats, floats))
        return found


def _products(codes: Codes, by: Vectors) -> Vectors:
    """(n, m) inner products of (m, v) codes with (n, v) others."""
    floats = codes.astype(np.float32)
    if len(by) == 1:
        # Not through BLAS, whose threads would meet for it: this runs in one of several.
        products: Vectors = np.einsum("mv,v->m", floats, by[0])[None]
    else:
        products = by @ floats.T
    return products


def _values(components: Vectors, leading: int) -> Vectors:
    """(n, d + 1) leading components, length of the rest, the other components."""
    rest = components[:, leading:]
    length = np.sqrt(np.einsum("nd,nd->n", rest, rest))[:, None]
    return np.concatenate([components[:, :leading], length, rest], axis=1)


def _ranges(values: Vectors) -> tuple[Vectors, Vectors]:
    """Return lowest and highest of each value, of a sample, with the headroom that others need."""
    known, others = values[::2], values[1::2]
    for headroom in HEADROOMS:
        low, high = _range(known, headroom)
        beyond = ((others < low) | (others > high)).any(axis=1)
        if beyond.sum() <= BEYOND_AT_MOST * len(others):
            break
    return _range(values, headroom)


def _range(values: Vectors, headroom: float) -> tuple[Vectors, Vectors]:
    low, high = values.min(axis=0), values.max(axis=0)
    half = np.maximum((high - low) / 2 * np.float32(headroom), np.float32(1e-3))
    middle = (low + high) / 2
    return middle - half, middle + half


def _so_many(held: NDArray[np.float64], share: float, below: int = 0) -> int:
    """The least number of components that hold a share: a multiple of `STEP` less `below`."""
    for count in range(STEP, len(held) + 1, STEP):
        if held[count - below - 1] >= share:
            return count - below
    return len(held) - below


def _subvectors(held: NDArray[np.float64]) -> tuple[int, int]:
    """How many subvectors the scan compares, and of how many components each.

    Two components a code where the leading ones hold enough; else all, four a code.
    """
    d, scanned = len(held), _so_many(held, SCANNED_SHARE)
    if scanned % 2 == 0 and scanned <= 3 * d // 4:
        return scanned // 2, 2
    width = next(width for width in (4, 2, 1) if d % width == 0)
    return d // width, width


def slices(n: int) -> Iterator[slice]:
    """Yield slices of 0 to n in steps of `ROWS_AT_ONCE`."""
    for start in range(0, n, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, n))
