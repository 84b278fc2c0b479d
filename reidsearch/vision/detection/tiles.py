"""Which parts of a frame are detected one by one, and how their detections become one frame's.

A detector shrinks a frame to its own small picture, and people who are small in the frame vanish.
So panoramas are always detected in parts (of the sample clip's people, in frames that were made
wider, all are found up to 3 : 1, of 3.56 : 1 85 in 100 and of 5 : 1 33 in 100), and any frame is on
request: as a whole, and once more in a grid of tiles that overlap. Whoever a tile's border cuts off
counts only where they are seen whole: in the next tile, or, if they are too large for that, in the
frame as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.boxes import Box
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.footage import Boxes, Detections
from reidsearch.vision.detection.suppress import shared_areas, suppress

WIDEST = 3.0  # long side over short side of a frame that is detected as a whole
PART = 1.8
PART_OVERLAP = 0.8
"""In short sides: whoever is cut off by the edge of one part is whole in the next."""
EDGE_PX = 3

OVERLAP = 0.2
"""Of a frame's side, between tiles of a grid. The detectors find nearly everybody who is taller
than that in the frame as a whole (`heights.toml`)."""
CUT = 0.02
"""Of a tile's side: a box that ends so near to a border may be a part of somebody, for a detector
rarely draws it to the very edge."""
AS_TALL = 0.75
"""Of a larger box's height: a box inside it that is lower than this is a part of the same person,
a taller one may be one of two people."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """The parts of a frame that are detected one by one.

    Args:
        coarse: parts that a frame is always seen in: itself, unless it is a panorama.
        fine: tiles of the grid in each of these; none, unless they were asked for.
    """

    coarse: tuple[Box, ...]
    fine: tuple[Box, ...] = ()

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All of them, in the order in which `joined` takes what was found in them."""
        return self.coarse + self.fine

    def without_tiles(self) -> Tiling:
        """Return the frame alone."""
        return Tiling(self.coarse)

    def joined(self, found: Sequence[Detections], policy: FootageSettings) -> Detections:
        """Return the detections of the frame from those of its parts, which are in their pixels."""
        count = len(self.coarse)
        whole = found[0] if count == 1 else _joined_parts(self.coarse, found[:count], policy)
        if not self.fine:
            return whole
        width_px = max(tile.x2 for tile in self.coarse)
        height_px = max(tile.y2 for tile in self.coarse)
        parts = [whole]
        for tile, part in zip(self.fine, found[count:], strict=True):
            moved = part.xyxy + _corner(tile)
            parts.append(
                Detections(moved, part.confidence)[~_cut(moved, tile, width_px, height_px)]
            )
        return _merged(parts, policy)


def tiling_of(width_px: int, height_px: int, grid: int = 1) -> Tiling:
    """Return the parts that a frame is detected in.

    Args:
        grid: so many tiles a side, beside the frame as a whole; 1: none.
    """
    coarse = _parts_of(width_px, height_px)
    if grid == 1:
        return Tiling(coarse)
    fine = tuple(
        Box(part.x1 + x1, part.y1 + y1, part.x1 + x2, part.y1 + y2)
        for part in coarse
        for y1, y2 in _cuts(part.height_px, grid)
        for x1, x2 in _cuts(part.width_px, grid)
    )
    return Tiling(coarse, fine)


def _cuts(length_px: int, count: int) -> list[tuple[int, int]]:
    """Return where tiles begin and end along a side."""
    size = min(length_px, -(-round(length_px * (1 + OVERLAP * (count - 1))) // count))
    starts = [round(at) for at in np.linspace(0, length_px - size, count)]
    return [(start, start + size) for start in starts]


def _corner(tile: Box) -> NDArray[np.float32]:
    return np.array([tile.x1, tile.y1, tile.x1, tile.y1], np.float32)


def _cut(xyxy: Boxes, tile: Box, width_px: int, height_px: int) -> NDArray[np.bool_]:
    """Return which boxes end at a border of a tile that is none of the frame."""
    across = max(EDGE_PX, CUT * tile.width_px)
    down = max(EDGE_PX, CUT * tile.height_px)
    cut = np.zeros(len(xyxy), bool)
    if tile.x1 > 0:
        cut |= xyxy[:, 0] <= tile.x1 + across
    if tile.y1 > 0:
        cut |= xyxy[:, 1] <= tile.y1 + down
    if tile.x2 < width_px:
        cut |= xyxy[:, 2] >= tile.x2 - across
    if tile.y2 < height_px:
        cut |= xyxy[:, 3] >= tile.y2 - down
    return cut


def _merged(parts: Sequence[Detections], policy: FootageSettings) -> Detections:
    """Join what was seen in the whole frame and in tiles, everybody once."""
    xyxy = np.concatenate([part.xyxy for part in parts])
    confidence = np.concatenate([part.confidence for part in parts])
    origin = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    shared = shared_areas(xyxy)
    area = np.diagonal(shared)
    height = xyxy[:, 3] - xyxy[:, 1]
    # Row is a piece of column: it lies within it, is lower, and another picture shows the whole.
    piece = (
        (shared > policy.max_inside * area[:, None])
        & (height[:, None] < AS_TALL * height[None, :])
        & (origin[:, None] != origin[None, :])
        & (confidence[None, :] >= policy.min_confidence)
    ).any(axis=1)
    kept = Detections(xyxy[~piece].astype(np.float32), confidence[~piece].astype(np.float32))
    return suppress(kept, policy.max_overlap, policy.max_inside)


def _parts_of(width_px: int, height_px: int) -> tuple[Box, ...]:
    long, short = max(width_px, height_px), min(width_px, height_px)
    if long <= WIDEST * short:
        return (Box(0, 0, width_px, height_px),)
    size, overlap = round(PART * short), round(PART_OVERLAP * short)
    count = -(-(long - overlap) // max(1, size - overlap))
    starts = [round(at) for at in np.linspace(0, long - size, count)]
    if width_px > height_px:
        return tuple(Box(at, 0, at + size, height_px) for at in starts)
    return tuple(Box(0, at, width_px, at + size) for at in starts)


def _joined_parts(
    tiles: Sequence[Box], found: Sequence[Detections], policy: FootageSettings
) -> Detections:
    """Join the parts of a panorama. Nobody sees it whole, so who fills an overlap is kept."""
    wide = tiles[0].y1 == tiles[1].y1
    low, high = (0, 2) if wide else (1, 3)
    shared = [a.as_list()[high] - b.as_list()[low] for a, b in pairwise(tiles)]
    parts = []
    for number, (tile, part) in enumerate(zip(tiles, found, strict=True)):
        xyxy = part.xyxy + _corner(tile)
        edges = tile.as_list()
        length = xyxy[:, high] - xyxy[:, low]
        cut_off = np.zeros(len(part), bool)
        if number > 0:
            at_edge = xyxy[:, low] <= edges[low] + EDGE_PX
            cut_off |= at_edge & (length < shared[number - 1] - EDGE_PX)
        if number < len(tiles) - 1:
            at_edge = xyxy[:, high] >= edges[high] - EDGE_PX
            cut_off |= at_edge & (length < shared[number] - EDGE_PX)
        parts.append((xyxy[~cut_off], part.confidence[~cut_off]))
    xyxy, confidence = (np.concatenate(each) for each in zip(*parts, strict=True))
    whole = Detections(xyxy.astype(np.float32), confidence.astype(np.float32))
    return suppress(whole, policy.max_overlap, policy.max_inside)
