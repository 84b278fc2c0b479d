"""Footage that lies elsewhere now, and is proven to be what was indexed before it is shown."""

import getpass
import hashlib
import json
import os
import shutil
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from archives import CommandLine, sql
from videos import write_video

from reidsearch import Archive
from reidsearch.media.video import open as opening
from reidsearch.store.footage.places import Relocation, candidates

pytestmark = pytest.mark.full


@pytest.fixture
def kept(run: CommandLine, scene, tmp_path):
    """An archive of `footage/gate/gate.mp4`."""
    folder = tmp_path / "footage" / "gate"
    folder.mkdir(parents=True)
    shutil.copy(scene[0], folder / "gate.mp4")
    detections = scene[0].with_suffix(".det.txt")
    ran = run("index", folder / "gate.mp4", "--detections", detections, "--model", "builtin")
    assert ran.code == 0, ran.err
    return run


def shows(run, tmp_path, *more):
    """Whether a frame and a clip can be written."""
    frame = run("frame", 1, "-o", tmp_path / "out.png", "--force", *more)
    clip = run("clip", 1, "-o", tmp_path / "out.mp4", "--margin", "0", "--force", *more)
    assert frame.code == clip.code, frame.err + clip.err
    return frame.code == 0


@pytest.mark.full
def test_a_folder_that_was_moved_and_indexed_again_is_shown_and_found_there(kept, tmp_path):
    (tmp_path / "footage").rename(tmp_path / "new")
    assert not shows(kept, tmp_path)
    assert "reidsearch relocate" in kept("frame", 1, "-o", tmp_path / "a.png").err
    again = kept("index", tmp_path / "new", "--model", "builtin", "--format", "json")
    assert json.loads(again.out)["footage"]["duplicates"] == 1
    assert shows(kept, tmp_path)
    place = str(tmp_path / "new" / "gate" / "gate.mp4")
    assert place in kept("coverage").out
    assert place in kept("query", "--crop", 1, "--source", "new/gate", "--model", "builtin").out


@pytest.mark.full
def test_a_copy_stands_in_for_the_first_place_and_does_not_replace_it(kept, tmp_path):
    first = tmp_path / "footage" / "gate" / "gate.mp4"
    shutil.copytree(tmp_path / "footage", tmp_path / "copy")
    assert kept("index", tmp_path / "copy", "--model", "builtin").code == 0
    assert str(first) in kept("coverage").out
    first.unlink()
    assert shows(kept, tmp_path)
    copy = str(tmp_path / "copy" / "gate" / "gate.mp4")
    frame = kept("frame", 1, "-o", tmp_path / "a.png", "--format", "json")
    assert json.loads(frame.out)["location"] == copy, "the place that was read is named"
    clip = kept("clip", 1, "-o", tmp_path / "a.mp4", "--format", "json")
    assert json.loads(clip.out)["location"] == copy


def test_relocate_maps_a_tree_and_counts_what_it_finds(kept, tmp_path):
    old, new = tmp_path / "footage", tmp_path / "mnt" / "evidence"
    shutil.copytree(old, new)
    shutil.rmtree(old)
    looked = kept("relocate", old, new, "--dry-run", "--format", "json")
    told = json.loads(looked.out)
    assert (told["found"], told["missing"], told["recorded"]) == (1, [], False)
    assert not shows(kept, tmp_path)
    ran = kept("relocate", old, new)
    assert "1 of 1 source found" in ran.out
    assert shows(kept, tmp_path)
    place = str(new / "gate" / "gate.mp4")
    assert place in kept("coverage").out
    assert place in kept("show", "crop", 1).out
    again = kept("index", new, "--model", "builtin", "--format", "json")
    assert json.loads(again.out)["footage"]["indexed"] == 0
    # Taken back, with who and why on record, and moved again.
    shutil.copytree(new, old)
    assert kept("relocate", new, old, "--note", "a slip").code == 0
    assert str(old / "gate" / "gate.mp4") in kept("coverage").out
    shutil.rmtree(old)
    assert shows(kept, tmp_path)  # where it lies, whatever is told
    (back,) = json.loads(
        kept("log", "list", "--event", "relocate", "--last", "1", "--format", "json").out
    )["entries"]
    assert (json.loads(back["detail"])["why"], back["actor"]) == ("a slip", getpass.getuser())
    assert kept("relocate", old, new).code == 0
    # Moved on: the place that is shown now is named.
    new.rename(tmp_path / "third")
    assert not shows(kept, tmp_path)
    assert kept("relocate", new, tmp_path / "third").code == 0
    assert shows(kept, tmp_path)


