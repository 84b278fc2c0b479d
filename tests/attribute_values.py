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
