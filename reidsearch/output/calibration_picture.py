"""A calibration in one picture: the scores it was made from, the map, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reidsearch.domain.scores import BINS, LOWER, STEP, Calibration, Values
from reidsearch.output.calibration import sentences
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering

GRID, AXIS = "#e5e7eb", "#9ca3af"
SAME, DIFFERENT, BAND, MAP = "#2563eb", "#ea580c", "#bfdbfe", "#1e3a8a"
HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT = Lettering(13, "#374151"), Lettering(12, "#6b7280")
WIDTH_PX, PANEL_PX, GAP_PX = 1280, (380, 300), 46
BELOW_PX = FAINT.line_px // 2 + 2  # ticks across lie below the lowest of those upwards
MOST_TICKS = 15  # of the likelihood ratio


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


def calibration_picture(calibration: Calibration, status: str, imprint: Imprint) -> Drawing:
    """Draw it."""
    sheet = Drawing("How to read a score", imprint, WIDTH_PX)
    sheet.line_of_text(HEADING, MARGIN_PX, MARGIN_PX, sheet.title)
    top = MARGIN_PX + HEADING.line_px + 12 + TITLE.line_px + 8
    lefts = [MARGIN_PX + 38 + at * (PANEL_PX[0] + GAP_PX) for at in range(3)]
    boxes = [(left, top, left + PANEL_PX[0] - 38, top + PANEL_PX[1]) for left in lefts]
    _distributions(sheet, calibration, boxes[0])
    _map(sheet, calibration, boxes[1])
    _reliability(sheet, calibration, boxes[2])
    y: float = top + PANEL_PX[1] + 56
    for sentence in sentences(calibration, status):
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, sentence, WIDTH_PX - 2 * MARGIN_PX)
    return sheet.sign()


def _distributions(
    sheet: Drawing, calibration: Calibration, box: tuple[int, int, int, int]
) -> None:
    every = 8
    x, same, different = coarse(calibration, every)
    axes = Axes(box, span(calibration), (0.0, float(max(same.max(), different.max())) * 1.05))
    _frame(sheet, axes, "Cross-camera pair scores", "score", _tenths(axes.x), ())
    for values, colour in ((different, DIFFERENT), (same, SAME)):
        sheet.line(axes.line(x.tolist(), values.tolist()), colour, 2)
    _key(sheet, box, [(SAME, "same person"), (DIFFERENT, "different people")])


def _map(sheet: Drawing, calibration: Calibration, box: tuple[int, int, int, int]) -> None:
    scores = LOWER[(calibration.lowest <= LOWER) & (calibration.highest >= LOWER)].tolist()
    read = [calibration.read(score, prior=0.5, comparisons=1) for score in scores]
    low = [one.log10_lr_interval[0] for one in read]
    high = [one.log10_lr_interval[1] for one in read]
    bottom, top = np.floor(min(low)) - 0.2, np.ceil(max(high)) + 0.2
    axes = Axes(box, span(calibration), (float(bottom), float(top)))
    apart = -(-(int(top) + 1 - int(np.ceil(bottom))) // MOST_TICKS)
    ticks = [float(value) for value in range(int(np.ceil(bottom)), int(top) + 1, apart)]
    _frame(
        sheet, axes, "log10 likelihood ratio, with its 95 % band", "score", _tenths(axes.x), ticks
    )
    sheet.polygon(axes.line(scores, low) + axes.line(scores, high)[::-1], BAND)
    sheet.line(axes.line(list(axes.x), [0.0, 0.0]), AXIS)
    sheet.line(axes.line(scores, [one.log10_lr for one in read]), MAP, 2)


def _reliability(sheet: Drawing, calibration: Calibration, box: tuple[int, int, int, int]) -> None:
    axes = Axes(box, (0.0, 1.0), (0.0, 1.0))
    ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    _frame(
        sheet, axes, "Calibration: observed vs. predicted", "predicted probability", ticks, ticks
    )
    sheet.line(axes.line([0, 1], [0, 1]), AXIS)
    points = [(told, found) for told, found, _ in calibration.soundness.reliability]
    sheet.line([axes.at(*point) for point in points], MAP, 2)
    for x, y in (axes.at(*point) for point in points):
        sheet.disc(x, y, 4, MAP)
    sheet.line_of_text(FAINT, box[0] + 10, box[1] + 8, "held-out people; prior 1/2")


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
    sheet: Drawing,
    axes: Axes,
    title: str,
    below: str,
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
) -> None:
    left, top, right, bottom = axes.box
    sheet.line_of_text(TITLE, left, top - TITLE.line_px - 6, title, room_px=right - left)
    for tick in x_ticks:
        x, _ = axes.at(tick, axes.y[0])
        sheet.line([(x, top), (x, bottom)], GRID)
        text = f"{tick:.1f}".replace("-0.0", "0.0")
        sheet.line_of_text(FAINT, x, bottom + BELOW_PX, text, align="middle")
    for tick in y_ticks:
        _, y = axes.at(axes.x[0], tick)
        sheet.line([(left, y), (right, y)], GRID)
        sheet.line_of_text(FAINT, left - 6, y - FAINT.line_px / 2, f"{tick:g}", align="right")
    sheet.rectangle(axes.box, outline=AXIS)
    sheet.line_of_text(FAINT, right, bottom + BELOW_PX + FAINT.line_px, below, align="right")


def _key(sheet: Drawing, box: tuple[int, int, int, int], entries: list[tuple[str, str]]) -> None:
    for number, (colour, text) in enumerate(entries):
        y = box[1] + 10 + number * (FAINT.line_px + 4)
        left = box[2] - 24 - max(FAINT.width(text) for _, text in entries)
        sheet.rectangle((left, y + 3, left + 12, y + 13), colour)
        sheet.line_of_text(FAINT, left + 18, y, text)
