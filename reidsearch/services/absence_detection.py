"""The chance that somebody in the picture is detected, by the heights that a camera sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidsearch.domain.absence import Factor
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.reader import detected_by
from reidsearch.store.footage.searched import Analysed
from reidsearch.store.footage.shot_heights import shot_heights
from reidsearch.vision.detection.heights import MEASURED_ON, recall_of

ENOUGH_HEIGHTS = 10
LEAST_RECALL = 0.05
"""Somebody was detected there, so people of that size are, however seldom."""


class Detection:
    """The chance that somebody in the picture is detected, by the heights that are seen."""

    def __init__(self, store: Store, sources: Sequence[Analysed]) -> None:
        self._store, self._sources = store, sources
        self._all: Factor | None = None
        self._of: dict[tuple[int, ...], Factor] = {}

    def of(self, sources: Sequence[Analysed]) -> Factor:
        """Return the factor of the sources of one camera; of too few heights, that of all."""
        ids = tuple(one.source.source_id for one in sources)
        if ids not in self._of:
            self._of[ids] = self._found(sources)
        return self._of[ids]

    def _found(self, sources: Sequence[Analysed]) -> Factor:
        found = self._measured(sources, "the camera itself")
        if found is not None:
            return found
        if self._all is None:
            measured = self._measured(self._sources, "all cameras searched")
            self._all = measured or Factor(
                None, 0, "nothing was measured of its detector, or of how tall people are there"
            )
        return self._all

    def _measured(self, sources: Sequence[Analysed], where: str) -> Factor | None:
        by_id = {one.source.source_id: one.source for one in sources}
        shares = []
        for source_id, heights in shot_heights(self._store, list(by_id)).items():
            one = by_id[source_id]
            how = detected_by(one.settings, one.width_px, one.height_px)
            recall = recall_of(*how, heights)
            if recall is not None:
                shares.append(recall)
        every = np.concatenate(shares) if shares else np.empty(0)
        if len(every) < ENOUGH_HEIGHTS:
            return None
        # Who is seen less often stands for more: among those seen, the tall are too many.
        value = float(len(every) / (1.0 / np.maximum(every, LEAST_RECALL)).sum())
        trials = 1.0 / (1.0 / MEASURED_ON + 1.0 / len(every))
        return Factor(
            value,
            trials,
            "default of the detector, measured on the sample clip: its recall in one frame, at the "
            f"heights of tracklets of {where}",
            len(every),
        )
