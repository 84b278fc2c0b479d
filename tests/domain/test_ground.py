"""The map from a picture to the ground, against a camera whose projection is known."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from reidsearch.base.errors import UsageError
from reidsearch.datasets.synthetic.ground import GroundCamera
from reidsearch.domain.ground import CameraGround, Floats, Ground, GroundPoint, fit_ground

CAMERA = GroundCamera()
SIZE = CAMERA.size_px
CORNERS = np.array([(-3.0, 7), (3, 7), (4, 14), (-4, 14)])


def points(metres: Floats, pixels: Floats) -> list[GroundPoint]:
    shares = pixels / SIZE
    return [GroundPoint(*share, *at) for share, at in zip(shares, metres, strict=True)]


def measured(metres: Floats, off_px: Floats | float = 0.0) -> Ground:
    return fit_ground(points(metres, CAMERA.on_ground(metres) + off_px), SIZE, 2.0)


def test_it_finds_the_place_of_any_point_of_the_ground() -> None:
    asked = np.array([(0.0, 8), (2.5, 11), (-6, 6), (3, 30)])
    found = measured(CORNERS).places(CAMERA.on_ground(asked), np.zeros((4, 2)))
    assert found.metres == pytest.approx(asked, abs=1e-6)
    assert found.inside.tolist() == [True, True, False, False]
    sky = measured(CORNERS).places(np.array([(640.0, -100.0)]), np.zeros((1, 2)))
    assert np.isnan(sky.metres).all()


def test_its_ellipses_hold_the_truth_in_95_of_100_cases() -> None:
    """Points are read with errors, and so is the point that is asked for."""
    rng = np.random.default_rng(3)
    asked = np.array([(0.0, 9.0), (-4, 12)])
    held = []
    for _ in range(150):
        ground = measured(CORNERS, rng.normal(0, 2, CORNERS.shape))
        seen = CAMERA.on_ground(asked) + rng.normal(0, 3, asked.shape)
        found = ground.places(seen, np.full((2, 2), 3.0))
        spread = found.own + found.of_map @ ground.covariance @ np.swapaxes(found.of_map, 1, 2)
        off = found.metres - asked
        held.append(np.einsum("ni,nij,nj->n", off, np.linalg.inv(spread), off) < 5.991)
    assert 0.9 < np.mean(held) < 0.985


def test_a_fifth_point_shows_a_mistake_and_makes_all_less_sure() -> None:
    five = np.vstack((CORNERS, [(0.5, 9)]))
    right = measured(five)
    assert (right.error_px, right.misses_px.max() < 1e-6) == (2.0, True)
    mistyped = five.copy()
    mistyped[4] += (0, 1.5)
    wrong = fit_ground(points(mistyped, CAMERA.on_ground(five)), SIZE, 2.0)
    assert wrong.misses_px.max() > 10
    assert wrong.error_px > 10
    assert wrong.left_out_m is not None
    assert wrong.left_out_m[4] == pytest.approx(1.5, abs=1e-6)


@pytest.mark.parametrize(
    ("metres", "order", "said"),
    [
        (CORNERS[:3], [0, 1, 2], "3 points were given"),
        (np.array([(-3.0, 7), (0, 7), (3, 7), (0, 12)]), [0, 1, 2, 3], "in a line"),
        (np.array([(-3.0, 7), (-3, 7), (3, 7), (0, 12)]), [0, 1, 2, 3], "two are one"),
        (CORNERS, [0, 1, 3, 2], "cross"),
        (np.array([(-3.0, 7), (3, 7), (4, 14), (-400_000, 14)]), [0, 1, 2, 3], "km away"),
    ],
)
def test_points_that_make_no_map_are_refused(metres: Floats, order: list[int], said: str) -> None:
    shown = CAMERA.on_ground(np.clip(metres, -4, 14))[order]
    with pytest.raises(UsageError, match=said):
        fit_ground(points(metres, shown), SIZE, 2.0)


def test_a_ground_holds_in_its_time_alone() -> None:
    turned = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)
    made = (1, "gate", measured(CORNERS))
    since = CameraGround(*made, turned, None, "", "anna", turned)
    until = CameraGround(*made, None, turned, "", "anna", turned)
    always = CameraGround(*made, None, None, "", "anna", turned)
    for at, held in ((turned - hour, "until"), (turned, "since"), (turned + hour, "since")):
        assert (since.holds(at), until.holds(at)) == (held == "since", held == "until")
    assert (since.holds(None), until.holds(None), always.holds(None)) == (False, False, True)
    assert always.fits(640, 360)
    assert not always.fits(640, 480)
