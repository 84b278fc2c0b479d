"""Lanes of a timeline: what was analysed, and in sub-lanes below it marks, none over another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reidsearch.base.timecode import EPOCH, from_us, to_us
from reidsearch.output.drawing import MARGIN_PX, Drawing, TextBox
from reidsearch.output.lettering import Lettering
from reidsearch.output.time_axis import (
    SECOND_US,
    Interval,
    Part,
    TimeAxis,
    broken_axis,
    joined,
)
from reidsearch.output.times import shifted, zone_name
from reidsearch.output.visible import count, duration

GRID, LANE, TICK, CUT = "#e5e7eb", "#f3f4f6", "#9ca3af", "#6b7280"
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")
NUMBER = Lettering(11, "#111827")
LABEL_PX = 220  # names of the lanes
STRIP_PX, BAR_PX, MARK_PX, PAD_PX, APART_PX = 14, 6, 5, 7, 4
CUT_BAR_PX = 3
SUBLANE_PX = NUMBER.line_px + BAR_PX + 3
MOST_SUBLANES = 8
MOST_LANES = 1000
STEPS_S = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
    *(86400 * days for days in (1, 2, 7, 14, 30, 91, 182, 365, 3650)),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """Footage that was analysed in one way, from when to when; microseconds."""

    from_us: int
    to_us: int
    colour: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A sighting: a bar with its number; lower numbers are placed first."""

    source_id: int
    from_us: int
    to_us: int
    number: int
    colour: str


@dataclass(slots=True)
class Lane:
    """One camera, or one source whose clock is not known (then counted from its start)."""

    name: str
    known: bool
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def axis_of(lanes: Sequence[Lane], width_px: int) -> TimeAxis:
    """The axis for lanes on a sheet of some width."""
    footage = [(bar.from_us, bar.to_us) for lane in lanes for bar in lane.bars]
    marks = [(mark.from_us, mark.to_us) for lane in lanes for mark in lane.marks]
    every = footage + marks or [(0, SECOND_US)]
    first, last = min(at for at, _ in every), max(at for _, at in every)
    whole = first, max(last, first + SECOND_US)
    return broken_axis(whole, marks or footage, footage, MARGIN_PX + LABEL_PX, width_px - MARGIN_PX)


def draw_lanes(
    sheet: Drawing, lanes: Sequence[Lane], axis: TimeAxis, top: int, *, wall: bool
) -> float:
    """Draw lanes over one axis of time. Returns where the next part of the sheet may begin.

    Args:
        wall: the times are of the wall clock, else from the start of each source.
    """
    within = {cut: footage_in(cut, lanes) for cut in axis.cuts}
    first_y = y = _cut_labels(sheet, axis, within, top, wall=wall)
    for lane in lanes[:MOST_LANES]:
        y = _lane(sheet, lane, axis, y)
        sheet.breaks.append(int(y))
    for cut in axis.cuts:
        _zigzag(sheet, cut, first_y, y)
        for first, _ in within[cut]:
            sheet.line([(cut.x(first), y), (cut.x(first), y + 5)], TICK)
    y = _ticks(sheet, axis, y, wall=wall)
    if len(lanes) > MOST_LANES:
        further = f"{count(len(lanes) - MOST_LANES, 'further lane')} not drawn."
        y = sheet.paragraph(FAINT, MARGIN_PX, y, further, sheet.width_px - 2 * MARGIN_PX)
    return y + 12


@dataclass(frozen=True, slots=True)
class _Unit:
    """A mark with its number, and the room both take."""

    mark: Mark
    number: str
    left: float
    right: float
    bar: tuple[float, float]


def _units(lane: Lane, axis: TimeAxis) -> list[_Unit]:
    units = []
    for mark in sorted(lane.marks, key=lambda mark: mark.number):
        number = str(mark.number)
        end = axis.part(mark.from_us).right  # neither bar nor number lies over a cut
        first = min(axis.x(mark.from_us), end - MARK_PX)
        last = max(axis.x(mark.to_us), first + MARK_PX)
        wide = NUMBER.width(number)
        left = min(first, end - wide)
        units.append(_Unit(mark, number, left, max(last, left + wide), (first, last)))
    return units


