"""Panoramas are cut into tiles; nobody is lost or counted twice at their edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidsearch.base.settings import FootageSettings
from reidsearch.domain.footage import Detections
from reidsearch.vision.detection.tiles import joined, tiles_of


@pytest.mark.parametrize("size", [(768, 432), (432, 768), (1280, 432), (1, 1)])
def test_ordinary_frames_are_one_tile(size):
    (tile,) = tiles_of(*size)
    assert (tile.x2, tile.y2) == size


def seen_in(tile, boxes):
    """What a detector says of a tile: people as far as they are inside it."""
    rows = []
    for x1, y1, x2, y2 in boxes:
        left, right = max(x1, tile.x1) - tile.x1, min(x2, tile.x2) - tile.x1
        top, bottom = max(y1, tile.y1) - tile.y1, min(y2, tile.y2) - tile.y1
        if right - left > 4 and bottom - top > 4:
            rows.append((left, top, right, bottom))
    xyxy = np.array(rows, np.float32).reshape(-1, 4)
    return Detections(xyxy, np.full(len(rows), 0.9, np.float32))


@given(st.lists(st.integers(0, 45), max_size=12, unique=True), st.booleans())
def test_everybody_is_found_once(places, tall):
    boxes = [(40 * n, 100, 40 * n + 39, 220) for n in places]  # side by side, never overlapping
    width, height = 1840, 230
    if tall:
        boxes = [(y1, x1, y2, x2) for x1, y1, x2, y2 in boxes]
        width, height = height, width
    tiles = tiles_of(width, height)
    assert len(tiles) > 3
    whole = joined(tiles, [seen_in(tile, boxes) for tile in tiles], FootageSettings())
    assert sorted(map(tuple, whole.xyxy.astype(int).tolist())) == sorted(boxes)
