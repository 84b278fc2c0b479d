"""Cameras over time in one picture: what was analysed, what is missing, where matches are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.footage import How, SourceCoverage
from reidsearch.domain.journeys import Journey
from reidsearch.domain.request import Filters
from reidsearch.output.clocks import wall_us
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.journeys import journey_sentences
from reidsearch.output.lettering import Lettering
from reidsearch.output.readings import unlikely, unlikely_text
from reidsearch.output.statement import gist
from reidsearch.output.time_axis import Interval
from reidsearch.output.time_lanes import Bar, Lane, Mark, axis_of, clipped, draw_lanes, footage_in
from reidsearch.output.visible import count

GRID = "#e5e7eb"
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
HEADING = Lettering(18, "#111827")
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")
WIDTH_PX = 1200
SHORTEST_SHA = 8  # letters of a SHA-256 that may stand for it


def timeline(
    sources: Sequence[SourceCoverage], imprint: Imprint, answer: Answer | None = None
) -> Drawing:
    """Draw coverage, and the matches of an answer.

    Args:
        answer: its matches are marked with their rank, faint where calibration says unlikely; only
            the footage that passes its filters by camera, time and place is drawn.
    """
    if answer is None:
        return _drawn("Coverage", sources, imprint, [], "", [], Filters())
    marks = [
        mark for match in answer.matches for mark in _marks(match, grouped=answer.statement.grouped)
    ]
    meaning = f"black: matches with their rank; {unlikely_text(answer.statement)}"
    told = gist(answer.statement)
    if loose := sum(match.tracklet is None for match in answer.matches):
        told = [*_not_drawn(loose, "match", "matches"), *told]
    filters = answer.statement.filters
    return _drawn("Matches over time", sources, imprint, marks, meaning, told, filters)


def _marks(match: Match, *, grouped: bool) -> list[Mark]:
    """Mark a match: its tracklet, or in an answer of crops the crop's moment; none of a picture."""
    seen, crop = match.tracklet, match.crop
    if seen is None:
        return []
    colour = MATCH_FAINT if unlikely(match.reading) else MATCH
    if not grouped and crop.moment is not None:
        at_us = round(crop.moment.media_s * 1_000_000)
        return [Mark(crop.source_id, at_us, at_us, match.rank, colour)]
    return [
        Mark(part.source_id, part.first_us, part.last_us, match.rank, colour) for part in seen.parts
    ]


def journey_timeline(
    sources: Sequence[SourceCoverage], journey: Journey, imprint: Imprint
) -> Drawing:
    """Draw where an identity was: confirmed sightings black, proposed ones orange."""
    marks = [
        Mark(
            part.source_id,
            part.first_us,
            part.last_us,
            stop.number,
            MATCH if stop.confirmed else PROPOSED,
        )
        for stop in journey.stops
        for part in stop.seen.parts
    ]
    meaning = "black: confirmed sightings in order of time, orange: proposed ones"
    heading = f"Journey of {journey.identity.named.text}"
    told = journey_sentences(journey)
    held = {one.source_id for one in sources}
    if loose := sum(stop.seen.parts[0].source_id not in held for stop in journey.stops):
        told += _not_drawn(loose, "sighting", "sightings")
    return _drawn(heading, sources, imprint, marks, meaning, told, Filters())


def _not_drawn(number: int, one: str, many: str) -> list[str]:
    return [f"Not drawn: {count(number, one, many)} in pictures, which have no footage."]


def _drawn(
    heading: str,
    sources: Sequence[SourceCoverage],
    imprint: Imprint,
    marks: Sequence[Mark],
    meaning: str,
    sentences: Sequence[str],
    filters: Filters,
) -> Drawing:
    lanes = _lanes(sources, marks, filters)
    sheet = Drawing(heading, imprint, WIDTH_PX)
    room = WIDTH_PX - 2 * MARGIN_PX
    y = sheet.paragraph(HEADING, MARGIN_PX, MARGIN_PX, heading, room, most=2)
    parts = [
        (part, axis_of(part, WIDTH_PX), wall)
        for wall in (True, False)
        if (part := [lane for lane in lanes if lane.known is wall])
    ]
    cuts = [footage_in(cut, part) for part, axis, _ in parts for cut in axis.cuts]
    top = _legend(sheet, y + 6, lanes, meaning, cuts)
    for part, axis, wall in parts:
        top = draw_lanes(sheet, part, axis, round(top), wall=wall)
    if not lanes:
        nothing = "No footage is held." if not sources else "No footage passes the filters."
        top = sheet.paragraph(PLAIN, MARGIN_PX, top, nothing, room)
    for text in sentences:
        top = sheet.paragraph(PLAIN, MARGIN_PX, top, text, room)
    return sheet.sign()


