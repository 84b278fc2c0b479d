"""Cameras over time in one picture: what was analysed, what is missing, where matches are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from reidsearch.base.timecode import EPOCH, from_us
from reidsearch.domain.answers import Answer
from reidsearch.domain.footage import How, SourceCoverage
from reidsearch.domain.journeys import Journey
from reidsearch.output.coverage import wall_us
from reidsearch.output.journeys import journey_sentences
from reidsearch.output.lettering import Lettering
from reidsearch.output.statement import gist
from reidsearch.output.visible import count

PAPER, GRID, LANE = "#ffffff", "#e5e7eb", "#f3f4f6"
COLOURS = {
    How.DENSE: "#60a5fa",
    How.SPARSE: "#93c5fd",
    How.GATED: "#bfdbfe",
    How.KEY_FRAMES: "#dbeafe",
    How.PRECOMPUTED: "#a5b4fc",
    How.FAILED: "#dc2626",
    How.GAP: "#fca5a5",
    How.ERASED: "#d6d3d1",
}
LEGEND = {
    How.DENSE: "fully analysed",
    How.SPARSE: "few frames recorded",
    How.GATED: "no motion: sampled",
    How.KEY_FRAMES: "still: key frames only",
    How.PRECOMPUTED: "precomputed detections",
    How.FAILED: "could not be decoded",
    How.GAP: "missing in the recording",
    How.ERASED: "deleted",
}
MATCH, MATCH_FAINT, PROPOSED = "#111827", "#9ca3af", "#c2410c"
FAINT_BELOW = 0.5  # a way to tell strong scores from weak ones at a glance; it decides nothing
HEADING = Lettering(18, "#111827")
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")
WIDTH_PX, LABEL_PX, MARGIN_PX, LANE_PX, ROW_PX = 1200, 210, 20, 26, 44
STEPS_S = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
    *(86400 * days for days in (1, 2, 7, 14, 30, 91, 182, 365)),
)


@dataclass(frozen=True, slots=True)
class _Bar:
    from_us: int
    to_us: int
    colour: str


@dataclass(frozen=True, slots=True)
class _Lane:
    """One camera, or one source whose clock is not known (then counted from its start)."""

    name: str
    known: bool
    bars: list[_Bar]
    marks: list[_Mark]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A sighting: a bar in the lane with its number above it; larger numbers lie underneath."""

    source_id: int
    from_us: int
    to_us: int
    number: int
    colour: str


def timeline(sources: Sequence[SourceCoverage], answer: Answer | None = None) -> Image.Image:
    """Draw coverage, and the matches of an answer.

    Args:
        answer: its matches are marked with their rank, better ones darker.
    """
    if answer is None:
        return _drawn("Coverage", sources, [], "", [])
    marks = [
        _Mark(
            tracklet.source_id,
            round(tracklet.first_s * 1_000_000),
            round(tracklet.last_s * 1_000_000),
            match.rank,
            MATCH if match.score >= FAINT_BELOW else MATCH_FAINT,
        )
        for match in answer.matches
        if (tracklet := match.tracklet) is not None
    ]
    meaning = f"black: matches with their rank, grey below a score of {FAINT_BELOW:g}"
    return _drawn("Matches over time", sources, marks, meaning, gist(answer.statement))


def journey_timeline(sources: Sequence[SourceCoverage], journey: Journey) -> Image.Image:
    """Draw where an identity was: confirmed sightings black, proposed ones orange."""
    marks = [
        _Mark(
            stop.seen.source_id,
            stop.seen.first_media_us,
            stop.seen.last_media_us,
            stop.number,
            MATCH if stop.confirmed else PROPOSED,
        )
        for stop in journey.stops
    ]
    meaning = "black: confirmed sightings in order of time, orange: proposed ones"
    heading = f"Journey of {journey.identity.named.text}"
    told = journey_sentences(journey)
    held = {one.source_id for one in sources}
    if loose := sum(stop.seen.source_id not in held for stop in journey.stops):
        told.append(f"Not drawn: {count(loose, 'sighting')} in pictures, which have no footage.")
    return _drawn(heading, sources, marks, meaning, told)


def _drawn(
    heading: str,
    sources: Sequence[SourceCoverage],
    marks: Sequence[_Mark],
    meaning: str,
    sentences: Sequence[str],
) -> Image.Image:
    lanes = _lanes(sources, marks)
    known = [lane for lane in lanes if lane.known]
    loose = [lane for lane in lanes if not lane.known]
    told = [line for text in sentences for line in _wrap(text)]
    height = 2 * MARGIN_PX + HEADING.line_px + 30 + len(told) * PLAIN.line_px
    height += sum(len(part) * ROW_PX + 70 for part in (known, loose) if part)
    sheet = Image.new("RGB", (WIDTH_PX, height + 20), PAPER)
    canvas = ImageDraw.Draw(sheet)
    HEADING.draw(canvas, MARGIN_PX, MARGIN_PX, heading)
    top = MARGIN_PX + HEADING.line_px + 8
    top = _legend(canvas, top, lanes, meaning)
    for part, wall in ((known, True), (loose, False)):
        if part:
            top = _chart(canvas, part, top, wall=wall)
    for line in told:
        PLAIN.draw(canvas, MARGIN_PX, top, line)
        top += PLAIN.line_px
    return sheet.crop((0, 0, WIDTH_PX, min(top + MARGIN_PX, sheet.height)))


