"""The loop for footage on drawn scenes: what is found, what a kill costs, what is counted."""

import datetime as dt
import json
import os
import shutil
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from archives import sql
from footage_dump import dump
from scenes import NOON
from videos import write_video

from reidsearch.archive import Archive
from reidsearch.base.settings import FootageSettings
from reidsearch.datasets.synthetic.truth import match_visits
from reidsearch.domain.footage import Clock, How
from reidsearch.domain.request import Filters
from reidsearch.ingest.footage import run
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions
from reidsearch.store.footage import writer as footage_writer


def options(path, **more):
    naming = SourceNaming(camera="gate", start=NOON)
    return FootageOptions(naming=naming, detections=path.with_suffix(".det.txt"), **more)


@pytest.fixture(scope="module")
def made_once(scene, tmp_path_factory):
    """The scene, indexed."""
    folder = tmp_path_factory.mktemp("once") / "archive"
    return folder, index(folder, scene[0])


@pytest.fixture
def indexed(made_once, tmp_path):
    """A copy of `made_once` at `tmp_path / "a"`."""
    return shutil.copytree(made_once[0], tmp_path / "a")


@pytest.fixture(scope="module")
def whole(scene, tmp_path_factory):
    """All rows of the scene's archive, made with a checkpoint after every sampled frame."""
    folder = tmp_path_factory.mktemp("whole") / "archive"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "MARK_S", 0.0)
        index(folder, scene[0])
    return dump(folder)


def index(folder, path, **more):
    with Archive.open(folder, create=True, model="builtin") as archive:
        return archive.index([path], footage=options(path, **more))


@pytest.mark.full
def test_every_visit_is_one_tracklet_and_nothing_else(scene, made_once, indexed):
    path, visits = scene
    report = made_once[1].footage
    assert (report.offered, report.indexed, report.tracklets) == (1, 1, 3)
    with Archive.open(indexed) as archive:
        (source,) = archive.footage.coverage()
        traces = {}
        for one in archive.footage.tracklets(source.source_id):
            trace = archive.footage.trace(one.tracklet_id, one.parts[0].source_id)
            frames = trace.pts * float(source.info.time_base) * 10
            traces[one.tracklet_id] = frames.round().astype(np.int64), trace.xyxy
            assert 1 <= len(one.crop_ids) <= 5
            assert one.camera == "gate"
            assert one.first_time == NOON + dt.timedelta(seconds=float(one.parts[0].first_s))
        assert len(match_visits(visits, traces)) == 3
        assert archive.check() == []
        crop = archive.crop(1)
        assert crop.location == str(path)
        assert crop.moment is not None
        assert crop.facts.time == NOON + dt.timedelta(seconds=float(crop.moment.media_s))
        assert crop.moment.uncertainty_s == 1.0


@pytest.mark.full
def test_an_answer_has_one_row_a_tracklet_and_tells_of_the_footage(indexed):
    with Archive.open(indexed) as archive:
        grouped = archive.search(1, k=10)
        assert len(grouped.matches) == 3
        assert len({m.tracklet.tracklet_id for m in grouped.matches}) == 3
        assert grouped.matches[0].tracklet.tracklet_id == archive.crop(1).moment.tracklet_id
        assert grouped.statement.footage.sources == 1
        assert grouped.statement.footage.seconds[How.PRECOMPUTED] == pytest.approx(17.9)
        single = archive.search(1, k=100, grouped=False)
        assert len(single.matches) == len(archive) - 1
        assert len(archive.search(1, k=2).matches) == 2
        late = Filters(after=NOON + dt.timedelta(hours=1))
        assert archive.search(1, filters=late).statement.footage.sources == 0


def commits(monkeypatch, count):
    """Die, as a kill would, when so many steps have been committed."""
    real = footage_writer.FootageWriter.commit
    done = []

    def commit(self, step):
        if len(done) == count:
            raise KeyboardInterrupt
        done.append(real(self, step))

    monkeypatch.setattr(footage_writer.FootageWriter, "commit", commit)
    return done


@pytest.fixture
def busy_marks(monkeypatch):
    """A checkpoint after every look."""
    monkeypatch.setattr(run, "MARK_S", 0.0)


