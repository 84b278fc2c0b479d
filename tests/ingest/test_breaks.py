"""Tracker state never outlives what it is about: cuts, jumps, empty scenes, slow footage."""

import datetime as dt
import functools

import cv2
import numpy as np
import pytest
from footage_dump import dump
from scenes import killed_after
from videos import write_streams, write_video

from reidsearch.archive import Archive
from reidsearch.domain.footage import How
from reidsearch.ingest.footage import run
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions

BOX = (60, 40, 60, 150)  # left, top, width, height
RED, BLUE = (30, 30, 200), (190, 60, 30)


def scene_of(seed=1, colour=RED, *, empty=False):
    """Somebody who stands in one place, before a wall of its own."""

    @functools.cache
    def picture(width, height):
        rng = np.random.default_rng(seed)
        frame = np.full((height, width, 3), 110, np.uint8)
        for _ in range(60):
            x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
            far = x + int(rng.integers(10, 90)), y + int(rng.integers(10, 90))
            cv2.rectangle(frame, (x, y), far, rng.integers(20, 235, 3).tolist(), -1)
        if not empty:
            x, y, w, h = BOX
            cv2.rectangle(frame, (x, y), (x + w, y + h), colour, -1)
        return frame

    return lambda _number, size_px: picture(*size_px)


def then(*parts):
    """Parts of (frames, how they are drawn), one after the other."""
    drawers = [draw for count, draw in parts for _ in range(count)]
    return lambda number, size_px: drawers[number](number, size_px)


def seen_in(path, frames, box=BOX):
    """Give detections without ids: a tracker has to follow."""
    rows = [f"{n + 1},-1,{','.join(map(str, box))},0.9" for n in frames]
    path.with_suffix(".det.txt").write_text("\n".join(rows))


def index(folder, path, **more):
    detections = path.with_suffix(".det.txt")
    with Archive.open(folder, create=True, model="builtin") as archive:
        return archive.index([path], footage=FootageOptions(detections=detections, **more)).footage


def tracklets(folder):
    with Archive.open(folder) as archive:
        (source,) = archive.footage.coverage()
        return archive.footage.tracklets(source.source_id), source


SIZE = {"size_px": (320, 240), "fps": 10}


def times(seen):
    return [(float(one.parts[0].first_s), float(one.parts[0].last_s)) for one in seen]


@pytest.mark.full
def test_a_hard_cut_ends_everybody(tmp_path):
    draw = then((30, scene_of(1)), (30, scene_of(2)))
    path = write_video(tmp_path / "a.mp4", 60, draw=draw, **SIZE)
    seen_in(path, range(60))
    index(tmp_path / "a", path)
    seen, source = tracklets(tmp_path / "a")
    assert times(seen) == [(0.0, 2.9), (3.0, 5.9)]
    assert source.counts["cuts"] == 1
    assert any("hard cut" in warning for warning in source.warnings)


@pytest.mark.full
def test_without_a_cut_nobody_ends(tmp_path):
    path = write_video(tmp_path / "a.mp4", 60, draw=scene_of(1), **SIZE)
    seen_in(path, range(60))
    index(tmp_path / "a", path)
    seen, source = tracklets(tmp_path / "a")
    assert times(seen) == [(0.0, 5.9)]
    assert (source.counts["cuts"], source.counts["doubts"]) == (0, 0)


