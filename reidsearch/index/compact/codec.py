"""What turns vectors into codes: 4 bits a subvector to scan, 8 bits a value to score finely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.index.flat import one_thread

Codes: TypeAlias = NDArray[np.uint8]

LEVELS = 255
CENTROIDS = 16  # 4 bits
# Values beyond those of the sample: codes are a quarter coarser, and hardly anything is cut off.
HEADROOM = 1.25
ROWS_AT_ONCE = 2048  # decoded at a time: 2 MB, which a core's own cache holds


@dataclass(frozen=True, slots=True)
class Codec:
    """What turns vectors into codes: centroids for the scan, a range for the fine codes.

    Args:
        centroids: (m, 16, d/m) float32.
        low / span: fine codes divide [low, low + span] into 256 steps.
    """

    centroids: NDArray[np.float32]
    low: float
    span: float

    @classmethod
    def train(cls, vectors: Vectors) -> Codec:
        """Make a codec from a sample.

        Args:
            vectors: (n, d) float32 unit rows, n > 0.
        """
        one_thread()  # beside other programs, waiting for each other took threads ten times as long
        d = vectors.shape[1]
        parts = next(part for part in (d // 4, d // 2, d) if part and d % part == 0)
        scan = faiss.ProductQuantizer(d, parts, 4)
        scan.cp.min_points_per_centroid = 1
        # Few vectors are taken several times over: k-means wants a vector a centroid.
        scan.train(np.resize(vectors, (max(len(vectors), 4 * CENTROIDS), d)))
        reach = HEADROOM * max(float(np.abs(vectors).max()), 1e-3)
        centroids = faiss.vector_to_array(scan.centroids).reshape(parts, CENTROIDS, d // parts)
        return cls(centroids, -reach, 2 * reach)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self.centroids.shape[0] * self.centroids.shape[2])

    @property
    def coarsest(self) -> float:
        """The largest error of a vector whose values all lie within the range."""
        return float(self.span / (2 * LEVELS) * np.sqrt(self.dimension)) * 1.0001

    def scan_index(self) -> Any:
        """Return an empty FAISS index of scan codes under crop ids.

        One inverted list holds everything: an exhaustive scan that takes selectors, which
        `IndexPQFastScan` does not.
        """
        d, parts = self.dimension, self.centroids.shape[0]
        nowhere = faiss.IndexFlatIP(d)
        nowhere.add(np.zeros((1, d), dtype=np.float32))
        index = faiss.IndexIVFPQFastScan(nowhere, d, 1, parts, 4, faiss.METRIC_INNER_PRODUCT)
        nowhere.this.disown()
        index.own_fields = True
        index.by_residual = False
        faiss.copy_array_to_vector(self.centroids.ravel(), index.pq.centroids)
        index.is_trained = True
        return index

    def fine_index(self) -> Any:
        """Return an empty FAISS index of fine codes."""
        kind = faiss.ScalarQuantizer.QT_8bit_uniform
        index = faiss.IndexScalarQuantizer(self.dimension, kind, faiss.METRIC_INNER_PRODUCT)
        faiss.copy_array_to_vector(
            np.array([self.low, self.span], dtype=np.float32), index.sq.trained
        )
        index.is_trained = True
        return index

    def encoded(self, vectors: Vectors) -> tuple[Codes, Vectors]:
        """Return fine codes of (n, d) vectors, and how far each vector is from its code."""
        one_thread()
        codes: Codes = self.fine_index().sa_encode(vectors)
        errors = [
            np.linalg.norm(vectors[part] - self.decoded(codes[part]), axis=1)
            for part in slices(len(codes))
        ]
        return codes, np.concatenate([np.empty(0, np.float32), *errors])

    def decoded(self, codes: Codes) -> Vectors:
        """Return (n, d) float32 of fine codes, which are not quite of unit length."""
        floats: Vectors = codes * np.float32(self.span / LEVELS) + self._middle
        return floats

    def scores(self, queries: Vectors, codes: Codes) -> Vectors:
        """Return (n, m) inner products of (n, d) queries with (m, d) fine codes."""
        floats = codes.astype(np.float32)
        if len(queries) == 1:
            # Not through BLAS, whose threads would meet for it: this runs in one of several.
            products = np.einsum("md,d->m", floats, queries[0])[None]
        else:
            products = queries @ floats.T
        return self._scaled(products, self._middle * queries.sum(axis=1, keepdims=True))

    @property
    def _middle(self) -> np.float32:
        """What code 0 stands for."""
        return np.float32(self.low + self.span / (2 * LEVELS))

    def _scaled(self, products: Vectors, offset: Vectors) -> Vectors:
        scores: Vectors = products * np.float32(self.span / LEVELS) + offset
        return scores


def slices(n: int) -> Iterator[slice]:
    """Yield slices of 0 to n in steps of `ROWS_AT_ONCE`."""
    for start in range(0, n, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, n))
