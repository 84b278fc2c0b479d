"""Stretches for browsers: the footage's own pictures, at the media times that are told."""

import io
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from videos import picture, rotate, write_dav, write_late, write_video

from reidsearch.base.errors import InputError, NotFound
from reidsearch.domain.footage import MIRRORED, VideoInfo
from reidsearch.domain.playback import Way
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage
from reidsearch.media.video.playable import way_of
from reidsearch.media.video.streaming import MOST_PX, copied, encoded
from reidsearch.media.video.written import coarse_of

SIZE = (320, 192)


def go_on() -> None:
    """Nobody stops it."""


def made(tmp_path, name, codec="libx264", container=None, frames=200, **more):
    options = {"g": "40", "bf": "0"} if codec == "libx264" else {"g": "40"}
    if codec == "libx265":
        options = {"x265-params": "keyint=40:log-level=none"}
    options = more.pop("options", options)
    return write_video(
        tmp_path / name,
        frames,
        codec=codec,
        container=container,
        options=options,
        size_px=SIZE,
        **more,
    )


def pictures(footage):
    return {item.pts: item for item in footage.frames() if isinstance(item, Frame)}


def played(stretch):
    """Media time and picture of everything that a player shows of a stretch."""
    data = b"".join(stretch)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        return [
            (stretch.zero_s + frame.pts * stream.time_base, frame)
            for frame in container.decode(stream)
        ]


CASES = [
    ("a.ts", "libx264", "mpegts", {"g": "40", "bf": "0"}, True),
    ("b.ts", "libx264", "mpegts", {"g": "40", "bf": "2"}, True),
    ("open.ts", "libx264", "mpegts", {"g": "40", "bf": "3", "x264-params": "open-gop=1"}, True),
    ("a.avi", "libx264", "avi", {"g": "40", "bf": "0"}, True),
    ("a.flv", "libx264", "flv", {"g": "40", "bf": "2"}, True),
    ("a.mkv", "libx264", "matroska", {"g": "40", "bf": "2"}, True),
    ("a.mp4", "libx264", "mp4", {"g": "40", "bf": "3"}, True),
    ("one.ts", "libx264", "mpegts", {"g": "400", "bf": "0", "sc_threshold": "0"}, True),
    ("hevc.mp4", "libx265", "mp4", {"x265-params": "keyint=40:log-level=none"}, False),
    ("hevc.ts", "libx265", "mpegts", {"x265-params": "keyint=40:log-level=none"}, False),
    ("mpeg4.avi", "mpeg4", "avi", {"g": "40"}, False),
    ("a.mpg", "mpeg2video", "vob", {"g": "15", "bf": "2"}, False),
    ("jpeg.avi", "mjpeg", "avi", {}, False),
    ("raw.264", "libx264", "h264", {"g": "40", "bf": "0"}, False),
    ("raw.265", "libx265", "hevc", {"x265-params": "keyint=40:log-level=none"}, False),
]


def apart(frame, other):
    """Mean difference of two pictures, of 255, but for what encoding costs."""
    pixels = frame.reformat(other.width_px, other.height_px, format="bgr24").to_ndarray()
    return float(np.abs(coarse_of(pixels) - coarse_of(other.bgr())).mean())


@pytest.mark.parametrize(
    ("name", "codec", "container", "options", "copies"), CASES, ids=[one[0] for one in CASES]
)
@pytest.mark.full
def test_a_stretch_shows_the_footage_at_its_own_times(
    name, codec, container, options, copies, tmp_path
):
    more = {"pix_fmt": "yuvj420p"} if codec == "mjpeg" else {}
    path = made(tmp_path, name, codec, container, options=options, **more)
    with open_footage(path) as footage:
        whole = pictures(footage)
        order = sorted(whole)
        stretch = copied(path, footage, order[95], order[130], go_on) if copies else None
        stretch = stretch or encoded(footage, order[95], order[130], go_on)
        shown = played(stretch)
        times = [footage.info.media_s(pts) for pts in order]
    assert stretch.copied is copies
    assert stretch.codec.startswith("avc1.")
    begin = (0 if name == "one.ts" else 80) if copies else 95
    assert float(stretch.first_s) == pytest.approx(float(times[begin]), abs=0.0006)
    wanted = [float(at) for at in times[begin : begin + len(shown)]]
    assert [float(at) for at, _ in shown] == pytest.approx(wanted, abs=0.0006)
    assert 130 <= begin + len(shown) - 1 <= (135 if copies else 130)
    for number, (_, frame) in enumerate(shown):
        assert apart(frame, whole[order[begin + number]]) < 3, number