def joined_ts(tmp_path, first, second):
    parts = [
        write_video(
            tmp_path / f"{number}.ts",
            30,
            draw=draw,
            fps=10,
            size_px=size_px,
            container_options={"muxdelay": "0"},
        )
        for number, (draw, size_px) in enumerate((first, second))
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.full
def test_a_jump_of_the_clock_ends_everybody(tmp_path):
    path = joined_ts(tmp_path, (scene_of(1), (320, 240)), (scene_of(1), (320, 240)))
    seen_in(path, range(60))
    index(tmp_path / "a", path)
    seen, _ = tracklets(tmp_path / "a")
    assert len(seen) == 2


@pytest.mark.full
@pytest.mark.parametrize(("ahead_s", "sure"), [(50_000, False), (600, True)])
def test_times_after_hours_without_a_frame_are_not_sure(tmp_path, ahead_s, sure):
    pts = [100 * n + 1000 * ahead_s * (n >= 30) for n in range(60)]
    path = write_video(tmp_path / "a.mkv", 60, draw=scene_of(1), pts=pts, **SIZE)
    seen_in(path, range(60))
    naming = SourceNaming(start=dt.datetime(2024, 5, 31, 14, tzinfo=dt.UTC))
    index(tmp_path / "a", path, naming=naming)
    seen, _ = tracklets(tmp_path / "a")
    assert [float(one.parts[0].first_s) for one in seen] == [0, ahead_s + 3]
    assert [one.uncertainty_s for one in seen] == [1, 1 if sure else None]


@pytest.mark.full
def test_given_ids_do_not_go_on_across_a_jump_of_the_clock(tmp_path):
    path = joined_ts(tmp_path, (scene_of(1), (320, 240)), (scene_of(1), (320, 240)))
    rows = [f"{n + 1},1,{','.join(map(str, BOX))},0.9" for n in range(60)]
    path.with_suffix(".det.txt").write_text("\n".join(rows))
    index(tmp_path / "a", path)
    assert len(tracklets(tmp_path / "a")[0]) == 2


@pytest.mark.full
def test_another_picture_size_ends_everybody_and_boxes_are_of_their_frame(tmp_path):
    path = joined_ts(tmp_path, (scene_of(1), (320, 240)), (scene_of(1), (160, 240)))
    seen_in(path, range(60))
    index(tmp_path / "a", path)
    seen, _ = tracklets(tmp_path / "a")
    assert len(seen) == 2
    with Archive.open(tmp_path / "a") as archive:
        for one in seen:
            picture, crop = archive.footage.frame(one.crop_ids[0])
            box = crop.box
            inside = picture[box.y1 + 4 : box.y2 - 4, box.x1 + 4 : box.x2 - 4]
            assert np.abs(inside.astype(int) - RED).mean() < 20


@pytest.mark.full
def test_an_empty_scene_between_two_people_in_one_place(tmp_path):
    draw = then((25, scene_of(1)), (12, scene_of(1, empty=True)), (25, scene_of(1, BLUE)))
    path = write_video(tmp_path / "a.mp4", 62, draw=draw, **SIZE)
    seen_in(path, [*range(25), *range(37, 62)])
    index(tmp_path / "a", path)
    seen, source = tracklets(tmp_path / "a")
    assert times(seen) == [(0.0, 2.4), (3.7, 6.1)]
    assert source.counts["doubts"] == 0


@pytest.mark.full
def test_a_short_miss_of_the_detector_is_bridged(tmp_path):
    path = write_video(tmp_path / "a.mp4", 62, draw=scene_of(1), **SIZE)
    seen_in(path, [*range(25), *range(37, 62)])
    index(tmp_path / "a", path)
    assert times(tracklets(tmp_path / "a")[0]) == [(0.0, 6.1)]


@pytest.mark.full
def test_somebody_else_from_one_picture_to_the_next(tmp_path):
    draw = then((25, scene_of(1)), (25, scene_of(1, BLUE)))
    path = write_video(tmp_path / "a.mp4", 50, draw=draw, **SIZE)
    seen_in(path, range(50))
    index(tmp_path / "a", path)
    assert times(tracklets(tmp_path / "a")[0]) == [(0.0, 2.4), (2.5, 4.9)]


@pytest.mark.full
def test_after_a_kill_cuts_and_doubts_are_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "MARK_S", 0.0)
    parts = (20, scene_of(1)), (20, scene_of(1, BLUE)), (20, scene_of(2)), (20, scene_of(2, BLUE))
    path = write_video(tmp_path / "a.mp4", 80, draw=then(*parts), options={"g": "10"}, **SIZE)
    seen_in(path, range(80))
    index(tmp_path / "whole", path)
    assert len(tracklets(tmp_path / "whole")[0]) == 4
    for kill in (19, 20, 21, 40, 41):  # around somebody else at one place, and around a cut
        with killed_after(kill):
            index(tmp_path / f"k{kill}", path)
        assert index(tmp_path / f"k{kill}", path).resumed == 1
        assert dump(tmp_path / f"k{kill}") == dump(tmp_path / "whole"), kill


@pytest.mark.full
@pytest.mark.parametrize(("every_s", "least"), [(1, 2), (2, 1), (5, 1), (20, 1)])
def test_slow_footage_keeps_who_is_seen_but_once_or_twice(every_s, least, tmp_path):
    pts = [1000 * every_s * n for n in range(12)]
    path = write_video(tmp_path / "a.mkv", 12, size_px=(320, 240), draw=scene_of(1), pts=pts)
    seen_in(path, range(5, 5 + least))
    assert index(tmp_path / "a", path).tracklets == 1


