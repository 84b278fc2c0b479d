"""People who are small in large frames: found by tiles, which a first pass chooses where needed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from footage_dump import dump
from scenes import NOON, killed_after, walk

from reidsearch.archive import Archive
from reidsearch.base.settings import PRESETS
from reidsearch.datasets.synthetic.footage import write_detections, write_scene
from reidsearch.ingest.footage import sources as loop
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions

pytestmark = pytest.mark.full  # real models on large frames

SIZE_PX = (1920, 1080)
PEOPLE = 4


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """Four people of 100 pixels, side by side for six seconds."""
    path = tmp_path_factory.mktemp("far") / "far.mp4"
    places = [(0.1 + 0.24 * n, 0.02 + 0.24 * n) for n in range(PEOPLE)]
    walks = [
        walk(n, 0, 6, *place, feet=0.55 + 0.1 * n, height=100 / SIZE_PX[1])
        for n, place in enumerate(places)
    ]
    write_detections(path.with_suffix(".det.txt"), write_scene(path, walks, 6, size_px=SIZE_PX))
    return path


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    """One person of 600 pixels for six seconds."""
    path = tmp_path_factory.mktemp("near") / "near.mp4"
    write_scene(path, [walk(1, 0, 6, height=600 / SIZE_PX[1])], 6, size_px=SIZE_PX)
    return path


def opened(folder, shared):
    return Archive.open(
        folder, create=True, model="builtin", model_path=[shared / "models"], offline=True
    )


def index(folder, path, shared, tiles, **more):
    """Index it; return the report on footage and the one source's coverage."""
    settings = replace(PRESETS["default"], tiles=tiles)
    naming = SourceNaming(camera="gate", start=NOON)
    with opened(folder, shared) as archive:
        options = FootageOptions(naming=naming, settings=settings, **more)
        report = archive.index([path], footage=options)
        return report.footage, archive.footage.coverage()[0]


@pytest.fixture(scope="module")
def chosen(far, shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("chosen") / "archive"
    return folder, *index(folder, far, shared, "auto")


def test_tiles_find_people_whom_the_whole_frame_does_not(far, shared, tmp_path, chosen):
    alone, seen = index(tmp_path / "alone", far, shared, 1)
    _, tiled, source = chosen
    assert (alone.tiled, tiled.tiled) == (0, 1)
    assert alone.tracklets < PEOPLE <= tiled.tracklets
    assert source.counts["detections"] > 2 * seen.counts["detections"]
    assert source.settings["tiles"] == "auto"
    assert source.settings["tiles_chosen"]["tiles"] == 2
    assert source.settings["tiles_chosen"]["more"] >= 3
    assert seen.heights.hardly_below_px == 100, "whoever is lower was not to be expected"
    assert source.heights.hardly_below_px == 60


def test_an_answer_says_from_which_height_on_people_were_seen(chosen):
    folder, _, source = chosen
    with Archive.open(folder) as archive:
        footage = archive.search(1).statement.footage
        assert footage.heights == {source.heights: 1}
        assert footage.small == source.counts["small"] == archive.show().small_detections


def test_what_was_chosen_is_what_was_asked_for(far, shared, tmp_path, chosen):
    _, source = index(tmp_path / "asked", far, shared, 2)
    assert dump(tmp_path / "asked") == dump(chosen[0])
    assert "tiles_chosen" not in source.settings


def test_where_people_are_large_no_tiles_are_chosen(near, shared, tmp_path):
    report, source = index(tmp_path / "near", near, shared, "auto")
    assert report.tiled == 0
    assert source.settings["tiles_chosen"]["tiles"] == 1
    assert source.settings["tiles_chosen"]["whole"] > 0


def test_a_killed_run_goes_on_with_what_was_chosen(far, shared, tmp_path, chosen, monkeypatch):
    folder = tmp_path / "killed"
    with killed_after(4):
        index(folder, far, shared, "auto")
    with monkeypatch.context() as patched:
        patched.delattr(loop, "choose_tiles")  # nothing is looked at twice
        report, _ = index(folder, far, shared, "auto")
    assert (report.resumed, report.tiled) == (1, 1)
    assert dump(folder) == dump(chosen[0])


def test_other_tiles_are_other_settings(far, shared, tmp_path):
    folder = tmp_path / "other"
    with killed_after(4):
        index(folder, far, shared, 1)
    report, _ = index(folder, far, shared, 2)
    assert (report.indexed, report.resumed, report.tiled) == (1, 0, 1)
    report, _ = index(folder, far, shared, 1)
    assert (report.unchanged, report.other_settings) == (1, 1)


def test_precomputed_detections_need_no_tiles_and_say_so(far, shared, tmp_path):
    report, source = index(
        tmp_path / "given", far, shared, 2, detections=far.with_suffix(".det.txt")
    )
    assert report.tracklets >= PEOPLE
    assert (report.tiled, source.settings["tiles"]) == (0, 1)
    assert any("tiles were asked for, but not used" in warning for warning in source.warnings)
    again, _ = index(tmp_path / "given", far, shared, 2, detections=far.with_suffix(".det.txt"))
    assert (again.unchanged, again.other_settings) == (1, 0)
