"""Bytes and pictures that are read are compared with what the file holds."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from videos import picture, write_streams, write_video

from reidsearch.base.errors import Reason, Refused
from reidsearch.ingest.footage.losses import loss_of
from reidsearch.media.video.extent import missing_bytes
from reidsearch.media.video.frames import Damage, Frame, Jump
from reidsearch.media.video.open import open_footage

pytestmark = pytest.mark.full

EVERY_TENTH = {"g": "10", "bf": "0"}


def read(path):
    footage = open_footage(path)
    items = list(footage.frames())
    return footage, [one for one in items if isinstance(one, Frame)], items


def lost_s(footage, items):
    return sum(
        float((one.to_pts - one.from_pts) * footage.info.time_base)
        for one in items
        if isinstance(one, Damage) and one.from_pts is not None and one.to_pts is not None
    )


@pytest.mark.parametrize(
    ("ending", "codec"),
    [("mp4", "libx264"), ("flv", "flv1"), ("wmv", "wmv2"), ("avi", "mpeg4"), ("mkv", "libx264")],
)
def test_what_cat_appended_is_read_too(ending, codec, tmp_path):
    one = write_video(tmp_path / f"1.{ending}", 50, codec=codec)
    other = write_video(tmp_path / f"2.{ending}", 70, codec=codec)
    both = tmp_path / f"both.{ending}"
    both.write_bytes(one.read_bytes() + other.read_bytes())
    footage, frames, items = read(both)
    assert len(frames) == 120
    (jump,) = [item for item in items if isinstance(item, Jump)]
    assert jump.clock, "nobody knows how much time lies between two recordings"
    assert not footage.seekable
    assert lost_s(footage, items) == 0


def test_fragments_with_a_header_of_their_own_are_read_with_it(tmp_path):
    options = {"movflags": "frag_keyframe+empty_moov"}
    parts = [
        write_video(tmp_path / f"{n}.mp4", 50, size_px=size, container_options=options)
        for n, size in enumerate(((160, 96), (320, 240)))
    ]
    both = tmp_path / "both.mp4"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    _, frames, _ = read(both)
    assert [frame.width_px for frame in frames] == [160] * 50 + [320] * 50


def test_bytes_that_no_index_knows_are_told(tmp_path):
    path = write_video(tmp_path / "a.mp4", 50)
    path.write_bytes(path.read_bytes() + b"\x07" * 400_000)
    footage, frames, items = read(path)
    assert len(frames) == 50
    assert lost_s(footage, items) > 1


@pytest.mark.parametrize("spoil", ["one entry", "none", "zeros"])
def test_an_avi_with_a_broken_index_is_read_all_the_same(spoil, tmp_path):
    path = write_video(tmp_path / "a.avi", 80, codec="mpeg4", options={"g": "10"})
    data = path.read_bytes()
    at = data.rindex(b"idx1")
    (size,) = struct.unpack("<I", data[at + 4 : at + 8])
    path.write_bytes(
        {
            "one entry": data[:at] + b"idx1" + struct.pack("<I", 16) + data[at + 8 : at + 24],
            "none": data[:at],
            "zeros": data[: at + 24] + bytes(size - 16),
        }[spoil]
    )
    _, frames, _ = read(path)
    assert len(frames) == 80


def noise(number, size_px):
    """Pictures that cannot be compressed: a file of some size."""
    return np.random.default_rng(number).integers(0, 255, (*size_px[::-1], 3), np.uint8)


def test_a_hole_in_a_stream_is_a_loss_and_no_pause_of_the_recording(tmp_path):
    path = write_video(tmp_path / "a.ts", 150, draw=noise, options=EVERY_TENTH)
    data = bytearray(path.read_bytes())
    begin, end = len(data) // 5, len(data) * 4 // 5
    data[begin:end] = bytes(end - begin)
    path.write_bytes(data)
    footage, frames, items = read(path)
    assert len(frames) < 80
    assert not any(isinstance(item, Jump) for item in items)
    assert 2.5 < lost_s(footage, items) < 4.5


def test_a_pause_of_the_recording_is_no_loss(tmp_path):
    pts = [*range(0, 2000, 40), *range(9000, 11000, 40)]
    path = write_video(tmp_path / "a.mkv", 100, pts=pts)
    footage, _, items = read(path)
    assert [item.clock for item in items if isinstance(item, Jump)] == [False]
    assert lost_s(footage, items) == 0


def test_pictures_before_the_first_key_frame_are_told(tmp_path):
    path = write_video(tmp_path / "a.mp4", 100, options={"g": "50", "bf": "0", "sc_threshold": "0"})
    cut = tmp_path / "cut.mkv"
    with av.open(str(path)) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None and packet.pts * packet.time_base >= Fraction(1, 5):
                packet.stream = stream
                target.mux(packet)
    footage, _, _ = read(cut)
    assert footage.lacking.head_s == pytest.approx(1.8, abs=0.1)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi", "ts"])
def test_of_a_sound_file_nothing_is_lacking(ending, tmp_path):
    codec = "mpeg4" if ending == "avi" else "libx264"
    path = write_video(tmp_path / f"a.{ending}", 100, codec=codec)
    footage, frames, items = read(path)
    assert len(frames) == 100
    assert footage.lacking.head_s == 0
    assert items == frames


def test_a_declared_length_that_is_wrong_is_no_loss(tmp_path):
    path = write_video(tmp_path / "a.mkv", 100)
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # Matroska's duration, milliseconds
    data[at : at + 8] = struct.pack(">d", 100_000.0)
    path.write_bytes(data)
    footage, frames, items = read(path)
    assert footage.info.declared_s == pytest.approx(100, abs=1)
    assert items == frames


@pytest.mark.full
def test_a_file_cut_short_lacks_its_end(tmp_path):
    path = write_video(tmp_path / "a.mkv", 150, draw=noise, options=EVERY_TENTH)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    footage, _, items = read(path)
    assert 3 < lost_s(footage, items) < 5


@pytest.mark.parametrize("ending", ["mjpeg", "h264"])
def test_a_stream_without_time_stamps_says_that_its_rate_is_assumed(ending, tmp_path):
    codec, form = ("mjpeg", "yuvj420p") if ending == "mjpeg" else ("libx264", "yuv420p")
    path = write_video(tmp_path / f"a.{ending}", 50, fps=5, codec=codec, pix_fmt=form)
    footage, frames, _ = read(path)
    assert len(frames) == 50
    assert footage.clock_assumed
    assert any("assumed rate" in note for note in footage.info.notes)


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_still_picture_is_no_footage(brand, tmp_path):
    path = write_video(tmp_path / "a.mp4", 1)
    path.write_bytes(path.read_bytes().replace(b"isom", brand, 1))
    with pytest.raises(Refused, match="single picture") as refused:
        open_footage(path)
    assert refused.value.reason is Reason.NO_VIDEO


def test_of_a_main_and_a_sub_stream_the_main_one_is_taken(tmp_path):
    footage, frames, _ = read(write_streams(tmp_path / "a.mp4", (160, 96), (320, 192)))
    assert (footage.info.width_px, frames[0].width_px) == (320, 320)
    assert footage.lacking.streams == ()
    assert any("sub-stream" in note for note in footage.info.notes)


def test_another_lens_is_told_and_lacking(tmp_path):
    footage, _, _ = read(write_streams(tmp_path / "a.mp4", (160, 96), (160, 96)))
    assert len(footage.lacking.streams) == 1
    assert (
        "stream 1 (h264, 160 x 96)"
        in loss_of({"other_streams": 1}, footage.lacking.streams).message
    )


def test_a_damaged_picture_of_a_folder_is_a_loss_too(tmp_path):
    for number in range(4):
        path = tmp_path / f"{number}.png"
        with av.open(str(path), "w", format="image2") as target:
            stream = target.add_stream("png", rate=1)
            stream.width, stream.height, stream.pix_fmt = 160, 96, "rgb24"
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            target.mux(stream.encode(frame))
            target.mux(stream.encode())
    (tmp_path / "2.png").write_bytes(b"no picture")
    footage, frames, items = read(tmp_path)
    assert len(frames) == 3
    assert lost_s(footage, items) == pytest.approx(1)


@pytest.mark.parametrize("ending", ["avi", "flv", "wmv"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_container_that_is_longer_than_its_file_proves_a_cut(ending, share, tmp_path):
    codec = {"avi": "mpeg4", "flv": "flv1", "wmv": "wmv2"}[ending]
    path = write_video(tmp_path / f"a.{ending}", 150, codec=codec, draw=noise, options=EVERY_TENTH)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    footage, frames, items = read(path)
    assert lost_s(footage, items) == pytest.approx(6 - len(frames) / 25, rel=0.3)
    counts = {"lost_us": int(1e6 * lost_s(footage, items)), "whole_us": 6_000_000}
    assert loss_of(counts) is not None, "partly-read"


def test_an_flv_whose_last_tag_is_longer_than_the_file_was_cut(tmp_path):
    """As a live recording has it: neither length nor size are filled in."""
    path = write_video(
        tmp_path / "a.flv",
        100,
        codec="flv1",
        draw=noise,
        options=EVERY_TENTH,
        container_options={"flvflags": "no_duration_filesize"},
    )
    whole = path.read_bytes()
    assert missing_bytes(path, "flv", 0) == 0
    path.write_bytes(whole[: len(whole) // 2])
    assert 0 < missing_bytes(path, "flv", 0) < 30_000
    footage, _, items = read(path)
    assert any("cut off" in one.detail for one in items if isinstance(one, Damage))
    assert footage.lacking.cut_off
    assert "cut off" in loss_of({"lost_us": 4_000, "whole_us": 2_000_000, "cut_off": 1}).message


def test_an_avi_that_lacks_its_index_alone_lost_no_picture(tmp_path):
    path = write_video(tmp_path / "a.avi", 80, codec="mpeg4", options=EVERY_TENTH)
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"idx1")])
    footage, frames, items = read(path)
    assert (len(frames), lost_s(footage, items)) == (80, 0)
    for length in (0, 0xFFFFFFFF):  # never closed
        path.write_bytes(data[:4] + struct.pack("<I", length) + data[8 : data.rindex(b"idx1")])
        footage, frames, items = read(path)
        assert (len(frames), lost_s(footage, items)) == (80, 0)