def _lanes(
    sources: Sequence[SourceCoverage], marks: Sequence[Mark], filters: Filters
) -> list[Lane]:
    """The lanes of what was searched, and of what has a mark."""
    of_source: dict[int, list[Mark]] = {}
    for mark in marks:
        of_source.setdefault(mark.source_id, []).append(mark)
    lanes: dict[tuple[bool, str], Lane] = {}
    for one in sources:
        own = of_source.get(one.source_id, [])
        bars = _bars(one, filters)
        if not own and (not bars or not _searched(one, filters)):
            continue
        known = wall_us(one, 0) is not None
        camera = one.facts.camera or "camera not known"
        name = camera if known else f"{camera}: {one.location.rpartition('/')[2]}"
        lane = lanes.setdefault((not known, name), Lane(name, known))
        lane.bars += bars
        for mark in own:
            first, last = _at(one, mark.from_us), _at(one, mark.to_us)
            if known:  # a match may go on beyond the time asked for, which is not drawn
                first, last = clipped(first, last, filters.after, filters.before) or (first, last)
            lane.marks.append(replace(mark, from_us=first, to_us=last))
    return [lanes[key] for key in sorted(lanes)]


def _bars(one: SourceCoverage, filters: Filters) -> list[Bar]:
    """Spans of a source, within the time asked for where its clock is known."""
    known = wall_us(one, 0) is not None
    bars = []
    for span in one.spans:
        whole = _at(one, span.from_us), _at(one, span.to_us)
        part = clipped(*whole, filters.after, filters.before) if known else whole
        if part is not None:
            bars.append(Bar(*part, COLOURS[span.how]))
    return bars


def _searched(one: SourceCoverage, filters: Filters) -> bool:
    """Whether a source passes the filters by camera and place; an unknown camera may have."""
    camera, places = one.facts.camera, filters.sources
    if camera is not None and (
        (filters.cameras and camera not in filters.cameras) or camera in filters.not_cameras
    ):
        return False
    return not places or any(
        text in one.location or (len(text) >= SHORTEST_SHA and one.sha256.startswith(text.lower()))
        for text in places
    )


def _at(one: SourceCoverage, media_us: int) -> int:
    at_us = wall_us(one, media_us)
    return media_us if at_us is None else at_us


def _legend(
    sheet: Drawing,
    top: float,
    lanes: Sequence[Lane],
    meaning: str,
    cuts: Sequence[Sequence[Interval]],
) -> float:
    """What the colours mean, in as many lines as it takes. Returns where it ends.

    Args:
        cuts: the footage in each cut of the axes.
    """
    used = {bar.colour for lane in lanes for bar in lane.bars}
    entries = [(COLOURS[how], text) for how, text in LEGEND.items() if COLOURS[how] in used]
    entries.append(("", "blank: no footage supplied"))
    if cuts:
        told = "between jagged lines: time cut out, not to scale"
        if any(cuts):
            told += "; above them when footage in it begins, and how many more stretches there are"
        entries.append(("", told))
    if any(lane.marks for lane in lanes):
        entries.append(("", meaning))
    left, y = float(MARGIN_PX), top
    for colour, text in entries:
        wide = FAINT.width(text) + (20 if colour else 0)
        if left > MARGIN_PX and left + wide > sheet.width_px - MARGIN_PX:
            left, y = float(MARGIN_PX), y + FAINT.line_px + 4
        if colour:
            sheet.rectangle((left, y + 2, left + 14, y + 14), colour, GRID)
        sheet.line_of_text(FAINT, left + (20 if colour else 0), y, text)
        left += wide + 20
    return y + FAINT.line_px + 12
