"""Pixelated people: where they are between and beside stored boxes, and what is left of them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.domain.footage import VideoInfo
from reidsearch.domain.redaction import PIXELATION
from reidsearch.domain.tracklets import Trace
from reidsearch.media.video.redacting import Redactor

pytestmark = pytest.mark.full  # draws many frames

ROOT = Path(__file__).resolve().parents[2]
FPS = 25
INFO = VideoInfo("video", "mp4", "h264", None, 640, 480, 0, Fraction(1, FPS), 0, FPS, None)
HEIGHT = 100
BOX = (300.0, 200.0, 340.0, 300.0)


def trace(*rows: tuple[int, float]) -> Trace:
    """A person 40 x 100 pixels large: the frame of each stored box, and its left side."""
    frames, lefts = zip(*rows, strict=True)
    boxes = [(left, BOX[1], left + 40, BOX[3]) for left in lefts]
    return Trace(
        np.array(frames, np.int64), np.array(boxes, np.float32), np.ones(len(rows), np.float32)
    )


def region(redactor: Redactor, frame: int):
    (one,) = redactor.regions(frame, 640, 480)
    return one


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (480, 640, 3)).astype(np.uint8)


def test_between_two_boxes_a_region_moves_in_a_straight_line_and_is_padded_by_the_gap() -> None:
    redactor = Redactor(INFO, [(7, trace((0, 100), (25, 150), (28, 156)))])
    middle = region(redactor, 10)
    assert (middle.x1, middle.x2) == (120 - 21, 160 + 21), "0.15 and 0.06 heights for 1 s"
    assert (middle.y1, middle.y2) == (200 - 21, 300 + 21)
    assert (middle.tracklet_id, middle.measured, middle.gap_s) == (7, False, 1.0)
    assert region(redactor, 25).measured
    assert region(redactor, 27).gap_s == pytest.approx(0.12)


@pytest.mark.parametrize("turned", [False, True])
def test_a_region_goes_on_as_the_person_moved_and_then_ends(turned: bool) -> None:
    """4 pixels a frame for a second; a box every 6 frames; held 1 s, and 0.24 s more."""
    rows = [(frame, 100 + 4 * frame) for frame in range(0, 25, 6)]
    redactor = Redactor(INFO, [(1, trace(*rows))])
    frame, left = (-20, 20) if turned else (44, 276)
    one = region(redactor, frame)
    assert one.x1 <= left
    assert left + 40 <= one.x2
    last = rows[0] if turned else rows[-1]
    assert one.x1 <= last[1], "whoever stopped stays covered"
    assert last[1] + 40 <= one.x2
    assert redactor.regions(-31 if turned else 55, 640, 480)
    assert not redactor.regions(-32 if turned else 56, 640, 480)


def test_a_gap_of_half_an_hour_is_not_bridged() -> None:
    """Tracklets that somebody joined: the picture would be pixelated as a whole meanwhile."""
    redactor = Redactor(INFO, [(1, trace((0, 100), (45_000, 500)))])
    seen = [frame for frame in range(0, 45_001, 5) if redactor.regions(frame, 640, 480)]
    assert seen == [*range(0, 26, 5), *range(44_975, 45_001, 5)]
    near = Redactor(INFO, [(1, trace((0, 100), (750, 500)))])
    assert all(near.regions(frame, 640, 480) for frame in range(0, 751, 5))


@pytest.mark.parametrize("frame", [0, 10, 25, 40])
def test_a_head_is_the_upper_part_of_the_box_and_goes_where_the_box_goes(frame: int) -> None:
    path = trace((0, 100), (25, 150))
    whole, head = (region(Redactor(INFO, [(7, path)], heads), frame) for heads in ((), (7,)))
    assert (head.x1, head.x2, head.y1) == (whole.x1, whole.x2, whole.y1)
    padding = whole.y2 - 300
    assert head.y2 == 220 + padding, "a fifth of the height"
    assert head.block_px == whole.block_px, "a face is less than a block"


def test_the_less_of_a_person_is_in_a_box_the_more_of_it_is_head() -> None:
    parts = [PIXELATION.head_px(*sides) for sides in ((40, 100), (60, 100), (40, 50), (90, 40))]
    assert parts == [20, 30, 20, 40], "standing, striding, to the waist, head and shoulders"


def test_a_single_box_is_held_where_it_is() -> None:
    redactor = Redactor(INFO, [(1, trace((50, 300)))])
    assert [bool(redactor.regions(at, 640, 480)) for at in (24, 25, 75, 76)] == [0, 1, 1, 0]
    one = region(redactor, 50)
    assert (one.x1, one.y1, one.x2, one.y2) == (285, 185, 355, 315)


def test_a_region_ends_at_the_border_and_nothing_is_altered_beyond_it() -> None:
    redactor = Redactor(INFO, [(1, trace((0, -30))), (2, trace((0, 5000)))])
    frame = noise()
    hidden = redactor(frame, 0)
    assert (region(redactor, 0).x1, region(redactor, 0).x2) == (0, 25)
    assert np.array_equal(frame, noise()), "the footage's own picture stays"
    differs = np.argwhere(np.any(hidden != frame, axis=2))
    assert differs.max(axis=0).tolist() == [314, 24]
    assert [one.tracklet_id for one in redactor.covered[0]] == [1]


@given(
    left=st.floats(-60, 660), top=st.floats(-90, 470), width=st.floats(1, 400),
    height=st.floats(1, 400),
)  # fmt: skip
@settings(deadline=None)
def test_what_is_left_is_few_blocks(left, top, width, height) -> None:
    box = np.array([[left, top, left + width, top + height]], np.float32)
    redactor = Redactor(INFO, [(1, Trace(np.zeros(1, np.int64), box, np.ones(1, np.float32)))])
    hidden = redactor(noise(1), 0)
    for one in redactor.covered[0]:
        part = hidden[one.y1 : one.y2, one.x1 : one.x2].astype(int)
        assert one.block_px >= max(width / 3, height / 8, 8) - 1e-3
        across = 1 + np.count_nonzero(np.any(np.diff(part, axis=1), axis=(0, 2)))
        along = 1 + np.count_nonzero(np.any(np.diff(part, axis=0), axis=(1, 2)))
        assert across <= max(1, part.shape[1] / one.block_px)
        assert along <= max(1, part.shape[0] / one.block_px)


def test_many_frames_tell_no_more_than_two() -> None:
    """Means taken anew in every frame could together be solved for what they hide."""
    path = trace((10, 100), (40, 190))
    redactor = Redactor(INFO, [(1, path)])
    colours, blocks = set(), 0
    for frame in range(41):
        ground = noise(frame)
        hidden = redactor(ground, frame)
        one = region(redactor, frame)
        part = hidden[one.y1 : one.y2, one.x1 : one.x2].reshape(-1, 3)
        colours |= set(map(tuple, part.tolist()))
        if frame in (0, 10):
            wide, high = one.x2 - one.x1, one.y2 - one.y1
            blocks += int(wide / one.block_px) * int(high / one.block_px)
    assert 20 < len(colours) <= blocks < 150


def test_a_face_is_less_than_a_block_and_a_head_alone_at_most_three() -> None:
    standing = PIXELATION.block_px(40, 100)
    assert standing >= 100 / 10, "a face is a tenth as wide as somebody is high"
    assert PIXELATION.block_px(90, 100) == 30, "a head that fills the box"


# -- people who walk -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("redaction")
    sys.modules.pop("redaction", None)


@pytest.mark.parametrize("name", ["campus4-c0", "campus4-c1", "TUD-Campus", "TUD-Stadtmitte"])
def test_people_who_walk_stay_hidden_between_boxes(name, measured, shared) -> None:
    """The numbers were chosen on the campus; the TUD sequences only check them."""
    truth = shared / "footage" / "crossings" / f"{name}.gt.txt"
    for gap_s, most in ((0.24, 0.0), (0.52, 0.002), (2.0, 0.006)):
        shares = measured.between(truth, gap_s)
        assert len(shares) > 100
        assert np.mean(shares > 1e-6) <= most, gap_s
    gone = measured.beyond(truth, 0.52)
    assert len(gone) > 20
    assert np.mean(gone > 1e-6) <= 0.005
