"""The real clip: six people one after another, with real models, against its truth file."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import av
import pytest
from footage_files import temporal_iou
from videos import write_video

from reidsearch import Archive
from reidsearch.base.settings import PRESETS
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions

pytestmark = pytest.mark.full  # a minute of real footage

CLIP = "one-by-one-person-detection.mp4"
FPS = 10
BEGINS = dt.datetime(2026, 3, 10, 8, 15, tzinfo=dt.UTC)


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
        (part,) = tracklet.parts
        assert temporal_iou(visit, (float(part.first_s), float(part.last_s))) >= 0.85


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


@pytest.mark.slow
def test_files_of_ten_seconds_are_one_recording(shared, truth, tmp_path):
    """As a recorder writes them: no visit is cut where a file ends."""
    cut = tmp_path / "footage"
    cut_into_files(shared / "footage" / CLIP, cut, seconds=10)
    with Archive.open(
        tmp_path / "a", create=True, model_path=[shared / "models"], offline=True
    ) as archive:
        naming = SourceNaming(recorder="auto", zone=dt.UTC)
        report = archive.index([cut], footage=FootageOptions(naming=naming)).footage
        assert (report.indexed, report.failed) == (14, 0)
        visits = {
            one.tracklet_id: one
            for source in archive.footage.coverage()
            for one in archive.footage.tracklets(source.source_id)
        }
        seen = sorted(visits.values(), key=lambda one: one.first_time)
        for visit, one in zip(truth, seen, strict=True):
            first, last = ((at - BEGINS).total_seconds() for at in (one.first_time, one.last_time))
            assert temporal_iou(visit, (first, last)) >= 0.85
            assert len(one.parts) == int(last // 10) - int(first // 10) + 1
            matches = archive.search(one.crop_ids[0], k=6).matches
            assert [match.tracklet.tracklet_id for match in matches].count(one.tracklet_id) == 1
        assert archive.check() == []


def cut_into_files(video: Path, folder: Path, seconds: int) -> None:
    """Write files of that length, named by camera and time."""
    folder.mkdir()
    with av.open(str(video)) as source:
        pictures = [frame.to_ndarray(format="bgr24") for frame in source.decode(video=0)]
    for number in range(0, len(pictures), seconds * FPS):
        part = pictures[number : number + seconds * FPS]
        begins = BEGINS + dt.timedelta(seconds=number / FPS)
        write_video(
            folder / f"gate_{begins:%Y%m%d_%H%M%S}.mp4",
            len(part),
            fps=FPS,
            size_px=(part[0].shape[1], part[0].shape[0]),
            options={"crf": "20"},
            draw=lambda frame, _, part=part: part[frame],
        )
