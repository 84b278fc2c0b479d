"""Doubts: somebody else in one place is noticed, one person's walk is not."""

import numpy as np
import pytest

from reidsearch.vision.tracking.continuity import (
    WHERE_APPEARANCE_DECIDES,
    WHERE_NOTHING_DECIDES,
    clothes_of,
    leaps,
    leaves,
    other_clothes,
)

BOX = np.array([100, 20, 180, 260], np.float32)


def picture(colour, width=320, height=280):
    """Somebody in one colour before a grey wall."""
    frame = np.full((height, width, 3), 120, np.uint8)
    frame[20:260, 100:180] = colour
    return frame


def worn(colour, **size):
    return clothes_of(picture(colour, **size), BOX, 320, 280)


RED, BLUE = (30, 30, 200), (190, 60, 30)


def test_other_clothes_are_noticed():
    for doubts in (WHERE_APPEARANCE_DECIDES, WHERE_NOTHING_DECIDES):
        assert other_clothes([worn(RED)] * 3, worn(BLUE), doubts)
        assert not other_clothes([worn(RED)], worn(RED), doubts)
        assert not other_clothes([worn(BLUE), worn(RED)], worn(BLUE), doubts), "a turn of the body"


def test_after_being_lost_place_alone_is_not_enough():
    red = [worn(RED)]
    assert other_clothes(red, worn(RED), WHERE_APPEARANCE_DECIDES, lost=True), "appearance decides"
    assert other_clothes(red, None, WHERE_APPEARANCE_DECIDES, lost=True)
    assert not other_clothes(red, worn(RED), WHERE_NOTHING_DECIDES, lost=True)
    assert other_clothes(red, worn(BLUE), WHERE_NOTHING_DECIDES, lost=True)


def test_covered_clothes_tell_nothing():
    assert not other_clothes([worn(RED)], None, WHERE_APPEARANCE_DECIDES)
    assert not other_clothes([], worn(RED), WHERE_APPEARANCE_DECIDES)


def test_clothes_are_read_whatever_the_pictures_size():
    small = clothes_of(np.ascontiguousarray(picture(RED)[::2, ::2]), BOX, 320, 280)
    assert not other_clothes([worn(RED)], small, WHERE_APPEARANCE_DECIDES)


@pytest.mark.parametrize("box", [(-50, -50, 10, 10), (300, 200, 400, 500), (5, 5, 5.5, 5.5)])
def test_boxes_at_and_beyond_the_edge_are_read(box):
    found = clothes_of(picture(RED), np.array(box, np.float32), 320, 280)
    assert found.sum(axis=1) == pytest.approx(1)


def test_a_walk_does_not_leap_and_a_swap_does():
    def moved(by):
        return BOX + np.array([by, 0, by, 0], np.float32)

    quarter = 250_000
    assert not leaps(BOX, moved(0.3 * 240), quarter, WHERE_APPEARANCE_DECIDES)
    assert leaps(BOX, moved(0.6 * 240), quarter, WHERE_APPEARANCE_DECIDES)
    cut_off = BOX.copy()
    cut_off[3] = 120  # the feet leave the frame
    assert not leaps(BOX, cut_off, quarter, WHERE_APPEARANCE_DECIDES)


def test_whoever_leaves_is_told_by_the_side_edges():
    for box, wanted in (
        ((0, 5, 40, 90), True),
        ((600, 5, 636, 90), True),
        ((9, 0, 60, 360), False),
    ):
        assert leaves(np.array(box, np.float32), 640) is wanted