def test_pictures_that_do_not_come_evenly_are_shown_as_long_as_they_are(tmp_path):
    pts = np.cumsum([40, 73, 91, 110, 8, 133, 70, 1000, 5000, 2, 40, 55] * 4).tolist()
    path = write_video(tmp_path / "a.mkv", len(pts), pts=pts, options={"bf": "0"})
    with open_footage(path) as footage:
        stretch = encoded(footage, pts[6] + 30, pts[8] + 1, go_on)
    data = b"".join(stretch)
    with av.open(io.BytesIO(data)) as container:
        packets = [one for one in container.demux(video=0) if one.size]
        base = packets[0].time_base
        begins = [float(stretch.zero_s + one.pts * base) for one in packets]
        lasts = [float(one.duration * base) for one in packets]
    first = pts[0]
    assert begins == pytest.approx([(at - first) / 1000 for at in pts[6:9]])
    assert lasts == pytest.approx([1.0, 5.0, 0.002], abs=0.0006)


@pytest.mark.full
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_footage_is_encoded_upright(degrees, tmp_path):
    path = rotate(made(tmp_path, "a.mp4", frames=30), degrees)
    with open_footage(path) as footage:
        assert way_of(footage.info, jumps=False) is Way.TRANSCODED
        whole = pictures(footage)
        shown = played(encoded(footage, min(whole), max(whole), go_on))
    assert len(shown) == 30
    assert all(
        apart(frame, whole[pts]) < 3 for (_, frame), pts in zip(shown, sorted(whole), strict=True)
    )


def test_a_folder_of_frames_plays(tmp_path):
    cv2 = pytest.importorskip("cv2")
    for number, at in enumerate([0, 1, 2, 5, 6]):
        name = f"2024-05-31_12-00-0{at}.png"
        cv2.imwrite(str(tmp_path / name), picture(number * 4, SIZE))
    with open_footage(tmp_path) as footage:
        assert way_of(footage.info, jumps=False) is Way.TRANSCODED
        whole = pictures(footage)
        shown = played(encoded(footage, 1_000_000, 5_500_000, go_on))
    assert [float(at) for at, _ in shown] == [1, 2, 5]
    assert all(apart(frame, whole[int(at * 1_000_000)]) < 3 for at, frame in shown)


@pytest.mark.full
def test_footage_whose_clock_jumps_keeps_the_times_of_the_archive(tmp_path):
    """A player that read the file itself would count other times."""
    one, other = made(tmp_path, "a.ts", container="mpegts"), tmp_path / "b.ts"
    other.write_bytes(one.read_bytes() * 2)
    with open_footage(other) as footage:
        whole = pictures(footage)
        assert len(whole) == 400
        order = sorted(whole)
        assert copied(other, footage, order[300], order[320], go_on) is None
        shown = played(encoded(footage, order[300], order[320], go_on))
        times = [float(footage.info.media_s(pts)) for pts in order[300:321]]
    assert [float(at) for at, _ in shown] == pytest.approx(times, abs=0.0006)


@pytest.mark.full
def test_footage_of_a_recorder_that_cannot_seek_plays(tmp_path):
    path = write_dav(tmp_path / "a.dav", made(tmp_path, "a.mp4"))
    with open_footage(path) as footage:
        order = sorted(pictures(footage))
        assert copied(path, footage, order[95], order[99], go_on) is None
        assert len(played(encoded(footage, order[95], order[99], go_on))) == 5


