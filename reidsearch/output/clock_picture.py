"""What pairs of cameras disagree by, as a picture: one panel a pair, over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidsearch.domain.clock_suggestion import CameraPair, ClockSuggestion, HowPaired, Residuals
from reidsearch.output.calibration_picture import Axes
from reidsearch.output.clock_suggestion import contradictions, sentences
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.visible import visible

GRID, AXIS = "#e5e7eb", "#9ca3af"
THERE, BACK, WARNING = "#2563eb", "#ea580c", "#b45309"
HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT = Lettering(13, "#374151"), Lettering(12, "#6b7280")
WRONG = Lettering(13, WARNING)
WIDTH_PX, ACROSS, HEIGHT_PX = 1280, 3, 150
LEFT_PX, GAP_PX, BELOW_PX = 56, 14, 26
MOST_PANELS = 30


def clock_picture(found: ClockSuggestion, imprint: Imprint) -> Drawing:
    """Draw how much longer each way took than the median, by the clocks as they would be.

    Points of both directions lie evenly about zero where offset and drift fit.
    """
    sheet = Drawing(f"Clocks relative to {visible(found.reference)}", imprint, WIDTH_PX)
    sheet.line_of_text(HEADING, MARGIN_PX, MARGIN_PX, sheet.title)
    y = float(MARGIN_PX + HEADING.line_px + 10)
    y = _offsets(sheet, found, y) + 14
    pairs = {(one.a, one.b): one for one in found.pairs}
    shown = sorted(found.residuals, key=lambda one: -len(one.seconds))[:MOST_PANELS]
    if shown:
        sheet.line_of_text(TITLE, MARGIN_PX, y, "Seconds longer than usual, over hours")
        x = MARGIN_PX + TITLE.width("Seconds longer than usual, over hours") + 30
        for colour, text in ((THERE, "there, or at once"), (BACK, "back")):
            sheet.disc(x, y + TITLE.line_px / 2, 4, colour)
            told = sheet.line_of_text(FAINT, x + 10, y + 2, text)
            x = told.x + told.width + 24
        y += TITLE.line_px + 10
    reach = _reach(shown)
    wide = (WIDTH_PX - 2 * MARGIN_PX) / ACROSS
    for place, one in enumerate(shown):
        row, column = divmod(place, ACROSS)
        left = MARGIN_PX + round(column * wide) + LEFT_PX
        top = round(y) + row * (HEIGHT_PX + TITLE.line_px + BELOW_PX + GAP_PX) + TITLE.line_px
        box = (left, top, left + round(wide) - LEFT_PX - GAP_PX, top + HEIGHT_PX)
        _panel(sheet, one, pairs[one.a, one.b], box, reach)
    rows = -(-len(shown) // ACROSS)
    y += rows * (HEIGHT_PX + TITLE.line_px + BELOW_PX + GAP_PX) + 6
    if (more := len(found.residuals) - len(shown)) > 0:
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, f"{more} more pairs are not drawn.", WIDTH_PX)
    for line in contradictions(found):
        y = sheet.paragraph(WRONG, MARGIN_PX, y, line, WIDTH_PX - 2 * MARGIN_PX)
    for line in sentences(found):
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, line, WIDTH_PX - 2 * MARGIN_PX)
    return sheet.sign()


def _offsets(sheet: Drawing, found: ClockSuggestion, y: float) -> float:
    """Draw each camera's offset with its interval, as a bar on a common scale."""
    known = [one for one in found.cameras if one.interval_s is not None]
    ends = [abs(end) for one in known for end in one.interval_s or ()]
    most = max(ends, default=1.0) * 1.05
    left, right = MARGIN_PX + 180, WIDTH_PX - MARGIN_PX - 330
    middle = (left + right) / 2
    begin = y
    for one in found.cameras:
        sheet.line_of_text(PLAIN, MARGIN_PX, y, visible(one.camera), room_px=170)
        if one.interval_s is None or one.offset_s is None:
            sheet.line_of_text(FAINT, right + 16, y, "not known")
        else:
            low, high = (middle + end / most * (right - middle) for end in one.interval_s)
            at = middle + one.offset_s / most * (right - middle)
            line = y + PLAIN.line_px / 2
            sheet.line([(low, line), (max(high, low + 2), line)], THERE, 3)
            sheet.disc(at, line, 4, THERE)
            low_s, high_s = one.interval_s
            told = f"{one.offset_s:+.1f} s ({low_s:+.1f} to {high_s:+.1f}), {one.people} people"
            sheet.line_of_text(FAINT, right + 16, y, told, room_px=314)
        y += PLAIN.line_px + 4
    if known:
        sheet.line([(middle, begin), (middle, y)], AXIS)
        sheet.line_of_text(FAINT, middle, y, "0", align="middle")
        sheet.line_of_text(FAINT, right, y, f"{most:+.0f} s", align="right")
        sheet.line_of_text(FAINT, left, y, f"{-most:+.0f} s")
        y += FAINT.line_px
    return y


def _reach(shown: Sequence[Residuals]) -> tuple[float, float]:
    """Return hours and seconds that all panels go to."""
    hours = [hour for one in shown for hour in one.after_h]
    seconds = np.abs([second for one in shown for second in one.seconds])
    most = float(np.quantile(seconds, 0.99)) if len(seconds) else 1.0
    return max([*hours, 0.1]), max(float(np.ceil(most / 5) * 5), 5.0)


def _panel(
    sheet: Drawing,
    one: Residuals,
    pair: CameraPair,
    box: tuple[int, int, int, int],
    reach: tuple[float, float],
) -> None:
    left, top, right, bottom = box
    hours, most = reach
    axes = Axes(box, (0.0, hours), (-most, most))
    lettering = WRONG if pair.contradicts else PLAIN
    told = f"{visible(one.a)} - {visible(one.b)}"
    if pair.transit_s is not None and pair.how is HowPaired.BOTH_WAYS:
        told += f", way {pair.transit_s:.0f} s"
    if pair.residual_s is not None:
        told += f", off {pair.residual_s:+.1f} s"
    sheet.line_of_text(lettering, left, top - lettering.line_px - 2, told, room_px=right - left)
    for value in (-most, 0.0, most):
        _, y = axes.at(0.0, value)
        sheet.line([(left, y), (right, y)], AXIS if value == 0 else GRID)
        sheet.line_of_text(
            FAINT, left - 6, y - FAINT.line_px / 2, f"{value:+g}" if value else "0", align="right"
        )
    sheet.rectangle(box, outline=AXIS)
    for hour, second, forward in zip(one.after_h, one.seconds, one.forward, strict=True):
        sheet.disc(*axes.at(hour, second), 2.5, THERE if forward else BACK)
    sheet.line_of_text(FAINT, left, bottom + 4, "0 h")
    sheet.line_of_text(FAINT, right, bottom + 4, f"{hours:.1f} h", align="right")