@pytest.mark.full
def test_an_archive_of_another_machine_finds_its_footage(kept, tmp_path):
    """Made where the disk is D:, opened where it is mounted."""
    text = "D:\\cctv\\gate\\gate.mp4"
    sql(kept.archive, "UPDATE footage_location SET text = :text", text=text)
    assert not shows(kept, tmp_path)
    ran = kept("relocate", "d:\\CCTV", tmp_path / "footage")
    assert ran.code == 0, ran.err
    assert shows(kept, tmp_path)


@pytest.mark.full
def test_relocate_tells_what_is_missing_and_what_has_another_size(kept, tmp_path):
    old = tmp_path / "footage"
    empty = tmp_path / "empty"
    told = json.loads(kept("relocate", old, empty, "--dry-run", "--format", "json").out)
    assert (told["found"], told["missing"]) == (0, [str(empty / "gate" / "gate.mp4")])
    (empty / "gate").mkdir(parents=True)
    (empty / "gate" / "gate.mp4").write_bytes(b"another")
    told = json.loads(kept("relocate", old, empty, "--format", "json").out)
    assert (told["found"], told["other_size"]) == (0, [str(empty / "gate" / "gate.mp4")])
    assert shows(kept, tmp_path)  # at the first place, as before
    nothing = kept("relocate", tmp_path / "foot", empty)
    assert (nothing.code, "reidsearch coverage" in nothing.err) == (9, True)


@pytest.mark.full
def test_another_file_at_the_new_place_is_never_shown(kept, tmp_path):
    old, new = tmp_path / "footage", tmp_path / "new"
    old.rename(new)
    video = new / "gate" / "gate.mp4"
    data = bytearray(video.read_bytes())
    data[-100] ^= 1
    video.write_bytes(data)
    assert kept("relocate", old, new).code == 0
    ran = kept("frame", 1, "-o", tmp_path / "out.png")
    assert (ran.code, "SHA-256 differs" in ran.err) == (3, True)


@pytest.mark.parametrize(
    ("old", "new", "place", "now"),
    [
        ("/a/b", "/c", "/a/b/d/e.mp4", "/c/d/e.mp4"),
        ("/a/b/", "/c/", "/a/b/d.mp4", "/c/d.mp4"),
        ("/a/b.mp4", "/c.mp4", "/a/b.mp4", "/c.mp4"),
        ("/a/b", "/c", "/a/bc/d.mp4", None),
        ("D:\\x", "/m", "d:\\X\\y\\z.mp4", "/m/y/z.mp4"),
        ("D:/x", "/m", "D:\\x\\y.mp4", "/m/y.mp4"),
        ("\\\\nas\\cctv", "/m", "\\\\nas\\cctv\\y.mp4", "/m/y.mp4"),
        ("/m", "E:\\x", "/m/y/z.mp4", "E:\\x\\y\\z.mp4"),
        ("D:\\x", "/m", "/x/y.mp4", None),
    ],
)
def test_what_was_moved_is_a_part_of_a_path(old, new, place, now):
    assert Relocation(old, new).of(place) == now


def test_what_was_moved_back_ends(tmp_path):
    moved = [Relocation("/a", "/b"), Relocation("/b", "/a"), Relocation("/b", "/c")]
    assert candidates(["/a/x"], moved) == ["/c/x", "/b/x", "/a/x"]


@pytest.mark.full
def test_footage_is_hashed_once_and_again_when_that_is_asked_for(kept, tmp_path, monkeypatch):
    hashed = []
    real = opening._digest_of
    monkeypatch.setattr(
        opening, "_digest_of", lambda path, *more: hashed.append(path) or real(path, *more)
    )
    assert shows(kept, tmp_path)
    assert hashed == []  # it was when it was indexed
    video = tmp_path / "footage" / "gate" / "gate.mp4"
    os.utime(video)
    assert shows(kept, tmp_path)
    assert len(hashed) == 1
    assert shows(kept, tmp_path, "--verify")
    assert len(hashed) == 3