def sublanes(units: Sequence[Interval | tuple[float, float]], most: int) -> list[int | None]:
    """For each unit the first sub-lane in which it meets no other; None: all `most` are taken."""
    taken: list[list[tuple[float, float]]] = []
    chosen: list[int | None] = []
    for left, right in units:
        free = (
            at
            for at, others in enumerate(taken)
            if all(right + APART_PX <= first or last + APART_PX <= left for first, last in others)
        )
        at = next(free, None)
        if at is None and len(taken) < most:
            taken.append([])
            at = len(taken) - 1
        if at is not None:
            taken[at].append((left, right))
        chosen.append(at)
    return chosen


def _lane(sheet: Drawing, lane: Lane, axis: TimeAxis, top: float) -> int:
    left, right = axis.parts[0].left, axis.parts[-1].right
    units = _units(lane, axis)
    places = sublanes([(unit.left, unit.right) for unit in units], MOST_SUBLANES)
    rows = max((place + 1 for place in places if place is not None), default=0)
    without = places.count(None)
    strip = top + PAD_PX
    below = strip + STRIP_PX + 3
    bottom = below + rows * SUBLANE_PX + (BAR_PX + 3 if without else 0)
    sheet.rectangle((left, strip, right, strip + STRIP_PX), LANE)
    for bar in lane.bars:
        # What is missing must not vanish because it is short.
        first = axis.x(bar.from_us)
        last = max(axis.x(bar.to_us), first + (CUT_BAR_PX if axis.part(bar.from_us).cut else 1))
        sheet.rectangle((first, strip, last, strip + STRIP_PX), bar.colour)
    for unit, place in zip(units, places, strict=True):
        if place is not None:
            y = below + place * SUBLANE_PX
            sheet.line_of_text(NUMBER, unit.left, y, unit.number)
            y += NUMBER.line_px
        else:
            y = below + rows * SUBLANE_PX
        sheet.rectangle((unit.bar[0], y, unit.bar[1], y + BAR_PX), unit.mark.colour)
    names = LABEL_PX - 14
    end = sheet.paragraph(PLAIN, MARGIN_PX, strip - 2, lane.name, names, most=2 if rows else 1)
    if without:
        end = sheet.paragraph(
            FAINT, MARGIN_PX, end, f"{without:,} without room for a number", names
        )
    return round(max(bottom, end) + PAD_PX)


def footage_in(cut: Part, lanes: Sequence[Lane]) -> list[Interval]:
    """The stretches of footage that begin in a cut, in order; what touches is one."""
    bars = [(bar.from_us, bar.to_us) for lane in lanes for bar in lane.bars]
    return [one for one in joined(bars) if cut.from_us <= one[0] < cut.to_us]


def _cut_labels(
    sheet: Drawing,
    axis: TimeAxis,
    within: Mapping[Part, Sequence[Interval]],
    top: float,
    *,
    wall: bool,
) -> float:
    """How much time each cut takes out, and when footage in it begins. Returns where they end."""
    if not axis.cuts:
        return top
    ends = float(MARGIN_PX), float(sheet.width_px - MARGIN_PX)
    last: dict[int, TextBox | None] = {0: None, 1: None}
    for cut in axis.cuts:
        told: list[tuple[str, ...]] = [(long_duration((cut.to_us - cut.from_us) / SECOND_US),)]
        if found := within[cut]:
            told.append(_footage_texts(found, wall=wall))
        for row, texts in enumerate(told):
            x, y = (cut.left + cut.right) / 2, top + row * FAINT.line_px
            placed = (_within(sheet, FAINT, x, y, text, ends, last[row]) for text in texts)
            last[row] = next((box for box in placed if box is not None), last[row])
    return top + (2 if any(within.values()) else 1) * FAINT.line_px + 4


def _footage_texts(found: Sequence[Interval], *, wall: bool) -> tuple[str, ...]:
    """When footage in a cut begins, which no tick tells; shorter and shorter."""
    at_us, further = found[0][0], len(found) - 1
    if not wall:
        return (duration((from_us(at_us) - EPOCH) / dt.timedelta(seconds=1)),)
    time = shifted(from_us(at_us))
    whole = f"{time:%Y-%m-%d %H:%M}"
    return (f"{whole} +{further:,}" if further else whole, whole, f"{time:%m-%d %H:%M}")


