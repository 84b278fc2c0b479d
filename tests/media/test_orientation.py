"""Display matrices: all eight ways a picture can lie."""

import gc
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from videos import write_video

from reidsearch.base.boxes import Box
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage

ONE = 1 << 16
MATRICES = {
    "as it is": (ONE, 0, 0, ONE, lambda p: p),
    "mirrored": (-ONE, 0, 0, ONE, lambda p: p[:, ::-1]),
    "head down, mirrored": (ONE, 0, 0, -ONE, lambda p: p[::-1]),
    "head down": (-ONE, 0, 0, -ONE, lambda p: p[::-1, ::-1]),
    "clockwise": (0, ONE, -ONE, 0, lambda p: np.rot90(p, -1)),
    "counter-clockwise": (0, -ONE, ONE, 0, np.rot90),
    "transposed": (0, ONE, ONE, 0, lambda p: p.swapaxes(0, 1)),
    "transposed the other way": (0, -ONE, -ONE, 0, lambda p: np.rot90(p, 2).swapaxes(0, 1)),
}


def corners(number, size_px):
    """Four corners of four colours."""
    width, height = size_px
    frame = np.zeros((height, width, 3), np.uint8)
    for row, column, colour in (
        (0, 0, (255, 255, 255)),
        (0, 1, (0, 0, 200)),
        (1, 0, (0, 200, 0)),
        (1, 1, (200, 0, 0)),
    ):
        y, x = row * height // 2, column * width // 2
        cv2.rectangle(frame, (x, y), (x + width // 2, y + height // 2), colour, -1)
    return frame


def write_lying(path: Path, matrix) -> Path:
    write_video(path, 3, draw=corners)
    data = path.read_bytes()
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = matrix
    values = (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    told = b"".join(value.to_bytes(4, "big", signed=True) for value in values)
    path.write_bytes(data[:at] + told + data[at + len(told) :])
    return path


@pytest.mark.parametrize("name", MATRICES)
def test_people_stand_upright(name, tmp_path):
    *matrix, upright = MATRICES[name]
    footage = open_footage(write_lying(tmp_path / "a.mp4", matrix))
    frame = next(one for one in footage.frames() if isinstance(one, Frame))
    wanted = np.ascontiguousarray(upright(corners(0, (160, 96)))).astype(int)
    height, width = wanted.shape[:2]
    assert (frame.width_px, frame.height_px) == (width, height)
    assert (footage.info.width_px, footage.info.height_px) == (width, height)

    def near(pixels, other):
        return float(np.abs(pixels.astype(int) - other).mean()) < 12

    assert near(frame.bgr(), wanted)
    half = cv2.resize(wanted.astype(np.uint8), (width // 2, height // 2))
    assert near(frame.small(width // 2, height // 2), half)
    grey = cv2.cvtColor(half, cv2.COLOR_BGR2GRAY)
    assert near(frame.grey(width // 2, height // 2), grey)
    part = frame.part(Box(0, 0, width // 2, height // 2), 8, 8)
    assert near(part, wanted[height // 4, width // 4])
    mirrored = any("mirrors" in note for note in footage.info.notes)
    a, b, c, d = matrix
    assert mirrored == (a * d - b * c < 0)


@pytest.mark.full
def test_pictures_are_freed_as_soon_as_they_are_read(tmp_path):
    """Each one that waits for the garbage collector keeps its decoder's threads as well."""
    video = write_video(tmp_path / "gate.mp4", 30)
    gc.collect()
    gc.disable()
    try:
        with open_footage(video) as footage:
            assert sum(isinstance(item, Frame) for item in footage.frames()) == 30
        assert not [one for one in gc.get_objects() if isinstance(one, av.VideoFrame)]
    finally:
        gc.enable()
