"""Transit times in one picture: cameras against cameras."""

from __future__ import annotations

from reidsearch.domain.transit_times import FEWEST_JOURNEYS, TransitModel
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.transit import transit_sentences
from reidsearch.output.visible import duration, visible

HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT = Lettering(13, "#374151"), Lettering(12, "#6b7280")
GRID, EMPTY = "#d1d5db", "#f9fafb"
SHADES = ("#eff6ff", "#dbeafe", "#bfdbfe", "#93c5fd")
"""By how many journeys a time rests on: up to 9, 29, 99, more."""
CELL_PX, NAMES_PX = (150, 66), 130
NARROWEST_PX = 700


def transit_picture(model: TransitModel, imprint: Imprint) -> Drawing:
    """Draw the median of every way, what nine in ten take, and the number of journeys."""
    cameras = model.cameras
    width = max(NARROWEST_PX, 2 * MARGIN_PX + NAMES_PX + CELL_PX[0] * len(cameras))
    sheet = Drawing("Transit times between cameras", imprint, width)
    sheet.line_of_text(HEADING, MARGIN_PX, MARGIN_PX, sheet.title)
    top = MARGIN_PX + HEADING.line_px + 8
    sheet.line_of_text(FAINT, MARGIN_PX, top, "from (rows) to (columns)")
    top += FAINT.line_px + 6
    left = MARGIN_PX + NAMES_PX
    for number, camera in enumerate(cameras):
        x = left + (number + 0.5) * CELL_PX[0]
        sheet.line_of_text(TITLE, x, top, visible(camera), room_px=CELL_PX[0] - 12, align="middle")
    top += TITLE.line_px + 6
    for row, first in enumerate(cameras):
        row_top = top + row * CELL_PX[1]
        middle = row_top + (CELL_PX[1] - TITLE.line_px) / 2
        sheet.line_of_text(TITLE, MARGIN_PX, middle, visible(first), room_px=NAMES_PX - 10)
        for column, second in enumerate(cameras):
            _cell(sheet, model, (first, second), left + column * CELL_PX[0], row_top)
    y: float = top + len(cameras) * CELL_PX[1] + 14
    meaning = (
        "In a cell: the median of who goes there directly, what nine in ten of them take, and the "
        "number of confirmed journeys; the darker, the more journeys. The same camera twice: who "
        f"went away and came back. Fewer than {FEWEST_JOURNEYS} journeys give no time."
    )
    for sentence in (meaning, *transit_sentences(model)):
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, sentence, width - 2 * MARGIN_PX)
    return sheet.sign()


def shade_of(journeys: int) -> int:
    """Return which of `SHADES` stands for a number of journeys."""
    return sum(journeys > most for most in (9, 29, 99))


def _cell(
    sheet: Drawing, model: TransitModel, pair: tuple[str, str], left: float, top: float
) -> None:
    time, journeys = model.times.get(pair), model.counts.get(pair, 0)
    if time is None:
        shade = EMPTY
        lines = [(FAINT, f"{journeys} of {FEWEST_JOURNEYS} journeys" if journeys else "none")]
    else:
        shade = SHADES[shade_of(journeys)]
        low, high = (duration(max(one, 0.0)) for one in (time.low_s, time.high_s))
        lines = [
            (TITLE, duration(time.median_s)),
            (PLAIN, f"{low} to {high}"),
            (FAINT, f"{journeys} journeys"),
        ]
    box = (left, top, left + CELL_PX[0], top + CELL_PX[1])
    sheet.rectangle(box, shade, GRID)
    y = top + (CELL_PX[1] - sum(lettering.line_px for lettering, _ in lines)) / 2
    for lettering, text in lines:
        middle = left + CELL_PX[0] / 2
        sheet.line_of_text(lettering, middle, y, text, room_px=CELL_PX[0] - 8, align="middle")
        y += lettering.line_px
