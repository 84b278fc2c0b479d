"""`reidsearch follow`: segments are indexed as they come, once, and what is lost is told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from fractions import Fraction
from pathlib import Path

import pytest
from archives import start
from footage_dump import dump
from json_schemas import require_valid
from recorded_segments import SECONDS, aged, cut

from reidsearch import Archive, FootageOptions, InputError, SourceNaming, StorageError
from reidsearch.domain.following import SegmentState, SegmentTold
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.output.following import segment_line
from reidsearch.services.follow import FollowPlan
from reidsearch.services.lag import lowered_rate
from reidsearch.store.footage.writer import FootageWriter

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, scene) -> Path:
    """A folder with the three segments of the scene, all finished long ago."""
    folder = tmp_path_factory.mktemp("nvr") / "segments"
    for path in cut(scene[0], folder):
        aged(path)
    return folder


@pytest.fixture
def nvr(recorded, tmp_path) -> Path:
    """An own copy of it."""
    return Path(shutil.copytree(recorded, tmp_path / "nvr"))


def options(folder: Path) -> FootageOptions:
    return FootageOptions(naming=SourceNaming(listed=read_source_list(folder / "sources.csv")))


def follow(archive: Path, folder: Path, **plan) -> list[SegmentTold]:
    """What is told while a folder is followed once."""
    told: list[SegmentTold] = []
    with Archive.open(archive, create=True, model="builtin") as opened:
        opened.follower(FollowPlan((folder,), options(folder), **plan), told.append).run(
            threading.Event(), once=True
        )
    return told


def test_followed_and_indexed_are_the_same_archive(run, nvr, tmp_path):
    asked = ("follow", nvr, "--once", "--sources", nvr / "sources.csv", "--model", "builtin")
    told = run(*asked, "--format", "json")
    assert told.code == 0, told.err
    report = json.loads(told.out)
    require_valid(report)
    assert (report["indexed"], report["waiting"], report["failed"]) == (3, 0, 0)
    assert report["footage_s"] == pytest.approx(3 * SECONDS, abs=0.5)
    assert "gate-0.mp4: indexed (5.9 s of footage in " in told.err
    listed = ("--sources", nvr / "sources.csv", "--model", "builtin")
    assert run("index", nvr, *listed, "-a", tmp_path / "whole", "-q").code == 0
    assert dump(run.archive) == dump(tmp_path / "whole")
    again = run(*asked)
    assert "segments none" in again.out
    assert again.err == ""
    aged(Path(shutil.copyfile(nvr / "gate-1.mp4", nvr / "copy.mp4")))
    copied = run("follow", nvr, "--once", "--model", "builtin")
    assert "segments 1 known already; 0.0 s of footage" in copied.out
    assert "copy.mp4: known already: the archive holds the same bytes" in copied.err
    assert run("check").code == 0


def test_what_has_come_since_the_last_look_is_seen_before_it_ends(nvr, tmp_path):
    (nvr / "gate-2.mp4").rename(tmp_path / "later.mp4")
    plan = FollowPlan((nvr,), options(nvr), poll_s=600.0)
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        follower = archive.follower(plan)
        assert follower.step()
        assert follower.standing.waiting == 1
        (tmp_path / "later.mp4").rename(nvr / "gate-2.mp4")
        assert follower.run(threading.Event(), once=True).indexed == 3


def test_what_the_recorder_deletes_before_it_is_indexed_is_told_as_lost(nvr, tmp_path):
    told: list[SegmentTold] = []
    late = nvr / "gate-2.mp4"
    late.write_bytes(late.read_bytes()[:-400])  # still written
    plan = FollowPlan((nvr,), options(nvr), poll_s=0.0)
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        follower = archive.follower(plan, told.append)
        assert follower.step()
        assert (follower.standing.waiting, follower.standing.growing) == (1, 1)
        assert follower.standing.lag_s == 0
        (nvr / "gate-1.mp4").unlink()
        late.unlink()
        assert not follower.step()
        (nvr / "gate-0.mp4").unlink()  # it is indexed: its footage is gone, and no more
        assert not follower.step()
        assert [one.state for one in told] == ["indexed", "lost", "lost"]
        assert {one.location for one in archive.failures()} == {str(nvr / "gate-1.mp4"), str(late)}
        assert {one.message for one in archive.failures()} == {
            "it was deleted before it was indexed"
        }
        assert [one.state for one in archive.footage.coverage()] == ["finished"]


def test_a_recorder_that_writes_in_a_ring_costs_nothing_that_was_indexed(nvr, tmp_path):
    file = nvr / "gate-0.mp4"
    listed = options(nvr)

    first = shutil.copyfile(file, tmp_path / "first.mp4")
    second, third = ((nvr / name).rename(tmp_path / name) for name in ("gate-1.mp4", "gate-2.mp4"))
    assert [one.state for one in follow(tmp_path / "a", nvr)] == ["indexed"]
    aged(file, 50)  # touched: the same bytes under a new time
    (again,) = follow(tmp_path / "a", nvr)
    assert (again.state, again.replaced, again.footage_s) == ("known", False, 0)
    assert follow(tmp_path / "a", nvr) == []
    with Archive.open(tmp_path / "a") as archive:
        (source,) = archive.footage.coverage()
        shots = [
            crop_id
            for one in archive.footage.tracklets(source.source_id)
            for crop_id in one.crop_ids
        ]
    shutil.copyfile(second, file)  # the ring comes round
    aged(file, 40)
    (told,) = follow(tmp_path / "a", nvr)
    assert (told.state, told.replaced) == ("indexed", True)
    assert "what lay there before stays in the archive, without its file" in segment_line(told)
    with Archive.open(tmp_path / "a") as archive:
        old, new = sorted(archive.footage.coverage(), key=lambda one: one.source_id)
        assert (old.source_id, old.replaced, old.state) == (source.source_id, True, "finished")
        assert (new.replaced, new.location) == (False, str(file))
        assert shots
        assert all(archive.picture(crop_id) for crop_id in shots), "its people stay"
        with pytest.raises(InputError, match="no longer the footage"):
            archive.footage.frame_of(old.source_id, Fraction(1))
        assert archive.check() == []
    # And once more while what lies there waits, which nobody has any more then.
    seen: list[SegmentTold] = []
    shutil.copyfile(third, file)
    aged(file, 30)
    with Archive.open(tmp_path / "a", model="builtin") as archive:
        follower = archive.follower(FollowPlan((nvr,), listed, 0.0, 0.0), seen.append)
        follower._look()
        shutil.copyfile(first, file)
        aged(file, 20)
        while follower.step():
            pass
        assert [(one.state, one.message) for one in seen] == [
            ("lost", "it was overwritten before it was indexed"),
            ("known", ""),
        ]
        assert follower.report.lost == follower.report.replaced == 1


def test_what_was_begun_and_deleted_while_nobody_followed_is_lost_too(nvr, tmp_path, monkeypatch):
    real, steps = FootageWriter.commit, []

    def killed(self, step):
        steps.append(real(self, step))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FootageWriter, "commit", killed)
        patched.setattr("reidsearch.ingest.footage.run.MARK_S", 0.0)
        with pytest.raises(KeyboardInterrupt):
            follow(tmp_path / "a", nvr)
    (nvr / "gate-0.mp4").unlink()
    told = follow(tmp_path / "a", nvr)
    assert [(Path(one.location).name, one.state) for one in told] == [
        ("gate-0.mp4", "lost"),
        ("gate-1.mp4", "indexed"),
        ("gate-2.mp4", "indexed"),
    ]
    assert follow(tmp_path / "a", nvr) == [], "it is told once"


def test_a_bad_segment_is_a_failure_and_the_others_go_on(run, nvr):
    aged(nvr / "sources.csv")
    (nvr / "gate-0.mp4").write_bytes(b"no video at all, but long enough to look like one")
    aged(nvr / "gate-0.mp4", 4000)
    told = run("follow", nvr, "--once", "--camera", "gate", "--model", "builtin", "--sources",
               nvr / "sources.csv", "--format", "json")  # fmt: skip
    assert told.code == 1
    assert (json.loads(told.out)["indexed"], json.loads(told.out)["failed"]) == (2, 1)
    assert "gate-0.mp4: failed: it cannot be read as a video" in told.err


def test_behind_its_limit_fewer_frames_are_sampled_and_coverage_says_so(nvr, tmp_path, monkeypatch):
    for number, ago_s in enumerate((3600, 1800, 60)):
        aged(nvr / f"gate-{number}.mp4", ago_s)
    with monkeypatch.context() as patched:  # killed in the first segment, which it began at 1 a s
        patched.setattr("reidsearch.ingest.footage.run.MARK_S", 0.0)
        patched.setattr(FootageWriter, "commit", _once(FootageWriter.commit))
        with pytest.raises(KeyboardInterrupt):
            follow(tmp_path / "a", nvr, max_lag_s=600)
    (nvr / "gate-2.mp4").rename(tmp_path / "later.mp4")  # now only half an hour behind
    told = follow(tmp_path / "a", nvr, max_lag_s=900)
    assert [(round(one.lag_s), one.sample_rate_hz) for one in told] == [(1800, 1), (0, None)]
    with Archive.open(tmp_path / "a") as archive:
        first, second = archive.footage.coverage()
        assert (first.settings["sample_rate_hz"], second.settings["sample_rate_hz"]) == (1, 4)
        assert any(
            "1 frames a second were sampled instead of 4 a second" in one for one in first.warnings
        )
        assert not any("were sampled" in one for one in second.warnings)
        assert archive.check() == []


def _once(commit):
    done: list[object] = []

    def killed(self, step):
        if done:
            raise KeyboardInterrupt
        done.append(commit(self, step))

    return killed


@pytest.mark.parametrize(
    ("usual", "lag_s", "rate"),
    [(4, 600, 4), (4, 601, 2), (4, 1300, 1), (4, 99_999, 1), (0, 500, 0), (0, 700, 4), (1, 999, 1)],
)
def test_the_rate_halves_with_every_doubling_of_the_lag(usual, lag_s, rate):
    assert lowered_rate(usual, lag_s, 600) == rate
    assert lowered_rate(usual, lag_s, None) == usual


def test_a_folder_that_is_away_is_waited_for_and_nothing_is_lost(nvr, tmp_path):
    told: list[SegmentTold] = []
    plan = FollowPlan((nvr,), options(nvr), poll_s=0.0)
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        follower = archive.follower(plan, told.append)
        assert follower.step()
        nvr.rename(tmp_path / "unplugged")
        with pytest.raises(StorageError, match="cannot be read just now"):
            follower.step()
        (tmp_path / "unplugged").rename(nvr)
        while follower.step():
            pass
        assert [one.state for one in told] == [SegmentState.INDEXED] * 3
        assert archive.failures() == []


def test_while_somebody_else_writes_it_waits(nvr, tmp_path):
    told: list[SegmentTold] = []
    stop = threading.Event()
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        follower = archive.follower(FollowPlan((nvr,), options(nvr), poll_s=0.1), told.append)
        with Archive.open(tmp_path / "a") as other, other._store.lock():
            work = threading.Thread(target=follower.run, args=(stop,))
            work.start()
            while not told:
                stop.wait(0.05)
        while len(told) < 4 and work.is_alive():
            stop.wait(0.1)
        stop.set()
        work.join()
    waits = [one for one in told if one.state is SegmentState.WAITS]
    assert "writ" in waits[0].message
    assert len(told) - len(waits) == 3


@pytest.mark.slow
def test_stopped_it_ends_with_what_was_committed_and_its_rules_delete(run, nvr):
    listed = ("--sources", nvr / "sources.csv", "--model", "builtin")
    assert run("index", nvr / "gate-0.mp4", *listed).code == 0
    assert run("retention", "set", "--all", "--days", "30").code == 0
    process = start("follow", nvr, *listed, "-a", run.archive, "--retention", "--every", "1",
                    "-q", "--format", "json")  # fmt: skip
    found = threading.Event()
    while not found.wait(0.2) and process.poll() is None:
        with Archive.open(run.archive) as archive:
            states = [one.state for one in archive.footage.coverage()]
        if states == ["finished"] * 3:
            found.set()
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["interrupted"] is True
    with Archive.open(run.archive) as archive:
        assert archive.show().crops == 0 or archive.failures() == []
    assert [one["event"] for one in _events(run)].count("index-end") == 3


def _events(run) -> list[dict]:
    return json.loads(run("log", "list", "--format", "json").out)["entries"]


def test_a_folder_that_is_not_there_makes_no_archive(run, tmp_path):
    told = run("follow", tmp_path / "nowhere")
    assert told.code == 3
    assert "there is no such folder" in told.err
    assert not run.archive.exists()
    assert run("follow", "s3://bucket/nvr").code == 2


@pytest.mark.parametrize(
    ("command", "models"),
    [
        (("follow", "FOLDER", "--once"), ()),
        (("follow", "FOLDER", "--once"), ("--model", "builtin")),  # there is no detector
        (("index", "FOLDER"), ()),
        (("record", "rtsp://127.0.0.1:9/live", "--camera", "gate", "-o", "OUT"), ()),
        (
            ("record", "rtsp://127.0.0.1:9/live", "--camera", "gate", "-o", "OUT"),
            ("--model", "builtin"),
        ),
    ],
)
def test_without_its_models_no_archive_is_made(run, tmp_path, monkeypatch, command, models):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)
    (tmp_path / "nvr").mkdir()
    places = {"FOLDER": tmp_path / "nvr", "OUT": tmp_path / "out"}
    asked = [places.get(part, part) for part in command]
    told = run(*asked, "--offline", *models, "-a", run.archive)
    assert told.code == 4, told.err
    assert "is not on this machine" in told.err
    assert not run.archive.exists()
    assert not (tmp_path / "out").exists()
