"""Footage that would take all memory or is flawed: every command ends in time and in bounds."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import Tally, bounded, flaws, mutated
from videos import write_video

WITHIN_S = 25
"""Of the processor: a process starts in one."""

pytestmark = pytest.mark.fuzz


def png_header(width: int, height: int) -> bytes:
    """A PNG of which there is hardly more than its size."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (body, data)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def large_videos(folder: Path) -> Iterator[Path]:
    """Little files that would take much memory."""
    import av

    for ending in ("ts", "mp4", "mkv", "flv"):
        path = folder / f"large.{ending}"
        with av.open(str(path), "w") as target:
            stream = target.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 8192, 8192, "yuv420p"
            stream.options = {"preset": "ultrafast", "x264-params": "ref=16"}
            frame = av.VideoFrame(8192, 8192, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            for number in range(3):
                frame.pts = number
                target.mux(stream.encode(frame))
            target.mux(stream.encode())
        yield path
    plain = write_video(folder / "plain.mp4", 30).read_bytes()
    for samples in (50_000_000, 0x7FFFFFFF, 0xFFFFFFFF):
        data = bytearray(plain)
        at = data.index(b"stsz")
        length = int.from_bytes(data[at - 4 : at], "big")
        data[at - 4 : at] = (20).to_bytes(4, "big")
        data[at + 8 : at + 16] = struct.pack(">II", 1, samples)
        data[at + 16 : at + 24] = (length - 20).to_bytes(4, "big") + b"free"
        for kind, offset in ((b"stts", 12), (b"stsc", 16)):
            at = data.index(kind)
            data[at + offset : at + offset + 4] = samples.to_bytes(4, "big")
        path = folder / f"samples-{samples}.mp4"
        path.write_bytes(data)
        yield path
    trun = b"\0\0\0\x14trun\0\0\0\0" + (0x7FFFFFFF).to_bytes(4, "big") + bytes(4)
    tfhd = b"\0\0\0\x10tfhd\0\0\0\0\0\0\0\1"
    traf = (8 + len(tfhd) + len(trun)).to_bytes(4, "big") + b"traf" + tfhd + trun
    (folder / "fragment.mp4").write_bytes(
        plain + (8 + len(traf)).to_bytes(4, "big") + b"moof" + traf
    )
    yield folder / "fragment.mp4"
    (folder / "huge.png").write_bytes(png_header(60_000, 60_000))
    yield folder / "huge.png"


def test_small_files_that_take_much_memory(held, tmp_path):
    """2.4 MB of file took 6.7 GB."""
    tally = Tally("small files that would take much memory")
    for path in large_videos(tmp_path):
        ended = bounded("index", path, "--model", "builtin", "-a", held.archive, limit_s=60)
        refused = "" if ended.code == 1 else f"exit code {ended.code}"
        tally.take(path.name, refused, *flaws(ended, within_s=WITHIN_S, peak_mb=900))
    tally.close()


def test_flawed_footage(held, tmp_path):
    """Videos of several containers with bytes turned, cut and repeated."""
    tally = Tally("flawed footage")
    seeds = {
        ending: write_video(tmp_path / f"seed.{ending}", 12, codec=codec).read_bytes()
        for ending, codec in (
            ("mp4", "libx264"),
            ("mkv", "libx264"),
            ("ts", "libx264"),
            ("avi", "mpeg4"),
            ("flv", "flv"),
        )
    }
    for ending, data in seeds.items():
        folder = tmp_path / ending
        folder.mkdir()
        for number in range(60):
            flawed = mutated(data, random.Random(f"{ending} {number}"))
            (folder / f"{number}.{ending}").write_bytes(flawed)
        ended = bounded("index", folder, "--model", "builtin", "-a", held.archive, limit_s=120)
        tally.tried += 59
        tally.take(f"60 {ending}", *flaws(ended, within_s=90))
        failed = bounded("failures", "-a", held.archive, "--format", "json")
        assert json.loads(failed.out)["schema"]
    tally.close()
