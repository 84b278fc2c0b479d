"""The distance of two people over time in one picture, with its 95 % band."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from reidsearch.base.timecode import from_us
from reidsearch.domain.distance import Apart, Distance, Unit
from reidsearch.domain.tracks import INTERPOLATED_S
from reidsearch.output.calibration_picture import Axes
from reidsearch.output.distance import distance_sentences, file_text, headlines
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.times import tenths, zone_name

GRID, AXIS = "#e5e7eb", "#9ca3af"
BAND, BEYOND_BAND, LINE, LIMIT, UNKNOWN = "#bfdbfe", "#e9d5ff", "#1e3a8a", "#ea580c", "#f3f4f6"
HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT = Lettering(13, "#374151"), Lettering(12, "#6b7280")
WIDTH_PX, PANEL_PX, LEFT_PX = 1080, 280, 60
NAMES = {Unit.METRES: "metres on the ground", Unit.HEIGHTS: "body heights in the picture"}
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


def distance_picture(found: Distance, imprint: Imprint) -> Drawing:
    """Draw it, a panel for each source that shows both."""
    title = f"Distance between tracklets {found.first.tracklet_id} and {found.second.tracklet_id}"
    sheet = Drawing(title, imprint, WIDTH_PX)
    room = WIDTH_PX - 2 * MARGIN_PX
    camera = f", camera {found.first.camera}" if found.first.camera else ""
    sheet.line_of_text(HEADING, MARGIN_PX, MARGIN_PX, title + camera, room_px=room)
    y: float = MARGIN_PX + HEADING.line_px + 6
    for line in headlines(found):
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, line, room)
    y = _key(sheet, y + 8, found)
    for one in found.stretches:
        y = _panel(sheet, y, found, one)
    for sentence in distance_sentences(found):
        y = sheet.paragraph(FAINT, MARGIN_PX, y, sentence, room)
    return sheet.sign()


def _key(sheet: Drawing, y: float, found: Distance) -> float:
    entries = [(LINE, "distance"), (BAND, "95 % interval"), (UNKNOWN, "not known")]
    if any(one.beyond.any() for one in found.stretches):
        entries.append((BEYOND_BAND, "interval, not certain"))
    if found.closer is not None:
        entries.append((LIMIT, found.closer.limit.text))
    x: float = MARGIN_PX
    for colour, text in entries:
        sheet.rectangle((x, y + 3, x + 12, y + 13), colour, outline=AXIS)
        box = sheet.line_of_text(FAINT, x + 18, y, text)
        x += 18 + box.width + 20
    return y + FAINT.line_px + 8


def _panel(sheet: Drawing, top: float, found: Distance, one: Apart) -> float:
    """Place one source; returns where the next begins."""
    limit = found.closer.limit.value if found.closer is not None else 0.0
    name_px = TITLE.line_px + 6
    left, right = MARGIN_PX + LEFT_PX, WIDTH_PX - MARGIN_PX
    box = (left, int(top) + name_px, right, int(top) + name_px + PANEL_PX)
    axes = axes_of(found, one, box)
    sheet.line_of_text(TITLE, left, top, panel_title(one), room_px=right - left)
    for from_s, to_s in unknown(one):
        (x1, _), (x2, _) = axes.at(from_s, 0), axes.at(to_s, 0)
        sheet.rectangle((x1, box[1], max(x2, x1 + 1), box[3]), UNKNOWN)
    _ticks(sheet, axes, one)
    for rows in runs(one):
        if len(rows) > 1:
            sheet.polygon(band(axes, one, rows), BEYOND_BAND if one.beyond[rows[0]] else BAND)
    if limit:
        sheet.line([axes.at(axes.x[0], limit), axes.at(axes.x[1], limit)], LIMIT, 2)
    for rows in runs(one):
        sheet.line(axes.line(one.seconds[rows].tolist(), one.distance[rows].tolist()), LINE, 2)
    sheet.rectangle(box, outline=AXIS)
    return box[3] + 2 * FAINT.line_px + 18


def axes_of(found: Distance, one: Apart, box: tuple[int, int, int, int]) -> Axes:
    """Return the axes of one source in a box: seconds of the file, and the distance."""
    limit = found.closer.limit.value if found.closer is not None else 0.0
    # A band that is far wider than the distances themselves would flatten them.
    distances = one.distance[~np.isnan(one.distance)]
    reach = max(2.5 * float(distances.max(initial=0)), 1.3 * limit, 0.5)
    highest = min(reach, max(float(np.nanmax(one.high, initial=0.5)), 1.3 * limit) * 1.05)
    first, last = float(one.seconds[0]), float(one.seconds[-1])
    return Axes(box, (first, max(last, first + 0.1)), (0.0, highest))


def band(axes: Axes, one: Apart, rows: list[int]) -> list[tuple[float, float]]:
    """Return the outline of the 95 % intervals of a run."""
    seconds = one.seconds[rows].tolist()
    lower = axes.line(seconds, one.low[rows].tolist())
    return lower + axes.line(seconds, one.high[rows].tolist())[::-1]


def panel_title(one: Apart) -> str:
    """Return the unit, the file, and when its first row is."""
    at_us = one.clock.at_us(Fraction(float(one.seconds[0])))
    began = "" if at_us is None else f", from {tenths(from_us(at_us))} {zone_name()}"
    return f"{NAMES[one.unit]}: {file_text(one)}{began}"


def _ticks(sheet: Drawing, axes: Axes, one: Apart) -> None:
    left, top, right, bottom = axes.box
    for axis, ends in enumerate((axes.x, axes.y)):
        for tick in ticks(*ends):
            x, y = axes.at(tick, 0) if axis == 0 else axes.at(axes.x[0], tick)
            if axis == 0:
                sheet.line([(x, top), (x, bottom)], GRID)
                sheet.line_of_text(FAINT, x, bottom + 6, f"{tick:g}", align="middle")
            else:
                sheet.line([(left, y), (right, y)], GRID)
                at = y - FAINT.line_px / 2
                sheet.line_of_text(FAINT, left - 6, at, f"{tick:g}", align="right")
    below = bottom + 6 + FAINT.line_px
    sheet.line_of_text(FAINT, right, below, "seconds from the start of the file", align="right")


def ticks(low: float, high: float) -> list[float]:
    """Return round values between two, eleven at most."""
    step = next((step for step in STEPS if (high - low) / step <= 10), STEPS[-1])
    return [float(one) for one in np.arange(np.ceil(low / step) * step, high + step / 100, step)]


def runs(one: Apart) -> Iterator[list[int]]:
    """Yield rows that follow each other with a known distance, each run certain or not at all."""
    run: list[int] = []
    for row in range(len(one.pts)):
        if np.isnan(one.distance[row]):
            if run:
                yield run
            run = []
            continue
        apart = run and one.seconds[row] - one.seconds[run[-1]] > float(INTERPOLATED_S)
        if apart:
            yield run
            run = []
        elif run and one.beyond[row] != one.beyond[run[-1]]:
            yield [*run, row]
            run = []
        run.append(row)
    if run:
        yield run


def unknown(one: Apart) -> Iterator[tuple[float, float]]:
    """Yield the stretches of time within which the distance is not known."""
    for row in range(len(one.pts) - 1):
        ends = one.distance[row : row + 2]
        far = one.seconds[row + 1] - one.seconds[row] > float(INTERPOLATED_S)
        if far or np.isnan(ends).any():
            yield float(one.seconds[row]), float(one.seconds[row + 1])
