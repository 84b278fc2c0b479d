"""Synthetic footage of a paved ground by a camera whose projection is known, truth in metres.

For what measures distances: where everybody stood is known, and so are the places of the points by
which a user would calibrate the camera. The slabs of the pavement are a metre wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.figure import Pose, Side, draw_figure
from reidsearch.datasets.synthetic.footage import (
    FPS,
    PHASES,
    STRIDE_S,
    Visit,
    paste_figure,
    write_drawn,
)
from reidsearch.domain.crops import Pixels
from reidsearch.domain.ground import Floats

TALL_M = 1.75
FIGURE_PX = 160
"""Width of a figure before it is scaled into the picture."""


@dataclass(frozen=True)
class GroundCamera:
    """A camera without lens distortion above flat ground; it looks along north.

    Args:
        height_m: above the ground.
        down_deg: by which it looks down.
        focal_px: focal length in pixels.
    """

    size_px: tuple[int, int] = (1280, 720)
    height_m: float = 4.0
    down_deg: float = 24.0
    focal_px: float = 900.0

    def shown(self, places: Floats) -> Floats:
        """Return (n, 2) pixels of places (n, 3): metres east, north and up."""
        east, north, up = places.T
        sin, cos = math.sin(math.radians(self.down_deg)), math.cos(math.radians(self.down_deg))
        below = self.height_m - up
        ahead = north * cos + below * sin
        down = below * cos - north * sin
        middle = np.array(self.size_px) / 2
        return np.asarray(np.column_stack((east, down)) / ahead[:, None] * self.focal_px + middle)

    def on_ground(self, metres: Floats) -> Floats:
        """Return (n, 2) pixels of places (n, 2) on the ground."""
        return self.shown(np.column_stack((metres, np.zeros(len(metres)))))

    @cached_property
    def pavement(self) -> Pixels:
        """The picture without people, (h, w, 3) uint8 BGR: slabs a metre wide, and a sky."""
        width, height = self.size_px
        sin, cos = math.sin(math.radians(self.down_deg)), math.cos(math.radians(self.down_deg))
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        across, down = (x - width / 2) / self.focal_px, (y - height / 2) / self.focal_px
        falls = sin + down * cos
        reach = np.where(falls > 0.02, self.height_m / np.maximum(falls, 0.02), np.nan)
        east, north = across * reach, (cos - down * sin) * reach
        slab = np.floor(np.nan_to_num(east)) * 7 + np.floor(np.nan_to_num(north)) * 13
        tone = 150 + 14 * np.sin(slab * 12.9)
        joint = np.minimum(np.abs(east - np.round(east)), np.abs(north - np.round(north)))
        tone = np.where(joint < 0.02 + reach * 0.0006, tone - 40, tone)
        picture = np.repeat(tone[..., None], 3, axis=2) + np.array([0, 4, 8])
        return np.where(np.isnan(reach)[..., None], (214, 200, 186), picture).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Stroll:
    """One person on their way over the ground; between the given times they go straight.

    Args:
        person: the truth's name for them.
        seconds: (n,) increasing; before the first and after the last they are not there.
        metres: (n, 2) where they stand then, east and north.
    """

    person: str
    look: Clothes
    seconds: Floats
    metres: Floats

    def at(self, at_s: Floats) -> Floats:
        """Return (n, 2) where they stand at times."""
        east, north = self.metres.T
        return np.column_stack(
            (np.interp(at_s, self.seconds, east), np.interp(at_s, self.seconds, north))
        )


def write_strolls(
    path: Path,
    strolls: Sequence[Stroll],
    seconds: float,
    camera: GroundCamera = GroundCamera(),
    *,
    fps: int = FPS,
    seed: int = 0,
) -> tuple[Visit, ...]:
    """Draw people on the ground into a video file; who is nearer stands in front.

    Returns:
        The truth of each: the box of all of them, hidden or not.
    """
    figures = [_Figure(one) for one in strolls]

    def draw(picture: Pixels, at_s: float) -> list[NDArray[np.float32] | None]:
        boxes: list[NDArray[np.float32] | None] = [None] * len(strolls)
        north = [float(one.at(np.array([at_s]))[0, 1]) for one in strolls]
        for row in np.argsort(north)[::-1].tolist():
            boxes[row] = figures[row].draw(picture, at_s, camera)
        return boxes

    return write_drawn(
        path,
        camera.pavement,
        [one.person for one in strolls],
        draw,
        round(seconds * fps),
        fps=fps,
        rng=np.random.default_rng((seed, 6)),
    )


class _Figure:
    """One person, drawn once from each side."""

    def __init__(self, stroll: Stroll) -> None:
        self._stroll = stroll
        self._drawn: dict[tuple[Side, int], tuple[Pixels, NDArray[np.uint8]]] = {}

    def draw(
        self, picture: Pixels, at_s: float, camera: GroundCamera
    ) -> NDArray[np.float32] | None:
        """Draw them as they are at a time; returns their box inside the frame."""
        stroll = self._stroll
        if not stroll.seconds[0] <= at_s <= stroll.seconds[-1]:
            return None
        place, later = stroll.at(np.array([at_s, at_s + 0.2]))
        moved = later - place
        standing = bool(np.hypot(*moved) < 0.02)
        phase = 0 if standing else int(at_s / STRIDE_S * PHASES) % PHASES
        tall_m = TALL_M * stroll.look.height
        foot, head = camera.shown(np.array([[*place, 0.0], [*place, tall_m]]))
        # The figure takes nine tenths of a picture of height 1, times its own; feet are at 0.96.
        figure_px = (foot[1] - head[1]) / (0.9 * stroll.look.height)
        size = max(2, round(figure_px / 2)), max(4, round(figure_px))
        figure, mask = self._seen(_side(moved, standing=standing), phase)
        small = cv2.resize(figure, size, interpolation=cv2.INTER_AREA)
        share = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        left, top = round(foot[0] - size[0] / 2), round(foot[1] - 0.96 * size[1])
        return paste_figure(picture, small, share[..., None], left, top)

    def _seen(self, side: Side, phase: int) -> tuple[Pixels, NDArray[np.uint8]]:
        if (side, phase) not in self._drawn:
            pose = Pose(side, 2 * math.pi * phase / PHASES)
            drawn = draw_figure(self._stroll.look, pose, FIGURE_PX, 2 * FIGURE_PX)
            self._drawn[side, phase] = drawn
        return self._drawn[side, phase]


def _side(moved: Floats, *, standing: bool) -> Side:
    """Return the side that the camera sees of somebody who moves so."""
    east, north = moved.tolist()
    if standing or -north > abs(east):
        return "front"
    if north > abs(east):
        return "back"
    return "right" if east > 0 else "left"