@pytest.mark.full
@pytest.mark.usefixtures("busy_marks")
@pytest.mark.parametrize(
    "kill", [97, *(pytest.param(n, marks=pytest.mark.full) for n in (0, 1, 40, 118, 160))]
)
def test_going_on_after_a_kill_ends_with_the_very_same_archive(
    kill, whole, scene, tmp_path, monkeypatch
):
    path, _ = scene
    assert whole["checkpoint"] == [(0,)], "nothing of it stays when a source is finished"
    with monkeypatch.context() as patched:
        commits(patched, kill)
        with pytest.raises(KeyboardInterrupt):
            index(tmp_path / "killed", path)
    report = index(tmp_path / "killed", path).footage
    assert report.resumed == (kill > 0)
    assert dump(tmp_path / "killed") == whole


@pytest.mark.full
@pytest.mark.usefixtures("busy_marks")
def test_stopping_commits_and_says_so(scene, whole, tmp_path, monkeypatch):
    path, _ = scene
    stop = threading.Event()
    real = footage_writer.FootageWriter.commit

    def commit(self, step):
        real(self, step)
        if step.duration_us > 4_000_000:
            stop.set()

    with monkeypatch.context() as patched:
        patched.setattr(footage_writer.FootageWriter, "commit", commit)
        with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
            report = archive.index([path], footage=options(path), stop=stop)
            assert report.interrupted
            assert report.footage.indexed == 0
            (source,) = archive.footage.coverage()
            assert source.state == "interrupted"
            assert 4 < float(source.duration_s) < 17
    assert index(tmp_path / "a", path).footage.resumed == 1
    assert dump(tmp_path / "a") == whole


@pytest.mark.full
@pytest.mark.usefixtures("busy_marks")
def test_other_settings_begin_anew(scene, tmp_path, monkeypatch):
    path, _ = scene
    with monkeypatch.context() as patched:
        commits(patched, 90)
        with pytest.raises(KeyboardInterrupt):
            index(tmp_path / "a", path)
    report = index(tmp_path / "a", path, settings=FootageSettings(best_shots=2)).footage
    assert (report.resumed, report.indexed, report.best_shots) == (0, 1, 6)
    with Archive.open(tmp_path / "a") as archive:
        assert archive.check() == []
        assert len(archive) == 6


@pytest.mark.full
def test_a_source_is_known_by_its_bytes(scene, tmp_path):
    path, _ = scene
    moved = tmp_path / "elsewhere.mp4"
    moved.write_bytes(path.read_bytes())
    moved.with_suffix(".det.txt").write_bytes(path.with_suffix(".det.txt").read_bytes())
    first = index(tmp_path / "a", path).footage
    again = index(tmp_path / "a", path).footage
    copy = index(tmp_path / "a", moved).footage
    assert (first.indexed, again.unchanged, copy.duplicates) == (1, 1, 1)
    with Archive.open(tmp_path / "a") as archive:
        assert len(archive.footage.coverage()) == 1
        assert archive.search(1, filters=Filters(sources=("elsewhere",))).matches
        corrected = FootageOptions(naming=SourceNaming(camera="yard", start=NOON))
        report = archive.index([path], footage=corrected).footage
        assert report.updated == 1
        assert archive.crop(1).facts.camera == "yard"
        silent = archive.index([path], footage=FootageOptions()).footage
        assert silent.offered == 1
        assert archive.crop(1).facts.camera == "yard", "what is not told is not forgotten"


@pytest.mark.full
def test_other_bytes_at_the_same_place_are_another_source(tmp_path, scene):
    path, _ = scene
    place = tmp_path / "gate.mp4"
    det = place.with_suffix(".det.txt")
    det.write_bytes(path.with_suffix(".det.txt").read_bytes())
    place.write_bytes(path.read_bytes())
    index(tmp_path / "a", place)
    write_video(place, 30)
    det.write_text("1,-1,10,10,30,60,0.9\n")
    assert index(tmp_path / "a", place).footage.indexed == 1
    with Archive.open(tmp_path / "a") as archive:
        assert len(archive.footage.coverage()) == 2
        assert archive.check() == []


