"""False alarms among people whom one camera shows at once, who are different people for certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.audit import Alarms, Refused, Threshold, thresholds
from reidsearch.domain.scores import Calibration
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.state import State
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.audited import Shown, apart, at_once, drawn_sources, shown_in
from reidsearch.store.footage.reader import coverage

SEED = 53
SOURCES_IN_A_SEARCH, PAIRS_IN_A_SEARCH = 8, 300
"""Of each camera, looked at before scores are read: they tell a rate of 1 in 100 from 1 in 10."""


@dataclass(frozen=True, slots=True, eq=False)
class PairsOfCamera:
    """Pairs of different people whom one camera showed at once.

    Args:
        together: how many there are in the sources that were read.
        pairs: those that were compared, by their best crops; `scores` (n,) of them.
        doubled: that were left out, because one person may be boxed twice.
    """

    together: int
    pairs: tuple[tuple[Shown, Shown], ...]
    scores: NDArray[np.float32]
    doubled: int

    def alarms(self, threshold: Threshold) -> Alarms:
        """Count those that reach a threshold."""
        return Alarms(len(self.scores), int((self.scores >= threshold.score).sum()))


def pairs_of(
    store: Store, shown: Sequence[Shown], adjustment: Adjustment | None, most: int
) -> PairsOfCamera:
    """Return pairs of one camera with their scores.

    Args:
        shown: of its sources, by source and first time.
        adjustment: of the archive's scores; None: they are plain.
        most: pairs that are compared; more are drawn from by a fixed seed.
    """
    every = at_once(shown)
    drawn = every
    if len(every) > most:
        places = np.random.default_rng(SEED).choice(len(every), most, replace=False)
        drawn = [every[at] for at in np.sort(places).tolist()]
    together, doubled = apart(store, drawn)
    kept = [pair for pair, good in zip(drawn, together & ~doubled, strict=True) if good]
    ids = sorted({one.crop_id for pair in kept for one in pair})
    rows = embeddings_of(store, ids)
    if adjustment is not None:
        # A crop that came after the means has no slot yet.
        known = [one for one in ids if one in rows and one < len(adjustment.slots)]
        wide = np.array([rows[one] for one in known], np.float32)
        numbers = np.array(known, np.int64)
        rows = dict(zip(known, adjustment.vectors(numbers, wide), strict=True)) if known else {}
    kept = [pair for pair in kept if all(one.crop_id in rows for one in pair)]
    scores = np.array([rows[a.crop_id] @ rows[b.crop_id] for a, b in kept], np.float32)
    return PairsOfCamera(len(every), tuple(kept), scores, int(doubled.sum()))


def refused_at(
    cameras: Mapping[str, PairsOfCamera], tested: Sequence[Threshold]
) -> tuple[Refused, ...]:
    """Return the cameras at which a calibration does not hold, each where that shows most."""
    found = []
    for camera, pairs in cameras.items():
        broken = [
            Refused(camera, one, alarms)
            for one in tested
            if one.broken_by(alarms := pairs.alarms(one))
        ]
        if broken:
            found.append(
                max(broken, key=lambda one: one.alarms.interval[0] / one.threshold.at_most)
            )
    return tuple(found)


class RefusedCameras:
    """The cameras of a gallery at which a calibration does not hold, kept until either changes."""

    def __init__(self, store: Store, gallery: Gallery) -> None:
        self._store, self._gallery = store, gallery
        self._of: tuple[State | None, str] | None = None
        self._found: tuple[Refused, ...] = ()

    def of(self, calibration: Calibration) -> tuple[Refused, ...]:
        """Return them, from a bounded number of sources and pairs of each camera."""
        with self._gallery.busy:
            self._gallery.sync()
            wanted = self._gallery.state, calibration.sha256
            if wanted != self._of:
                self._found = self._measured(calibration)
                self._of = wanted
            return self._found

    def _measured(self, calibration: Calibration) -> tuple[Refused, ...]:
        tested = thresholds(calibration)
        adjustment = self._gallery.adjustment() if calibration.provenance.adjusted else None
        if not tested or not isinstance(adjustment, Adjustment | None):
            return ()
        cameras = {}
        for camera, sources in drawn_sources(coverage(self._store), SOURCES_IN_A_SEARCH).items():
            shown = shown_in(self._store, [one.source_id for one in sources])
            cameras[camera] = pairs_of(self._store, shown, adjustment, PAIRS_IN_A_SEARCH)
        return refused_at(cameras, tested)