@pytest.mark.full
def test_large_frames_are_scaled_down_and_small_ones_are_not(tmp_path):
    path = write_video(tmp_path / "a.mp4", 3, size_px=(2560, 1440))
    with open_footage(path) as footage:
        _, frame = played(encoded(footage, 0, 1 << 40, go_on))[0]
    assert frame.width * frame.height <= MOST_PX
    assert frame.width / frame.height == pytest.approx(16 / 9, abs=0.01)


@pytest.mark.full
def test_work_ends_when_nobody_waits_for_it(tmp_path):
    path = made(tmp_path, "a.ts", container="mpegts")
    asked = []

    def once() -> None:
        asked.append(1)
        if len(asked) > 20:
            raise InterruptedError

    with open_footage(path) as footage:
        with pytest.raises(InterruptedError):
            copied(path, footage, 0, 1 << 40, once)
        asked.clear()
        with pytest.raises(InterruptedError):
            b"".join(encoded(footage, 0, 1 << 40, once))
        assert len(asked) == 21
        stretch = encoded(footage, 0, 1 << 40, go_on)
        next(stretch)
        stretch.close()


def test_where_no_frame_is_nothing_is_sent(tmp_path):
    path = made(tmp_path, "a.mp4", frames=30)
    late = write_late(tmp_path / "late.mp4", late_s=10)
    with open_footage(late) as footage:
        first = footage.info.first_pts
        with pytest.raises(NotFound):
            encoded(footage, first, first + int(5 / footage.info.time_base), go_on)
    with open_footage(path) as footage:
        assert len(played(encoded(footage, 1 << 40, 1 << 41, go_on))) == 1  # the last one stays


def test_without_an_encoder_that_is_said(tmp_path, monkeypatch):
    path = made(tmp_path, "a.mp4", frames=3)
    monkeypatch.setattr("reidsearch.media.video.streaming.ENCODERS", ("libnone",))
    with (
        open_footage(path) as footage,
        pytest.raises(InputError, match="no encoder") as caught,
    ):
        encoded(footage, 0, 1, go_on)
    assert caught.value.kind == "no-video-encoder"


@pytest.mark.parametrize(
    ("container", "codec", "pixel_format", "way"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv420p", Way.FILE),
        ("matroska,webm", "h264", "yuv420p10le", Way.FILE),
        ("matroska,webm", "vp9", "yuv420p", Way.FILE),
        ("mov,mp4,m4a,3gp,3g2,mj2", "av1", "yuv420p", Way.FILE),
        ("mov,mp4,m4a,3gp,3g2,mj2", "hevc", "yuv420p", Way.TRANSCODED),
        ("mov,mp4,m4a,3gp,3g2,mj2", "h264", "yuv422p", Way.TRANSCODED),
        ("mpegts", "h264", "yuv420p", Way.REMUXED),
        ("avi", "h264", "yuvj420p", Way.REMUXED),
        ("avi", "mjpeg", "yuvj422p", Way.TRANSCODED),
        ("h264", "h264", "yuv420p", Way.TRANSCODED),
        ("ivf", "vp9", "yuv420p", Way.TRANSCODED),
    ],
)
def test_the_way_is_told_by_what_is_known(container, codec, pixel_format, way):
    info = VideoInfo(
        "video", container, codec, pixel_format, 640, 360, 0, Fraction(1, 25), 0, 25, 10
    )
    assert way_of(info, jumps=False) is way
    if way is Way.FILE:
        later = Way.REMUXED if codec == "h264" else Way.TRANSCODED
        assert way_of(replace(info, first_pts=5), jumps=False) is later
        for turned in (replace(info, rotation=90), replace(info, notes=(MIRRORED,))):
            assert way_of(turned, jumps=False) is Way.TRANSCODED
    assert way_of(info, jumps=True) is Way.TRANSCODED
