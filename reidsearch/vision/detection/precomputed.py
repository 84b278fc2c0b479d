"""Precomputed detections of a source: what a file says, and whether it is about this footage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from reidsearch.base.errors import Reason, Refused
from reidsearch.domain.footage import Detections
from reidsearch.vision.tracking.tracker import Assigned, Looks, Track

NEAREST_S = 0.02  # a time in a file belongs to the frame within this distance
LARGEST_NORMALISED = 1.5  # shares of the frame's sides; a little beyond its edge
MOST_OUTSIDE = 0.2  # of the boxes with their centre beyond the frame: it had another size
SAME_ASPECT = 0.02
CORNER = 0.7  # of both sides; people of a whole scene reach farther
FEW = 10

Row: TypeAlias = tuple[float, float, float, float, float, int]
"""x1, y1, x2, y2, confidence, id; an id of -1 is none."""
Key: TypeAlias = int | str
"""A frame's number from 0, media time in milliseconds, or a picture's name without ending."""


@dataclass(frozen=True)
class PrecomputedDetections:
    """What a file says.

    Args:
        name: of the file.
        text: names the file and its checksum, for records.
        rows: by frame number (from 0), by media time in milliseconds, or by picture.
        by_time: keys are milliseconds, not frame numbers.
        has_ids: its rows carry track ids, so that no tracker is needed.
        size_px: of the frames that the boxes are about; None: the file does not say.
        normalised: boxes are shares of the frame's sides.
        left_out: how many entries of the file were not taken, by why.
        stems: the key of each picture that the file names, by its name without ending: in a
            folder of frames a picture is known by its name, not by its number.
    """

    name: str
    text: str
    rows: Mapping[Key, list[Row]]
    by_time: bool = False
    has_ids: bool = False
    size_px: tuple[int, int] | None = None
    normalised: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    stems: Mapping[str, Key] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many boxes it holds."""
        return sum(map(len, self.rows.values()))

    def fitted(self, width_px: int, height_px: int) -> PrecomputedDetections:
        """Return them in pixels of a source's frames.

        Raises:
            Refused: (detections-unused) they cannot be about frames of this size.
        """
        if not self.count:
            why = "".join(f"; left out: {self._left_out()}" for _ in self.left_out)
            self.refuse(f"holds no detection{why}")
        scale = self._scale(width_px, height_px)
        rows = {
            key: [_scaled(row, *scale) for row in rows] if scale != (1, 1) else rows
            for key, rows in self.rows.items()
        }
        boxes = np.array([row[:4] for these in rows.values() for row in these], np.float64)
        if not self.normalised and boxes.max() <= LARGEST_NORMALISED:
            self.refuse("has boxes in shares of the frame, not in pixels")
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        outside = (centres < 0).any(axis=1) | (centres >= (width_px, height_px)).any(axis=1)
        if outside.mean() > MOST_OUTSIDE:
            right, bottom = boxes[:, 2].max(), boxes[:, 3].max()
            self.refuse(
                f"has boxes up to {right:.0f},{bottom:.0f}, but the frames are {width_px} x "
                f"{height_px}: they were made at another resolution"
            )
        return replace(self, rows=rows, normalised=False, size_px=(width_px, height_px))

    def doubt(self, width_px: int, height_px: int) -> str:
        """Say where boxes keep to a corner of the frame, as those of a smaller one do."""
        boxes = [row[2:4] for rows in self.rows.values() for row in rows]
        right, bottom = (max((box[side] for box in boxes), default=0.0) for side in (0, 1))
        corner = right < CORNER * width_px and bottom < CORNER * height_px
        if len(boxes) < FEW or not corner:
            return ""
        return (
            f"the boxes of {self.name} reach only to {right:.0f},{bottom:.0f} of {width_px} x "
            f"{height_px}: were they made at a lower resolution?"
        )

    def refuse(self, what: str) -> None:
        """Raise that nothing of the file applies. Raises Refused."""
        raise Refused(
            Reason.DETECTIONS_UNUSED,
            f"{self.name} {what}",
            "give the detections of this very footage, boxes in its pixels",
        )

    def _left_out(self) -> str:
        return ", ".join(f"{count:,} {why}" for why, count in self.left_out.items())

    def _scale(self, width_px: int, height_px: int) -> tuple[float, float]:
        if self.normalised:
            return float(width_px), float(height_px)
        if self.size_px is None or self.size_px == (width_px, height_px):
            return 1, 1
        across, down = width_px / self.size_px[0], height_px / self.size_px[1]
        if abs(across / down - 1) > SAME_ASPECT:
            self.refuse(
                f"is about frames of {self.size_px[0]} x {self.size_px[1]}, "
                f"these are {width_px} x {height_px}"
            )
        return across, down

    def at(
        self,
        number: int,
        media_s: Fraction,
        width_px: int,
        height_px: int,
        picture: str | None = None,
    ) -> Detections:
        """Return the detections of a frame, clipped to its size; most confident first.

        Args:
            picture: name of the file, in a folder of frames.
        """
        key = self.key_of(number, media_s, picture)
        rows = self.rows.get(key, []) if key is not None else []
        values = np.array([row[:5] for row in rows], np.float32).reshape(-1, 5)
        xyxy = np.clip(values[:, :4], 0, [width_px, height_px, width_px, height_px])
        xyxy = xyxy.astype(np.float32)
        inside = (xyxy[:, 2] - xyxy[:, 0] >= 1) & (xyxy[:, 3] - xyxy[:, 1] >= 1)
        ids = np.array([row[5] for row in rows], np.int64) if self.has_ids else None
        found = Detections(xyxy, np.clip(values[:, 4], 0, 1), ids)[inside]
        return found[np.argsort(-found.confidence, kind="stable")]

    def key_of(self, number: int, media_s: Fraction, picture: str | None) -> Key | None:
        """Return the key of a frame's rows; None: it has none."""
        if picture is not None and self.stems:
            key = self.stems.get(picture.rpartition(".")[0])
            return key if key in self.rows else None
        if not self.by_time:
            return number if number in self.rows else None
        here, reach = round(media_s * 1000), round(NEAREST_S * 1000)
        near = [key for key in range(here - reach, here + reach + 1) if key in self.rows]
        return min(near, key=lambda key: abs(key - here)) if near else None


