"""The commands on footage: from two drawn videos to answers, pictures, clips and clocks."""

from __future__ import annotations

import io
import json
import os
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from archives import CommandLine, answer_of
from PIL import Image
from videos import write_video

from reidsearch import Archive
from reidsearch.base.errors import UsageError
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage

pytestmark = pytest.mark.full

MINE = ("coverage", "detect", "clip", "frame", "clock", "recorders")


@pytest.fixture
def held(run: CommandLine, footage_once) -> CommandLine:
    """The command line on an archive of that footage: tracklets 1 to 3 at the gate, 4 and 5."""
    shutil.copytree(footage_once, run.archive)
    return run


def view_of(folder: Path, tracklet_id: int) -> int:
    with Archive.open(folder) as archive:
        return archive.footage.tracklet(tracklet_id).crop_ids[0]


@pytest.mark.parametrize("name", MINE)
def test_help(name, run):
    ran = run(name, "--help")
    assert (ran.code, name in ran.out) == (0, True)


@pytest.mark.full
def test_index_tells_what_became_of_the_footage(run, footage):
    command = ("index", footage, "--sources", footage / "sources.csv", "--model", "builtin")
    ran = run(*command)
    assert ran.code == 0, ran.err
    assert "5 tracklets" in ran.out
    again = run(*command, "--format", "json")
    report = json.loads(again.out)["footage"]
    assert (report["sources"], report["unchanged"], report["indexed"]) == (2, 2, 0)


def test_index_refuses_what_cannot_be_meant(run, footage):
    two = ("index", footage / "gate.mp4", footage / "yard.mp4", "--model", "builtin")
    for more, said in (
        (("--detections", footage / "gate.det.txt"), "belong to one video"),
        (("--recorder", "nosuch"), "nosuch"),
        (("--frames-fps", "25"), "--frames-fps is now the setting frames_fps in reidsearch.toml"),
        (("--looks", "2"), "--looks is now --sample-rate"),
        (("--sources", footage / "gate.det.txt"), "cannot be read|no column"),
    ):
        ran = run(*two, *more)
        assert ran.code in {2, 3}, ran.err
        assert any(part in ran.err for part in said.split("|")), ran.err
    if run.archive.exists():
        with Archive.open(run.archive) as archive:
            assert len(archive) == 0


@pytest.mark.full
def test_an_answer_has_a_row_a_tracklet_with_first_and_last_time(held):
    crop = view_of(held.archive, 1)
    told = answer_of(held, "--crop", crop)
    rows = told["matches"]
    assert [row["tracklet"]["tracklet_id"] for row in rows].count(1) == 1
    assert len(rows) == 5
    own = rows[0]["tracklet"]
    assert own["tracklet_id"] == 1
    assert own["first_time"].startswith("2024-05-31T12:00:01")
    assert 3 < own["duration_s"] < 5
    single = answer_of(held, "--crop", crop, "--ungrouped", "-k", 100)
    assert len(single["matches"]) > 10
    assert not single["statement"]["grouped"]
    text = held("query", "--crop", crop, "--statement").out
    assert "Footage: 2 sources" in text
    assert "with precomputed detections" in text


def test_show_tells_when_in_its_footage_a_crop_was_taken(held):
    told = " ".join(held("show", "crop", view_of(held.archive, 1)).out.split())
    assert "tracklet 1 in footage " in told
    assert "s (pts " in told
    assert "uncertainty ±1 s quality 0." in told


def test_no_match_tells_what_was_and_was_without_footage_at(held):
    ran = held("query", "--crop", 1, "--min-score", "1", "--after", "2024-05-31T12:00:00Z",
               "--statement")  # fmt: skip
    assert "No match" in ran.out
    assert "Footage: 2 sources" in ran.out
    assert "No footage supplied: yard 1:00, gate " in " ".join(ran.out.split())
    hour = ("--after", "2024-05-31T13:00:00Z", "--before", "2024-05-31T14:00:00Z")
    later = held("query", "--crop", 1, *hour)
    assert "No match" in later.out
    assert "Footage: none of the cameras and times searched." in later.out
    assert "gate 1:00:00" in later.out
    told = answer_of(held, "--crop", 1, "--camera", "gate", "--after", "2024-05-31T12:00:00Z")
    assert told["statement"]["footage"]["not_supplied_s"] == {}
    assert told["statement"]["footage"]["sources"] == 1