def test_a_changed_file_with_its_old_time_is_never_shown(kept, tmp_path):
    video = tmp_path / "footage" / "gate" / "gate.mp4"
    before = video.stat()
    data = bytearray(video.read_bytes())
    data[-100] ^= 1
    video.write_bytes(data)
    os.utime(video, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not shows(kept, tmp_path)


@pytest.mark.full
def test_a_picture_that_is_not_the_stored_crop_is_refused(kept, tmp_path):
    """Whatever went wrong between the bytes and the picture: it would be false evidence."""
    with Archive.open(kept.archive) as archive:
        box, moment = archive.crop(1).box, archive.crop(1).moment
        grey = np.full((box.height_px, box.width_px, 3), 128, np.uint8)
    jpeg = cv2.imencode(".jpg", grey)[1].tobytes()
    digest = hashlib.sha256(jpeg).digest()
    sql(
        kept.archive,
        "UPDATE picture SET jpeg = :jpeg, sha256 = :digest WHERE crop_id = 1",
        jpeg=jpeg,
        digest=digest,
    )
    video = tmp_path / "footage" / "gate" / "gate.mp4"
    at = f"{video}@{float(moment.media_s)}"
    asked = kept("query", "--frame", at, "--box", "1,2,30,40", "--model", "builtin")
    assert (asked.code, "not the stored crop" in asked.err) == (3, True), asked.err
    for command, name in (("frame", "a.png"), ("clip", "a.mp4")):
        ran = kept(command, 1, "-o", tmp_path / name)
        assert (ran.code, "not the stored crop" in ran.err) == (3, True), ran.err
        assert not (tmp_path / name).exists()


@pytest.mark.full
def test_a_copied_clip_tells_its_true_interval_and_where_the_crop_is(run, tmp_path):
    video = write_video(tmp_path / "a.ts", 300, size_px=(320, 240), options={"g": "100", "bf": "0"})
    (tmp_path / "det.txt").write_text("\n".join(f"{n},-1,50,50,60,150,1" for n in range(140, 180)))
    assert run("index", video, "--detections", tmp_path / "det.txt", "--model", "builtin").code == 0
    out = tmp_path / "out.mkv"
    ran = run("clip", 1, "-o", out, "--copy", "--margin", "0", "--format", "json")
    told = json.loads(ran.out)
    assert (told["from_s"], told["asked_from_s"]) == pytest.approx((4.0, 5.56))
    assert told["copied"]
    with Archive.open(run.archive) as archive:
        pixels, crop = archive.footage.frame(1)
    with opening.open_footage(out) as clip:
        shown = clip.frame_at(Fraction(told["crop_at_s"]).limit_denominator(1000))
        assert np.array_equal(shown.bgr(), pixels)
        assert float(crop.moment.media_s) == pytest.approx(told["from_s"] + told["crop_at_s"])
        last = [item.pts for item in clip.frames()][-1]
        assert told["to_s"] - told["from_s"] == pytest.approx(float(clip.info.media_s(last)))
    text = run("clip", 1, "-o", out, "--copy", "--margin", "0", "--force").out
    assert "4.0 to" in text
    assert "1.6 s earlier: leave --copy out" in text
    trimmed = run("clip", 1, "-o", tmp_path / "cut.mkv", "--margin", "0", "--format", "json")
    assert json.loads(trimmed.out)["from_s"] == pytest.approx(5.56)


@pytest.mark.full
def test_a_still_of_garbage_is_never_written(run, tmp_path):
    """MPEG-4 part 2 in a transport stream: a seek ends between key frames, and all looks grey."""
    noise = np.random.default_rng(3).integers(0, 200, (24, 32, 3), dtype=np.uint8)
    video = write_video(
        tmp_path / "a.ts",
        250,
        codec="mpeg4",
        size_px=(320, 240),
        container="mpegts",
        options={"g": "240", "b": "4000000"},
        draw=lambda number, size: cv2.resize(np.roll(noise, number // 3, axis=1), size),
    )
    (tmp_path / "det.txt").write_text("\n".join(f"{n},-1,50,50,60,150,1" for n in range(140, 180)))
    assert run("index", video, "--detections", tmp_path / "det.txt", "--model", "builtin").code == 0
    out = Path(tmp_path / "out.png")
    assert run("frame", 1, "-o", out).code == 0
    with Archive.open(run.archive) as archive:
        crop, stored = archive.crop(1), archive.picture(1)
    box = crop.box
    shown = cv2.imread(str(out))[box.y1 : box.y2, box.x1 : box.x2]
    kept = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(shown.astype(int) - kept).mean() < 8


def test_a_source_whose_crops_are_deleted_is_forgotten_by_its_place(kept):
    with Archive.open(kept.archive) as archive:
        (source,) = archive.footage.coverage()
        seen = archive.footage.tracklets(source.source_id)
    crops = ",".join(str(crop) for one in seen for crop in one.crop_ids)
    assert kept("delete", "--crop", crops, "--yes").code == 0
    assert "erased" in kept("coverage").out
    ran = kept("delete", "--source", "gate.mp4", "--yes")
    assert (ran.code, "Deleted 1 source." in ran.out) == (0, True), ran.err
    with Archive.open(kept.archive) as archive:
        assert not archive.footage.coverage()
