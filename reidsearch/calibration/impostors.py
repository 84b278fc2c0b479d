"""What different people score in an archive, told from its own crops without a label."""

from __future__ import annotations

from reidsearch.calibration.reference import Impostors, drawn, impostors
from reidsearch.domain.adjustment import COMMON, Adjustment
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.state import State

LEAST_PEOPLE = 20
"""At a camera, on average: among fewer, too many random pairs are of one person."""


class ArchiveImpostors:
    """The impostor scores of a gallery, kept until it changes."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._of: tuple[State | None, bool] | None = None
        self._found: Impostors | None = None

    def of(self, *, adjusted: bool) -> Impostors | None:
        """Return what random pairs by different cameras score; None: there are too few.

        Args:
            adjusted: camera-adjusted scores, or plain ones.
        """
        with self._gallery.busy:
            self._gallery.sync()
            wanted = self._gallery.state, adjusted
            if wanted != self._of:
                self._found = self._measured(adjusted=adjusted)
                self._of = wanted
            return self._found

    def _measured(self, *, adjusted: bool) -> Impostors | None:
        index, adjustment = self._gallery.index, self._gallery.adjustment()
        if index is None or not isinstance(adjustment, Adjustment):
            return None
        if adjustment.by.people < LEAST_PEOPLE * adjustment.by.cameras:
            return None
        ids = index.ids()
        taken = drawn(ids[adjustment.slots[ids] != COMMON])
        vectors = index.vectors(taken)
        if adjusted:
            vectors = adjustment.vectors(taken, vectors)
        return impostors(vectors, adjustment.slots[taken])