def test_coverage_as_text_json_and_picture(held, tmp_path):
    ran = held("coverage", "-o", tmp_path / "coverage.png")
    assert ran.code == 0, ran.err
    assert "gate" in ran.out
    assert "precomputed 18.0 s" in ran.out or "precomputed 17.9 s" in ran.out
    assert "yard: no footage supplied for 1:00" in ran.out
    with Image.open(tmp_path / "coverage.png") as picture:
        assert picture.size[0] == 1200
        colours = {colour for _, colour in picture.getcolors(1 << 24)}
        assert (0xA5, 0xB4, 0xFC) in colours, "detections were precomputed"
    told = json.loads(held("coverage", "--format", "json", "--camera", "gate").out)
    (source,) = told["sources"]
    assert source["camera"] == "gate"
    assert source["counts"]["tracklets"] == 3
    assert [span["how"] for span in source["spans"]] == ["precomputed"]
    assert source["spans"][0]["from_time"] == "2024-05-31T12:00:00Z"
    (hole,) = told["not_supplied"]
    assert hole["from_time"].startswith("2024-05-31T12:00:1")
    assert hole["to_time"].startswith("2024-05-31T12:01:0")


def test_coverage_of_an_archive_without_footage(run, tmp_path):
    with Archive.open(run.archive, create=True, model="builtin"):
        pass
    assert "holds no footage" in run("coverage", "-o", tmp_path / "c.png").out


def test_a_clock_is_shown_and_corrected(held):
    assert "starts 2024-05-31 12:00:00 UTC ±1 s (list)" in held("clock", "gate").out
    ran = held("clock", "gate", "--offset", "-90.5", "--drift", "50", "--uncertainty", "0.2")
    assert "starts 2024-05-31 11:58:29 UTC ±0.2 s" in ran.out
    assert "offset -90.5 s, drift +50 ppm" in ran.out
    told = answer_of(held, "--crop", view_of(held.archive, 1))
    assert told["matches"][0]["time"].startswith("2024-05-31T11:58:3")
    assert told["matches"][0]["moment"]["uncertainty_s"] == 0.2
    ran = held(
        "clock",
        "gate",
        "--start",
        "2024-05-31T15:00:00",
        "--timezone",
        "+03:00",
        "--format",
        "json",
    )
    assert json.loads(ran.out)["start"] == "2024-05-31T12:00:00Z"
    assert held("check").code == 0


def test_a_correction_of_a_clock_is_taken_back_with_who_and_why(held, monkeypatch):
    def starts() -> str:
        told = held("clock", "gate").out
        return told[told.index("starts 2024") :][7:26]

    assert held("clock", "gate", "--undo").code == 9
    monkeypatch.setenv("REIDSEARCH_ACTOR", "lea")
    held("clock", "gate", "--start", "2024-05-31T15:00:00Z", "--offset", "60")
    held("clock", "gate", "--offset", "-60", "--note", "the radio clock")
    assert starts() == "2024-05-31 14:59:00"
    assert held("clock", "gate", "--undo", "--note", "misread").code == 0
    assert starts() == "2024-05-31 15:01:00"
    monkeypatch.setenv("REIDSEARCH_ACTOR", "max")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = held("clock", "gate", "--undo")
    assert ran.code != 0
    assert "lea decided this at " in ran.err
    assert starts() == "2024-05-31 15:01:00"
    assert held("clock", "gate", "--undo", "--yes").code == 0
    assert starts() == "2024-05-31 14:59:00"
    told = json.loads(held("clock", "--format", "json").out)["corrections"]
    assert [(one["who"], one["why"]) for one in told] == [
        ("lea", None),
        ("lea", "the radio clock"),
        ("lea", "misread"),
        ("max", None),
    ]
    assert held("clock", "gate", "--undo", "--offset", "1").code == 2
    assert held("check").code == 0
    with Archive.open(held.archive) as archive:
        (first, *_, last) = archive.footage.clock_changes()
        assert last.after.moved_s == first.after.moved_s
        with pytest.raises(UsageError, match="after the correction"):
            archive.footage.undo_clock(first)


