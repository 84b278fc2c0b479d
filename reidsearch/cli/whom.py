"""QueryInput a query shows: crops, full frames, people in a frame of a video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import ModelError, Refused, UsageError
from reidsearch.cli.options import frame_at

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.crops import Pixels
    from reidsearch.services.footage import People


@dataclass(frozen=True)
class QueryInput:
    """What is searched for.

    Args:
        views: pictures as pixels, (h, w, 3) uint8 BGR, and ids of held crops.
        text: what they were made from, for the statement; None: there is nothing special to say.
    """

    views: list[Pixels | int]
    text: str | None


def whom(
    archive: Archive,
    images: tuple[Path, ...],
    crops: tuple[int, ...],
    frame: str | None,
    box: str | None,
    person: int | None,
    identity: str | None = None,
) -> QueryInput:
    """Read everything that a query shows.

    Raises:
        UsageError: nothing is shown, or it is not clear who of several people is meant.
        Refused: a picture or video cannot be read.
    """
    if not images and not crops and frame is None and identity is None:
        raise UsageError(
            "say whom to look for: IMAGE..., --crop ID, --identity NAME, or --frame VIDEO@TIME"
        )
    if frame is None and (box is not None or person is not None):
        raise UsageError("--box and --person belong to --frame VIDEO@TIME")
    if box is not None and person is not None:
        raise UsageError("--box and --person say the same thing; give one of them")
    views: list[Pixels | int] = []
    told: list[str | None] = []
    for image in images:
        crop, said = _of_image(archive, image)
        views.append(crop)
        told.append(said)
    if frame is not None:
        crop, said = _of_frame(archive, frame, box, person)
        views.append(crop)
        told.append(said)
    views.extend(crops)
    if not any(told):
        return QueryInput(views, None)
    parts = [said or "a picture" for said in told] + [f"crop {crop}" for crop in crops]
    text = " and ".join(parts)
    return QueryInput(views, text if len(views) == 1 else f"mean of {text}")


def _of_frame(
    archive: Archive, frame: str, box: str | None, person: int | None
) -> tuple[Pixels, str]:
    pixels = frame_at(frame)
    if box is not None:
        return _boxed(pixels, box), f"box {box} in {frame}"
    seen = _people(archive, pixels)
    count = len(seen.detections)
    if person is None and count != 1:
        raise UsageError(*_which(frame, count))
    number = person or 1
    return seen.crop(number), f"person {number} of {count} in {frame}"


def _of_image(archive: Archive, image: Path) -> tuple[Pixels, str | None]:
    """A crop as it is; of a full frame the one person in it."""
    pixels = frame_at(str(image))
    height_px, width_px = pixels.shape[:2]
    if width_px <= height_px:
        return pixels, None  # a crop of somebody standing
    try:
        seen = _people(archive, pixels)
    except ModelError:
        return pixels, None  # without a detector the statement warns of its shape
    count = len(seen.detections)
    if count > 1:
        raise UsageError(*_which(str(image), count))
    if count == 0:
        return pixels, None
    return seen.crop(1), f"the one person seen in {image.name}"


def _which(frame: str, count: int) -> tuple[str, str]:
    if count == 0:
        return f"the detector sees nobody in {frame}", "say where: --box x,y,w,h"
    return (
        f"the detector sees {count} people in {frame}: which one?",
        f"reidsearch people {frame} -o people.png numbers them; then: reidsearch query "
        f"--frame {frame} --person N",
    )


def _people(archive: Archive, pixels: Pixels) -> People:
    from reidsearch.services.footage import people_in

    return people_in(pixels, archive.detector())


def _boxed(pixels: Pixels, text: str) -> Pixels:
    from reidsearch.base.boxes import Box

    try:
        x, y, width, height = (round(float(part)) for part in text.split(","))
        box = Box(x, y, x + width, y + height)
        box.require_inside(pixels.shape[1], pixels.shape[0])
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--box {text!r} is not four numbers x,y,w,h") from error
    except Refused as refused:
        raise refused.reworded(f"--box: {refused.message}", UsageError) from refused
    return np.ascontiguousarray(pixels[box.y1 : box.y2, box.x1 : box.x2])
