"""Drawn people: the same every time, and found again by the genuine model."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reidsearch.datasets.synthetic.people import DrawnCrop, drawn_people


@pytest.fixture(scope="module")
def crops() -> list[DrawnCrop]:
    return list(drawn_people(people=12, cameras=3, views=2, seed=0))


@pytest.mark.full
def test_every_person_is_seen_by_every_camera(crops: list[DrawnCrop]) -> None:
    assert len(crops) == 12 * 3 * 2
    seen = {(crop.person, crop.camera) for crop in crops}
    assert len(seen) == 12 * 3
    assert {len({crop.camera for crop in crops}), len({crop.person for crop in crops})} == {3, 12}


@pytest.mark.full
def test_pictures_are_crops_of_a_plausible_size(crops: list[DrawnCrop]) -> None:
    for crop in crops:
        height, width = crop.pixels.shape[:2]
        assert crop.pixels.dtype == np.uint8
        assert 44 <= width <= 128
        assert abs(height - 2 * width) <= 1
        assert crop.pixels.std() > 10


def test_people_walk_from_camera_to_camera(crops: list[DrawnCrop]) -> None:
    for earlier, later in pairwise(crops):
        gap_s = (later.time - earlier.time).total_seconds()
        if earlier.person == later.person:
            assert gap_s == 3 if earlier.camera == later.camera else 20 <= gap_s <= 300


@pytest.mark.full
def test_a_seed_fixes_the_pictures_and_more_people_leave_them(crops: list[DrawnCrop]) -> None:
    again = list(drawn_people(people=2, cameras=3, views=2, seed=0))
    for first, second in zip(again, crops, strict=False):
        assert (first.person, first.camera, first.time) == (
            second.person,
            second.camera,
            second.time,
        )
        assert np.array_equal(first.pixels, second.pixels)
    other = next(drawn_people(people=1, cameras=3, views=1, seed=1))
    assert not np.array_equal(other.pixels, crops[0].pixels)


@pytest.mark.full
def test_many_cameras_have_names_of_their_own() -> None:
    assert len({crop.camera for crop in drawn_people(1, 20, 1)}) == 20


@pytest.mark.full
def test_the_genuine_model_finds_them_across_cameras(crops: list[DrawnCrop], shared: Path) -> None:
    from reidsearch.vision.embedding.embedder import load_embedder

    embedder = load_embedder(
        "person-reidentification-retail-0286/FP16", model_path=[shared / "models"], offline=True
    )
    vectors = embedder.embed([crop.pixels for crop in crops])
    scores = vectors @ vectors.T
    people = np.array([crop.person for crop in crops])
    cameras = np.array([crop.camera for crop in crops])
    scores[cameras[:, None] == cameras] = -2
    assert np.mean(people[scores.argmax(axis=1)] == people) >= 0.85
