"""Bytes to pixels: every kind of picture that arrives, and every kind that must not get in."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from encoded_pictures import BLUE, KINDS, RED, RGB, chunk, encoded, flat, oriented, png
from PIL import Image

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.media.pictures import cut, decode, read_picture, stored_jpeg

LIMITS = PictureLimits()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_bgr(kind: str) -> None:
    data, expected = KINDS[kind]
    pixels = decode(data, LIMITS)
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.flags.c_contiguous
    assert np.abs(pixels.reshape(-1, 3).astype(int) - expected).max() <= 3


def corners() -> Image.Image:
    """Wider than high; red in the upper left corner, blue in the upper right, else black."""
    image = Image.new("RGB", (48, 32))
    image.paste((255, 0, 0), (0, 0, 16, 16))
    image.paste((0, 0, 255), (32, 0, 48, 16))
    return image


# Orientation: which corner the stored upper left and upper right belong to (row, column).
ORIENTATIONS = [
    (1, (0, 0), (0, -1)),
    (2, (0, -1), (0, 0)),
    (3, (-1, -1), (-1, 0)),
    (4, (-1, 0), (-1, -1)),
    (5, (0, 0), (-1, 0)),
    (6, (0, -1), (-1, -1)),
    (7, (-1, -1), (0, -1)),
    (8, (-1, 0), (0, 0)),
]


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("orientation", "red", "blue"), ORIENTATIONS)
def test_orientation_is_honoured(
    format_: str, orientation: int, red: tuple[int, int], blue: tuple[int, int]
) -> None:
    pixels = decode(oriented(corners(), orientation, format_), LIMITS).astype(int)
    assert pixels.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
    assert np.abs(pixels[red] - RED).max() < 40
    assert np.abs(pixels[blue] - BLUE).max() < 40


def test_of_an_mpo_the_first_picture_counts_and_the_rest_is_not_stored() -> None:
    second = flat("RGB", (0, 0, 0))
    data = encoded(flat("RGB", RGB), "MPO", save_all=True, append_images=[second], quality=95)
    pixels = decode(data, LIMITS)
    assert np.abs(pixels.reshape(-1, 3).astype(int) - (50, 100, 200)).max() <= 3
    stored = stored_jpeg(data, pixels, whole=True)
    assert stored.count(b"\xff\xd8\xff") == 1


def animation(format_: str) -> bytes:
    frames = [flat("RGB", colour) for colour in (RGB, (0, 0, 0))]
    return encoded(frames[0], format_, save_all=True, append_images=frames[1:])


def scans(count: int) -> bytes:
    """A progressive JPEG with one of its scans repeated."""
    data = encoded(flat("RGB", RGB, (64, 64)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


WHOLE = encoded(Image.effect_noise((64, 128), 90).convert("RGB"), "JPEG")
REFUSED: dict[str, tuple[bytes, Reason]] = {
    "empty": (b"", Reason.EMPTY),
    "text": (b"hello, this is no picture", Reason.NOT_AN_IMAGE),
    "zeros": (b"\0" * 5000, Reason.NOT_AN_IMAGE),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Reason.NOT_AN_IMAGE),
    "photoshop": (b"8BPS\0\1" + b"\0" * 200, Reason.NOT_AN_IMAGE),
    "heic": (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", Reason.NOT_AN_IMAGE),
    "mp4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", Reason.NOT_AN_IMAGE),
    "floats": (encoded(flat("F", 0.5), "TIFF"), Reason.NOT_AN_IMAGE),
    "32-bit": (encoded(flat("I", 5), "TIFF"), Reason.NOT_AN_IMAGE),
    "jpeg half": (WHOLE[: len(WHOLE) // 2], Reason.TRUNCATED),
    "jpeg without end": (WHOLE[:-40], Reason.TRUNCATED),
    "png half": (KINDS["png"][0][:60], Reason.TRUNCATED),
    "bmp half": (KINDS["bmp"][0][:900], Reason.TRUNCATED),
    "no width": (png(0, 5, 8, 0, b""), Reason.NOT_AN_IMAGE),
    "gif animated": (animation("GIF"), Reason.ANIMATED),
    "png animated": (animation("PNG"), Reason.ANIMATED),
    "webp animated": (animation("WEBP"), Reason.ANIMATED),
    "tiff pages": (animation("TIFF"), Reason.ANIMATED),
    "scan bomb": (scans(200), Reason.BOMB),
    "30 000 x 30 000": (png(30_000, 30_000, 8, 0, b""), Reason.TOO_MANY_PIXELS),
    "2 000 000 000 wide": (png(2_000_000_000, 2, 8, 2, b""), Reason.TOO_MANY_PIXELS),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_with_its_reason(kind: str) -> None:
    data, reason = REFUSED[kind]
    with pytest.raises(Refused) as caught:
        decode(data, LIMITS)
    assert caught.value.reason is reason
    assert caught.value.message
    assert ("HEIC" in caught.value.message) is (kind == "heic")


def test_limits_are_the_callers() -> None:
    data = KINDS["png"][0]  # 20 x 40 pixels
    assert decode(data, PictureLimits(max_bytes=len(data), max_pixels=800)).shape == (40, 20, 3)
    with pytest.raises(Refused, match="limit is 799") as caught:
        decode(data, PictureLimits(max_pixels=799))
    assert caught.value.reason is Reason.TOO_MANY_PIXELS
    with pytest.raises(Refused) as caught:
        decode(data, PictureLimits(max_bytes=len(data) - 1))
    assert caught.value.reason is Reason.TOO_MANY_BYTES


@pytest.mark.full
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path) -> None:
    """The 900 million pixels really are in the file, 870 KB of it; 300 MB must suffice."""
    bomb = tmp_path / "bomb.png"
    rows = zlib.compressobj(1)
    body = b"".join(rows.compress(bytes(30_001) * 100) for _ in range(300)) + rows.flush()
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", body), chunk(b"IEND", b"")]
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from reidsearch.media.pictures import read_picture\n"
        "from reidsearch.base.errors import Refused\n"
        "from reidsearch.base.settings import PictureLimits\n"
        "try: read_picture(sys.argv[1], PictureLimits())\n"
        "except Refused as refused: print(refused.reason)\n"
        # Not ru_maxrss: that one is inherited from the process that starts this one.
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())\n"
        "assert int(peak[1]) < 300_000, peak[1]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(bomb)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("too-many-pixels\n", "", 0)


@pytest.mark.full
def test_odd_metadata_is_harmless_and_flaws_are_silent(tmp_path: Path) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xee" * 40
    broken = encoded(flat("RGB", RGB), "JPEG", exif=exif)
    assert decode(broken, LIMITS).shape == (40, 20, 3)
    # A process of its own: what Pillow warns of or logs and what libtiff prints must not appear.
    tiff = tmp_path / "a.tiff"
    tiff.write_bytes(KINDS["tiff"][0])
    program = (
        "import contextlib, sys\n"
        "from pathlib import Path\n"
        "from reidsearch.base.errors import Refused\n"
        "from reidsearch.media.pictures import decode\n"
        "from reidsearch.base.settings import PictureLimits\n"
        "data = Path(sys.argv[1]).read_bytes()\n"
        "for at in range(len(data)):\n"
        "    flawed = bytearray(data)\n"
        "    flawed[at] ^= 0xFF\n"
        "    with contextlib.suppress(Refused):\n"
        "        decode(bytes(flawed), PictureLimits())\n"
        "        print('decoded')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiff)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert 0 < done.stdout.count("decoded") < len(KINDS["tiff"][0])


def test_pillows_own_limit_stays() -> None:
    with pytest.raises(Refused) as caught:
        decode(png(30_000, 30_000, 8, 0, b""), PictureLimits(max_pixels=2**40))
    assert caught.value.reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (Box(0, 0, 21, 40), Reason.BAD_BOX),
        (Box(0, 0, 20, 41), Reason.BAD_BOX),
        (Box(0, 0, 7, 40), Reason.TOO_SMALL),
        (Box(0, 0, 20, 15), Reason.TOO_SMALL),
    ],
)
def test_boxes_that_give_no_crop(box: Box, reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        cut(np.zeros((40, 20, 3), np.uint8), box, LIMITS)
    assert caught.value.reason is reason


def test_cut() -> None:
    picture = np.arange(40 * 20 * 3, dtype=np.uint32).astype(np.uint8).reshape(40, 20, 3)
    crop = cut(picture, Box(2, 3, 12, 33), LIMITS)
    assert np.array_equal(crop, picture[3:33, 2:12])
    assert crop.flags.c_contiguous
    assert np.array_equal(cut(picture, None, LIMITS), picture)
    with pytest.raises(Refused) as caught:
        cut(picture[:1, :1], None, LIMITS)
    assert caught.value.reason is Reason.TOO_SMALL


def test_a_whole_upright_jpeg_is_stored_unchanged_but_for_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera maker"
    exif[0x0112] = 1
    data = encoded(
        Image.effect_noise((64, 128), 90).convert("RGB"), "JPEG", exif=exif, comment=b"a secret"
    )
    crop = decode(data, LIMITS)
    stored = stored_jpeg(data, crop, whole=True)
    assert np.array_equal(decode(stored, LIMITS), crop)
    assert data.endswith(stored[stored.index(b"\xff\xda") :])
    assert b"a camera maker" in data
    assert b"a secret" in data
    assert b"a camera maker" not in stored
    assert b"a secret" not in stored


STORED_ANEW: dict[str, Callable[[], tuple[bytes, bool]]] = {
    "png": lambda: (KINDS["png"][0], True),
    "turned": lambda: (oriented(corners(), 6), True),
    "part of it": lambda: (KINDS["jpeg"][0], False),
    "cmyk": lambda: (KINDS["jpeg cmyk"][0], True),
    "over 256 KiB": lambda: (
        encoded(Image.effect_noise((640, 640), 90).convert("RGB"), "JPEG", quality=100),
        True,
    ),
}


@pytest.mark.parametrize("kind", STORED_ANEW)
def test_everything_else_is_stored_anew(kind: str) -> None:
    data, whole = STORED_ANEW[kind]()
    crop = decode(data, LIMITS)
    stored = stored_jpeg(data, crop, whole)
    assert stored != data
    again = decode(stored, LIMITS).astype(int)
    assert again.shape == crop.shape
    assert np.abs(again - crop).mean() < 4


def test_large_crops_are_stored_at_1024_pixels() -> None:
    crop = np.full((3000, 900, 3), (10, 200, 60), np.uint8)
    stored = decode(stored_jpeg(b"", crop, whole=True), LIMITS)
    assert stored.shape == (1024, 307, 3)
    assert np.abs(stored.astype(int) - (10, 200, 60)).max() <= 3


def test_read_picture_names_the_file(tmp_path: Path) -> None:
    good = tmp_path / "a.png"
    good.write_bytes(KINDS["png"][0])
    assert read_picture(good, LIMITS).shape == (40, 20, 3)
    empty = tmp_path / "empty.png"
    empty.touch()
    fifo = tmp_path / "fifo.png"
    os.mkfifo(fifo)
    for path, reason in [
        (tmp_path / "none.png", Reason.MISSING),
        (empty, Reason.EMPTY),
        (tmp_path, Reason.NOT_A_FILE),
        (fifo, Reason.NOT_A_FILE),
        (tmp_path / ("n" * 300), Reason.UNREADABLE),
    ]:
        with pytest.raises(Refused) as caught:
            read_picture(path, LIMITS)
        assert caught.value.reason is reason
        assert str(path) in caught.value.message


def test_all_shared_crops_decode_as_pillow_shows_them(shared: Path) -> None:
    folder = shared / "reid" / "pku-viewpoints" / "crops"
    for path in sorted(folder.iterdir())[:50]:
        with Image.open(path) as image:
            assert np.array_equal(read_picture(path, LIMITS)[..., ::-1], np.asarray(image))
