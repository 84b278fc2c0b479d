"""Whether a model tells the people of an archive apart, by pairs of which footage is sure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.separation import Separation, separation_of
from reidsearch.media.pictures import decode
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.sure_pairs import sure_pairs

Embed: TypeAlias = Callable[[Sequence[Pixels]], Vectors]


def separation(store: Store, embed: Embed | None = None) -> Separation | None:
    """Compare pairs of one person with pairs of different people.

    Args:
        embed: a model to judge, which embeds the stored pictures; None: the archive's embeddings.

    Returns:
        None where the archive holds no such pairs: it has no footage, or never two people at once.
    """
    pairs = sure_pairs(store)
    ids = sorted({crop_id for pair in (*pairs.same, *pairs.different) for crop_id in pair})
    if embed is None:
        rows = embeddings_of(store, ids)
    else:
        pictures = [decode(store.picture(crop_id), PictureLimits()) for crop_id in ids]
        rows = dict(zip(ids, embed(pictures), strict=True))

    def scores(some: Sequence[tuple[int, int]]) -> Vectors:
        found = [rows[a] @ rows[b] for a, b in some if a in rows and b in rows]
        return np.array(found, np.float32)

    return separation_of(scores(pairs.same), scores(pairs.different))
