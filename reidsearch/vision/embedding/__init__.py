"""Embedding: person crops, (h, w, 3) uint8 BGR, go in; vectors, (n, d) float32 of unit length, out.

`load_embedder(model)` gives an `Embedder`: `prepare` resizes a crop, `embed` answers at once,
`stream` runs beside reading and writing. `golden.diagnose` proves that it does what the genuine
model does, or names the likely cause.
"""

from reidsearch.vision.embedding.embedder import Embedder, load_embedder

__all__ = ["Embedder", "load_embedder"]
