"""What every layout has to keep: its texts apart and on the sheet, its foot signed."""

from __future__ import annotations

import datetime as dt

import numpy as np

from reidsearch.output.drawing import Drawing
from reidsearch.output.imprint import Imprint

IMPRINT = Imprint(
    "archives/north",
    "64245484-e70f-4b6f-a52e-935af47b2499",
    dt.datetime(2024, 5, 31, 12, 3, tzinfo=dt.UTC),
    "reidsearch query person.jpg -a archives/north -o answer.png",
)


def require_apart(drawing: Drawing) -> None:
    """Fail where two texts overlap, or one leaves the sheet."""
    texts = sorted(drawing.texts, key=lambda box: box.y)
    for number, box in enumerate(texts):
        assert box.text.strip()
        assert box.x >= 0
        assert box.x + box.width <= drawing.width_px + 0.5, box
        assert box.y >= 0
        assert box.y + box.height <= drawing.height_px, box
        for other in texts[number + 1 :]:
            if other.y >= box.y + box.height:
                break
            assert not box.overlaps(other), (box.text, other.text)


def words(drawing: Drawing) -> str:
    """All that a drawing says, its lines joined by spaces."""
    return " ".join(box.text for box in drawing.texts)


def signed(drawing: Drawing) -> bool:
    """Whether archive, time and command stand at its foot."""
    told = words(drawing).replace(" ", "")
    parts = (drawing.imprint.made, drawing.imprint.source, drawing.imprint.command)
    return all(part.replace(" ", "") in told for part in parts)


def grey(height: int = 128, width: int = 64) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture of one colour."""
    return np.full((height, width, 3), 128, np.uint8)
