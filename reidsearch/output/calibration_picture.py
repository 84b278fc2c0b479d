"""A calibration in one picture: the scores it was made from, the map, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from reidsearch.domain.scores import BINS, LOWER, STEP, Calibration, Values
from reidsearch.output.calibration import sentences
from reidsearch.output.lettering import Lettering

PAPER, GRID, AXIS = "#ffffff", "#e5e7eb", "#9ca3af"
SAME, DIFFERENT, BAND, MAP = "#2563eb", "#ea580c", "#bfdbfe", "#1e3a8a"
HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT = Lettering(13, "#374151"), Lettering(12, "#6b7280")
WIDTH_PX, MARGIN_PX, PANEL_PX, GAP_PX = 1280, 24, (380, 300), 46


@dataclass(frozen=True, slots=True)
class Axes:
    """A panel: values -> pixels.

    Args:
        box: left, top, right, bottom in pixels.
        x, y: first and last value along each.
    """

    box: tuple[int, int, int, int]
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies; outside values at the edge."""
        left, top, right, bottom = self.box
        across = min(max((x - self.x[0]) / (self.x[1] - self.x[0]), 0.0), 1.0)
        up = min(max((y - self.y[0]) / (self.y[1] - self.y[0]), 0.0), 1.0)
        return left + across * (right - left), bottom - up * (bottom - top)

    def line(self, x: Sequence[float], y: Sequence[float]) -> list[tuple[float, float]]:
        """Many points."""
        return [self.at(one, other) for one, other in zip(x, y, strict=True)]


def calibration_picture(calibration: Calibration, status: str) -> Image.Image:
    """Draw it."""
    told = [
        line
        for sentence in sentences(calibration, status)
        for line in PLAIN.wrap(sentence, WIDTH_PX - 2 * MARGIN_PX)
    ]
    top = MARGIN_PX + HEADING.line_px + 12 + TITLE.line_px + 8
    height = top + PANEL_PX[1] + 64 + len(told) * PLAIN.line_px + MARGIN_PX
    sheet = Image.new("RGB", (WIDTH_PX, height), PAPER)
    canvas = ImageDraw.Draw(sheet)
    HEADING.draw(canvas, MARGIN_PX, MARGIN_PX, "How to read a score")
    lefts = [MARGIN_PX + 34 + at * (PANEL_PX[0] + GAP_PX) for at in range(3)]
    boxes = [(left, top, left + PANEL_PX[0] - 34, top + PANEL_PX[1]) for left in lefts]
    _distributions(canvas, calibration, boxes[0])
    _map(canvas, calibration, boxes[1])
    _reliability(canvas, calibration, boxes[2])
    for number, line in enumerate(told):
        PLAIN.draw(canvas, MARGIN_PX, top + PANEL_PX[1] + 56 + number * PLAIN.line_px, line)
    return sheet


def _distributions(
    canvas: ImageDraw.ImageDraw, calibration: Calibration, box: tuple[int, int, int, int]
) -> None:
    every = 8
    x, same, different = coarse(calibration, every)
    axes = Axes(box, span(calibration), (0.0, float(max(same.max(), different.max())) * 1.05))
    _frame(canvas, axes, "Cross-camera pair scores", "score", _tenths(axes.x), ())
    for values, colour in ((different, DIFFERENT), (same, SAME)):
        canvas.line(axes.line(x.tolist(), values.tolist()), colour, 2)
    _key(canvas, box, [(SAME, "same person"), (DIFFERENT, "different people")])


