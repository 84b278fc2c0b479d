"""Frames, exact media time, and going on in the middle."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from videos import picture, rotate, write_video

from reidsearch.base.errors import NotFound, Reason, Refused
from reidsearch.media.video.frames import Frame, Jump, Skipped, StillRule
from reidsearch.media.video.open import digest_of, open_footage


def frames(path, **how):
    with open_footage(path) as footage:
        return [item for item in footage.frames(**how) if isinstance(item, Frame)]


def others(path, **how):
    with open_footage(path) as footage:
        return [item for item in footage.frames(**how) if not isinstance(item, Frame)]


def media_s(path):
    with open_footage(path) as footage:
        return [
            footage.info.media_s(item.pts) for item in footage.frames() if isinstance(item, Frame)
        ]


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"g": "12", "bf": "2"}),
        ("a.mkv", "libx264", {"g": "30", "bf": "0"}),
        ("a.ts", "libx264", {"g": "12", "bf": "2"}),
        ("open-gop.mp4", "libx264", {"g": "12", "bf": "3", "x264-params": "open-gop=1"}),
        ("a.avi", "mpeg4", {"g": "10"}),
        ("a.mpg", "mpeg2video", {"g": "12", "bf": "2"}),
        ("a.mov", "mjpeg", {}),
        ("hevc.mp4", "libx265", {"x265-params": "log-level=none:keyint=12"}),
    ],
)
def test_going_on_gives_what_reading_from_the_start_gives(name, codec, options, tmp_path):
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_video(tmp_path / name, 50, codec=codec, options=options, pix_fmt=pix_fmt)
    whole = [(frame.pts, frame.digest()) for frame in frames(path)]
    assert len(whole) >= 48  # some containers lose the first B-frames
    assert len({digest for _, digest in whole}) == len(whole)
    assert all(a < b for (a, _), (b, _) in pairwise(whole))
    for number in (0, 1, 7, 23, 24, 25, 40, len(whole) - 2):
        after = [(frame.pts, frame.digest()) for frame in frames(path, after=whole[number][0])]
        # From a key frame in the middle of an open group a decoder may see a frame or two less
        # well: never others, and never in another order.
        assert after == whole[number + 1 :] or name == "open-gop.mp4"
        assert [pts for pts, _ in after] == [pts for pts, _ in whole[number + 1 :]]


@pytest.mark.parametrize("fps", [1, 10, 25, 120])
def test_media_time_is_exact(fps, tmp_path):
    path = write_video(tmp_path / "a.mp4", 12, fps=fps)
    assert media_s(path) == [Fraction(number, fps) for number in range(12)]
    with open_footage(path) as footage:
        assert footage.info.declared_fps == pytest.approx(fps)
        assert footage.info.first_pts * footage.info.time_base == 0


def test_a_variable_frame_rate_is_kept(tmp_path):
    pts = [0, 40, 80, 200, 210, 900, 1000, 1700]
    path = write_video(tmp_path / "a.mkv", len(pts), pts=pts, options={"bf": "0"})
    assert media_s(path) == [Fraction(at, 1000) for at in pts]


def test_a_gap_in_the_recording_is_told(tmp_path):
    pts = [0, 40, 80, 60_000, 60_040, 60_080]
    path = write_video(tmp_path / "a.mkv", len(pts), pts=pts, options={"bf": "0"})
    (gap,) = others(path)
    assert isinstance(gap, Jump)
    assert "no frames for 59.9 s" in gap.detail
    with open_footage(path) as footage:
        assert footage.info.media_s(gap.from_pts) == Fraction(80, 1000)
        assert footage.info.media_s(gap.to_pts) == 60


def test_a_stream_without_time_stamps_counts_its_frames_and_says_so(tmp_path):
    path = write_video(tmp_path / "a.h264", 20, container="h264")
    assert media_s(path) == [Fraction(number, 25) for number in range(20)]
    with open_footage(path) as footage:
        assert "no time stamps" in footage.info.notes[0]
    assert len(frames(path, after=9)) == 10


@pytest.mark.parametrize(
    ("degrees", "size", "corner"), [(90, (96, 160), 1), (180, (160, 96), 2), (270, (96, 160), 3)]
)
def test_pictures_stand_upright(degrees, size, corner, tmp_path):
    def marked(number, size_px):
        frame = np.full((size_px[1], size_px[0], 3), 30, np.uint8)
        frame[:30, :30] = (250, 250, 250)  # a light top left corner
        return frame

    path = rotate(write_video(tmp_path / "a.mp4", 5, draw=marked), degrees)
    frame = frames(path)[0]
    assert (frame.width_px, frame.height_px) == size
    for pixels in (frame.bgr(), frame.small(size[0], size[1]), frame.grey(*size)[..., None]):
        assert pixels.shape[:2] == size[::-1]
        corners = [pixels[:20, :20], pixels[:20, -20:], pixels[-20:, -20:], pixels[-20:, :20]]
        assert int(np.argmax([part.mean() for part in corners])) == corner
    with open_footage(path) as footage:
        assert footage.info.rotation == degrees
        assert (footage.info.width_px, footage.info.height_px) == size


@pytest.mark.parametrize(
    ("pix_fmt", "codec", "note"),
    [
        ("gray", "libx264", None),
        ("yuv444p", "libx264", None),
        ("yuv420p10le", "libx264", "10 bits"),
        ("yuv420p", "ffv1", None),
    ],
)
def test_formats_of_pixels(pix_fmt, codec, note, tmp_path):
    path = write_video(tmp_path / "a.mkv", 4, codec=codec, pix_fmt=pix_fmt)
    frame = frames(path)[2]
    difference = frame.bgr().astype(int) - picture(2).astype(int)
    if pix_fmt == "gray":
        difference = frame.bgr().mean(axis=2) - picture(2).mean(axis=2)
    assert np.abs(difference).mean() < 14
    assert frame.grey(16, 8).shape == (8, 16)
    assert frame.small(32, 16).shape == (16, 32, 3)
    with open_footage(path) as footage:
        assert any(note in text for text in footage.info.notes) if note else not footage.info.notes


@pytest.mark.full
def test_4k(tmp_path):
    path = write_video(tmp_path / "a.mp4", 2, size_px=(3840, 2160), options={"preset": "ultrafast"})
    assert [frame.bgr().shape for frame in frames(path)] == [(2160, 3840, 3)] * 2


def test_interlaced_footage_says_so(tmp_path):
    path = write_video(
        tmp_path / "a.mkv", 6, codec="mpeg2video", options={"flags": "+ildct+ilme", "top": "1"}
    )
    with open_footage(path) as footage:
        assert any("interlaced" in note for note in footage.info.notes)


def test_a_resolution_that_changes_in_midstream(tmp_path):
    parts = [
        write_video(tmp_path / f"{width}.ts", 10, size_px=(width, 96), options={"bf": "0"})
        for width in (160, 240)
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    sizes = [(frame.width_px, frame.bgr().shape[1]) for frame in frames(path)]
    assert sizes[0] == (160, 160)
    assert sizes[-1] == (240, 240)
    jumps = [item for item in others(path) if isinstance(item, Jump)]
    assert all(a.pts < b.pts for a, b in pairwise(frames(path)))
    assert len(jumps) <= 1


def test_the_frame_at_a_time(tmp_path):
    path = write_video(tmp_path / "a.mp4", 50)
    with open_footage(path) as footage:
        digests = [item.digest() for item in footage.frames() if isinstance(item, Frame)]
        for seconds, number in (("0", 0), ("0.5", 12), ("0.52", 13), ("1.0", 25), ("1.99", 49)):
            assert footage.frame_at(Fraction(seconds)).digest() == digests[number]
        with pytest.raises(NotFound, match=r"no frame at 60\.000 s"):
            footage.frame_at(Fraction(60))


def test_the_checksum_is_of_the_bytes_and_of_all_frames_of_a_folder(tmp_path):
    path = write_video(tmp_path / "a.mp4", 5)
    copy = tmp_path / "other-name.mov"
    copy.write_bytes(path.read_bytes())
    assert digest_of(path) == digest_of(copy)
    assert digest_of(path).size_bytes == path.stat().st_size


# -- still groups of pictures -----------------------------------------------------------------


def scene(moving):
    noise = np.random.default_rng(3)

    def draw(number, size_px):
        frame = picture(0, size_px)
        if moving(number):
            frame[130:280, 60 + 3 * number : 120 + 3 * number] = (10, 200, 90)
        grain = noise.normal(0, 1.5, frame.shape)
        return np.clip(frame + grain, 0, 255).astype(np.uint8)

    return draw


@pytest.mark.full
def test_still_groups_are_left_out_and_told(tmp_path):
    """Somebody comes in the middle of the fifth of ten groups, and leaves in the sixth."""
    path = write_video(
        tmp_path / "a.mp4",
        250,
        draw=scene(lambda number: 110 <= number < 140),
        size_px=(640, 360),
        options={"g": "25", "sc_threshold": "0", "bf": "2", "preset": "veryfast"},
    )
    whole = {frame.pts: frame.digest() for frame in frames(path)}
    with open_footage(path) as footage:
        found = list(footage.frames(still=StillRule()))
        skipped = [
            tuple(int(footage.info.media_s(pts) * 25) for pts in (item.from_pts, item.to_pts))
            for item in found
            if isinstance(item, Skipped)
        ]
    assert not any(first < 140 and last > 110 for first, last in skipped)
    assert len(skipped) >= 3
    decoded = [item for item in found if isinstance(item, Frame)]
    assert {(frame.pts, frame.digest()) for frame in decoded} <= set(whole.items())
    assert all(a.pts < b.pts for a, b in pairwise(decoded))


@pytest.mark.full
def test_leaving_out_decides_alike_from_the_middle(tmp_path):
    path = write_video(
        tmp_path / "a.mp4",
        200,
        draw=scene(lambda number: 60 <= number < 90),
        options={"g": "20", "sc_threshold": "0", "bf": "0"},
    )

    def items(after=None):
        with open_footage(path) as footage:
            return [
                (type(item).__name__, item.pts if isinstance(item, Frame) else item.to_pts)
                for item in footage.frames(after=after, still=StillRule())
            ]

    whole = items()
    for number in (3, 25, 40, len(whole) // 2, len(whole) - 4):
        kind, pts = whole[number]
        if kind == "Frame":
            assert items(after=pts) == whole[number + 1 :]


# -- what is no video -------------------------------------------------------------------------


def test_what_is_no_video_is_refused(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("not a video" * 100)
    (tmp_path / "picture.mp4").write_bytes(_jpeg())
    (tmp_path / "notes.txt").write_text("FFmpeg would draw this text, line by line.\n" * 100)
    write_video(tmp_path / "listed.mp4", 5)
    (tmp_path / "list.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nlisted.mp4\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "list.ffconcat").write_text("ffconcat version 1.0\nfile listed.mp4\n")
    for name, reason in (
        ("missing.mp4", Reason.MISSING),
        ("empty.mp4", Reason.EMPTY),
        ("text.mp4", Reason.NO_VIDEO),
        ("picture.mp4", Reason.NO_VIDEO),
        ("notes.txt", Reason.NO_VIDEO),
        ("list.m3u8", Reason.NO_VIDEO),
        ("list.ffconcat", Reason.NO_VIDEO),
    ):
        with pytest.raises(Refused) as refused:
            open_footage(tmp_path / name)
        assert refused.value.reason is reason, name


def _jpeg():
    import cv2

    return cv2.imencode(".jpg", picture(0))[1].tobytes()


# -- clocks that jump -------------------------------------------------------------------------


def twice(tmp_path):
    """Two recordings in one file, of 60 and 100 frames, each with a clock from zero."""
    parts = [
        write_video(
            tmp_path / f"{number}.ts",
            length,
            options={"g": "10", "bf": "0"},
            draw=lambda n, size, at=number: picture(n + 7 * at, size),
        )
        for number, length in enumerate((60, 100))
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.full
def test_after_a_jump_of_the_clock_a_time_still_means_the_same_frame(tmp_path):
    """A seek by time stamps would end up in the other recording, and show false evidence."""
    path = twice(tmp_path)
    whole = [(frame.pts, frame.digest()) for frame in frames(path)]
    assert len(whole) == 160
    with open_footage(path) as footage:
        assert not footage.seekable
        for number in (5, 40, 59, 60, 100, 130, 155):
            pts, digest = whole[number]
            assert footage.frame_at(footage.info.media_s(pts)).digest() == digest
            after = [item for item in footage.frames(after=pts) if isinstance(item, Frame)]
            assert [(item.pts, item.digest()) for item in after] == whole[number + 1 :]


@pytest.mark.parametrize("ahead_ms", [2**50, 40 * 86_400_000])
def test_a_clock_that_jumps_ahead_by_a_month_is_no_gap(ahead_ms, tmp_path):
    pts = [40 * number + (ahead_ms if number > 9 else 0) for number in range(20)]
    path = write_video(tmp_path / "a.mkv", 20, pts=pts, options={"bf": "0", "g": "5"})
    (jump,) = others(path)
    assert jump.detail.startswith("timestamp discontinuity: +")
    assert media_s(path)[-1] == Fraction(19 * 40, 1000)
    with open_footage(path) as footage:
        assert not footage.seekable


@pytest.mark.full
def test_footage_that_goes_on_evenly_is_found_by_seeking(tmp_path):
    fragmented = {"movflags": "frag_keyframe"}
    for name, how in (("a.ts", {}), ("a.mkv", {}), ("a.mp4", {}), ("f.mp4", fragmented)):
        path = write_video(tmp_path / name, 60, options={"bf": "2"}, container_options=how)
        with open_footage(path) as footage:
            assert footage.seekable, name


def test_a_recording_that_begins_late_is_whole(tmp_path):
    """Matroska counts its duration from zero, not from its first frame."""
    pts = [5_000_000 + 40 * number for number in range(50)]
    path = write_video(tmp_path / "a.mkv", 50, pts=pts, options={"bf": "0"})
    assert others(path) == []
    with open_footage(path) as footage:
        assert footage.info.declared_s == pytest.approx(2.0, abs=0.05)


def test_a_name_is_never_a_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("data:a.mp4", "pipe:0.mp4", "a%03d.mp4", "-y.mp4"):
        write_video(tmp_path / name, 3)
        assert len(frames(name)) == 3