def _wrap(text: str) -> list[str]:
    return PLAIN.wrap(text, WIDTH_PX - 2 * MARGIN_PX)


def _lanes(sources: Sequence[SourceCoverage], marks: Sequence[_Mark]) -> list[_Lane]:
    lanes: dict[tuple[bool, str], _Lane] = {}
    for one in sources:
        known = wall_us(one, 0) is not None
        camera = one.facts.camera or "camera not known"
        name = camera if known else f"{camera}: {one.location.rpartition('/')[2]}"
        lane = lanes.setdefault((not known, name), _Lane(name, known, [], []))
        for span in one.spans:
            first, last = _at(one, span.from_us), _at(one, span.to_us)
            lane.bars.append(_Bar(first, last, COLOURS[span.how]))
        for mark in marks:
            if mark.source_id == one.source_id:
                first, last = _at(one, mark.from_us), _at(one, mark.to_us)
                lane.marks.append(replace(mark, from_us=first, to_us=last))
    return [lanes[key] for key in sorted(lanes)]


def _at(one: SourceCoverage, media_us: int) -> int:
    at_us = wall_us(one, media_us)
    return media_us if at_us is None else at_us


def _legend(canvas: ImageDraw.ImageDraw, top: int, lanes: Sequence[_Lane], meaning: str) -> int:
    used = {bar.colour for lane in lanes for bar in lane.bars}
    left = float(MARGIN_PX)
    for how, text in LEGEND.items():
        if COLOURS[how] in used:
            canvas.rectangle((left, top + 2, left + 14, top + 14), COLOURS[how], GRID)
            FAINT.draw(canvas, left + 20, top, text)
            left += 40 + FAINT.width(text)
    texts = ["blank: no footage supplied"]
    if any(lane.marks for lane in lanes):
        texts.append(meaning)
    FAINT.draw(canvas, left, top, "; ".join(texts))
    return top + 26


def _chart(canvas: ImageDraw.ImageDraw, lanes: Sequence[_Lane], top: int, *, wall: bool) -> int:
    bars = [bar for lane in lanes for bar in lane.bars]
    first = min((bar.from_us for bar in bars), default=0)
    last = max((bar.to_us for bar in bars), default=1_000_000)
    last = max(last, first + 1_000_000)
    left, right = MARGIN_PX + LABEL_PX, WIDTH_PX - MARGIN_PX

    def x(at_us: int) -> float:
        return left + (at_us - first) / (last - first) * (right - left)

    bottom = top + len(lanes) * ROW_PX
    _axis(canvas, first, last, (left, right, bottom), wall=wall)
    for row, lane in enumerate(lanes):
        y = top + row * ROW_PX + (ROW_PX - LANE_PX) // 2
        PLAIN.draw(canvas, MARGIN_PX, y + 4, PLAIN.fit(lane.name, LABEL_PX - 12))
        canvas.rectangle((left, y, right, y + LANE_PX), LANE)
        for bar in lane.bars:
            # What is missing must not vanish because it is short.
            canvas.rectangle(
                (x(bar.from_us), y, max(x(bar.to_us), x(bar.from_us) + 1), y + LANE_PX), bar.colour
            )
        for mark in sorted(lane.marks, key=lambda mark: -mark.number):
            _mark(canvas, (x(mark.from_us), x(mark.to_us)), y, mark)
    return bottom + 60


def _mark(canvas: ImageDraw.ImageDraw, span: tuple[float, float], y: int, mark: _Mark) -> None:
    """A bar in the lane, its number above it."""
    canvas.rectangle((span[0], y + 6, max(span[1], span[0] + 3), y + LANE_PX - 6), mark.colour)
    text = str(mark.number)
    middle = (span[0] + span[1]) / 2
    Lettering(11, mark.colour).draw(canvas, middle - FAINT.width(text) / 2, y - 12, text)


def _axis(
    canvas: ImageDraw.ImageDraw,
    first: int,
    last: int,
    frame: tuple[int, int, int],
    *,
    wall: bool,
) -> None:
    left, right, bottom = frame
    span_s = (last - first) / 1e6
    step_s = next((step for step in STEPS_S if span_s / step <= 8), STEPS_S[-1])
    at = -(-first // (step_s * 1_000_000)) * step_s * 1_000_000
    day = ""
    while at <= last:
        x = left + (at - first) / (last - first) * (right - left)
        canvas.line((x, bottom, x, bottom + 5), MATCH_FAINT)
        text = f"{(from_us(at) - EPOCH) // dt.timedelta(seconds=1)} s"
        if wall:
            text = f"{from_us(at):%H:%M}" if step_s >= 60 else f"{from_us(at):%H:%M:%S}"
            if f"{from_us(at):%Y-%m-%d}" != day:
                day = f"{from_us(at):%Y-%m-%d}"
                FAINT.draw(canvas, x - FAINT.width(day) / 2, bottom + 22, day)
        FAINT.draw(canvas, x - FAINT.width(text) / 2, bottom + 7, text)
        at += step_s * 1_000_000
    FAINT.draw(canvas, MARGIN_PX, bottom + 7, "UTC" if wall else "from the start of each source")