@dataclass
class Applied:
    """Which rows of a file a run used, so that what met no frame is told.

    Going on in the middle of a source counts what lies before as used by the earlier run.
    """

    detections: PrecomputedDetections
    used: int = 0
    _keys: set[Key] = field(default_factory=set)
    _begun: bool = False

    def note(self, number: int, media_s: Fraction, picture: str | None, found: int) -> None:
        """Add what was found for a frame."""
        if not self._begun:
            self._begun = True
            self._before(number, media_s)
        key = self.detections.key_of(number, media_s, picture)
        if key is not None and key not in self._keys:
            self._keys.add(key)
            self.used += found

    def _before(self, number: int, media_s: Fraction) -> None:
        by_time = self.detections.by_time
        first = round((media_s - Fraction(NEAREST_S)) * 1000) if by_time else number
        for key, rows in self.detections.rows.items():
            if isinstance(key, int) and key < first:
                self._keys.add(key)
                self.used += len(rows)

    def require_some(self) -> None:
        """Refuse a file of which nothing met a frame of the source. Raises Refused."""
        if not self.used:
            self.detections.refuse(
                f"has {self.detections.count:,} detections, but none is of a frame of this footage"
            )

    def notes(self) -> Sequence[str]:
        """Say what of the file was not used, in sentences."""
        given = self.detections
        told = [doubt] if (doubt := given.doubt(*(given.size_px or (0, 0)))) else []
        if unused := given.count - self.used:
            told.append(
                f"{unused:,} of {given.count:,} detections of {given.name} met no frame, or lie "
                "outside it"
            )
        if given.left_out:
            told.append(f"of {given.name} were left out: {given._left_out()}")
        return told


def _scaled(row: Row, across: float, down: float) -> Row:
    x1, y1, x2, y2, confidence, who = row
    return x1 * across, y1 * down, x2 * across, y2 * down, confidence, who


class PrecomputedIds:
    """A `Tracker` for detections that carry track ids."""

    def update(self, detections: Detections, time_us: int, looks: Looks) -> Assigned:
        """See `Tracker.update`."""
        del time_us, looks
        count = len(detections)
        ids = np.full(count, -1, np.int64) if detections.ids is None else detections.ids
        return Assigned(ids, np.zeros(count, bool))

    def state(self) -> tuple[Track, ...]:
        """See `Tracker.state`."""
        return ()