@pytest.mark.full
def test_at_the_usual_rate_a_single_detection_is_brief(tmp_path):
    path = write_video(tmp_path / "a.mp4", 60, draw=scene_of(1), **SIZE)
    seen_in(path, [30])
    report = index(tmp_path / "a", path)
    assert (report.tracklets, report.brief) == (0, 1)


@pytest.mark.full
def test_slow_footage_is_not_called_dense(tmp_path, shared):
    pts = [5000 * n for n in range(6)]
    path = write_video(tmp_path / "a.mkv", 6, size_px=(320, 240), draw=scene_of(1), pts=pts)
    models = {"model_path": [shared / "models"], "offline": True}
    with Archive.open(tmp_path / "a", create=True, **models) as archive:
        archive.index([path])
        (source,) = archive.footage.coverage()
        assert {span.how for span in source.spans} == {How.SPARSE}


@pytest.mark.full
def test_what_could_not_be_decoded_is_a_failure_of_its_own_kind(tmp_path, run):
    path = write_video(
        tmp_path / "a.mp4",
        100,
        draw=scene_of(1),
        container_options={"movflags": "faststart"},
        options={"g": "10", "bf": "0"},
        **SIZE,
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    seen_in(path, range(20))
    command = "index", path, "--detections", path.with_suffix(".det.txt"), "--model", "builtin"
    for word in ("1 indexed", "1 unchanged"):
        ran = run(*command)
        assert ran.code == 1
        assert word in ran.out
        assert "could not be decoded" in ran.out
        assert "partly-read" in run("failures").out


def noise(number, size_px):
    """Pictures that cannot be compressed: a file of some size."""
    return np.random.default_rng(number).integers(0, 255, (*size_px[::-1], 3), np.uint8)


@pytest.mark.full
def test_a_hole_in_a_stream_says_nothing_of_its_rate(tmp_path):
    path = write_video(tmp_path / "a.ts", 150, draw=noise, options={"g": "10", "bf": "0"}, **SIZE)
    data = bytearray(path.read_bytes())
    begin, end = len(data) // 5, len(data) * 4 // 5
    data[begin:end] = bytes(end - begin)
    path.write_bytes(data)
    seen_in(path, range(150))
    assert index(tmp_path / "a", path).partly == 1
    _, source = tracklets(tmp_path / "a")
    assert not [text for text in source.warnings if "frames a second" in text]
    assert source.measured_fps == pytest.approx(10, rel=0.1)
    assert source.spans[-1].how is not How.FAILED, "what follows some megabytes of zeros is read"


@pytest.mark.full
def test_what_was_not_analysed_of_a_second_lens_is_named_at_the_end_of_each_run(tmp_path, run):
    path = write_streams(tmp_path / "a.mp4", (160, 96), (160, 96))
    seen_in(path, range(20), (10, 10, 30, 60))
    for word in ("1 indexed", "1 unchanged"):
        ran = run("index", path, "--detections", path.with_suffix(".det.txt"), "--model", "builtin")
        assert ran.code == 1
        assert word in ran.out
        said = " ".join(ran.out.split())
        assert "video stream 1 (h264, 160 x 96) was not analysed, stream 0 was: copy it" in said


@pytest.mark.full
def test_a_sound_file_is_no_failure(tmp_path):
    path = write_video(tmp_path / "a.mp4", 60, draw=scene_of(1), **SIZE)
    seen_in(path, range(60))
    report = index(tmp_path / "a", path)
    assert (report.partly, report.losses) == (0, ())


@pytest.mark.full
def test_times_at_an_assumed_rate_are_not_known_well(tmp_path):
    path = write_video(
        tmp_path / "a.mjpeg", 50, fps=5, codec="mjpeg", pix_fmt="yuvj420p", draw=scene_of(1)
    )
    seen_in(path, range(50), (10, 10, 30, 60))
    import datetime as dt

    from reidsearch.media.naming.source_facts import SourceNaming

    naming = SourceNaming(start=dt.datetime(2024, 5, 31, tzinfo=dt.UTC))
    index(tmp_path / "a", path, naming=naming)
    assert index(tmp_path / "a", path, naming=naming).unchanged == 1
    source = tracklets(tmp_path / "a")[1]
    assert source.facts.clock.start == naming.start
    assert source.facts.clock.uncertainty_s is None