@pytest.mark.full
def test_a_clock_is_corrected_without_indexing(indexed, scene):
    path, _ = scene
    with Archive.open(indexed) as archive:
        before = archive.crop(1).facts.time
        source = archive.footage.find("gate.mp4")
        clock = Clock(NOON, "option", 0.5, offset_s=3600, drift_ppm=1e5)
        archive.footage.set_clock(source.source_id, clock)
        crop = archive.crop(1)
        media = float(crop.moment.media_s)
        assert crop.facts.time == NOON + dt.timedelta(seconds=3600 + media * 1.1)
        assert crop.facts.time != before
        assert crop.moment.uncertainty_s == 0.5
        hour = Filters(after=NOON + dt.timedelta(hours=1))
        assert len(archive.search(1, filters=hour).matches) == 3
        archive.index([path], footage=options(path))
        assert archive.crop(1) == crop, "running again does not undo a correction"


@pytest.mark.full
def test_a_corrected_clock_is_recorded_with_who_did_it(indexed):
    with Archive.open(indexed, actor="inspector") as archive:
        source = archive.footage.find("gate.mp4")
        before = source.facts.clock
        archive.footage.set_clock(source.source_id, replace(before, offset_s=Fraction(60)))
    (detail,) = sql(indexed, "SELECT detail FROM event WHERE what = 'clock'")
    recorded = json.loads(detail[0])
    assert (recorded["actor"], recorded["source_id"]) == ("inspector", source.source_id)
    assert recorded["before"] != recorded["after"]


@pytest.mark.full
def test_deleting_takes_tracklets_along(scene, indexed):
    path, _ = scene
    with Archive.open(indexed) as archive:
        views = archive.footage.tracklet(2).crop_ids
        kept = archive.footage.tracklet(1).crop_ids
        archive.delete(archive.plan_delete(crop_ids=[*views, kept[0]]))
        assert archive.check() == []
        (source,) = archive.footage.coverage()
        assert [t.tracklet_id for t in archive.footage.tracklets(source.source_id)] == [1, 3]
        assert archive.footage.tracklet(1).crop_ids == kept[1:]
        assert archive.index([path], footage=options(path)).footage.indexed == 1
        assert [t.tracklet_id for t in archive.footage.tracklets(source.source_id)] == [1, 4, 3]
        assert len(archive.footage.tracklet(1).crop_ids) == len(kept)
        archive.delete(archive.plan_delete(Filters(sources=("gate.mp4",))))
        assert archive.footage.coverage() == []
        assert archive.check() == []
    assert index(indexed, path).footage.indexed == 1


@pytest.mark.full
def test_another_model_makes_the_tracklets_embeddings_anew(indexed):
    with Archive.open(indexed, model="builtin") as archive:
        archive.reembed()
        assert archive.check() == []


@pytest.mark.full
def test_what_cannot_be_read_is_in_the_ledger_and_the_run_goes_on(scene, tmp_path):
    path, _ = scene
    folder = tmp_path / "footage"
    folder.mkdir()
    (folder / "a-broken.mp4").write_bytes(b"no video" * 100)
    (folder / "b.mp4").write_bytes(path.read_bytes())
    sources = tmp_path / "sources.csv"
    sources.write_text(
        f"path,camera,detections\nfootage/b.mp4,gate,{path.with_suffix('.det.txt')}\n"
    )
    from reidsearch.media.naming.source_list import read_source_list

    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        naming = SourceNaming(listed=read_source_list(sources))
        report = archive.index([folder], footage=FootageOptions(naming=naming))
        assert (report.footage.failed, report.footage.indexed) == (1, 1)
        (failure,) = archive.failures()
        assert failure.reason == "no-video"
        assert Path(failure.location).name == "a-broken.mp4"


