"""Regions and lines: what lies inside, what is crossed and which way, and what nobody knows."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.base.errors import UsageError
from reidsearch.domain.places import (
    Decided,
    Direction,
    Line,
    Region,
    Way,
    contains,
    crosses,
    in_region,
    points_text,
    read_place,
)

YES, NO, OPEN = Decided.YES, Decided.NO, Decided.OPEN
IN, OUT = Direction.IN, Direction.OUT
SQUARE = Region("gate", ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)))
# An L: the upper right quarter of the picture is not in it.
CONCAVE = ((0, 0), (0.5, 0), (0.5, 0.5), (1, 0.5), (1, 1), (0, 1))
ACROSS = Line("gate", ((0.25, 0.5), (0.75, 0.5)))


def way(*points, step_s=1.0):
    steps = np.full(len(points) - 1, step_s) if np.isscalar(step_s) else np.array(step_s, float)
    return Way(steps, np.array(points, float))


@pytest.mark.parametrize(
    ("point", "inside"),
    [
        ((0.25, 0.25), True),
        ((0.75, 0.25), False),
        ((0.75, 0.75), True),
        ((0.25, 0.75), True),
        ((0.5, 0.25), True),  # on an edge
        ((0.5, 0.5), True),  # at the corner that goes inwards
        ((0.0, 0.0), True),
        ((1.0, 0.0), False),
        ((0.51, 0.49), False),
        ((0.75, 0.5), True),
        ((1.0, 1.0), True),
    ],
)
def test_a_concave_region_holds_its_border_and_not_its_bay(point, inside):
    """Whichever corner it begins with, and in both directions."""
    for turned in range(len(CONCAVE)):
        corners = np.array(CONCAVE[turned:] + CONCAVE[:turned], float)
        for order in (corners, corners[::-1]):
            assert contains(order, np.array([point], float)).tolist() == [inside]


@pytest.mark.parametrize(
    ("points", "direction", "decided"),
    [
        (((0.5, 0.2), (0.5, 0.8)), None, YES),
        (((0.5, 0.2), (0.5, 0.8)), IN, YES),  # downwards over a line drawn from left to right
        (((0.5, 0.2), (0.5, 0.8)), OUT, NO),
        (((0.5, 0.8), (0.5, 0.2)), OUT, YES),
        (((0.5, 0.8), (0.5, 0.2)), IN, NO),
        (((0.5, 0.2), (0.5, 0.5), (0.5, 0.2)), None, NO),  # touched, and turned back
        (((0.5, 0.5), (0.5, 0.8)), None, NO),  # began on the line
        (((0.5, 0.2), (0.5, 0.5)), None, NO),  # ended on it
        (((0.5, 0.2), (0.5, 0.5), (0.5, 0.8)), IN, YES),  # stood on it for a moment
        (((0.3, 0.2), (0.3, 0.5), (0.7, 0.5), (0.7, 0.8)), IN, YES),  # walked along it
        (((0.1, 0.2), (0.1, 0.8)), None, NO),  # past its end
        (((0.3, 0.2), (0.3, 0.5), (0.9, 0.5), (0.9, 0.8)), None, NO),  # left it past its end
        (((0.25, 0.2), (0.25, 0.8)), IN, YES),  # over its very end
        (((0.5, 0.8), (0.5, 0.2), (0.5, 0.9)), IN, YES),  # out and in again
        (((0.5, 0.3),), None, NO),
    ],
)
def test_a_line_is_crossed_from_side_to_side(points, direction, decided):
    assert crosses(ACROSS, way(*points), direction) is decided


def test_a_line_drawn_the_other_way_has_the_other_direction():
    turned = Line("gate", ACROSS.points[::-1])
    assert crosses(turned, way((0.5, 0.2), (0.5, 0.8)), OUT) is YES
    assert crosses(turned, way((0.5, 0.2), (0.5, 0.8)), IN) is NO


def test_what_happened_in_a_gap_is_not_known():
    """Between detections more than two seconds apart no straight way is taken."""
    over = ((0.5, 0.2), (0.5, 0.8))
    assert crosses(ACROSS, way(*over, step_s=2.0)) is YES
    assert crosses(ACROSS, way(*over, step_s=2.1)) is OPEN
    assert crosses(ACROSS, way(*over, step_s=np.inf), OUT) is NO
    past = ((0.1, 0.2), (0.1, 0.8))
    assert crosses(ACROSS, way(*past, step_s=9)) is NO
    assert in_region(SQUARE, way((0.0, 0.5), (1.0, 0.5), step_s=3)) is OPEN
    assert in_region(SQUARE, way((0.0, 0.5), (1.0, 0.5), step_s=1)) is YES  # between detections
    assert in_region(SQUARE, way((0.0, 0.1), (1.0, 0.1), step_s=3)) is NO


def test_a_stay_is_the_time_inside_together():
    stay = way((0.0, 0.5), (0.5, 0.5), (0.5, 0.5), (1.0, 0.5), (0.5, 0.5), step_s=2)
    # Half of each way in and out is inside: 1 + 2 + 1 + 1 s.
    assert in_region(SQUARE, stay, 4.99) is YES
    assert in_region(SQUARE, stay, 5.01) is NO
    gap = way((0.5, 0.5), (0.5, 0.5), (0.5, 0.5), step_s=(2, 10))
    assert in_region(SQUARE, gap, 2) is YES
    assert in_region(SQUARE, gap, 11) is OPEN
    assert in_region(SQUARE, gap, 13) is NO


def test_shares_of_steps_in_a_concave_region():
    """Through the bay of the L: in, out, and in again."""
    region = Region("gate", CONCAVE)
    crossing = way((0.25, 0.25), (0.75, 0.75), step_s=1)
    assert in_region(region, crossing, 0.99) is YES  # along the inner corner alone
    above = way((0.0, 0.25), (1.0, 0.25), step_s=2)
    assert in_region(region, above, 0.99) is YES
    assert in_region(region, above, 1.01) is NO


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gate:0,0 320,0 320,240", "lies outside of the picture"),
        ("gate:0,0 1,0 1,1.2", "lies outside of the picture"),
        ("gate:0,0 1,1 1,0 0,1", "edges of the region cross"),
        ("gate:0,0 0.5,0 1,0", "no area"),
        ("gate:0,0 1,0 0,0", "twice"),
        ("gate:0,0", "3 to 100 points"),
        ("gate:0,0 0,0", "no length"),
        ("gate:a,b c,d", "no points"),
        (":0,0 1,0 1,1", "name of a camera"),
    ],
)
def test_what_is_no_region_or_line_is_refused(text, told):
    with pytest.raises(UsageError, match=told):
        read_place(text, "lobby")


def test_a_text_is_a_region_a_line_or_the_name_of_one():
    region = Region.read("hall: east:0,.5 1,0.5 1,1")
    assert isinstance(region, Region)
    assert (region.camera, region.points) == ("hall: east", ((0, 0.5), (1, 0.5), (1, 1)))
    assert Region.read(region.text) == region
    assert Line.read("forecourt") == "forecourt"
    assert points_text(((1 / 3, 1),)) == "0.333333,1"
    with pytest.raises(UsageError, match="is no name of a region"):
        read_place("gate:0,0 1,0 1,1", "a:b")
