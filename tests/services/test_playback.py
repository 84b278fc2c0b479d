"""Footage as a page plays it: proven files, stretches, stills, boxes, the other cameras."""

import datetime as dt
import shutil
import threading
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from played import index_all
from scenes import NOON

from reidsearch import Archive
from reidsearch.base.errors import InputError, Interrupted, NotFound, StorageError, UsageError
from reidsearch.domain.playback import Way
from reidsearch.services.patience import Patience, Slots

pytestmark = pytest.mark.full  # encodes the scene in four ways


@pytest.fixture(scope="module")
def indexed(scene, tmp_path_factory):
    """The scene in four containers, and the yard; the folder, and the source of each."""
    folder = tmp_path_factory.mktemp("playback")
    return folder, index_all(scene[0], folder)


@pytest.fixture
def archive(indexed, tmp_path):
    """A copy of it of one's own; the footage is shared."""
    shutil.copytree(indexed[0] / "archive", tmp_path / "archive")
    with Archive.open(tmp_path / "archive", model="builtin") as opened:
        yield opened


@pytest.mark.parametrize("name", ["file", "remuxed", "transcoded", "counted"])
def test_every_source_plays_in_its_way(name, indexed, archive):
    way = {"counted": Way.TRANSCODED}.get(name) or Way(name)
    source_id = indexed[1][name]
    assert archive.playback.source(source_id).way is way
    if way is Way.FILE:
        assert archive.playback.file(source_id) == indexed[0] / "gate.mp4"
    else:
        with pytest.raises(UsageError, match="do not play this file"):
            archive.playback.file(source_id)
    stretch = archive.playback.stream(source_id, Fraction(4), Fraction(6))
    assert stretch.copied is (way is not Way.TRANSCODED)
    assert stretch.first_s <= 4
    assert len(b"".join(stretch)) > 1000


@pytest.mark.parametrize("name", ["file", "remuxed", "transcoded", "counted"])
def test_frame_times_are_those_of_the_frames(name, indexed, archive):
    source_id = indexed[1][name]
    found = archive.playback.frame_times(source_id, Fraction(4), Fraction(6))
    whole = archive.export.tracks(source_id)
    assert found[0] <= 4 < found[1]
    assert found == sorted(found)
    info = whole.source.info
    analysed = {info.media_s(int(pts)) for track in whole.tracks for pts in track.pts}
    assert {at for at in analysed if 4 <= at <= 6} <= set(found)
    assert len(found) == pytest.approx(2 * info.declared_fps, abs=2)


def test_a_still_shows_the_frame_of_the_moment(indexed, archive):
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import decode

    source_id = indexed[1]["file"]
    crop = next(
        archive.crop(one) for seen in archive.footage.tracklets(source_id) for one in seen.crop_ids
    )
    still = archive.playback.still(source_id, crop.moment.media_s)
    assert (still.pts, still.media_s) == (crop.moment.pts, crop.moment.media_s)
    pixels, _ = archive.footage.frame(crop.crop_id)
    shown = decode(still.jpeg, PictureLimits())
    assert np.abs(shown.astype(int) - pixels).mean() < 4
    with pytest.raises(NotFound, match="no footage at"):
        archive.playback.still(source_id, Fraction(100))
    with pytest.raises(UsageError):
        archive.playback.still(source_id, Fraction(-1))


@pytest.mark.parametrize("name", ["file", "transcoded"])
def test_footage_that_is_not_there_or_another_is_told(name, indexed, archive, tmp_path):
    folder, ids = indexed
    own = {"file": "gate.mp4", "transcoded": "hevc.mp4"}[name]
    kept = (folder / own).read_bytes()
    play = {
        "file": lambda: archive.playback.file(ids[name]),
        "transcoded": lambda: archive.playback.stream(ids[name], Fraction(1), Fraction(2)),
    }[name]
    try:
        (folder / own).write_bytes(kept[:-1] + b"x")
        with pytest.raises(InputError, match="no longer the footage") as caught:
            play()
        assert caught.value.kind == "footage-differs"
        (folder / own).unlink()
        with pytest.raises(InputError, match="no longer there") as caught:
            archive.playback.still(ids[name], Fraction(1))
        assert caught.value.kind == "footage-missing"
    finally:
        (folder / own).write_bytes(kept)


def test_boxes_are_those_of_the_interval_with_their_neighbours(indexed, archive):
    source_id = indexed[1]["file"]
    seen = archive.footage.tracklets(source_id)
    archive.identities.new("anna", [seen[0].crop_ids[0]])
    told = archive.playback.boxes(source_id, Fraction(2), Fraction(3))
    (one,) = told.tracklets
    info = told.source.info
    assert one.tracklet_id == seen[0].tracklet_id
    assert one.identity.name == "anna"
    assert [crop for crop, _ in one.crops] == list(seen[0].crop_ids)
    (run,) = one.runs
    whole = archive.footage.trace(one.tracklet_id, source_id)
    times = [info.media_s(int(pts)) for pts in run.pts]
    assert times[0] <= 2 < times[1]
    assert times[-2] < 3 <= times[-1]
    assert set(run.pts) <= set(whole.pts)
    both = archive.playback.boxes(source_id, Fraction(10), Fraction(12)).tracklets
    assert len(both) == 2
    assert archive.playback.boxes(source_id, Fraction(7), Fraction(8)).tracklets == ()
    with pytest.raises(UsageError):
        archive.playback.boxes(source_id, Fraction(3), Fraction(2))


