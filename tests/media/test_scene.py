"""Hard cuts are told; light, people and a camera that turns are none."""

import numpy as np
import pytest

from reidsearch.media.video.scene import HARD_CUT, OTHER_SIZE, next_scene

SIZE = 640, 360


def view(seed):
    """A grey picture of a place: edges and areas of all sizes."""
    rng = np.random.default_rng(seed)
    picture = np.full((54, 96), 110.0)
    for _ in range(60):
        y, x = rng.integers(0, 54), rng.integers(0, 96)
        picture[y : y + rng.integers(3, 20), x : x + rng.integers(3, 30)] = rng.integers(20, 235)
    return picture


def told(*pictures, sizes=None, damaged=()):
    """What is said of each picture after the first."""
    state, found = None, []
    for number, picture in enumerate(pictures):
        grey = np.clip(picture, 0, 255).astype(np.uint8)
        size = sizes[number] if sizes else SIZE
        why, state = next_scene(state, grey, *size, damaged=number in damaged)
        found.append(why)
    assert found[0] == ""
    return found[1:]


def test_another_place_is_a_cut():
    assert told(view(1), view(1), view(2), view(2)) == ["", HARD_CUT, ""]


def test_a_cut_is_seen_through_black():
    assert told(view(1), np.zeros((54, 96)), view(2)) == ["", HARD_CUT]
    assert told(view(1), np.zeros((54, 96)), view(1)) == ["", ""]


@pytest.mark.parametrize(
    "light",
    [
        lambda p: p * 0.4,
        lambda p: p * 0.6 + 90,
        lambda p: 255 * (p / 255) ** 0.4,
        lambda p: p * 0.3 + np.random.default_rng(1).normal(0, 2, p.shape),
    ],
)
def test_light_is_no_cut(light):
    assert told(view(1), light(view(1)), view(1)) == ["", ""]


def test_somebody_close_by_is_no_cut():
    crowded = view(1)
    crowded[:, 20:60] = 30
    assert told(view(1), crowded, view(1)) == ["", ""]


def test_a_camera_that_turns_is_one_cut_not_one_a_picture():
    turning = [np.roll(view(1), 15 * n, axis=1) for n in range(5)]
    assert told(*turning).count(HARD_CUT) == 1


def test_what_damage_changes_is_no_cut():
    assert told(view(1), view(2), view(1), view(1), damaged={1}) == ["", "", ""]


def test_another_size_begins_another_view():
    sizes = [SIZE, SIZE, (320, 180)]
    assert told(view(1), view(1), view(1), sizes=sizes) == ["", OTHER_SIZE]
