"""From which height on people are seen: measured curves, scaled to a source's frames and tiles."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.domain.footage import HARDLY, MOSTLY, tiles_used
from reidsearch.vision.detection.detector import DetectorIdentity
from reidsearch.vision.detection.heights import curves, heights_seen
from reidsearch.vision.models.catalogue import catalogue, default_entry

DETECTORS = [entry for entry in catalogue() if entry.role == "detector"]
DEFAULT = default_entry("detector").text


@pytest.mark.parametrize("entry", DETECTORS, ids=lambda entry: entry.name)
def test_every_detector_of_the_catalogue_was_measured(entry):
    identity = DetectorIdentity(entry.name, entry.precision, entry.digest)
    assert entry.text == identity.text, "what a source's settings record names the curve"
    curve = curves()[identity.text]
    assert len(curve.heights_px) == len(curve.recall) > 5
    assert (np.diff(curve.heights_px) > 0).all()
    assert (np.diff(curve.recall) >= 0).all()
    assert 0 <= curve.recall[0] < HARDLY < MOSTLY <= curve.recall[-1] <= 1, "both can be read off"


def test_small_people_are_hardly_seen_in_large_frames():
    seen = heights_seen(DEFAULT, 1920, 1080)
    assert 80 <= seen.hardly_below_px <= 120
    assert seen.hardly_below_px < seen.mostly_from_px < 300
    twice = heights_seen(DEFAULT, 3840, 2160)
    assert twice.hardly_below_px == pytest.approx(2 * seen.hardly_below_px, abs=5)


def test_tiles_show_smaller_people():
    alone, two, three = (heights_seen(DEFAULT, 1920, 1080, grid) for grid in (1, 2, 3))
    assert two.hardly_below_px == pytest.approx(0.6 * alone.hardly_below_px, abs=5)
    assert three.hardly_below_px < two.hardly_below_px


def test_nobody_is_seen_who_would_not_be_kept():
    seen = heights_seen(DEFAULT, 640, 360, 1, 40)
    assert seen.hardly_below_px == 40 > heights_seen(DEFAULT, 640, 360).hardly_below_px


def test_of_a_panorama_the_parts_count():
    assert heights_seen(DEFAULT, 5000, 1000) == heights_seen(DEFAULT, 9000, 1000)


def test_of_other_detectors_nobody_knows():
    name, digest = DEFAULT.rsplit("(", 1)
    assert heights_seen(f"{name}(0{digest[1:]}", 1920, 1080) is None, "other bytes, same name"
    assert heights_seen("det.txt (sha256 0123)", 1920, 1080) is None
    assert heights_seen("", 1920, 1080) is None
    assert heights_seen(DEFAULT, 0, 0) is None


@pytest.mark.parametrize(
    ("settings", "tiles"),
    [
        ({}, 1),
        ({"tiles": 3}, 3),
        ({"tiles": "auto"}, 1),
        ({"tiles": "auto", "tiles_chosen": {"tiles": 2, "frames": 6}}, 2),
        ({"tiles": 10**9}, 4),
        ({"tiles": -5}, 1),
        ({"tiles_chosen": [1]}, 1),
        ({"tiles_chosen": {"tiles": "many"}}, 1),
    ],
)
def test_tiles_of_stored_settings_whoever_wrote_them(settings, tiles):
    assert tiles_used(settings) == tiles
