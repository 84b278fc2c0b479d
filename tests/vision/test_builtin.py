"""The built-in baseline tells clothes apart, and stays the same descriptor."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.vision.embedding import builtin, load_embedder

RED, BLUE, GREEN, GREY = (40, 40, 190), (190, 60, 40), (60, 150, 50), (90, 90, 90)


def person(coat, legs, *, gain=1.0, shift=0, seed=0, striped=False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = np.full((160, 64, 3), 120, float) + rng.normal(0, 12, (160, 64, 3))
    left, right = 16 + shift, 48 + shift
    picture[35:90, left:right] = coat
    picture[90:155, left:right] = legs
    if striped:
        picture[35:90:6, left:right] = 240
        picture[36:90:6, left:right] = 240
    return np.clip(picture * gain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def embed():
    return load_embedder("builtin").embed


def test_the_same_clothes_score_higher_than_others(embed):
    first = embed([person(RED, BLUE)])[0]
    same, dimmer, others = (
        person(RED, BLUE, shift=4, seed=1),
        person(RED, BLUE, gain=0.8, seed=2),
        [person(BLUE, RED), person(GREEN, BLUE), person(RED, GREY), person(GREY, GREY)],
    )
    near = embed([same, dimmer]) @ first
    far = embed(others) @ first
    assert near.min() > far.max() + 0.1


def test_texture_counts_where_colours_are_alike(embed):
    plain, again, striped = embed(
        [person(GREY, BLUE), person(GREY, BLUE, seed=5), person(GREY, BLUE, striped=True)]
    )
    assert plain @ again > plain @ striped + 0.05


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_colour_has_a_vector(embed, level):
    [row] = embed([np.full((40, 20, 3), level, np.uint8)])
    assert np.isfinite(row).all()
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-6)


def test_the_digest_changes_with_a_constant(monkeypatch):
    before = builtin.digest()
    monkeypatch.setitem(builtin._CONSTANTS, "width_sigma", 0.3)
    assert builtin.digest() != before
