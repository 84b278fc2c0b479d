"""Embeddings of crops of footage, each computed once.

Following people asks for embeddings while footage is read, and some of those crops become best
shots later. Both are embedded from the same JPEG bytes, so whether an embedding is remembered or,
in a run that goes on after an interruption, computed again makes no difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.media.pictures import decode
from reidsearch.vision.embedding.embedder import Embedder

REMEMBERED = 8192
"""Embeddings, the latest: 8 MiB of them, and some ten minutes of crowded footage."""
LIMITS = PictureLimits(min_width_px=1, min_height_px=1)  # of crops that were just cut


class EmbeddedOnce:
    """Embeds JPEGs in the midst of a stream, and remembers what it found. For use by one thread."""

    def __init__(self, embedder: Embedder) -> None:
        self._prepare = embedder.prepare
        self._embed = embedder.between()
        self._known: dict[bytes, NDArray[np.float32]] = {}

    def embed(self, jpegs: Sequence[bytes]) -> Vectors:
        """Return (n, d) float32, rows of unit length; zeros: the model gives no usable vector."""
        vectors = self._embed([decode(jpeg, LIMITS) for jpeg in jpegs])
        for jpeg, vector in zip(jpegs, vectors, strict=True):
            if vector.any():
                self._known[_digest(jpeg)] = vector
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return vectors

    def known(self, jpeg: bytes) -> NDArray[np.float32] | None:
        """Return the (d,) float32 embedding of a JPEG that was embedded before."""
        return self._known.get(_digest(jpeg))

    def prepared(self, jpeg: bytes) -> Pixels:
        """Decode a JPEG to what the stream takes."""
        return self._prepare(decode(jpeg, LIMITS))


def _digest(jpeg: bytes) -> bytes:
    return hashlib.blake2b(jpeg, digest_size=16).digest()