def long_duration(seconds: float) -> str:
    """A duration in few letters: `12.3 s`, `4:05`, `3:04:05`, `12 d 3 h`."""
    if seconds < 86_400:
        return duration(seconds)
    days, rest = divmod(round(seconds / 3600), 24)
    return f"{days:,} d {rest} h" if rest and days < 100 else f"{days:,} d"


def _zigzag(sheet: Drawing, cut: Part, top: float, bottom: float) -> None:
    """Mark a cut: two jagged lines down its sides."""
    for x in (cut.left + 2, cut.right - 2):  # what lies between them stays visible
        steps = range(int(top), int(bottom) + 1, 6)
        points = [(x + (2 if at % 2 else -2), float(y)) for at, y in enumerate(steps)]
        if len(points) > 1:
            sheet.line(points, "#ffffff", 4)
            sheet.line(points, CUT, 1)


def _ticks(sheet: Drawing, axis: TimeAxis, bottom: float, *, wall: bool) -> float:
    """Times below the lanes, and dates below the times. Returns where they end."""
    sheet.line_of_text(
        FAINT,
        MARGIN_PX,
        bottom + 7,
        zone_name() if wall else "from the start of each source",
        room_px=LABEL_PX - 14,
    )
    for part in axis.shown:
        at_ticks = _ticks_of(part, wall=wall)
        last: dict[int, TextBox | None] = {0: None, 1: None}
        told = ""
        for at_us, step_s in at_ticks:
            x = part.x(at_us)
            sheet.line([(x, bottom), (x, bottom + 5)], TICK)
            upper, lower = _tick_text(at_us, step_s, wall=wall)
            for row, text in ((0, upper), (1, "" if lower == told else lower)):
                if text:
                    y = bottom + 7 + row * FAINT.line_px
                    placed = _within(sheet, FAINT, x, y, text, (part.left, part.right), last[row])
                    last[row] = placed or last[row]
                    if row and placed:
                        told = lower
    return bottom + 7 + 2 * FAINT.line_px


def _ticks_of(part: Part, *, wall: bool) -> list[tuple[int, int]]:
    """Round times within a part, each with the step between them; at least the part's start."""
    room = FAINT.width("00:00:00") + 16
    px_per_s = (part.right - part.left) / ((part.to_us - part.from_us) / SECOND_US)
    step_s = next((step for step in STEPS_S if step * px_per_s >= room), STEPS_S[-1])
    step_us = step_s * SECOND_US
    offset = shifted(from_us(part.from_us)).utcoffset() if wall else None
    offset_us = (offset or dt.timedelta(0)) // dt.timedelta(microseconds=1)
    first = -(-(part.from_us + offset_us) // step_us) * step_us - offset_us
    ticks = [(at, step_s) for at in range(first, part.to_us + 1, step_us)]
    return ticks or [(part.from_us, 1)]


def _tick_text(at_us: int, step_s: int, *, wall: bool) -> tuple[str, str]:
    """A tick's time and, for the line below, its date."""
    if not wall:
        return duration((from_us(at_us) - EPOCH) / dt.timedelta(seconds=1)), ""
    time = shifted(from_us(at_us))
    if step_s >= 86_400:
        return f"{time:%m-%d}", f"{time:%Y}"
    return (f"{time:%H:%M}" if step_s >= 60 else f"{time:%H:%M:%S}"), f"{time:%Y-%m-%d}"


def _within(
    sheet: Drawing,
    lettering: Lettering,
    x: float,
    y: float,
    text: str,
    ends: tuple[float, float],
    before: TextBox | None = None,
) -> TextBox | None:
    """Place a text around `x`, within the ends, unless it would meet the one before."""
    wide = lettering.width(text)
    left = min(max(x - wide / 2, ends[0]), ends[1] - wide)
    if before is not None and left < before.x + before.width + APART_PX:
        return None
    return sheet.line_of_text(lettering, left, y, text)


def clipped(
    first: int, last: int, after: dt.datetime | None, before: dt.datetime | None
) -> Interval | None:
    """The part of an interval that lies in the time asked for; None: nothing of it."""
    first = max(first, to_us(after)) if after else first
    last = min(last, to_us(before)) if before else last
    return (first, last) if first < last else None
