"""What every layout has to keep: its texts apart and on the sheet, its foot signed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from reidsearch.base.errors import NotFound
from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.output.drawing import Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.pages.answers import answer_shown
from reidsearch.output.sheet import contact_sheets
from reidsearch.output.shown import QueryShown, Shown

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


def shown(
    answer: Answer,
    pictures: Sequence[Pixels],
    names: Sequence[str] = (),
    truth: Callable[[Match], bool] | None = None,
) -> Shown:
    """The content of an answer's sheet, with these pictures as its query."""
    told = [name or f"query picture {number}" for number, name in enumerate(names, start=1)]
    told = told or [f"query picture {number}" for number in range(1, len(pictures) + 1)]
    queries = [QueryShown(name, pixels) for name, pixels in zip(told, pictures, strict=True)]
    return answer_shown(answer, queries, names=names, truth=truth)


def contact_sheet(
    answer: Answer,
    pictures: Sequence[Pixels],
    picture_of: Callable[[int], Pixels],
    imprint: Imprint,
    *,
    names: Sequence[str] = (),
    truth: Callable[[Match], bool] | None = None,
) -> Drawing:
    """The first page of an answer's sheet."""
    return contact_sheets(shown(answer, pictures, names, truth), picture_of, imprint)[0]


class Crops:
    """What pages ask of an archive, of some crops made by hand; each has a grey picture."""

    def __init__(self, *crops: Crop) -> None:
        self.crops = {one.crop_id: one for one in crops}

    def crop(self, crop_id: int) -> Crop:
        if crop_id not in self.crops:
            raise NotFound(f"no crop {crop_id}")
        return self.crops[crop_id]

    def picture(self, crop_id: int) -> bytes:
        self.crop(crop_id)
        out = io.BytesIO()
        Image.fromarray(grey()).save(out, "JPEG")
        return out.getvalue()
