"""Tracklets by frame numbers: as other programs, and independent readers, count frames."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from archives import CommandLine
from json_schemas import require_valid
from PIL import Image
from videos import rotate, write_video

from reidsearch import Archive
from reidsearch.base.errors import InputError, Kind
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.video.open import open_footage
from reidsearch.media.video.video_file import VideoFile
from reidsearch.media.video.views import require_shown
from reidsearch.output.tracks import encode
from reidsearch.services.footage_files import view_of
from reidsearch.services.index import FootageOptions
from reidsearch.vision.detection.precomputed_files import read_precomputed

IRREGULAR = np.cumsum([40, 20, 60, 40, 120, 40, 40, 30, 50, 40] * 10).tolist()
"""Milliseconds of 100 frames, at no rate."""
BOX = (10, 8, 40, 80)


def walker(path: Path, frames: int) -> Path:
    """Detections of one person who moves on by a pixel a frame: MOT, frames from 1."""
    x, y, w, h = BOX
    lines = [f"{number + 1},-1,{x + number},{y},{w},{h},1" for number in range(frames)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def indexed(folder: Path, video: Path, detections: Path) -> Archive:
    """An archive of one tracklet; what the tracker has parted is joined by hand."""
    archive = Archive.open(folder, create=True, model="builtin")
    options = FootageOptions(naming=SourceNaming(camera="gate"), detections=detections)
    report = archive.index([video], footage=options).footage
    assert report.indexed == 1
    if report.tracklets > 1:
        archive.tracklets.join(range(1, report.tracklets + 1))
    return archive


def rows(archive: Archive, **how: bool) -> list[list[float]]:
    """The lines of the MOT file of the only source."""
    (source,) = archive.footage.coverage()
    text = encode(archive.export.tracks(source.source_id, **how), ".txt").decode()
    return [[float(part) for part in line.split(",")] for line in text.splitlines()]


def require_true(found: list[list[float]]) -> None:
    """Every box is where the walker was in just that frame, whatever its time."""
    assert found
    x, y, w, h = BOX
    for frame, _, left, top, width, height, *rest in found:
        assert (left, top, width, height) == (x + frame - 1, y, w, h)
        assert rest[1:] == [-1, -1, -1]


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("even.mp4", {}),
        ("irregular.mkv", {"pts": IRREGULAR}),
        ("irregular.mp4", {"pts": IRREGULAR, "options": {"bf": "2"}}),
        ("stream.ts", {"options": {"bf": "2"}}),
        ("hidden.webm", {"codec": "libvpx-vp9"}),
        ("motion.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    ],
)
def test_boxes_are_numbered_by_the_frames_of_the_file(tmp_path, name, how):
    video = write_video(tmp_path / name, 100, size_px=(160, 96), **how)
    with indexed(tmp_path / "a", video, walker(tmp_path / "det.txt", 100)) as archive:
        found = rows(archive)
        require_true(found)
        (source,) = archive.footage.coverage()
        assert archive.export.tracks(source.source_id).frame_count == 100


@pytest.mark.full
def test_packets_that_are_not_certain_are_decoded_and_give_the_same(tmp_path, monkeypatch):
    video = write_video(tmp_path / "v.mkv", 100, pts=IRREGULAR)
    with indexed(tmp_path / "a", video, walker(tmp_path / "det.txt", 100)) as archive:
        quick = rows(archive)
        with monkeypatch.context() as patch:
            patch.setattr(VideoFile, "frames", _never)
            assert rows(archive) == quick, "nothing was decoded"
        for uncertain in (lambda _: None, lambda _: np.arange(99) * 40):
            with monkeypatch.context() as patch:
                patch.setattr(VideoFile, "stamps", uncertain)
                assert rows(archive) == quick


def _never(*_: object) -> None:
    raise AssertionError("decoded")


@pytest.mark.full
def test_a_stamp_that_no_frame_has_is_refused_and_never_guessed(tmp_path, monkeypatch, run):
    video = write_video(tmp_path / "v.mkv", 100, pts=IRREGULAR)
    run.archive = tmp_path / "a"
    indexed(run.archive, video, walker(tmp_path / "det.txt", 100)).close()
    monkeypatch.setattr(VideoFile, "stamps", lambda _: np.arange(100) * 41)
    with Archive.open(run.archive) as archive, pytest.raises(InputError) as error:
        rows(archive)
    assert error.value.kind == Kind.FRAMES_NOT_FOUND
    ran = run("export", "tracks", "v.mkv", "-o", tmp_path / "t.txt")
    assert ran.code == 3
    assert ".json" in ran.err
    assert not (tmp_path / "t.txt").exists()
    assert run("export", "tracks", "v.mkv", "-o", tmp_path / "t.json").code == 0
    told = json.loads((tmp_path / "t.json").read_text())
    require_valid(told)
    assert told["frames"] is None
    assert {box["frame"] for one in told["tracklets"] for box in one["boxes"]} == {None}
    pts = [box["pts"] for one in told["tracklets"] for box in one["boxes"]]
    assert set(pts) <= {at - IRREGULAR[0] + IRREGULAR[0] for at in IRREGULAR}


@pytest.mark.full
def test_frames_between_detections_are_filled_in_a_straight_line_by_time(tmp_path):
    video = write_video(tmp_path / "v.mkv", 100, pts=IRREGULAR)
    detections = tmp_path / "det.txt"
    kept = [*range(0, 30, 3), *range(80, 100)]  # from 27 to 80 it is more than two seconds
    walker(detections, 100)
    lines = detections.read_text().splitlines()
    detections.write_text("\n".join(lines[number] for number in kept) + "\n")
    with indexed(tmp_path / "a", video, detections) as archive:
        (source,) = archive.footage.coverage()
        measured = archive.export.tracks(source.source_id)
        filled = archive.export.tracks(source.source_id, interpolate=True)
        (one,), (whole,) = measured.tracks, filled.tracks
        assert whole.frames is not None
        assert one.frames is not None
        assert set(whole.frames.tolist()) == {*range(28), *range(80, 100)}
        assert set(whole.frames[whole.measured].tolist()) == set(one.frames.tolist())
        assert (filled.left_open, filled.added) == (1, filled.boxes - measured.boxes)
        times = np.array(IRREGULAR)
        before, after = times[one.frames[0]], times[one.frames[1]]
        row = 1
        share = (times[whole.frames[row]] - before) / (after - before)
        step = one.frames[1] - one.frames[0]
        assert whole.xyxy[row, 0] == pytest.approx(BOX[0] + one.frames[0] + share * step, abs=1e-3)
        assert np.array_equal(whole.xyxy[whole.measured], one.xyxy), "detections stay as they are"


@pytest.mark.full
def test_cvat_marks_what_is_interpolated_and_ends_what_is_not_seen(tmp_path):
    video = write_video(tmp_path / "v.mkv", 100, pts=IRREGULAR)
    detections = walker(tmp_path / "det.txt", 100)
    lines = detections.read_text().splitlines()
    detections.write_text("\n".join(lines[:30:3] + lines[80:90]) + "\n")
    with indexed(tmp_path / "a", video, detections) as archive:
        (source,) = archive.footage.coverage()
        tracks = archive.export.tracks(source.source_id, interpolate=True)
    path = tmp_path / "t.xml"
    path.write_bytes(encode(tracks, ".xml"))
    root = ElementTree.parse(path).getroot()
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/size") == "100"
    (track,) = root.findall("track")
    assert track.get("id") == "1"
    boxes = track.findall("box")
    key = {int(box.attrib["frame"]) for box in boxes if box.get("keyframe") == "1"}
    outside = [int(box.attrib["frame"]) for box in boxes if box.get("outside") == "1"]
    assert outside == [28, 90]
    assert key - set(outside) == {*range(0, 30, 3), *range(80, 90)}
    frames = [int(box.attrib["frame"]) for box in boxes]
    assert frames == sorted(set(frames))
    assert {box.findtext("attribute[@name='tracklet']") for box in boxes} == {"1"}


@pytest.mark.full
@pytest.mark.parametrize("ending", [".txt", ".xml"])
def test_what_is_written_can_be_indexed_as_detections(tmp_path, scene, ending):
    video = Path(shutil.copy(scene[0], tmp_path))
    options = FootageOptions(detections=scene[0].with_suffix(".det.txt"))
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        archive.index([video], footage=options)
        (source,) = archive.footage.coverage()
        tracks = archive.export.tracks(source.source_id)
        given = tmp_path / f"t{ending}"
        given.write_bytes(encode(tracks, ending))
    read = read_precomputed(given)
    truth = {
        (frame, one.tracklet_id if ending == ".txt" else number): box
        for number, one in enumerate(tracks.tracks)
        for frame, box in zip(one.frames.tolist(), one.xyxy.tolist(), strict=True)
    }
    found = {(key, row[5]): row[:4] for key, of_frame in read.rows.items() for row in of_frame}
    assert found.keys() == truth.keys()
    for key, box in truth.items():
        assert found[key] == pytest.approx(box, abs=2e-3)
    with Archive.open(tmp_path / "b", create=True, model="builtin") as archive:
        report = archive.index([video], footage=FootageOptions(detections=given)).footage
        assert report.tracklets == len(tracks.tracks)


@pytest.mark.full
def test_a_folder_of_frames_counts_its_pictures(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(40):
        pixels = np.random.default_rng(number).integers(0, 255, (96, 160, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04d}.png")
    (folder / "0000.png").write_bytes(b"no picture")
    detections = tmp_path / "det.csv"
    lines = [f"{number},{10 + number},8,{50 + number},88" for number in range(40)]
    detections.write_text("frame,x1,y1,x2,y2\n" + "\n".join(lines) + "\n")
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        archive.index([folder], footage=FootageOptions(frames=True, detections=detections))
        (source,) = archive.footage.coverage()
        (one,) = archive.export.tracks(source.source_id).tracks
        assert one.frames is not None
        shown = [open_footage(folder).picture_at(int(pts)) for pts in one.pts]
        assert [f"{frame:04d}.png" for frame in one.frames] == shown


@pytest.mark.full
def test_boxes_of_a_turned_video_are_of_its_upright_frames(tmp_path, run):
    video = rotate(write_video(tmp_path / "v.mp4", 60), 90)
    run.archive = tmp_path / "a"
    indexed(run.archive, video, walker(tmp_path / "det.txt", 40)).close()
    assert run("export", "tracks", "v.mp4", "-o", tmp_path / "t.json").code == 0
    told = json.loads((tmp_path / "t.json").read_text())
    assert (told["width_px"], told["height_px"]) == (96, 160)


@pytest.mark.full
def test_without_the_footage_only_times_can_be_told(tmp_path, run: CommandLine):
    video = write_video(tmp_path / "v.mkv", 100, pts=IRREGULAR)
    run.archive = tmp_path / "a"
    indexed(run.archive, video, walker(tmp_path / "det.txt", 100)).close()
    video.rename(tmp_path / "elsewhere.mkv")
    for ending, more in ((".txt", ()), (".xml", ()), (".json", ("--interpolate",))):
        ran = run("export", "tracks", "v.mkv", "-o", tmp_path / f"t{ending}", *more)
        assert (ran.code, "relocate" in ran.err) == (3, True)
        assert not (tmp_path / f"t{ending}").exists()
    ran = run("export", "tracks", "v.mkv", "-o", tmp_path / "t.json")
    assert "frames are not numbered" in ran.out
    told = json.loads((tmp_path / "t.json").read_text())
    require_valid(told)
    ran = run("export", "tracks", "v.mkv", "-o", tmp_path / "t.json", "--force", "--format", "json")
    assert json.loads(ran.out)["frames"] is None


@pytest.mark.full
def test_the_command_refuses_what_it_cannot_write(tmp_path, run: CommandLine):
    video = write_video(tmp_path / "v.mkv", 100)
    run.archive = tmp_path / "a"
    indexed(run.archive, video, walker(tmp_path / "det.txt", 100)).close()
    assert run("export", "tracks", "v.mkv", "-o", tmp_path / "t.csv").code == 2
    assert run("export", "tracks", "nosuch", "-o", tmp_path / "t.txt").code == 9
    ran = run("export", "tracks", "v.mkv", "-o", tmp_path / "t.txt", "--interpolate")
    assert "1 tracklet, 100 boxes" in ran.out
    assert run("export", "tracks", "v.mkv", "-o", tmp_path / "t.txt").code == 2, "it exists"


@pytest.mark.full
def test_on_real_footage_another_reader_finds_the_stored_crops_in_those_frames(
    tmp_path, shared, monkeypatch
):
    """OpenCV counts the frames by itself; each best shot has to be in the frame that is told."""
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    video = shared / "footage" / "crossings" / "TUD-Stadtmitte.mp4"
    with Archive.open(tmp_path / "a", create=True) as archive:
        archive.index([video])
        (source,) = archive.footage.coverage()
        tracks = archive.export.tracks(source.source_id, interpolate=True)
        wanted = {}
        for one in tracks.tracks:
            numbers = dict(zip(one.pts.tolist(), one.frames.tolist(), strict=True))
            for crop_id in archive.footage.tracklet(one.tracklet_id).crop_ids:
                view = view_of(archive._store, archive.crop(crop_id))
                wanted.setdefault(numbers[view.pts], []).append(view)
        capture, number, compared = cv2.VideoCapture(str(video)), 0, 0
        while True:
            there, pixels = capture.read()
            if not there:
                break
            for view in wanted.get(number, ()):
                require_shown(pixels, view)
                compared += 1
            number += 1
    assert number == tracks.frame_count
    assert compared == sum(map(len, wanted.values())) > 10
