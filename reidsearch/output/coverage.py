"""Which footage was analysed and how, by source and camera, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.answer_json import heights_json
from reidsearch.domain.footage import UNSEEN, CoverageGap, How, SourceCoverage, SourceState, Span
from reidsearch.output.clocks import clock_values, wall_us
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.footage_searched import HOW_TEXTS
from reidsearch.output.heights import heights_told
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import clock, correction_text, local, zone_name
from reidsearch.output.visible import count, duration, visible

Cell = Callable[[SourceCoverage], str]

LISTED_AT_MOST = 12  # spans of one source in the text; JSON has all


def coverage_view(sources: Sequence[SourceCoverage], gaps: Sequence[CoverageGap]) -> RenderableType:
    """Return a table of sources, then what of them could not be seen, and the coverage gaps."""
    if not sources:
        return Text("The archive holds no footage.")

    def column(title: str, rank: int, cell: Cell, **look: bool) -> Column:
        return Column(title, [cell(one) for one in sources], rank, **look)

    rows = FittedTable(
        [
            column("camera", 0, lambda one: known(one.facts.camera)),
            column(f"starts ({zone_name()})", 0, _starts),
            column("start from", 5, lambda one: one.facts.clock.origin or UNKNOWN),
            column("length", 1, lambda one: duration(float(one.duration_s)), right=True),
            column("analysed", 2, _how, wrapped=True),
            column("most people from", 5, _people_from, right=True),
            column("tracklets", 6, lambda one: f"{one.counts.get('tracklets', 0):,}", right=True),
            column("state", 4, lambda one: one.state),
            column("sha-256", 7, lambda one: one.sha256[:8]),
            column("location", 3, lambda one: visible(one.location), shortened=True),
        ]
    )
    lines = [line for one in sources for line in lacking(one)]
    lines += heights_told(Counter(one.heights for one in sources))
    for gap in gaps[:LISTED_AT_MOST]:
        first, last = (local(from_us(at).replace(microsecond=0)) for at in (gap.from_us, gap.to_us))
        lines.append(
            f"{visible(gap.camera)}: no footage supplied for {duration(gap.seconds)}, "
            f"{first} to {last}" + (f" ({visible('; '.join(gap.why))})" if gap.why else "")
        )
    if len(gaps) > LISTED_AT_MOST:
        more = count(len(gaps) - LISTED_AT_MOST, "further gap")
        lines.append(f"{more} (--format json lists all)")
    return Group(rows, *(Text(line, style="yellow") for line in lines))


def lacking(one: SourceCoverage) -> list[str]:
    """Return what of a source could not be seen, and its warnings."""
    name = visible(one.location.rpartition("/")[2])
    told = []
    unseen = [span for span in one.spans if span.how in UNSEEN]
    for span in unseen[:LISTED_AT_MOST]:
        detail = f" ({visible(span.detail)})" if span.detail else ""
        told.append(
            f"{name}: {duration(span.from_us / 1e6)} to {duration(span.to_us / 1e6)} "
            f"{HOW_TEXTS[span.how]}{detail}"
        )
    if len(unseen) > LISTED_AT_MOST:
        more = len(unseen) - LISTED_AT_MOST
        told.append(f"{name}: {count(more, 'further interval')} (--format json lists all)")
    if one.state is SourceState.RUNNING:
        told.append(f"{name}: being indexed, {duration(float(one.duration_s))} so far")
    if one.state is SourceState.INTERRUPTED:
        told.append(
            f"{name}: not finished; nothing after {duration(float(one.duration_s))} is indexed"
        )
    if one.replaced:
        told.append(f"{name}: other footage lies at its place now (this one: {one.sha256[:8]})")
    small = one.counts.get("small", 0)
    if small:
        told.append(f"{name}: {count(small, 'detection')} too small to be kept")
    told.extend(f"{name}: {visible(warning)}" for warning in one.warnings)
    return told


def coverage_json(
    sources: Sequence[SourceCoverage], gaps: Sequence[CoverageGap] = ()
) -> dict[str, Any]:
    """Return everything of it as a document."""
    return {
        "schema": "reidsearch/coverage/1",
        "sources": [_source_json(one) for one in sources],
        "not_supplied": [
            {
                "camera": gap.camera,
                "from_time": iso(from_us(gap.from_us)),
                "to_time": iso(from_us(gap.to_us)),
                "why": list(gap.why),
            }
            for gap in gaps
        ],
    }


def _source_json(one: SourceCoverage) -> dict[str, Any]:
    return {
        "source_id": one.source_id,
        "source": one.sha256,
        "location": one.location,
        "camera": one.facts.camera,
        "clock": clock_values(one),
        "state": one.state,
        "replaced": one.replaced,
        "duration_s": float(one.duration_s),
        "declared_fps": one.info.declared_fps,
        "measured_fps": one.measured_fps,
        "declared_s": one.info.declared_s,
        "codec": one.info.codec,
        "width_px": one.info.width_px,
        "height_px": one.info.height_px,
        "heights": heights_json(one.heights),
        "settings": dict(one.settings),
        "counts": dict(one.counts),
        "warnings": list(one.warnings),
        "spans": [_span_json(one, span) for span in one.spans],
    }


def _span_json(one: SourceCoverage, span: Span) -> dict[str, Any]:
    first, last = (wall_us(one, at) for at in (span.from_us, span.to_us))
    return {
        "from_s": span.from_us / 1e6,
        "to_s": span.to_us / 1e6,
        "from_time": None if first is None else iso(from_us(first)),
        "to_time": None if last is None else iso(from_us(last)),
        "how": span.how.value,
        "detail": span.detail,
    }


def _starts(one: SourceCoverage) -> str:
    known_clock, at_us = one.facts.clock, wall_us(one, 0)
    if at_us is None:
        return UNKNOWN
    sure = known_clock.uncertainty_s
    told = (
        f"{clock(from_us(at_us).replace(microsecond=0))} ±{'?' if sure is None else f'{sure:g} s'}"
    )
    moved_s = float(known_clock.correction_s)
    return f"{told}, {correction_text(moved_s)}" if moved_s else told


def _people_from(one: SourceCoverage) -> str:
    return UNKNOWN if one.heights is None else f"{one.heights.mostly_from_px:,} px"


def _how(one: SourceCoverage) -> str:
    parts = []
    for how in How:
        seconds = sum(span.to_us - span.from_us for span in one.spans if span.how is how) / 1e6
        if seconds >= 0.05:
            parts.append(f"{how.value} {duration(seconds)}")
    tiles = [f"in {one.tiles} x {one.tiles} tiles"] if one.tiles > 1 and parts else []
    return ", ".join([*parts, *tiles]) or "nothing"
