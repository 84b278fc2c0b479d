"""The people of one frame, numbered, so that a user can say which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Detections
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.stills import INK, NARROWEST_PX
from reidsearch.output.visible import count, visible

PAPER = "#111827"
PLAIN = Lettering(13, "#374151")

Place: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom, pixels."""


def detections_json(found: Detections, detector: str, origin: QueryOrigin) -> dict[str, Any]:
    """Return the people as a document; `box` is [x1, y1, x2, y2] in pixels."""
    return {
        "schema": "reidsearch/detections/1",
        "detector": detector,
        "frame": {"location": origin.location, "media_s": origin.media_s},
        "people": [
            {"person": number, "box": box, "confidence": confidence}
            for number, box, confidence in _people(found)
        ],
    }


def detections_text(found: Detections, detector: str, origin: QueryOrigin) -> str:
    """Return which frame it was, and one line a person, with size and place."""
    at = "" if origin.media_s is None else f" at {origin.media_s:.3f} s"
    where = f"{visible(origin.location)}{at}: " if origin.location is not None else ""
    lines = [f"{where}{len(found)} found by {detector}"]
    for number, (x1, y1, x2, y2), confidence in _people(found):
        lines.append(
            f"{number}: {x2 - x1} x {y2 - y1} px at {x1},{y1}, confidence {confidence:.2f}"
        )
    return "\n".join(lines)


def numbered(
    pixels: Pixels, found: Detections, imprint: Imprint, *, shown: str, detector: str
) -> Drawing:
    """Draw each person's box with its number, from 1.

    Args:
        pixels: (h, w, 3) uint8 BGR.
        shown: the frame, as it was asked for.
    """
    height, width = pixels.shape[:2]
    sheet = Drawing(f"People in {shown}", imprint, max(width, NARROWEST_PX))
    sheet.picture(lambda: pixels, (0, 0, width, height))
    lettering = Lettering(max(14, height // 30), INK)
    taken: list[Place] = []
    boxes = found.xyxy.tolist()
    for x1, y1, x2, y2 in boxes:
        sheet.rectangle((x1, y1, x2, y2), outline=INK, width=max(2, height // 270))
    for number, (x1, y1, x2, y2) in enumerate(boxes, start=1):
        wide, high = lettering.width(str(number)) + 8, lettering.line_px + 2
        place = _free((x1, y1, x2, y2), (wide, high), (width, height), taken)
        if place is not None:
            taken.append(place)
            sheet.rectangle(place, PAPER)
            sheet.line_of_text(lettering, place[0] + 4, place[1] + 1, str(number))
    told = f"{count(len(boxes), 'person', 'people')} found by {detector} in {shown}"
    if without := len(boxes) - len(taken):
        told += f"; no room for {count(without, 'number')}"
    sheet.height_px = height + 8
    sheet.paragraph(PLAIN, MARGIN_PX, height + 8, told, sheet.width_px - 2 * MARGIN_PX, most=3)
    return sheet.sign()


def _free(
    box: Sequence[float],
    size: tuple[float, float],
    picture: tuple[int, int],
    taken: Sequence[Place],
) -> Place | None:
    """Room for a number at its box, where no other stands: a corner, else down a side of it."""
    x1, y1, x2, y2 = box
    wide, high = size
    down = [y1 + step * high for step in range(max(1, int((y2 - y1) // high)))]
    corners = [
        *((x, y) for y in (y1, y1 - high, y2 - high, y2) for x in (x1, x2 - wide)),
        *((x, y) for y in down for x in (x1, x2 - wide)),
    ]
    for x, y in corners:
        left = min(max(x, 0.0), max(0.0, picture[0] - wide))
        top = min(max(y, 0.0), max(0.0, picture[1] - high))
        place = left, top, left + wide, top + high
        if not any(_meet(place, other) for other in taken):
            return place
    return None


def _meet(one: Place, other: Place) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _people(found: Detections) -> list[tuple[int, list[int], float]]:
    boxes = found.xyxy.round().astype(int).tolist()
    confidences = [round(float(value), 4) for value in found.confidence]
    return [
        (number, box, confidence)
        for number, (box, confidence) in enumerate(zip(boxes, confidences, strict=True), start=1)
    ]
