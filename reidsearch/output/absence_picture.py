"""The chance of being found as a picture: a row for each camera, a cell for each hour."""

from __future__ import annotations

from reidsearch.base.timecode import from_us
from reidsearch.domain.absence import Absence, CameraAbsence, Cell, Chance
from reidsearch.output.absence import absence_sentences, chance_text, step_text
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.times import shifted, zone_name
from reidsearch.output.visible import visible

TITLE, PLAIN = Lettering(18, "#111827"), Lettering(13, "#374151")
FAINT, DARK, LIGHT = Lettering(12, "#6b7280"), Lettering(12, "#111827"), Lettering(12, "#ffffff")
NAME_PX, CHANCE_PX, ROW_PX = 150, 170, 26
CELLS_PX = 900
CELL_PX = (3, 70)  # narrowest, widest
NUMBER_PX = 32  # a cell needs so much for its number
RULE, NONE, UNKNOWN_FILL = "#d3d7de", "#ffffff", "#e5e7eb"
LOW, HIGH = (222, 235, 247), (8, 81, 156)
WIDTH_PX = 2 * MARGIN_PX + NAME_PX + CELLS_PX + CHANCE_PX
KEY_PX = 26


def absence_picture(absence: Absence, imprint: Imprint) -> Drawing:
    """Draw it."""
    sheet = Drawing("Chance of being found", imprint, WIDTH_PX)
    sheet.line_of_text(TITLE, MARGIN_PX, MARGIN_PX, sheet.title)
    y: float = MARGIN_PX + TITLE.line_px + 6
    room = WIDTH_PX - 2 * MARGIN_PX
    told = (
        f"Had somebody been at the camera in that {step_text(absence.step_us)} (times in "
        f"{zone_name()}), this search would have shown them with the chance in the cell; "
        "at the right, over all the time asked about."
    )
    y = sheet.paragraph(PLAIN, MARGIN_PX, y, told, room) + 8
    times = sorted({cell.from_us for one in absence.cameras for cell in one.cells})
    y = _table(sheet, absence, times, y)
    y = _key(sheet, y + 10)
    for line in absence_sentences(absence):
        y = sheet.paragraph(FAINT, MARGIN_PX, y, line, room) + 3
    return sheet.sign()


def _table(sheet: Drawing, absence: Absence, times: list[int], top: float) -> float:
    """Place the rows; where there are more hours than fit side by side, in several bands."""
    width = min(max(CELLS_PX // max(len(times), 1), CELL_PX[0]), CELL_PX[1])
    fits = CELLS_PX // width
    for start in range(0, max(len(times), 1), fits):
        part = times[start : start + fits]
        top = _heads(sheet, part, width, top)
        for one in absence.cameras:
            _row(sheet, one, part, width, top)
            top += ROW_PX
        top += 12
        sheet.breaks.append(int(top))
    return top


def _heads(sheet: Drawing, times: list[int], width: int, top: float) -> float:
    """Place the dates and hours above the cells, as many as have room."""
    left = MARGIN_PX + NAME_PX
    free_date = free_hour = 0.0
    date = ""
    for number, at_us in enumerate(times):
        there, x = shifted(from_us(at_us)), left + number * width
        if f"{there:%Y-%m-%d}" != date and x >= free_date:
            date = f"{there:%Y-%m-%d}"
            box = sheet.line_of_text(FAINT, x, top, date)
            free_date = x + box.width + 8
        if x >= free_hour:
            box = sheet.line_of_text(FAINT, x, top + FAINT.line_px, f"{there:%H}")
            free_hour = x + box.width + 6
    return top + 2 * FAINT.line_px + 2


def _row(sheet: Drawing, one: CameraAbsence, times: list[int], width: int, top: float) -> None:
    name = "camera not known" if one.camera is None else visible(one.camera)
    text_y = top + (ROW_PX - PLAIN.line_px) / 2
    sheet.line_of_text(PLAIN, MARGIN_PX, text_y, name, room_px=NAME_PX - 8)
    cells = {cell.from_us: cell for cell in one.cells}
    left = MARGIN_PX + NAME_PX
    for number, at_us in enumerate(times):
        x = left + number * width
        cell = cells.get(at_us)
        if cell is not None:
            _cell(sheet, cell, (x, top, x + width - 1, top + ROW_PX - 2))
    if not one.cells:
        told = one.notes[-1] if one.notes else "no hour is known"
        sheet.line_of_text(FAINT, left, text_y, told, room_px=CELLS_PX - 8)
    right = WIDTH_PX - MARGIN_PX
    sheet.line_of_text(
        DARK, right, text_y, chance_text(one.chance), align="right", room_px=CHANCE_PX
    )


def _cell(sheet: Drawing, cell: Cell, box: tuple[float, float, float, float]) -> None:
    fill, lettering = _look(cell.chance)
    sheet.rectangle(box, fill, RULE)
    if box[2] - box[0] + 1 < NUMBER_PX:
        return
    value = cell.chance.value
    text = "?" if value is None else f"{value:.2f}"
    if cell.covered.high == 0.0:
        text = "0"
    y = box[1] + (box[3] - box[1] - lettering.line_px) / 2
    sheet.line_of_text(lettering, (box[0] + box[2]) / 2, y, text, align="middle")


def _look(chance: Chance) -> tuple[str, Lettering]:
    """Return a cell's colour, and what to write in it with."""
    if chance.value is None:
        return UNKNOWN_FILL, DARK
    if chance.value == 0.0:
        return NONE, FAINT
    mixed = [round(a + (b - a) * chance.value) for a, b in zip(LOW, HIGH, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed), LIGHT if chance.value > 0.55 else DARK


def _key(sheet: Drawing, y: float) -> float:
    x: float = MARGIN_PX
    looks = [
        (Chance(0.0, 0.0, 0.0), "0: nothing was analysed"),
        *((Chance(value, value, value), f"{value:.2f}") for value in (0.25, 0.5, 0.75, 1.0)),
        (Chance(None, 0.0, 1.0), "not known"),
    ]
    for chance, text in looks:
        sheet.rectangle((x, y, x + KEY_PX, y + 14), _look(chance)[0], RULE)
        box = sheet.line_of_text(FAINT, x + KEY_PX + 6, y, text)
        x = box.x + box.width + 18
    return y + 14 + 14
