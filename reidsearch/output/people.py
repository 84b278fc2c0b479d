"""The people of one frame, numbered, so that a user can say whom they mean."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Boxes
from reidsearch.output.lettering import Lettering

INK, PAPER = "#ffdc00", "#111827"


def numbered(pixels: Pixels, xyxy: Boxes) -> bytes:
    """Draw each box with its number, from 1.

    Args:
        pixels: (h, w, 3) uint8 BGR.
        xyxy: (n, 4) pixels.

    Returns:
        The bytes of a PNG file.
    """
    picture = Image.fromarray(pixels[..., ::-1].copy())
    canvas = ImageDraw.Draw(picture)
    size_px = max(14, picture.height // 30)
    lettering = Lettering(size_px, INK)
    for number, (x1, y1, x2, y2) in enumerate(xyxy.tolist(), start=1):
        canvas.rectangle((x1, y1, x2, y2), outline=INK, width=max(2, picture.height // 270))
        text = str(number)
        wide = lettering.width(text) + 8
        canvas.rectangle((x1, y1, x1 + wide, y1 + lettering.line_px), PAPER)
        lettering.draw(canvas, x1 + 4, y1 + 1, text)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
