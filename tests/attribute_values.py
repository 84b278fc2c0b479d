"""Attributes that no model told, for what an archive does with them."""

from __future__ import annotations

import numpy as np

from reidsearch.domain.attributes import COLOURS, NAMES, PARTS, THINGS
from reidsearch.domain.models import ModelIdentity

DRAWN = ModelIdentity("drawn-attributes", "FP16", "cd" * 48, "none/1", len(NAMES))


def values(number: int) -> np.ndarray:
    """One crop's values."""
    rng = np.random.default_rng(number)
    parts = [rng.dirichlet(np.full(len(COLOURS), 0.2)) for _ in PARTS]
    return np.concatenate([rng.random(len(THINGS)), *parts]).astype(np.float32)


class Drawn:
    """Stands in for the model where only what the archive does with its answers is tested."""

    identity = DRAWN

    def __init__(self, stop_after: int = 10**9, seed: int = 0) -> None:
        self.seen = 0
        self._stop_after, self._seed = stop_after, seed

    def prepare(self, crop):
        return crop

    def stream(self, items):
        for tag, picture in items:
            if picture is None:
                yield tag, None
                continue
            if self.seen == self._stop_after:
                raise KeyboardInterrupt
            self.seen += 1
            yield tag, values(tag + 1000 * self._seed)
