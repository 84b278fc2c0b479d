"""Deleting crops of footage: coverage follows from what is held, and indexing again restores."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from archives import sql
from scenes import NOON, killed_after

from reidsearch.archive import Archive
from reidsearch.base.progress import NO_PROGRESS
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.footage import How
from reidsearch.domain.request import Filters
from reidsearch.ingest.footage import run
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions


def options(path: Path, **more) -> FootageOptions:
    naming = SourceNaming(camera="gate", start=NOON)
    return FootageOptions(naming=naming, detections=path.with_suffix(".det.txt"), **more)


def index(folder: Path, path: Path):
    with Archive.open(folder, create=True, model="builtin") as archive:
        return archive.index([path], footage=options(path))


@pytest.fixture(scope="module")
def made(scene, tmp_path_factory):
    folder = tmp_path_factory.mktemp("erased") / "archive"
    index(folder, scene[0])
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "a")


def delete(
    folder: Path, filters: Filters = Filters(), crops: tuple[int, ...] = (), **more: bool
) -> None:
    with Archive.open(folder) as archive:
        archive.delete(archive.plan_delete(filters, crop_ids=crops, **more))


def held(archive):
    """Crops by where they come from, and how many tracklets they are views of."""
    (source,) = archive.footage.coverage()
    tracklets = archive.footage.tracklets(source.source_id)
    crops = [archive.crop(n) for one in tracklets for n in one.crop_ids]
    return {(c.moment.pts, c.box) for c in crops}, len(tracklets)


@pytest.mark.full
def test_a_camera_that_was_deleted_is_a_hole_and_no_longer_searched(folder):
    delete(folder, Filters(cameras=("gate",)))
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        assert {span.how for span in source.spans} == {How.ERASED}
        assert source.counts["tracklets"] == archive.show().tracklets == 0
        assert source.counts["best_shots"] == len(archive) == 0
        assert archive.show().crops_deleted > 0
        picture = np.random.default_rng(1).integers(0, 255, (128, 64, 3), np.uint8)
        searched = archive.search(picture).statement.footage
        assert searched.seconds[How.ERASED] == pytest.approx(17.9)
        assert searched.seconds[How.PRECOMPUTED] == 0


@pytest.mark.full
def test_one_person_deleted_is_a_hole_as_long_as_they_were_to_be_seen(folder):
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        gone, *others = archive.footage.tracklets(source.source_id)
    delete(folder, crops=gone.crop_ids)
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        holes = [span for span in source.spans if span.how is How.ERASED]
        first_us, last_us = gone.parts[0].first_us, gone.parts[0].last_us
        assert [(hole.from_us, hole.to_us) for hole in holes] == [(first_us, last_us)]
        assert sum(span.to_us - span.from_us for span in source.spans) == 17_900_000
        assert source.counts["tracklets"] == archive.show().tracklets == len(others)


@pytest.mark.full
def test_a_view_less_is_no_hole_while_the_person_can_still_be_found(folder):
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        one = archive.footage.tracklets(source.source_id)[0]
    delete(folder, crops=one.crop_ids[:1])
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        assert {span.how for span in source.spans} == {How.PRECOMPUTED}


@pytest.mark.full
def test_what_was_deleted_leaves_exactly_nothing_to_count(folder):
    """Sums of seconds as floating point gave -1.7e-16 s."""
    sql(folder, "DELETE FROM span")
    for number, (first, last) in enumerate([(0, 1), (1, 58), (58, 179)]):
        sql(
            folder,
            "INSERT INTO span (source_id, number, from_us, to_us, how, detail)"
            " SELECT source_id, :number, :first, :last, 'gated', '' FROM footage",
            number=number,
            first=first * 100_000,
            last=last * 100_000,
        )
    delete(folder, Filters(cameras=("gate",)))
    with Archive.open(folder) as archive:
        picture = np.random.default_rng(1).integers(0, 255, (128, 64, 3), np.uint8)
        assert archive.search(picture).statement.footage.seconds[How.GATED] == 0


@pytest.mark.full
@pytest.mark.parametrize(
    "what", ["person", *(pytest.param(one, marks=pytest.mark.full) for one in ("camera", "view"))]
)
def test_indexing_again_brings_back_what_was_deleted_and_nothing_twice(folder, scene, what):
    with Archive.open(folder) as archive:
        before = held(archive)
        (source,) = archive.footage.coverage()
        one = archive.footage.tracklets(source.source_id)[0]
        kept = archive.footage.tracklets(source.source_id)[1].crop_ids
    if what == "camera":
        delete(folder, Filters(cameras=("gate",)))
    else:
        delete(folder, crops=one.crop_ids if what == "person" else one.crop_ids[:1])
    report = index(folder, scene[0]).footage
    assert (report.indexed, report.unchanged) == (1, 0)
    with Archive.open(folder) as archive:
        assert held(archive) == before
        (source,) = archive.footage.coverage()
        assert {span.how for span in source.spans} == {How.PRECOMPUTED}
        assert archive.check() == []
        if what != "camera":
            assert all(archive.crop(crop_id) for crop_id in kept), "what stayed keeps its ids"
    assert index(folder, scene[0]).footage.unchanged == 1


@pytest.mark.full
def test_with_other_settings_it_is_only_brought_back_when_nothing_is_left(folder, scene):
    other = FootageSettings(best_shots=2)
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        one = archive.footage.tracklets(source.source_id)[0]
        archive.delete(archive.plan_delete(Filters(), crop_ids=one.crop_ids))
        report = archive.index([scene[0]], footage=options(scene[0], settings=other)).footage
        assert (report.indexed, report.unchanged) == (0, 1)
        (source,) = archive.footage.coverage()
        assert How.ERASED in {span.how for span in source.spans}
        archive.delete(archive.plan_delete(Filters(cameras=("gate",))))
        report = archive.index([scene[0]], footage=options(scene[0], settings=other)).footage
        assert (report.indexed, report.tracklets) == (1, 3)
        (source,) = archive.footage.coverage()
        assert source.counts["best_shots"] == 6


@pytest.mark.full
def test_what_is_deleted_does_not_come_back_from_a_checkpoint(scene, tmp_path):
    """Somebody deleted while the run was interrupted is not on their way in any more."""
    folder = tmp_path / "a"
    with killed_after(100):
        index(folder, scene[0])
    with Archive.open(folder) as archive:
        assert len(archive) > 0
    delete(folder, Filters(cameras=("gate",)))
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        assert source.state == "interrupted"
        assert {span.how for span in source.spans} == {How.ERASED}
    report = index(folder, scene[0]).footage
    assert (report.indexed, report.resumed, report.tracklets) == (1, 0, 3)
    with Archive.open(folder) as archive:
        assert archive.show().tracklets == 3
        assert archive.check() == []


@pytest.mark.full
@pytest.mark.parametrize("what", ["source", "person", "view"])
def test_what_is_kept_out_never_comes_back(folder, scene, what):
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        one = archive.footage.tracklets(source.source_id)[0]
    crops = {"source": (), "person": one.crop_ids, "view": one.crop_ids[:1]}[what]
    filters = Filters(sources=("gate.mp4",)) if what == "source" else Filters()
    delete(folder, filters, crops, permanent=True)
    with Archive.open(folder) as archive:
        after = held(archive)
    assert index(folder, scene[0]).footage.unchanged == 1
    with Archive.open(folder) as archive:
        assert held(archive) == after
        archive.delete(archive.plan_delete(Filters(sources=("gate.mp4",))))
        assert archive.footage.coverage() == []


@pytest.mark.full
def test_what_is_held_survives_a_file_that_changes_while_it_is_read_again(
    folder, scene, tmp_path, monkeypatch
):
    """Then nothing that this run found is kept: other bytes lie there than were indexed."""
    monkeypatch.setattr(run, "MARK_S", 0.0)
    path = Path(shutil.copy(scene[0], tmp_path / "gate.mp4"))
    shutil.copy(scene[0].with_suffix(".det.txt"), tmp_path / "gate.det.txt")
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        one = archive.footage.tracklets(source.source_id)[0]
        archive.delete(archive.plan_delete(crop_ids=one.crop_ids))
        before = held(archive)

    class Recorder(type(NO_PROGRESS)):
        def advance(self, done: int = 1, /, **counts: int) -> None:
            if counts.get("tracklets", 0) > 1:
                with path.open("ab") as more:
                    more.write(b"more")

    with Archive.open(folder) as archive:
        report = archive.index([path], footage=options(path), progress=Recorder()).footage
        assert report.failed == 1
        assert held(archive) == before
        assert archive.check() == []
    assert index(folder, scene[0]).footage.indexed == 1
    with Archive.open(folder) as archive:
        assert held(archive)[1] == 3
