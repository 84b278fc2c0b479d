"""Frames are cut into tiles; nobody is lost, counted twice, or found in two halves at an edge."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reidsearch.base.settings import MOST_TILES, FootageSettings
from reidsearch.domain.footage import Detections
from reidsearch.vision.detection.tiles import OVERLAP, tiling_of

POLICY = FootageSettings()
WIDTH_PX, HEIGHT_PX = 1920, 1080


@pytest.mark.parametrize("size", [(768, 432), (432, 768), (1280, 432), (1, 1)])
def test_ordinary_frames_are_one_tile(size):
    (tile,) = tiling_of(*size).boxes
    assert (tile.x2, tile.y2) == size


def seen_in(tile, boxes, least=4.0, confidence=None):
    """What a detector says of a tile: people as far as they are inside it."""
    rows, sure = [], []
    for number, (x1, y1, x2, y2) in enumerate(boxes):
        left, right = max(x1, tile.x1) - tile.x1, min(x2, tile.x2) - tile.x1
        top, bottom = max(y1, tile.y1) - tile.y1, min(y2, tile.y2) - tile.y1
        if right - left > least and bottom - top > least:
            rows.append((left, top, right, bottom))
            sure.append(0.9 if confidence is None else confidence(number))
    xyxy = np.array(rows, np.float32).reshape(-1, 4)
    return Detections(xyxy, np.array(sure, np.float32))


@pytest.mark.full
@given(st.lists(st.integers(0, 45), max_size=12, unique=True), st.booleans())
def test_everybody_is_found_once(places, tall):
    boxes = [(40 * n, 100, 40 * n + 39, 220) for n in places]  # side by side, never overlapping
    width, height = 1840, 230
    if tall:
        boxes = [(y1, x1, y2, x2) for x1, y1, x2, y2 in boxes]
        width, height = height, width
    tiling = tiling_of(width, height)
    assert len(tiling.boxes) > 3
    whole = tiling.joined([seen_in(tile, boxes) for tile in tiling.boxes], POLICY)
    assert sorted(map(tuple, whole.xyxy.astype(int).tolist())) == sorted(boxes)


@st.composite
def crowds(draw):
    """People anywhere in a frame, apart from each other, small and large."""
    boxes = []
    for _ in range(draw(st.integers(0, 9))):
        tall = draw(st.integers(48, 700))
        wide = round(tall * draw(st.floats(0.25, 0.55)))
        left = draw(st.integers(0, WIDTH_PX - wide))
        top = draw(st.integers(0, HEIGHT_PX - tall))
        boxes.append((left, top, left + wide, top + tall))
    for one in range(len(boxes)):
        for other in range(one):
            apart = (
                boxes[one][0] >= boxes[other][2]
                or boxes[other][0] >= boxes[one][2]
                or boxes[one][1] >= boxes[other][3]
                or boxes[other][1] >= boxes[one][3]
            )
            assume(apart)
    return boxes


@pytest.mark.full
@settings(max_examples=60)
@given(
    crowds(),
    st.integers(2, MOST_TILES),
    st.integers(60, 200),
    st.randoms(use_true_random=False),
)
def test_a_grid_finds_everybody_once_and_nobody_in_halves(boxes, grid, least, chance):
    """A detector that finds tall people in the whole frame, and in tiles whatever is inside."""
    tiling = tiling_of(WIDTH_PX, HEIGHT_PX, grid)
    found = []
    for row, tile in enumerate(tiling.boxes):
        inside = [box for box in boxes if row > 0 or box[3] - box[1] >= least]
        seen = seen_in(tile, inside, 8, lambda _: chance.uniform(0.3, 1.0))
        # A detector is some pixels off.
        off = np.array(
            [[chance.uniform(-2, 2) for _ in range(4)] for _ in range(len(seen))], np.float32
        ).reshape(-1, 4)
        limits = np.array([tile.width_px, tile.height_px] * 2, np.float32)
        found.append(replace(seen, xyxy=np.clip(seen.xyxy + off, 0, limits)))
    # Whoever is seen in the whole frame is seen there with certainty.
    found[0] = replace(found[0], confidence=np.maximum(found[0].confidence, 0.7))
    told = tiling.joined(found, POLICY).xyxy
    assert len(told) == len(boxes)
    for box in boxes:
        assert (np.abs(told - np.array(box)).max(axis=1) <= 3).sum() == 1


@pytest.mark.parametrize("grid", range(2, MOST_TILES + 1))
def test_tiles_cover_the_frame_and_hold_small_people_whole(grid):
    tiling = tiling_of(WIDTH_PX, HEIGHT_PX, grid)
    assert len(tiling.fine) == grid**2
    covered = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    for tile in tiling.fine:
        covered[tile.y1 : tile.y2, tile.x1 : tile.x2] = True
    assert covered.all()
    rows = sorted({(tile.y1, tile.y2) for tile in tiling.fine})
    shared = [above[1] - below[0] for above, below in pairwise(rows)]
    assert min(shared) >= OVERLAP * HEIGHT_PX - 2


def test_a_half_that_ends_before_the_border_is_no_second_person():
    """Of somebody whom both see, the half is dropped, however sure it is."""
    tiling = tiling_of(WIDTH_PX, HEIGHT_PX, 2)
    person = (300, 200, 500, 760)  # taller than what tiles share
    found = [seen_in(tile, [person]) if not row else Detections.none()
             for row, tile in enumerate(tiling.boxes)]  # fmt: skip
    upper = Detections(np.array([[300, 200, 500, 560]], np.float32), np.array([0.99], np.float32))
    found[1] = upper
    told = tiling.joined(found, POLICY)
    assert told.xyxy.astype(int).tolist() == [list(person)]


def test_two_people_whom_the_whole_frame_takes_for_one_stay_two():
    tiling = tiling_of(WIDTH_PX, HEIGHT_PX, 2)
    pair = [(300, 200, 335, 300), (338, 200, 372, 300)]
    found = [seen_in(tile, pair) for tile in tiling.boxes]
    found[0] = Detections(np.array([[298, 198, 374, 302]], np.float32), np.array([0.7], np.float32))
    told = tiling.joined(found, POLICY)
    assert sorted(map(tuple, told.xyxy.astype(int).tolist())) == pair


def test_a_panorama_has_tiles_in_each_of_its_parts():
    tiling = tiling_of(2000, 400, 2)
    assert len(tiling.fine) == 4 * len(tiling.coarse)
    boxes = [(x, 150, x + 30, 230) for x in range(20, 1960, 97)]
    told = tiling.joined([seen_in(tile, boxes) for tile in tiling.boxes], POLICY)
    assert sorted(map(tuple, told.xyxy.astype(int).tolist())) == boxes


@pytest.mark.parametrize("tiles", [0, MOST_TILES + 1, "many", -1])
def test_other_numbers_are_refused(tiles):
    with pytest.raises(ValueError, match="auto"):
        FootageSettings(tiles=tiles)
