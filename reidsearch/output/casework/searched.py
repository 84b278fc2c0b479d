"""The part of a report that says which footage was searched, and what of it could not be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from reidsearch.base.timecode import from_us
from reidsearch.domain.answers import Answer
from reidsearch.domain.decisions import Presence
from reidsearch.domain.footage import UNSEEN, SourceCoverage
from reidsearch.output.casework.document import Bar, Bars, Block, Section, Table, Text
from reidsearch.output.coverage import lacking
from reidsearch.output.statement import sentences, without_commands
from reidsearch.output.times import local
from reidsearch.output.visible import count, duration

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Making

SOURCES_LISTED = 200
TOLD_AT_MOST = 60
CAMERAS_DRAWN = 40
HEADING = "What was searched"


def of_answer(making: Making, answer: Answer) -> Section:
    """Say which footage a search looked through, and its statement whole."""
    filters = answer.statement.filters
    sources = [
        one
        for one in making.coverage.values()
        if (not filters.cameras or one.facts.camera in filters.cameras)
        and one.facts.camera not in filters.not_cameras
    ]
    told = [Text(one) for one in without_commands(sentences(answer.statement))]
    missing = [Text(one) for one in making.missing]
    return Section(
        HEADING, (*_footage(sources), Text("The statement of the search:"), *told, *missing)
    )


def of_case(making: Making, answers: Sequence[Answer]) -> Section:
    """Say which footage the archive holds, and how much each search looked through."""
    rows = tuple(
        (
            str(one.statement.logged.entry),
            f"{one.statement.crops_searched:,} of {one.statement.crops_stored:,}",
            "exactly" if one.statement.exact else "approximately",
            one.statement.calibration,
        )
        for one in answers
    )
    table = Table(("Search (entry)", "Crops searched", "How", "Scores"), rows, (2, 3, 2, 6))
    missing = [Text(one) for one in making.missing]
    searches = [table] if rows else [Text("No search of the case is on record.")]
    return Section(HEADING, (*_footage(list(making.coverage.values())), *searches, *missing))


def of_presences(making: Making, presences: Iterable[Presence]) -> Section:
    """Say which footage the archive holds; the sightings may come from several searches."""
    missing = [Text(one) for one in making.missing]
    told = Text(
        "Sightings were found by searches, proposals or by hand. The event log says which searches "
        "were made. All footage that the archive holds now:"
    )
    return Section(HEADING, (told, *_footage(list(making.coverage.values())), *missing))


def _footage(sources: Sequence[SourceCoverage]) -> list[Block]:
    if not sources:
        return [Text("The archive holds no footage here; crops were indexed as pictures.")]
    blocks: list[Block] = [*_bars(sources)]
    rows = tuple(_row(one) for one in sources[:SOURCES_LISTED])
    columns = ("Camera", "File", "Begins", "Length", "State", "SHA-256")
    blocks.append(Table(columns, rows, (2.2, 3.6, 3.2, 1.8, 2, 4)))
    if len(sources) > SOURCES_LISTED:
        left = len(sources) - SOURCES_LISTED
        blocks.append(Text(f"{count(left, 'source')} more are not listed here."))
    told = [line for one in sources for line in lacking(one)]
    blocks.append(
        Text("What could not be seen:" if told else "No part of it is recorded as missing.")
    )
    blocks += [Text(f"{line}.") for line in told[:TOLD_AT_MOST]]
    if len(told) > TOLD_AT_MOST:
        blocks.append(Text(f"{count(len(told) - TOLD_AT_MOST, 'remark')} more are left out here."))
    return blocks


def _row(one: SourceCoverage) -> tuple[str, ...]:
    start = one.facts.clock.at_us(Fraction(0))
    return (
        one.facts.camera or "unknown",
        one.location.rpartition("/")[2],
        local(from_us(start).replace(microsecond=0)) if start is not None else "time unknown",
        duration(float(one.duration_s)),
        one.state.value,
        one.sha256,
    )


def _bars(sources: Sequence[SourceCoverage]) -> list[Block]:
    """Draw when each camera's footage was analysed, over the time of all of it."""
    spans: dict[str, list[tuple[int, int, str]]] = {}
    untimed = 0
    for one in sources:
        clock = one.facts.clock
        ends = [
            (clock.at_us(_s(span.from_us)), clock.at_us(_s(span.to_us)), span.how)
            for span in one.spans
        ]
        if clock.start is None:
            untimed += 1
            continue
        found = spans.setdefault(one.facts.camera or "camera unknown", [])
        for first, last, how in ends:
            if first is not None and last is not None:
                found.append((first, last, "unseen" if how in UNSEEN else "seen"))
    times = [at for rows in spans.values() for first, last, _ in rows for at in (first, last)]
    told = f"{count(untimed, 'source')} without a known time cannot be placed in the chart."
    notes = [Text(told)] if untimed else []
    if not times or min(times) == max(times):
        return [*notes]
    begin, end = min(times), max(times)
    bars = tuple(
        Bar(
            camera,
            tuple(
                ((first - begin) / (end - begin), (last - begin) / (end - begin), how)
                for first, last, how in sorted(rows, key=lambda row: (row[2] == "unseen", row))
            ),
        )
        for camera, rows in sorted(spans.items())
    )
    if len(bars) > CAMERAS_DRAWN:
        left = count(len(bars) - CAMERAS_DRAWN, "camera")
        notes.append(Text(f"{left} more are not drawn."))
    opens, closes = (local(from_us(at).replace(microsecond=0)) for at in (begin, end))
    return [Bars(opens, closes, bars[:CAMERAS_DRAWN]), *notes]


def _s(media_us: int) -> Fraction:
    return Fraction(media_us, 1_000_000)