def _map(
    canvas: ImageDraw.ImageDraw, calibration: Calibration, box: tuple[int, int, int, int]
) -> None:
    scores = LOWER[(calibration.lowest <= LOWER) & (calibration.highest >= LOWER)].tolist()
    read = [calibration.read(score, prior=0.5, comparisons=1) for score in scores]
    low = [one.log10_lr_interval[0] for one in read]
    high = [one.log10_lr_interval[1] for one in read]
    bottom, top = np.floor(min(low)) - 0.2, np.ceil(max(high)) + 0.2
    axes = Axes(box, span(calibration), (float(bottom), float(top)))
    ticks = [float(value) for value in range(int(np.ceil(bottom)), int(top) + 1)]
    _frame(
        canvas, axes, "log10 likelihood ratio, with its 95 % band", "score", _tenths(axes.x), ticks
    )
    canvas.polygon(axes.line(scores, low) + axes.line(scores, high)[::-1], BAND)
    canvas.line(axes.line(list(axes.x), [0.0, 0.0]), AXIS)
    canvas.line(axes.line(scores, [one.log10_lr for one in read]), MAP, 2)


def _reliability(
    canvas: ImageDraw.ImageDraw, calibration: Calibration, box: tuple[int, int, int, int]
) -> None:
    axes = Axes(box, (0.0, 1.0), (0.0, 1.0))
    ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    _frame(
        canvas, axes, "Calibration: observed vs. predicted", "predicted probability", ticks, ticks
    )
    canvas.line(axes.line([0, 1], [0, 1]), AXIS)
    points = [(told, found) for told, found, _ in calibration.soundness.reliability]
    canvas.line([axes.at(*point) for point in points], MAP, 2)
    for x, y in (axes.at(*point) for point in points):
        canvas.ellipse((x - 4, y - 4, x + 4, y + 4), MAP)
    FAINT.draw(canvas, box[0] + 10, box[1] + 8, "held-out people; prior 1/2")


def coarse(calibration: Calibration, every: int) -> tuple[Values, Values, Values]:
    """Middles and heights of both histograms, `every` bins taken together."""
    shape = (BINS // every, every)
    middles = LOWER.reshape(shape)[:, 0] + every * STEP / 2
    curves = calibration.curves
    return middles, curves.same.reshape(shape).sum(1), curves.different.reshape(shape).sum(1)


def span(calibration: Calibration) -> tuple[float, float]:
    """The scores worth drawing, in whole tenths."""
    low = np.floor(max(calibration.lowest, -1.0) * 10) / 10
    return float(low), float(np.ceil(min(calibration.highest, 1.0) * 10) / 10)


def _tenths(ends: tuple[float, float]) -> list[float]:
    step = 0.2 if ends[1] - ends[0] > 0.8 else 0.1
    first = np.ceil(ends[0] / step - 1e-9)
    return [float(at * step) for at in np.arange(first, np.floor(ends[1] / step + 1e-9) + 1)]


def _frame(
    canvas: ImageDraw.ImageDraw,
    axes: Axes,
    title: str,
    below: str,
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
) -> None:
    left, top, right, bottom = axes.box
    TITLE.draw(canvas, left, top - TITLE.line_px - 6, title)
    for tick in x_ticks:
        x, _ = axes.at(tick, axes.y[0])
        canvas.line((x, top, x, bottom), GRID)
        text = f"{tick:.1f}".replace("-0.0", "0.0")
        FAINT.draw(canvas, x - FAINT.width(text) / 2, bottom + 5, text)
    for tick in y_ticks:
        _, y = axes.at(axes.x[0], tick)
        canvas.line((left, y, right, y), GRID)
        text = f"{tick:g}"
        FAINT.draw(canvas, left - 6 - FAINT.width(text), y - FAINT.line_px / 2, text)
    canvas.rectangle(axes.box, outline=AXIS)
    FAINT.draw(canvas, right - FAINT.width(below), bottom + 5 + FAINT.line_px, below)


def _key(
    canvas: ImageDraw.ImageDraw, box: tuple[int, int, int, int], entries: list[tuple[str, str]]
) -> None:
    for number, (colour, text) in enumerate(entries):
        y = box[1] + 10 + number * (FAINT.line_px + 4)
        left = box[2] - 110
        canvas.rectangle((left, y + 3, left + 12, y + 13), colour)
        FAINT.draw(canvas, left + 18, y, text)