def test_clocks_that_cannot_be_set(held):
    for arguments, code, said in (
        (("nowhere",), 9, "no sources"),
        (("mp4",), 9, "2 sources"),
        (("gate", "--offset", "soon"), 2, "--offset"),
        (("gate", "--offset", "1/0"), 2, "--offset"),
        (("gate", "--start", "2024-05-31T15:00:00"), 2, "zone"),
        (("gate", "--offset", "1e30"), 2, "offset"),
        (("gate", "--offset", "-1e400"), 2, "offset"),
        (("gate", "--offset", "-9e10"), 2, "offset"),
        (("gate", "--drift", "nan"), 2, "drift"),
        (("gate", "--drift", "inf"), 2, "drift"),
        (("gate", "--uncertainty", "nan"), 2, "uncertainty"),
        (("gate", "--uncertainty", "inf"), 2, "uncertainty"),
        (("gate", "--start", "9999-12-31T23:59:59Z"), 2, "calendar"),
    ):
        ran = held("clock", *arguments)
        assert (ran.code, said in ran.err) == (code, True), ran.err


def frames_of(path: Path) -> list[Frame]:
    with open_footage(path) as opened:
        return [item for item in opened.frames() if isinstance(item, Frame)]


def test_frame_writes_the_frame_the_match_was_cut_from(held, tmp_path, footage):
    crop = view_of(held.archive, 2)
    ran = held("frame", crop, "-o", tmp_path / "frame.png")
    assert ran.code == 0, ran.err
    with Archive.open(held.archive) as archive:
        moment = archive.crop(crop).moment
    with Image.open(tmp_path / "frame.png") as picture:
        shown, chunks = np.asarray(picture), picture.text
    with open_footage(footage / "gate.mp4") as video:
        frame = video.frame_at(moment.media_s).bgr()
    height, width = frame.shape[:2]
    assert shown.shape[0] > height, "the margin lies below the frame"
    assert np.array_equal(shown[:height, :width, ::-1], frame), "and covers nothing of it"
    assert chunks["Command"] == f"reidsearch frame {crop} -o {tmp_path / 'frame.png'}"
    assert chunks["Title"] == f"Frame of crop {crop}"
    held("frame", crop, "-o", tmp_path / "boxed.png", "--box")
    with Image.open(tmp_path / "boxed.png") as picture:
        assert np.any(np.asarray(picture)[:height, :width] != shown[:height, :width])


FULL = pytest.mark.full


