"""The ground of a camera in one picture: a still with a grid of metres, so that mistakes show.

Lines that do not run along kerbs, slabs and walls as they should tell of a wrong point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from reidsearch.domain.crops import Pixels
from reidsearch.domain.ground import CameraGround, Floats, Ground
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.ground import FLAT, ground_sentences, valid_text
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering

LINE, ORIGIN, POINT = "#22d3ee", "#facc15", "#dc2626"
ON_PICTURE, PAPER = Lettering(14, "#ffffff"), "#111827"
STRONG, PLAIN = Lettering(15, "#ffffff"), Lettering(13, "#e5e7eb")
STEPS_M = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
MOST_LINES = 14  # of one direction, within the points
BEYOND = 0.6  # of the points' width and depth, that the grid goes on beyond them
NARROWEST_PX = 640
_SAMPLES = 400


def ground_picture(pixels: Pixels, one: CameraGround, imprint: Imprint, shown: str) -> Drawing:
    """Draw it.

    Args:
        pixels: (h, w, 3) uint8 BGR, a still of the camera.
        shown: what the still is, for its margin.
    """
    height, width = pixels.shape[:2]
    sheet = Drawing(
        f"Ground {one.number} of camera {one.camera}", imprint, max(width, NARROWEST_PX)
    )
    sheet.picture(lambda: pixels, (0, 0, width, height))
    step = _grid(sheet, one.ground, (width, height))
    _measured(sheet, one.ground, (width, height))
    room = sheet.width_px - 2 * MARGIN_PX
    lines = STRONG.wrap(f"{sheet.title}, {valid_text(one)}; {shown}", room)
    told = [
        f"A square of the grid is {step:g} x {step:g} m; yellow lines go through 0. Red: the "
        "points that were measured.",
        *ground_sentences(one.ground),
        FLAT,
    ]
    below = [line for sentence in told for line in PLAIN.wrap(sentence, room)]
    end = height + 16 + len(lines) * STRONG.line_px + len(below) * PLAIN.line_px
    sheet.rectangle((0, height, sheet.width_px, end), PAPER)
    y = sheet.lines_of_text(STRONG, MARGIN_PX, height + 8, lines)
    sheet.lines_of_text(PLAIN, MARGIN_PX, y, below)
    return sheet.sign()


def _grid(sheet: Drawing, ground: Ground, size_px: tuple[int, int]) -> float:
    """Place the grid; returns the side of a square in metres."""
    metres = np.array([(one.east_m, one.north_m) for one in ground.points])
    least, most = metres.min(axis=0), metres.max(axis=0)
    extent = float((most - least).max())
    step = next((one for one in STEPS_M if extent / one <= MOST_LINES), STEPS_M[-1])
    low = np.floor((least - BEYOND * (most - least)) / step) * step
    high = np.ceil((most + BEYOND * (most - least)) / step) * step
    thick = max(1, size_px[1] // 540)
    for axis in (0, 1):
        for at in np.arange(low[axis], high[axis] + step / 2, step):
            line = np.empty((_SAMPLES, 2))
            line[:, axis] = at
            line[:, 1 - axis] = np.linspace(low[1 - axis], high[1 - axis], _SAMPLES)
            colour = ORIGIN if abs(at) < step / 2 else LINE
            for run in _inside(ground.pixels(line) * size_px / np.array(ground.size_px), size_px):
                sheet.line([(float(x), float(y)) for x, y in run], colour, thick)
    return step


def _inside(points: Floats, size_px: tuple[int, int]) -> Iterator[Floats]:
    """Yield the runs of points that lie in the picture."""
    with np.errstate(invalid="ignore"):
        held = ((points >= 0) & (points < size_px)).all(axis=1)
    borders = np.flatnonzero(np.diff(held.astype(np.int8))) + 1
    for run, inside in zip(np.split(points, borders), np.split(held, borders), strict=True):
        if inside[0] and len(run) > 1:
            yield run


def _measured(sheet: Drawing, ground: Ground, size_px: tuple[int, int]) -> None:
    """Place the measured points with their metres, each text beside its point and inside."""
    taken: list[tuple[float, float, float]] = []
    for row, one in enumerate(ground.points):
        x, y = one.x * size_px[0], one.y * size_px[1]
        text = f"{row + 1}: {one.east_m:g},{one.north_m:g} m"
        wide = ON_PICTURE.width(text) + 8
        left = x + 8 if x + 8 + wide <= size_px[0] else x - 8 - wide
        top = _free(taken, left, min(max(y - ON_PICTURE.line_px / 2, 0), size_px[1] - 24), wide)
        taken.append((left, top, wide))
        sheet.disc(x, y, 5, POINT)
        sheet.rectangle((left, top, left + wide, top + ON_PICTURE.line_px + 2), PAPER)
        sheet.line_of_text(ON_PICTURE, left + 4, top + 1, text)


def _free(
    taken: Sequence[tuple[float, float, float]], left: float, top: float, wide: float
) -> float:
    """Return a height, from `top` upwards, at which a text meets no other."""
    tall = ON_PICTURE.line_px + 4
    while top > tall and any(
        abs(top - other) < tall and left < at + width and at < left + wide
        for at, other, width in taken
    ):
        top -= tall
    return top
