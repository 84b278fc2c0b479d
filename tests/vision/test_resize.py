"""The resize is Pillow's bilinear with antialiasing, whichever way it is computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reidsearch.vision.models.resize import resize


def reference(crop: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(crop).resize((width, height), Image.Resampling.BILINEAR))


@pytest.mark.full
@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 600),
    seed=st.integers(0, 2**32 - 1),
    target=st.sampled_from([(128, 256), (64, 160)]),
)
def test_equals_pillow_to_one_grey_level(width, height, seed, target):
    crop = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    got = resize(crop, *target).astype(int)
    assert np.abs(got - reference(crop, *target)).max() <= 1


@pytest.mark.parametrize("size", [(129, 256), (128, 257), (500, 30), (30, 500), (400, 900)])
def test_equals_pillow_exactly_where_an_axis_shrinks(size):
    crop = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8)
    assert np.array_equal(resize(crop, 128, 256), reference(crop, 128, 256))


@pytest.mark.parametrize("size", [(40, 100), (128, 256), (200, 400)])
def test_takes_views_that_are_not_contiguous(size):
    whole = np.random.default_rng(5).integers(0, 256, (450, 300, 3), np.uint8)
    view = whole[10 : 10 + size[1], 20 : 20 + size[0], ::-1]
    made = resize(view, 128, 256)
    assert made.flags.c_contiguous
    assert made.shape == (256, 128, 3)
    assert np.array_equal(made, resize(np.ascontiguousarray(view), 128, 256))