@pytest.mark.parametrize(
    "how",
    [
        *(pytest.param(how, marks=FULL) for how in (("--box",), (), ("--copy",))),
        ("--no-caption",),
    ],
)
def test_clip_cuts_the_footage_around_a_match(how, held, tmp_path):
    crop = view_of(held.archive, 2)
    with Archive.open(held.archive) as archive:
        seen = archive.footage.tracklet(2)
        height_px = archive.footage.coverage()[0].info.height_px
    out = tmp_path / "clip.mp4"
    ran = held("clip", crop, "-o", out, "--margin", "1", *how)
    assert ran.code == 0, ran.err
    cut = frames_of(out)
    length_s = float(seen.parts[0].last_s - seen.parts[0].first_s) + 2
    copied = how == ("--copy",)
    assert len(cut) >= length_s * 10 - 2
    assert copied or len(cut) <= length_s * 10 + 2
    assert "the footage ends" not in ran.out
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    captioned = how not in {("--copy",), ("--no-caption",)}
    assert (cut[0].height_px > height_px) is captioned, "the caption lies below the picture"
    if how == ("--box",):
        middle = cut[len(cut) // 2].bgr().astype(int)
        yellow = (abs(middle - [0, 220, 255]) < 60).all(axis=2)
        assert yellow.sum() > 100
    again = held("clip", crop, "-o", out)
    assert (again.code, "exists" in again.err) == (2, True)


def test_clips_that_cannot_be_cut(held, tmp_path, footage, monkeypatch):
    out = tmp_path / "clip.mp4"
    assert held("clip", 1, "-o", out, "--box", "--copy").code == 2
    assert held("clip", 999, "-o", out).code == 9
    assert held("clip", 1, "-o", tmp_path / "no" / "clip.mp4").code == 8
    assert held("clip", 1, "-o", tmp_path / "no" / "clip.mp4", "--copy").code == 8
    assert held("clip", 1, "-o", out, "--margin", "nan").code == 2
    for how in ((), ("--copy",)):
        other = held("clip", 1, "-o", tmp_path / "clip.nosuch", *how)
        assert (other.code, ".mkv" in other.err) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == []


@pytest.mark.full
def test_a_clip_is_what_its_ending_says_and_tells_how_far_it_goes(held, tmp_path):
    ran = held("clip", 1, "-o", tmp_path / "a.mp4", "--margin", "3600")
    assert "0.0 to 17.9 s" in ran.out
    assert "; the footage ends at 17.9 s" in ran.out
    for name in ("a.mkv", "a.ts"):
        assert held("clip", 1, "-o", tmp_path / name, "--margin", "0").code == 0
    for name, container in (("a.mkv", "matroska"), ("a.ts", "mpegts"), ("a.mp4", "mp4")):
        with open_footage(tmp_path / name) as cut:
            assert container in cut.info.container


@pytest.mark.full
def test_a_stream_without_time_stamps_is_cut_but_not_copied(run, tmp_path):
    video = write_video(tmp_path / "raw.h264", 60, container="h264", size_px=(320, 240))
    (tmp_path / "det.txt").write_text("\n".join(f"{n},-1,50,50,60,150,1" for n in range(10, 50)))
    assert run("index", video, "--detections", tmp_path / "det.txt", "--model", "builtin").code == 0
    copied = run("clip", 1, "-o", tmp_path / "copy.mkv", "--copy")
    assert (copied.code, "leave --copy out" in copied.err) == (3, True)
    assert run("clip", 1, "-o", tmp_path / "cut.mp4", "--margin", "0").code == 0
    assert len(frames_of(tmp_path / "cut.mp4")) == 40


@pytest.mark.full
def test_footage_whose_name_is_no_text_is_shown_like_any_other(run, tmp_path, scene):
    video = tmp_path / os.fsdecode(b"gate\xff.mp4")
    shutil.copy(scene[0], video)
    det = scene[0].with_suffix(".det.txt")
    assert run("index", video, "--detections", det, "--model", "builtin").code == 0
    assert run("frame", 1, "-o", tmp_path / "frame.png").code == 0
    assert run("clip", 1, "-o", tmp_path / "clip.mp4").code == 0
    assert run("clip", 1, "-o", tmp_path / "copy.mp4", "--copy").code == 0


@pytest.mark.full
def test_footage_that_is_gone_or_another_is_never_shown(run, footage_once, scene, tmp_path):
    """A picture that is no longer what was indexed would be false evidence."""
    video = tmp_path / "gate.mp4"
    shutil.copy(scene[0], video)
    detections = scene[0].with_suffix(".det.txt")
    assert run("index", video, "--detections", detections, "--model", "builtin").code == 0
    data = bytearray(video.read_bytes())
    data[-100] ^= 1
    video.write_bytes(data)
    for command, name in (("frame", "out.png"), ("clip", "out.mp4")):
        ran = run(command, 1, "-o", tmp_path / name)
        assert (ran.code, "SHA-256 differs" in ran.err) == (3, True)
    video.unlink()
    ran = run("frame", 1, "-o", tmp_path / "out.png")
    assert (ran.code, "no longer there" in ran.err) == (3, True)
    assert not (tmp_path / "out.png").exists()


def test_a_query_from_a_frame_by_its_box(held, footage, scene):
    _, visits = scene
    walk = visits[0]
    x1, y1, x2, y2 = walk.xyxy[20].round().astype(int).tolist()
    at = Fraction(int(walk.frames[20]), 10)
    box = f"{x1},{y1},{x2 - x1},{y2 - y1}"
    told = answer_of(held, "--frame", f"{footage / 'gate.mp4'}@{float(at)}", "--box", box)
    assert told["matches"][0]["tracklet"]["tracklet_id"] == 1
    assert told["statement"]["query"] == f"box {box} in {footage / 'gate.mp4'}@{float(at)}"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--frame", "{}/gate.mp4@3", "--box", "1,2,3"), 2, "--box"),
        (("--frame", "{}/gate.mp4@3", "--box", "600,300,100,100"), 2, "--box"),
        (("--frame", "{}/gate.mp4@3", "--box", "1,2,3,4", "--person", "1"), 2, "not both"),
        (("--box", "1,2,3,4"), 2, "--frame"),
        (("--frame", "{}/gate.mp4@100", "--box", "1,2,30,40"), 9, "gate.mp4"),
        (("--frame", "{}/gate.mp4@soon", "--box", "1,2,30,40"), 2, "soon"),
        (("--frame", "{}/gate.mp4@1e400", "--box", "1,2,30,40"), 2, "1e400"),
        (("--frame", "{}/gate.mp4@-1", "--box", "1,2,30,40"), 2, "before"),
        (("--frame", "{}/gate.mp4", "--box", "1,2,30,40"), 3, "VIDEO@TIME"),
        (("--frame", "{}/none.mp4@3", "--box", "1,2,30,40"), 3, "none.mp4"),
        (("--frame", "{}/gate.det.txt@3", "--box", "1,2,30,40"), 3, "gate.det.txt"),
    ],
)
def test_frames_that_cannot_be_asked_about(arguments, code, said, held, footage):
    given = [text.replace("{}", str(footage)) for text in arguments]
    ran = held("query", *given, "--model", "builtin")
    assert (ran.code, said in ran.err) == (code, True), ran.err


