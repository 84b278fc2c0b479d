"""Decoding in a thread of its own, pixels by kept scalers, and the arithmetic of each frame."""

import threading
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from videos import write_video

from reidsearch.domain.footage import MediaClock
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.motion import changed_cells
from reidsearch.media.video.open import open_footage
from reidsearch.media.video.pixels import pixels
from reidsearch.media.video.read_ahead import read_ahead


def decoding_threads():
    return [one for one in threading.enumerate() if one.name == "reidsearch-decode"]


def test_items_come_in_order_and_no_more_are_pulled_than_may_wait():
    pulled = []

    def items():
        for number in range(20):
            pulled.append(number)
            yield number

    found = read_ahead(items(), 3)
    for number in range(20):
        assert next(found) == number
        assert len(pulled) <= number + 5  # that one, three that wait, and one in hand
    assert list(found) == []
    assert decoding_threads() == []


def test_what_is_raised_comes_after_the_items_before_it():
    def items():
        yield 1
        raise ValueError("damaged")

    found = read_ahead(items(), 3)
    assert next(found) == 1
    with pytest.raises(ValueError, match="damaged"):
        next(found)


def test_closing_ends_the_thread_and_what_it_reads():
    closed = []

    def items():
        try:
            yield from range(1000)
        finally:
            closed.append(threading.current_thread().name)

    found = read_ahead(items(), 2)
    assert next(found) == 0
    found.close()
    assert closed == ["reidsearch-decode"]
    assert decoding_threads() == []


def test_a_file_that_is_read_in_part_leaves_no_thread(tmp_path):
    with open_footage(write_video(tmp_path / "a.mp4")) as footage:
        frames = footage.frames()
        first = next(item for item in frames if isinstance(item, Frame))
        frames.close()
        assert decoding_threads() == []
        assert first.bgr().shape == (96, 160, 3)


@pytest.mark.parametrize("form", ["yuv420p", "yuvj420p", "yuv422p", "nv12", "rgb24"])
def test_pixels_are_those_of_pyav(tmp_path, form):
    with av.open(str(write_video(tmp_path / "a.mp4", 3))) as container:
        for decoded in container.decode(video=0):
            picture = decoded.reformat(format=form)
            small = picture.reformat(width=64, height=80, format="bgr24").to_ndarray()
            assert np.array_equal(pixels(picture, "bgr24", 64, 80), small)
            for to in ("bgr24", "gray"):
                assert np.array_equal(pixels(picture, to), picture.to_ndarray(format=to))


@pytest.mark.parametrize("base", [Fraction(1, 90000), Fraction(1001, 30000), Fraction(1, 3)])
def test_media_time_in_whole_numbers_is_that_of_fractions(base):
    clock = MediaClock(SimpleNamespace(first_pts=17, time_base=base))
    for pts in [*range(-20, 120), 10**9 + 1, 10**12 + 7]:
        media_s = (pts - 17) * base
        assert clock.us(pts) == round(media_s * 1_000_000)
        assert [clock.slot(pts, rate) for rate in (3, 4)] == [int(media_s * 3), int(media_s * 4)]


def test_changed_cells_are_told_from_the_median_of_all():
    rng = np.random.default_rng(5)
    for number in range(40):
        size = (54, 96) if number % 2 else (5, 7)
        before = rng.integers(0, 256, size).astype(np.uint8)
        after = (before + rng.integers(-14, 15, size) + number).clip(0, 255).astype(np.uint8)
        difference = after.astype(np.float32) - before
        expected = np.abs(difference - np.median(difference)) > 8
        assert np.array_equal(changed_cells(before, after, 8), expected)
