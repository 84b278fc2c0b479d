"""Damaged and odd files: what can be decoded is, what cannot is told, nothing crashes."""

import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from videos import write_audio, write_video

from reidsearch.base.errors import Reason, Refused
from reidsearch.media.video.frames import Damage, Frame
from reidsearch.media.video.open import open_footage


def read(path):
    with open_footage(path) as footage:
        items = list(footage.frames())
        ends = [footage.info.media_s(item.pts) for item in items if isinstance(item, Frame)]
    return ends, [item for item in items if isinstance(item, Damage)]


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / "a.mp4", 100, options={"g": "10", "bf": "0"})


@pytest.mark.full
def test_a_wrong_ending_does_not_matter(video):
    for ending in ("avi", "dav", "ts", "bin"):
        other = video.with_suffix(f".{ending}")
        other.write_bytes(video.read_bytes())
        assert len(read(other)[0]) == 100


def test_an_mp4_without_its_end_cannot_be_read_at_all(video):
    """The index of an ordinary MP4 is written last; a recorder that lost power leaves none."""
    video.write_bytes(video.read_bytes()[:-3000])
    with pytest.raises(Refused) as refused:
        open_footage(video)
    assert refused.value.reason is Reason.NO_VIDEO


def test_an_mp4_cut_short_with_its_index_in_front(tmp_path):
    path = write_video(
        tmp_path / "a.mp4",
        100,
        options={"g": "10", "bf": "0"},
        container_options={"movflags": "faststart"},
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    ends, damage = read(path)
    assert 30 < len(ends) < 90
    assert damage, "what is missing is told"
    with open_footage(path) as footage:
        last = max(item.to_pts or 0 for item in damage)
        assert footage.info.media_s(last) >= 3.9


@pytest.mark.full
@pytest.mark.parametrize("name", ["a.ts", "a.mkv", "a.avi"])
def test_a_stream_cut_short_gives_what_is_there(name, tmp_path):
    codec = "mpeg4" if name == "a.avi" else "libx264"
    path = write_video(tmp_path / name, 100, codec=codec)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    ends, _ = read(path)
    assert 5 < len(ends) < 90


def test_zeros_in_the_middle_are_damage_and_the_rest_is_read(video):
    data = bytearray(video.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 2000] = bytes(2000)
    video.write_bytes(data)
    ends, damage = read(video)
    assert damage
    assert ends[0] == 0
    assert ends[-1] > 3.5
    assert len(ends) > 60


def test_audio_alone_is_no_video(tmp_path):
    with pytest.raises(Refused, match="no video stream") as refused:
        open_footage(write_audio(tmp_path / "a.m4a"))
    assert refused.value.reason is Reason.NO_VIDEO


def test_a_container_without_frames(tmp_path):
    path = write_video(tmp_path / "a.mkv", 1)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\x1f\x43\xb6\x75")])  # Matroska's first cluster
    with pytest.raises(Refused) as refused:
        open_footage(path)
    assert refused.value.reason is Reason.NO_VIDEO


def test_a_fifo_or_folder_never_hangs(tmp_path):
    import os

    os.mkfifo(tmp_path / "fifo.mp4")
    for path in (tmp_path / "fifo.mp4", tmp_path):
        with pytest.raises(Refused):
            open_footage(path)


@pytest.mark.full
def test_nothing_is_written_to_the_terminal(video):
    """FFmpeg would write to standard error by itself."""
    data = bytearray(video.read_bytes())
    data[5000:6000] = bytes(1000)
    video.write_bytes(data)
    code = f"from test_video_damage import read; print(len(read({str(video)!r})[0]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert int(done.stdout) > 50


@pytest.mark.fuzz
@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv", "a.avi", "a.h264"])
def test_flipped_bytes_never_crash(name, tmp_path):
    codec = "mpeg4" if name == "a.avi" else "libx264"
    path = write_video(tmp_path / name, 60, codec=codec, options={"g": "10"})
    whole = path.read_bytes()
    rng = random.Random(4)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 5, 50))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.3:
            data = data[: rng.randrange(len(data))]
        path.write_bytes(data)
        try:
            ends, _ = read(path)
        except Refused:
            continue
        assert all(a < b for a, b in pairwise(ends))