def test_boxes_are_not_interpolated_over_a_gap_that_is_too_long(indexed, archive):
    from reidsearch.domain.tracklets import Trace
    from reidsearch.services.playback import _runs

    source = archive.playback.source(indexed[1]["file"]).source
    base = source.info.time_base
    at = [0, 0.5, 1, 2.9, 5, 5.5]
    pts = np.array([source.info.first_pts + int(Fraction(one) / base) for one in at])
    trace = Trace(pts, np.zeros((6, 4), np.float32), np.ones(6, np.float32))

    def told(from_s, to_s):
        found = _runs(source, trace, Fraction(from_s), Fraction(to_s))
        return [
            [round(float(source.info.media_s(int(one))), 1) for one in run.pts] for run in found
        ]

    assert told(0, 6) == [[0, 0.5, 1, 2.9], [5, 5.5]]
    assert told(1.5, 2) == [[1, 2.9]]
    assert told(3, 4) == []
    assert told(1, 1) == [[1]]
    assert told(2.5, 5.2) == [[1, 2.9], [5, 5.5]]


def test_other_cameras_at_the_same_instant_are_found_by_corrected_clocks(indexed, archive):
    ids = indexed[1]
    instant = archive.playback.others(ids["file"], Fraction(12))
    assert instant.time == NOON + dt.timedelta(seconds=12)
    (yard,) = instant.others
    assert yard.source.source_id == ids["yard"]
    assert yard.media_s == 2
    assert archive.playback.others(ids["file"], Fraction(1)).others == ()
    assert archive.playback.others(ids["file"], Fraction(12), {"gate"}).others == ()
    clock = archive.footage.find("yard.mp4").facts.clock
    archive.footage.set_clock(ids["yard"], replace(clock, offset_s=Fraction(-7), uncertainty_s=1.5))
    own = archive.playback.source(ids["file"]).source.facts.clock
    archive.footage.set_clock(ids["file"], replace(own, uncertainty_s=0.5))
    (yard,) = archive.playback.others(ids["file"], Fraction(4)).others
    assert yard.media_s == 1
    assert yard.uncertainty_s == 2.0
    assert (yard.earliest_s, yard.latest_s, yard.covered) == (0, 3, False)
    (yard,) = archive.playback.others(ids["file"], Fraction(6)).others
    assert (yard.earliest_s, yard.latest_s, yard.covered) == (1, 5, True)
    (yard,) = archive.playback.others(ids["file"], Fraction(2)).others  # a second before it begins
    assert (yard.media_s, yard.earliest_s, yard.latest_s) == (0, 0, 1)
    assert archive.playback.others(ids["file"], Fraction(1, 2)).others == ()
    archive.footage.set_clock(ids["file"], replace(own, uncertainty_s=None))
    (yard,) = archive.playback.others(ids["file"], Fraction(6)).others
    assert (yard.media_s, yard.uncertainty_s, yard.earliest_s) == (3, None, None)


def test_without_a_time_no_other_camera_is_named(indexed, archive):
    clock = archive.footage.find("yard.mp4").facts.clock
    archive.footage.set_clock(indexed[1]["yard"], replace(clock, start=None, origin=None))
    assert archive.playback.others(indexed[1]["file"], Fraction(12)).others == ()
    with pytest.raises(NotFound, match="is not known"):
        archive.playback.others(indexed[1]["yard"], Fraction(1))


def test_a_stretch_holds_its_slot_until_it_is_closed(indexed, archive):
    archive.playback._slots = Slots(1, waits_s=0.1)
    source_id = indexed[1]["transcoded"]
    first = archive.playback.stream(source_id, Fraction(1), Fraction(9))
    with pytest.raises(StorageError) as caught:
        archive.playback.stream(source_id, Fraction(1), Fraction(2))
    assert caught.value.kind == "playback-busy"
    next(first)
    first.close()
    first.close()
    second = archive.playback.stream(source_id, Fraction(1), Fraction(2))
    assert b"".join(second)
    third = archive.playback.stream(source_id, Fraction(1), Fraction(2))
    del third  # nobody took anything of it
    archive.playback.still(source_id, Fraction(1))
    with pytest.raises(NotFound):
        archive.playback.stream(source_id, Fraction(99), Fraction(100))
    archive.playback.still(source_id, Fraction(1))


def test_work_stops_when_nobody_waits_and_when_it_takes_too_long():
    stop = threading.Event()
    patience = Patience(stop.is_set, begins_s=0.05)
    patience()
    time.sleep(0.06)
    with pytest.raises(InputError) as caught:
        patience()
    assert caught.value.kind == "moment-not-reached"
    patience.begun()
    patience()
    stop.set()
    with pytest.raises(Interrupted):
        patience()


def test_only_so_many_wait_for_their_turn(monkeypatch):
    monkeypatch.setattr("reidsearch.services.patience.MOST_WAITING", 1)
    slots = Slots(1, waits_s=5)
    give_back = slots.take(lambda: None)

    def wait() -> None:
        slots.take(lambda: None)()

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    begun = time.monotonic()
    with pytest.raises(StorageError):
        slots.take(lambda: None)
    assert time.monotonic() - begun < 1
    give_back()
    give_back()
    waiting.join(5)
    slots.take(lambda: None)()
