"""What comes after a seek is what a reading from the start gives, whatever the container does."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from videos import picture, write_dav, write_late, write_video

from reidsearch.base.errors import NotFound
from reidsearch.media.video.frames import Damage, Frame, Jump
from reidsearch.media.video.open import open_footage
from reidsearch.media.video.video_file import VideoFile

HEVC = {"x265-params": "log-level=none:keyint=50:bframes=0"}
FULL = pytest.mark.full


def textured(number, size_px):
    """A picture with noise that moves, so that what was never decoded is seen to lack."""
    noise = np.random.default_rng(7).integers(0, 60, (size_px[1], size_px[0], 3), dtype=np.uint8)
    return picture(number, size_px) // 2 + np.roll(noise, number % 40, axis=1)


def items(path, **how):
    with open_footage(path) as footage:
        return list(footage.frames(**how))


def shown(found):
    return [(item.pts, item.digest()) for item in found if isinstance(item, Frame)]


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "codec", "options", "container"),
    [
        ("ps.mpg", "libx264", {"g": "60", "bf": "0"}, "vob"),
        ("ps-hevc.mpg", "libx265", HEVC, "vob"),
        ("one-group.ts", "libx264", {"g": "1000", "bf": "2"}, "mpegts"),
        ("mpeg4.ts", "mpeg4", {"g": "90", "b": "2000000"}, "mpegts"),
        pytest.param("mpeg4-b.ts", "mpeg4", {"g": "60", "bf": "2"}, "mpegts", marks=FULL),
        pytest.param(
            "refresh.ts",
            "libx264",
            {"x264-params": "intra-refresh=1:keyint=40"},
            "mpegts",
            marks=FULL,
        ),
        pytest.param(
            "open.ts",
            "libx264",
            {"g": "40", "bf": "3", "x264-params": "open-gop=1"},
            "mpegts",
            marks=FULL,
        ),
        pytest.param("b.avi", "libx264", {"g": "40", "bf": "2"}, "avi", marks=FULL),
        pytest.param("b.flv", "libx264", {"g": "40", "bf": "2"}, "flv", marks=FULL),
        pytest.param("long.mpg", "mpeg2video", {"g": "100", "bf": "2"}, "vob", marks=FULL),
        pytest.param("a.mkv", "libx264", {"g": "40", "bf": "2"}, "matroska", marks=FULL),
        pytest.param("a.mp4", "libx264", {"g": "40", "bf": "2"}, "mp4", marks=FULL),
    ],
)
def test_what_follows_a_seek_is_what_a_linear_reading_gives(
    name, codec, options, container, tmp_path
):
    path = write_video(
        tmp_path / name, 200, codec=codec, options=options, container=container, draw=textured
    )
    whole = shown(items(path))
    assert len(whole) >= 197
    with open_footage(path) as footage:
        for number in (3, 58, 75, 119, 150, len(whole) - 5, len(whole) - 2):
            pts = whole[number][0]
            after = islice(footage.frames(after=pts), 40)
            assert shown(after) == whole[number + 1 : number + 41], number
            frame = footage.frame_at(footage.info.media_s(pts))
            assert (frame.pts, frame.digest()) == whole[number]


@pytest.mark.full
def test_a_stream_that_begins_between_key_frames_is_read_alike_from_anywhere(tmp_path):
    path = write_video(
        tmp_path / "a.ts", 150, options={"g": "60", "bf": "0"}, container="mpegts", draw=textured
    )
    data = path.read_bytes()
    path.write_bytes(data[188 * 60 :])
    whole = shown(items(path))
    for number in (0, len(whole) // 2, len(whole) - 3):
        assert shown(items(path, after=whole[number][0])) == whole[number + 1 :]


@pytest.mark.full
def test_damage_after_the_wanted_time_costs_no_more_than_in_a_linear_reading(tmp_path):
    path = write_video(
        tmp_path / "a.mpg", 200, codec="mpeg2video", options={"g": "50", "bf": "0"}, container="vob"
    )
    data = bytearray(path.read_bytes())
    at = len(data) * 7 // 10
    data[at : at + 1500] = bytes(1500)
    path.write_bytes(data)
    whole = items(path)
    assert any(isinstance(item, Damage) for item in whole)
    found = shown(whole)
    for number in (20, 80, 110, 125):
        after = [pts for pts, _ in shown(items(path, after=found[number][0]))]
        assert after == [pts for pts, _ in found[number + 1 :]]


@pytest.mark.full
def test_a_container_that_cannot_seek_is_read_from_its_start(tmp_path):
    path = write_dav(
        tmp_path / "a.dav",
        write_video(tmp_path / "a.mp4", 100, options={"g": "20", "bf": "0"}, size_px=(320, 240)),
    )
    whole = shown(items(path))
    assert len(whole) == 100
    assert shown(items(path, after=whole[70][0])) == whole[71:]


@pytest.mark.full
def test_seeking_reads_little_of_a_long_file(tmp_path, monkeypatch):
    """A still out of hours of footage must not cost hours."""
    path = write_video(tmp_path / "a.ts", 1500, options={"g": "25", "bf": "0"}, fps=25)
    with open_footage(path) as footage:
        assert footage.seekable
        begun = []
        read = VideoFile._read
        monkeypatch.setattr(
            VideoFile,
            "_read",
            lambda self, begins, still: begun.append(begins) or read(self, begins, still),
        )
        footage.frame_at(Fraction(50))
        assert begun
        assert None not in begun
        assert min(begun) > footage.info.first_pts + 45 * 90_000


def test_after_reading_linearly_was_asked_for_nothing_is_looked_up(tmp_path):
    path = write_video(tmp_path / "a.mp4", 60, options={"g": "10", "bf": "0"})
    whole = shown(items(path))
    with open_footage(path) as footage:
        assert footage.seekable
        footage.read_linearly()
        assert not footage.seekable
        assert shown(footage.frames(after=whole[40][0])) == whole[41:]


@pytest.mark.full
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", pytest.param("a.ts", marks=FULL)])
def test_media_time_begins_with_the_file_as_in_every_player(name, tmp_path):
    """The sound of a file may begin long before its pictures."""
    path = write_late(tmp_path / name)
    found = items(path)
    with open_footage(path) as footage:
        info = footage.info
        first = next(item for item in found if isinstance(item, Frame))
        assert float(info.media_s(first.pts)) == pytest.approx(30, abs=0.15)
        assert info.declared_s == pytest.approx(32, abs=0.15)
        (gap,) = (item for item in found if not isinstance(item, Frame))
        assert isinstance(gap, Jump)
        assert info.media_s(gap.from_pts) == 0
        assert float(info.media_s(footage.frame_at(Fraction(31)).pts)) == pytest.approx(31, abs=0.1)
        with pytest.raises(NotFound, match=r"no frame at 10\.000 s"):
            footage.frame_at(Fraction(10))
