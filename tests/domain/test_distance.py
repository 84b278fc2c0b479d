"""Distances between people: against the truth, and what is said where none is known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from reidsearch.base.errors import UsageError
from reidsearch.datasets.synthetic.ground import GroundCamera
from reidsearch.domain.apart import FOOT_SHARE, apart
from reidsearch.domain.distance import Apart, Limit, Undecided, Unit, Verdict, closer
from reidsearch.domain.footage import Clock, VideoInfo
from reidsearch.domain.ground import Floats, Ground, GroundPoint, fit_ground
from reidsearch.domain.tracklets import Trace

CAMERA = GroundCamera()
WIDTH, HEIGHT = CAMERA.size_px
INFO = VideoInfo(
    "video", "mp4", "h264", None, WIDTH, HEIGHT, 0, Fraction(1, 10), 0, None, None
)  # fmt: skip
CORNERS = np.array([(-3.0, 7), (3, 7), (4, 14), (-4, 14)])


def ground() -> Ground:
    shares = CAMERA.on_ground(CORNERS) / CAMERA.size_px
    points = [GroundPoint(*share, *at) for share, at in zip(shares, CORNERS, strict=True)]
    return fit_ground(points, CAMERA.size_px, 1.0)


def trace(metres: Floats, pts: list[int], off: Floats | float = 0.0) -> Trace:
    """Boxes of somebody 1.75 m tall; `off`: error of the foot point in shares of the height."""
    up = np.column_stack((metres, np.full(len(metres), 1.75)))
    foot, head = CAMERA.on_ground(metres), CAMERA.shown(up)
    height = (foot - head)[:, 1:]
    foot = foot + off * height
    half = np.column_stack((height / 5, np.zeros(len(metres))))
    xyxy = np.column_stack((foot - half - np.column_stack((np.zeros(len(metres)), height)),
                            foot + half))  # fmt: skip
    return Trace(np.array(pts, np.int64), xyxy.astype(np.float32), np.ones(len(pts), np.float32))


def between(first: Trace, second: Trace, of: Ground | None) -> Apart:
    found = apart(first, second, INFO, of, source_id=1, location="x", clock=Clock())
    assert found is not None
    return found


def along(east: float, north: float, number: int) -> Floats:
    return np.column_stack((np.full(number, east), np.full(number, north)))


@pytest.mark.parametrize("text", ["", "2", "m", "-2m", "0m", "2 km", "2m30", "1e3m", "nanm"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no distance"):
        Limit.parse(text)


def test_limits_are_read() -> None:
    assert Limit.parse("2m") == Limit.parse("2.0 metres") == Limit(2.0, Unit.METRES)
    assert Limit.parse("1.5heights").text == Limit.parse("1.5 heights").text == "1.5heights"


def test_the_interval_holds_the_truth_in_95_of_100_cases() -> None:
    """Feet are found with the stated error; people are near, far, beside and behind each other."""
    rng = np.random.default_rng(5)
    number = 3000
    here = rng.uniform((-3, 7), (3, 14), (number, 2))
    there = here + rng.normal(0, 1.5, (number, 2))
    error = lambda: rng.normal(0, 1, (number, 2)) * FOOT_SHARE  # noqa: E731
    stamps = list(range(number))
    found = between(trace(here, stamps, error()), trace(there, stamps, error()), ground())
    truth = np.hypot(*(here - there).T)
    known = ~np.isnan(found.distance)
    held = (found.low <= truth) & (truth <= found.high)
    assert known.mean() > 0.9
    assert 0.93 < held[known].mean() < 0.985
    assert np.median(np.abs(found.distance - truth)[known]) < 0.3


def test_boxes_at_an_edge_and_gaps_have_no_distance() -> None:
    stamps = [*range(10), *range(40, 50)]
    first, second = trace(along(0, 9, 20), stamps), trace(along(1, 9, 20), stamps)
    first.xyxy[3, 3] = HEIGHT  # the feet may be below the picture
    second.xyxy[5, 0] = 0
    first.xyxy[7, 1] = 0  # the head is outside: no height, but feet
    later = trace(along(0, 9, 50), list(range(50)))
    metres, heights = between(first, second, ground()), between(first, second, None)
    assert metres.undecided[[3, 5, 7]].tolist() == [Undecided.EDGE, Undecided.EDGE, None]
    assert heights.undecided[[3, 5, 7]].tolist() == [Undecided.EDGE] * 3
    gap = between(later, second, ground())
    assert set(gap.undecided[10:40]) == {Undecided.UNSEEN}
    assert gap.distance[9] == pytest.approx(1.0, abs=0.01)
    assert apart(
        first, trace(along(0, 9, 2), [60, 61]), INFO, None, source_id=1, location="x", clock=Clock()
    ) is None  # fmt: skip


def test_depth_is_not_seen_in_the_picture_and_so_nothing_is_certain() -> None:
    stamps = list(range(5))
    behind = between(trace(along(0, 8, 5), stamps), trace(along(0, 13, 5), stamps), None)
    beside = between(trace(along(-1, 9, 5), stamps), trace(along(0.75, 9, 5), stamps), None)
    assert behind.distance[0] < 2  # of five metres
    assert behind.beyond.all()
    assert beside.distance[0] == pytest.approx(1.0, abs=0.1)
    assert not beside.beyond.any()
    limit = Limit(4.0, Unit.HEIGHTS)
    assert closer([behind], limit).verdict(0.1) is Verdict.POSSIBLE
    assert closer([beside], limit).verdict(0.1) is Verdict.CERTAIN


def test_certainly_possibly_and_not_closer_are_told_apart() -> None:
    number = 61
    north = np.full(number, 10.0)
    apart_m = np.concatenate((np.full(21, 1.0), np.linspace(1.0, 5.0, 20), np.full(20, 5.0)))
    stamps = list(range(number))
    first = trace(np.column_stack((np.full(number, -2.0), north)), stamps)
    second = trace(np.column_stack((apart_m - 2.0, north)), stamps)
    found = [between(first, second, ground())]
    told = closer(found, Limit.parse("2m"))
    assert told.together_s == pytest.approx(6.0)
    assert 2.0 <= told.certain_s < told.possible_s < 3.0
    assert told.longest_certain_s == told.certain_s
    assert [told.verdict(s) for s in (2.0, told.possible_s, 3.5)] == [
        Verdict.CERTAIN,
        Verdict.POSSIBLE,
        Verdict.NO,
    ]
    first.xyxy[30:, 3] = HEIGHT
    unknown = closer([between(first, second, ground())], Limit.parse("2m"))
    assert unknown.undecided_s == pytest.approx(3.1, abs=0.11)
    assert unknown.verdict(4.0) is Verdict.POSSIBLE
    first.xyxy[:, 3] = HEIGHT
    nothing = closer([between(first, second, ground())], Limit.parse("2m"))
    assert nothing.verdict(1.0) is Verdict.UNDECIDED
    assert nothing.verdict(nothing.together_s + 1) is Verdict.NO
