"""The audit of an archive as a picture: false alarms by camera and hour, and what has changed."""

from __future__ import annotations

from reidsearch.domain.audit import Alarms, Audit, AuditedBy, Threshold
from reidsearch.output.audit import alarms_text, findings, sentences
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.visible import visible

HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT, WRONG = Lettering(13, "#374151"), Lettering(12, "#6b7280"), Lettering(13, "#b45309")
WIDTH_PX, NAME_PX, CELL_PX = 1280, 180, 30
ROW_PX = 24
AS_PROMISED, ABOVE, BROKEN, EMPTY = "#bfdbfe", "#fdba74", "#dc2626", "#f3f4f6"
HOURS = range(24)


def audit_picture(found: Audit, imprint: Imprint) -> Drawing:
    """Draw a row a camera and a column an hour, coloured by how the rate stands to the promise."""
    sheet = Drawing("False alarms by camera and hour", imprint, WIDTH_PX)
    sheet.line_of_text(HEADING, MARGIN_PX, MARGIN_PX, sheet.title)
    y = float(MARGIN_PX + HEADING.line_px + 8)
    room = WIDTH_PX - 2 * MARGIN_PX
    for line in findings(found):
        y = sheet.paragraph(WRONG, MARGIN_PX, y, visible(line), room)
    if found.thresholds:
        y = _grid(sheet, found, found.thresholds[0], y + 8)
    for line in sentences(found):
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, visible(line), room)
    return sheet.sign()


def _grid(sheet: Drawing, found: Audit, threshold: Threshold, y: float) -> float:
    """Draw the grid of the first threshold; figures of each camera stand beside its row."""
    told = f"Pairs of different people that score {threshold.score:.2f} or more"
    sheet.line_of_text(TITLE, MARGIN_PX, y, told)
    y += TITLE.line_px + 4
    x = float(MARGIN_PX)
    for colour, text in (
        (AS_PROMISED, "as promised, within its interval"),
        (ABOVE, "above the promise"),
        (BROKEN, "more than the promise allows"),
        (EMPTY, "no pairs"),
    ):
        sheet.rectangle((x, y + 2, x + 12, y + 14), colour)
        box = sheet.line_of_text(FAINT, x + 18, y, text)
        x = box.x + box.width + 24
    y += FAINT.line_px + 8
    left = MARGIN_PX + NAME_PX
    for hour in HOURS:
        middle = left + (hour + 0.5) * CELL_PX
        sheet.line_of_text(FAINT, middle, y, f"{hour:02}", align="middle")
    y += FAINT.line_px + 2
    rows = {(row.camera, row.group): row for row in found.rows if row.by is AuditedBy.HOUR}
    whole = {row.camera: row.alarms[0] for row in found.rows if row.by is AuditedBy.CAMERA}
    for camera in found.cameras:
        sheet.line_of_text(PLAIN, MARGIN_PX, y + 2, visible(camera.camera), room_px=NAME_PX - 10)
        for hour in HOURS:
            row = rows.get((camera.camera, f"{hour:02}"))
            begin = left + hour * CELL_PX
            colour = EMPTY if row is None else _colour(row.alarms[0], threshold)
            sheet.rectangle((begin + 1, y + 1, begin + CELL_PX - 1, y + ROW_PX - 1), colour)
        if camera.camera in whole:
            beside = left + len(HOURS) * CELL_PX + 14
            text = alarms_text(whole[camera.camera])
            sheet.line_of_text(FAINT, beside, y + 3, text, room_px=WIDTH_PX - MARGIN_PX - beside)
        y += ROW_PX
    return y + 12


def _colour(alarms: Alarms, threshold: Threshold) -> str:
    if threshold.broken_by(alarms):
        return BROKEN
    low, _ = alarms.interval
    return ABOVE if low > threshold.at_most else AS_PROMISED
