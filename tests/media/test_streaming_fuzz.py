"""Damaged footage on its way to a browser: it plays, or the reason is told; nothing else."""

from __future__ import annotations

import random
import time

import pytest
from videos import write_video

from reidsearch.base.errors import InputError, NotFound, Refused
from reidsearch.media.video.frame_times import frame_times
from reidsearch.media.video.open import open_footage
from reidsearch.media.video.streaming import copied, encoded

pytestmark = pytest.mark.fuzz

ROUNDS = 12
LONGEST_S = 20
TOLD = (InputError, NotFound, Refused)
KINDS = [
    ("a.ts", "libx264", "mpegts"),
    ("a.avi", "libx264", "avi"),
    ("a.mp4", "libx264", "mp4"),
    ("raw.264", "libx264", "h264"),
    ("a.mkv", "mpeg4", "matroska"),
]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, a part left out, or the end cut off."""
    made = bytearray(data)
    for _ in range(chance.choice([1, 5, 50, 500])):
        made[chance.randrange(len(made))] = chance.randrange(256)
    at, length = chance.randrange(len(made)), chance.randrange(5_000)
    return bytes(made[:at] + made[at + length :] if chance.random() < 0.5 else made)


@pytest.mark.parametrize(("name", "codec", "container"), KINDS, ids=[one[0] for one in KINDS])
def test_damaged_footage_plays_or_is_told(name, codec, container, tmp_path) -> None:
    whole = write_video(
        tmp_path / f"whole-{name}",
        100,
        codec=codec,
        container=container,
        options={"g": "20", "bf": "0"},
    ).read_bytes()
    held = 0
    for number in range(ROUNDS):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(damaged(whole, random.Random(f"{name} {number}")))
        begun = time.monotonic()

        def keep_on(begun: float = begun) -> None:
            assert time.monotonic() - begun < LONGEST_S

        try:
            with open_footage(path) as footage:
                begin = footage.info.first_pts + int(2 / footage.info.time_base)
                end = begin + int(1 / footage.info.time_base)
                stretch = copied(path, footage, begin, end, keep_on)
                assert stretch is None or b"".join(stretch)
                assert b"".join(encoded(footage, begin, end, keep_on))
                assert frame_times(path, footage, begin, end, keep_on)
        except TOLD:
            pass  # in words
        held += 1
    print(f"tried {ROUNDS}, held {held}")