@pytest.mark.full
def test_given_ids_are_the_truth_about_who_is_who(tmp_path):
    """An id that is away for three seconds is one tracklet; two ids in one place are two."""
    path = write_video(tmp_path / "gate.mp4", 250, size_px=(320, 240))
    whole = [*range(1, 40), *range(115, 150)]
    rows = [f"{n},1,10,50,50,140,0.9" for n in whole]
    rows += [f"{n},2,10,50,50,140,0.9" for n in range(151, 200)]
    path.with_suffix(".det.txt").write_text("\n".join(rows))
    index(tmp_path / "a", path)
    with Archive.open(tmp_path / "a") as archive:
        (source,) = archive.footage.coverage()
        seen = archive.footage.tracklets(source.source_id)
        assert [one.detections for one in seen] == [len(whole), 49]
        assert not any("occlusion" in warning for warning in source.warnings)


@pytest.mark.full
def test_given_ids_are_never_joined_by_looks(tmp_path, shared):
    """Two who look quite alike, one after the other in one place, whom the file tells apart."""
    path = write_video(tmp_path / "gate.mp4", 100, size_px=(320, 240))
    rows = [f"{n},{1 + n // 50},100,50,60,150,0.9" for n in range(1, 100)]
    path.with_suffix(".det.txt").write_text("\n".join(rows))
    models = {"model_path": [shared / "models"], "offline": True}
    with Archive.open(tmp_path / "a", create=True, **models) as archive:
        assert archive.index([path], footage=options(path)).footage.tracklets == 2


@pytest.mark.full
@pytest.mark.usefixtures("busy_marks")
def test_a_file_that_changes_while_it_is_read_is_not_kept(scene, tmp_path, monkeypatch):
    """A recorder still writes it, or a network drive is lost: the next run looks anew."""
    path = tmp_path / "gate.mp4"
    path.write_bytes(scene[0].read_bytes())
    path.with_suffix(".det.txt").write_bytes(scene[0].with_suffix(".det.txt").read_bytes())
    real = footage_writer.FootageWriter.commit

    def commit(self, step):
        real(self, step)
        if step.duration_us > 8_000_000:
            os.utime(path, (1, 1))

    with monkeypatch.context() as patched:
        patched.setattr(footage_writer.FootageWriter, "commit", commit)
        report = index(tmp_path / "a", path).footage
    assert (report.indexed, report.failed) == (0, 1)
    with Archive.open(tmp_path / "a") as archive:
        assert archive.footage.coverage() == []
        assert len(archive) == 0
        assert archive.check() == []
        (failure,) = archive.failures()
        assert "changed while it was read" in failure.message
    assert index(tmp_path / "a", path).footage.tracklets == 3


@pytest.mark.full
def test_in_front_of_somebody_hidden_a_view_is_worth_less(tmp_path):
    """After a second person 2 is no longer detected: for another they may be behind person 1."""
    path = write_video(tmp_path / "gate.mp4", 75, size_px=(320, 240))
    rows = [f"{n},1,120,40,60,180,0.9" for n in range(1, 76)]
    rows += [f"{n},2,90,40,60,180,0.9" for n in range(1, 26)]
    path.with_suffix(".det.txt").write_text("\n".join(rows))
    index(tmp_path / "a", path)
    with Archive.open(tmp_path / "a") as archive:
        moments = [archive.crop(number + 1).moment for number in range(len(archive))]
        first = min(moment.tracklet_id for moment in moments if moment.media_s > 2)
        views = [(moment.media_s, moment.quality) for moment in moments]
        views = [v for v, m in zip(views, moments, strict=True) if m.tracklet_id == first]
        clear = [quality for at, quality in views if at >= 2]
        covered = [quality for at, quality in views if 1 <= at < Fraction(19, 10)]
        assert len(clear) == 2
        assert covered
        assert max(covered) < 0.7 * min(clear)


@pytest.mark.full
def test_small_and_brief_are_counted_not_kept(tmp_path):
    path = write_video(tmp_path / "gate.mp4", 60, size_px=(320, 240))
    rows = [f"{n},-1,10,10,8,20,0.9" for n in range(1, 40)]  # too small
    rows += [f"{n},-1,100,50,40,120,0.9" for n in (5, 10)]  # two detections only
    path.with_suffix(".det.txt").write_text("\n".join(rows))
    report = index(tmp_path / "a", path).footage
    assert (report.small, report.brief, report.tracklets, report.best_shots) == (39, 1, 0, 0)
