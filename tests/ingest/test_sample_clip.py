"""The real clip: six people one after another, with real models, against its truth file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from footage_files import temporal_iou

from reidsearch import Archive
from reidsearch.base.settings import PRESETS
from reidsearch.services.index import FootageOptions

pytestmark = pytest.mark.full  # a minute of real footage

CLIP = "one-by-one-person-detection.mp4"
FPS = 10


@pytest.fixture(scope="module")
def truth(shared) -> list[tuple[float, float]]:
    """First and last second of every visit."""
    with (shared / "footage" / CLIP).with_suffix(".truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [(int(row["first_frame"]) / FPS, int(row["last_frame"]) / FPS) for row in rows]


def index(folder: Path, shared: Path, preset: str) -> Archive:
    archive = Archive.open(folder, create=True, model_path=[shared / "models"], offline=True)
    options = FootageOptions(settings=PRESETS[preset])
    report = archive.index([shared / "footage" / CLIP], footage=options).footage
    assert (report.indexed, report.failed) == (1, 0)
    return archive


def assert_every_visit_is_one_tracklet(archive: Archive, truth: list[tuple[float, float]]) -> None:
    (source,) = archive.footage.coverage()
    seen = archive.footage.tracklets(source.source_id)
    assert len(seen) == len(truth) == 6
    for visit, tracklet in zip(truth, seen, strict=True):
        assert temporal_iou(visit, (float(tracklet.first_s), float(tracklet.last_s))) >= 0.85


def test_six_people_are_six_tracklets_that_find_themselves(shared, truth, tmp_path):
    with index(tmp_path / "archive", shared, "default") as archive:
        assert_every_visit_is_one_tracklet(archive, truth)
        assert archive.check() == []
        assert archive.proposals.link().proposals == ()  # nobody comes twice
        (source,) = archive.footage.coverage()
        analysed_us = sum(span.to_us - span.from_us for span in source.spans)
        assert analysed_us == pytest.approx(float(source.duration_s) * 1e6, abs=1e5)
        for tracklet in archive.footage.tracklets(source.source_id):
            for crop_id in tracklet.crop_ids:
                matches = archive.search(crop_id, k=6).matches
                assert matches[0].tracklet.tracklet_id == tracklet.tracklet_id
                others = [match.score for match in matches[1:]]
                assert len(others) == 5
                assert matches[0].score - max(others) > 0.25, (crop_id, matches[0].score, others)


@pytest.mark.parametrize("preset", ["fast", "thorough"])
@pytest.mark.slow
def test_the_other_presets_find_the_same_six(preset, shared, truth, tmp_path):
    with index(tmp_path / "archive", shared, preset) as archive:
        assert_every_visit_is_one_tracklet(archive, truth)
