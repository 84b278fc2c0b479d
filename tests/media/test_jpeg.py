"""What is stored of a JPEG is its coded picture: the same pixels, and nothing else that it held."""

from __future__ import annotations

import random

import numpy as np
import pytest
from encoded_pictures import encoded, flat
from hostile import Tally, mutated
from PIL import Image

from reidsearch.base.errors import Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.media.jpeg import coded_picture
from reidsearch.media.pictures import decode, stored_jpeg

LIMITS = PictureLimits()
SECRET = b"a secret place: N 52 E 13"
NOISE = Image.effect_noise((48, 96), 80)
KINDS = {
    "baseline": encoded(NOISE.convert("RGB"), "JPEG", quality=80),
    "grey": encoded(NOISE, "JPEG", quality=80),
    "progressive": encoded(NOISE.convert("RGB"), "JPEG", quality=80, progressive=True),
    "full colour": encoded(NOISE.convert("RGB"), "JPEG", quality=95, subsampling=0),
    "restarts": encoded(NOISE.convert("RGB"), "JPEG", restart_marker_blocks=3),
    "rgb": encoded(NOISE.convert("RGB"), "JPEG", keep_rgb=True),
    "optimised": encoded(NOISE.convert("RGB"), "JPEG", optimize=True),
    "flat": encoded(flat("RGB", (200, 100, 50), (32, 64)), "JPEG"),
}
HIDING = {
    "comment": b"\xff\xfe" + (len(SECRET) + 2).to_bytes(2, "big") + SECRET,
    "exif": b"\xff\xe1" + (len(SECRET) + 8).to_bytes(2, "big") + b"Exif\0\0" + SECRET,
    "jfxx": b"\xff\xe0" + (len(SECRET) + 8).to_bytes(2, "big") + b"JFXX\0\x10" + SECRET,
    "icc": b"\xff\xe2" + (len(SECRET) + 16).to_bytes(2, "big") + b"ICC_PROFILE\0\1\1" + SECRET,
    "own": b"\xff\xed" + (len(SECRET) + 2).to_bytes(2, "big") + SECRET,
}


def boundaries(data: bytes) -> list[int]:
    """Where segments begin: after the start, before each table and each scan, before the end."""
    found, at = [], 2
    while data[at : at + 2] != b"\xff\xd9":
        found.append(at)
        marker = data[at + 1]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            while data[at] != 0xFF or data[at + 1] in {0, *range(0xD0, 0xD8)}:
                at += 1
    return [*found, at]


def held(data: bytes) -> bytes:
    """What is stored of a whole picture."""
    return stored_jpeg(data, decode(data, LIMITS), whole=True)


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_pixels_stay_and_whatever_stands_between_segments_goes(kind):
    plain = KINDS[kind]
    pixels = decode(plain, LIMITS)
    assert len(boundaries(plain)) > 4
    for at in boundaries(plain):
        for hidden in HIDING.values():
            data = plain[:at] + hidden + plain[at:]
            stored = coded_picture(data)
            assert stored is not None
            assert SECRET in data
            assert SECRET not in stored
            assert np.array_equal(decode(stored, LIMITS), pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_the_picture_goes(kind):
    plain = KINDS[kind]
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()
    second = encoded(flat("RGB", 0, (8, 8)), "JPEG", exif=exif)
    for tail in (SECRET, second, b"\0\0\0\x18ftypmp42" + SECRET, b"\xff\xd9" + SECRET):
        stored = held(plain + tail)
        assert SECRET not in stored
        assert np.array_equal(decode(stored, LIMITS), decode(plain, LIMITS))


def test_a_thumbnail_within_the_first_segment_goes():
    plain = KINDS["baseline"]
    body = plain[6:18] + b"\3\3" + (SECRET * 2)[:27]
    data = b"\xff\xd8\xff\xe0" + (len(body) + 2).to_bytes(2, "big") + body + plain[20:]
    assert SECRET[:20] in data
    assert SECRET[:20] not in held(data)
    assert np.array_equal(decode(held(data), LIMITS), decode(plain, LIMITS))


@pytest.mark.fuzz
def test_flawed_ones_too():
    """What is copied of a flawed picture shows the same as the picture; else it is made anew."""
    tally, copied = Tally("flawed JPEGs that decode: the stored one has the same pixels"), 0
    for kind, plain in KINDS.items():
        for number in range(400):
            data = mutated(plain, random.Random(f"{kind} {number}"))
            stored = coded_picture(data)
            try:
                pixels = decode(data, LIMITS)
            except Refused:
                continue
            copied += stored is not None
            differs = stored is not None and not np.array_equal(decode(stored, LIMITS), pixels)
            tally.take(f"{kind} {number}", "other pixels" if differs else "")
    assert copied > 100
    tally.close()
