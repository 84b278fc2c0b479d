"""Times that recorders write into their files, believed only when the setting says so."""

from __future__ import annotations

import datetime as dt
import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from videos import picture

from reidsearch.base.timecode import parse_zone
from reidsearch.domain.footage import Clock
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.video.open import open_footage

NOON = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)
BERLIN = parse_zone("Europe/Berlin")


def write_dav(path: Path, local: dt.datetime, frames: int = 10) -> Path:
    """An H.264 stream in Dahua's frames, each with the recorder's local time."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 160, 96, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"threads": "1", "tune": "zerolatency"}
    packets = []
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    parts = []
    for number, packet in enumerate(packets):
        data = bytes(packet)
        packed = (
            (local.year - 2000) << 26 | local.month << 22 | local.day << 17 | local.hour << 12
            | local.minute << 6 | local.second
        )  # fmt: skip
        extra = bytes((0x80, 0, 160 // 8, 96 // 8, 0x81, 0, 0x02, 25))
        length = 24 + len(extra) + len(data) + 8
        head = b"DHAV" + bytes((0xFD if packet.is_keyframe else 0xFC, 0, 0, 0))
        head += number.to_bytes(4, "little") + length.to_bytes(4, "little")
        head += packed.to_bytes(4, "little") + (number * 40).to_bytes(2, "little")
        head += bytes((len(extra), sum(head) % 256))
        parts.append(head + extra + data + b"dhav" + length.to_bytes(4, "little"))
    path.write_bytes(b"".join(parts))
    return path


def write_multipart(path: Path, header: str) -> Path:
    parts = []
    for number in range(4):
        jpeg = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(picture(number)[..., ::-1])).save(jpeg, "JPEG")
        data = jpeg.getvalue()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n{header}\r\n"
        parts.append(f"{head}\r\n".encode() + data + b"\r\n")
    path.write_bytes(b"".join(parts))
    return path


def write_created(path: Path, **metadata: str) -> Path:
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as target:
        target.metadata.update(metadata)
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(4):
            target.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="bgr24")))
        target.mux(stream.encode())
    return path


def clock(path: Path, **naming) -> tuple[Clock, tuple[str, ...]]:
    with open_footage(path) as footage:
        told = SourceNaming(**naming).facts(str(path), footage.info)
    return told.facts.clock, told.facts.warnings


def test_dates_of_dav_frames_are_local(tmp_path):
    path = write_dav(tmp_path / "a.dav", NOON.replace(hour=14))
    assert clock(path) == (Clock(), ()), "not believed unless the setting says so"
    told, warnings = clock(path, container_time=True, zone=BERLIN)
    assert told == Clock(NOON, "container", 1.0)
    assert "first time stamp" in warnings[0]
    told, warnings = clock(path, container_time=True)
    assert told == Clock()
    assert "without a time zone" in warnings[0]


@pytest.mark.parametrize(
    ("header", "uncertainty_s"),
    [
        ("X-Timestamp: 1717156800.000000", 0.001),
        ("X-Timestamp: 1717156800", 1.0),
        ("X-TimeStamp: 1717156800000", 0.001),
        ("Date: Fri, 31 May 2024 12:00:00 GMT", 1.0),
    ],
)
def test_time_stamps_of_multipart_streams(header, uncertainty_s, tmp_path):
    path = write_multipart(tmp_path / "a.mjpg", header)
    told, _ = clock(path, container_time=True)
    assert told == Clock(NOON, "container", uncertainty_s)


def test_a_stream_without_time_stamps_tells_none(tmp_path):
    path = write_multipart(tmp_path / "a.mjpg", "X-Other: 1717156800")
    assert clock(path, container_time=True)[0] == Clock()


def test_a_phone_writes_its_zone_beside_the_time(tmp_path):
    tags = {"com.apple.quicktime.creationdate": "2024-05-31T14:00:00+0200"}
    path = write_created(tmp_path / "a.mov", **tags)
    assert clock(path, container_time=True)[0] == Clock(NOON, "container", 1.0)


def test_matroska_tells_when_it_was_made(tmp_path):
    path = write_created(tmp_path / "a.mkv", creation_time="2024-05-31T12:00:00Z")
    told, warnings = clock(path, container_time=True)
    assert told == Clock(NOON, "container", None)
    assert "creation time" in warnings[0]
