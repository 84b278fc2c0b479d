"""The people of one frame, numbered, so that a user can say which one is meant."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageDraw

from reidsearch.base.boxes import Box
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Boxes, Detections
from reidsearch.output.lettering import Lettering

INK, PAPER = "#ffdc00", "#111827"


def detections_json(found: Detections, detector: str) -> dict[str, Any]:
    """Return the people as a document; `box` is [x1, y1, x2, y2] in pixels."""
    return {
        "schema": "reidsearch/detections/1",
        "detector": detector,
        "people": [
            {"person": number, "box": box, "confidence": confidence}
            for number, box, confidence in _people(found)
        ],
    }


def detections_text(found: Detections, detector: str) -> str:
    """Return one line a person, with size and place."""
    lines = [f"{len(found)} found by {detector}"]
    for number, (x1, y1, x2, y2), confidence in _people(found):
        lines.append(
            f"{number}: {x2 - x1} x {y2 - y1} px at {x1},{y1}, confidence {confidence:.2f}"
        )
    return "\n".join(lines)


def numbered(pixels: Pixels, xyxy: Boxes) -> Image.Image:
    """Draw each box with its number, from 1.

    Args:
        pixels: (h, w, 3) uint8 BGR.
        xyxy: (n, 4) pixels.
    """
    picture = Image.fromarray(pixels[..., ::-1].copy())
    canvas = ImageDraw.Draw(picture)
    size_px = max(14, picture.height // 30)
    lettering = Lettering(size_px, INK)
    for number, (x1, y1, x2, y2) in enumerate(xyxy.tolist(), start=1):
        canvas.rectangle((x1, y1, x2, y2), outline=INK, width=_line_px(picture))
        text = str(number)
        wide = lettering.width(text) + 8
        canvas.rectangle((x1, y1, x1 + wide, y1 + lettering.line_px), PAPER)
        lettering.draw(canvas, x1 + 4, y1 + 1, text)
    return picture


def framed(pixels: Pixels, box: Box | None) -> Image.Image:
    """Draw a full frame, and in it one person's box.

    Args:
        pixels: (h, w, 3) uint8 BGR.
    """
    picture = Image.fromarray(pixels[..., ::-1].copy())
    if box is not None:
        canvas = ImageDraw.Draw(picture)
        canvas.rectangle(box.as_list(), outline=INK, width=_line_px(picture))
    return picture


def _line_px(picture: Image.Image) -> int:
    return max(2, picture.height // 270)


def _people(found: Detections) -> list[tuple[int, list[int], float]]:
    boxes = found.xyxy.round().astype(int).tolist()
    confidences = [round(float(value), 4) for value in found.confidence]
    return [
        (number, box, confidence)
        for number, (box, confidence) in enumerate(zip(boxes, confidences, strict=True), start=1)
    ]