def test_a_timeline_of_the_matches(held, tmp_path):
    ran = held("query", "--crop", 1, "--timeline", tmp_path / "t.png")
    assert ran.code == 0, ran.err
    with Image.open(tmp_path / "t.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24)}
    assert (0x11, 0x18, 0x27) in colours, "the match itself"


def test_patterns_lists_and_tries(run):
    assert "hikvision" in run("recorders").out
    told = json.loads(
        run("recorders", "--try", "/f/Gate_00_20240531140300.mp4", "--format", "json").out
    )
    assert {row["name"] for row in told["recorders"]} >= {"reolink"}
    assert "matches no known recorder pattern" in run("recorders", "--try", "film.mp4").out


def test_deleting_a_source_takes_its_coverage(held):
    assert held("delete", "--source", "yard.mp4", "--yes").code == 0
    told = json.loads(held("coverage", "--format", "json").out)
    assert [source["camera"] for source in told["sources"]] == ["gate"]
    assert held("check").code == 0


def test_footage_is_not_overwritten_by_its_own_frames_and_clips(held, footage, tmp_path):
    video = tmp_path / "gate.mp4"
    shutil.copy(footage / "gate.mp4", video)
    before = video.read_bytes()
    archive = tmp_path / "own"
    shutil.copy(footage / "gate.det.txt", tmp_path)
    indexed = held(
        "index",
        video,
        "-a",
        archive,
        "--model",
        "builtin",
        "--detections",
        tmp_path / "gate.det.txt",
    )
    assert indexed.code == 0, indexed.err
    ran = held("clip", 1, "-a", archive, "-o", video, "--force")
    assert (ran.code, "was indexed in" in ran.err) == (2, True)
    assert video.read_bytes() == before
