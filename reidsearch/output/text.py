"""Answers and reports for people: coloured and fitted to a terminal, plain and whole in a pipe."""

from __future__ import annotations

import datetime as dt
import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from reidsearch.base.errors import Reason
from reidsearch.domain.answer_json import finite
from reidsearch.output.attributes import annotation_text, attribute_pairs
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.console import ShownConsole
from reidsearch.output.missing_facts import missing_facts
from reidsearch.output.pending import pending_lines
from reidsearch.output.pictures import kept_text
from reidsearch.output.terminal import drawing_on
from reidsearch.output.times import clock, correction_text, local, zone_name
from reidsearch.output.visible import count, size, visible

if TYPE_CHECKING:
    from reidsearch.domain.attributes import Attributes
    from reidsearch.domain.crops import Crop
    from reidsearch.domain.reports import Failure, Finding, FootageReport, IndexReport, Summary
    from reidsearch.domain.tracklets import Moment

# Wider than any line, so that a pipe gets every line whole.
UNBROKEN = 100_000
UNKNOWN = "-"
NAMED_SKIPPED = 5
NAMED_LOSSES = 5
MOST_FAILURES = 1000  # in a table


def show(view: RenderableType, out: TextIO | None = None) -> None:
    """Write one of this module's views to `out` (standard output).

    On a terminal it is coloured and fitted to the width; elsewhere it is plain text in which
    nothing is shortened or wrapped. A string is never wrapped. What the encoding of `out` lacks
    appears as an escape.
    """
    out = out or sys.stdout
    terminal = out.isatty()
    encoding = out.encoding or "utf-8"
    # rich draws lines in ASCII when the file it writes to has no better encoding.
    rendered = io.TextIOWrapper(io.BytesIO(), encoding, errors="backslashreplace", newline="")
    console = ShownConsole(
        file=rendered,
        force_terminal=terminal,
        width=Console(file=out).width if terminal else UNBROKEN,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(view, soft_wrap=isinstance(view, str))
    rendered.seek(0)
    drawing_on(out).writelines(f"{line.rstrip()}\n" for line in rendered)


def crop_view(crop: Crop, attributes: Attributes | None = None) -> RenderableType:
    """All that is known of one crop, and what was recorded of who is in it."""
    facts = crop.facts
    return _pairs(
        ("crop", str(crop.crop_id)),
        ("camera", known(facts.camera)),
        ("time", local(facts.time) if facts.time else UNKNOWN),
        ("person", known(facts.person)),
        ("box", crop.box.text()),
        ("location", visible(crop.place)),
        ("source", f"{crop.source_sha256} (SHA-256)"),
        ("indexed", local(crop.indexed_at)),
        *_in_footage(crop.moment),
        *attribute_pairs(attributes),
        *(
            (visible(f"extra {name}"), visible(str(value)))
            for name, value in finite(dict(facts.extra)).items()
        ),
    )


def _in_footage(moment: Moment | None) -> list[tuple[str, str]]:
    """When in its footage a crop was taken, how sure its time is, and how good a view it is."""
    if moment is None:
        return []
    sure = "not known" if moment.uncertainty_s is None else f"±{moment.uncertainty_s:g} s"
    if moment.correction_s:
        sure += f", {correction_text(moment.correction_s)}"
    return [
        ("tracklet", str(moment.tracklet_id)),
        ("in footage", f"{float(moment.media_s):.3f} s (pts {moment.pts})"),
        ("uncertainty", sure),
        ("quality", f"{moment.quality:.2f}"),
    ]


def _outcomes(report: IndexReport | FootageReport) -> list[str]:
    names = ("indexed", "unchanged", "updated", "duplicates", "failed")
    return [
        count(number, "duplicate") if name == "duplicates" else f"{number:,} {name}"
        for name in names
        if (number := getattr(report, name))
    ]


def _footage_lines(report: FootageReport) -> list[Text]:
    """What became of footage."""
    parts = _outcomes(report)
    told = f"Footage: {count(report.offered, 'source')}"
    told += f": {', '.join(parts)}." if parts else "."
    lines = [Text(told)]
    if report.in_other_runs:
        lines.append(Text(f"{report.in_other_runs:,} being indexed by another process."))
    if report.indexed:
        speed = report.footage_s / report.seconds if report.seconds else 0.0
        lines.append(
            Text(
                f"{count(report.tracklets, 'tracklet')} with "
                f"{count(report.best_shots, 'best shot')} in "
                f"{report.footage_s:,.0f} s of footage; {report.seconds:.1f} s, "
                f"{speed:.1f} times real time."
            )
        )
        dropped = [
            *([f"{count(report.small, 'small detection')}"] if report.small else []),
            *([f"{count(report.brief, 'brief tracklet')}"] if report.brief else []),
            *([f"{count(report.unlike, 'shot')} unlike the rest"] if report.unlike else []),
        ]
        if dropped:
            lines.append(Text(f"Not kept: {', '.join(dropped)}."))
        if report.tiled:
            lines.append(Text(f"{count(report.tiled, 'source')} detected in tiles too."))
        if report.divided:
            times = count(report.divided, "division")
            lines.append(Text(f"Tracklets that showed several people: {times}."))
        if report.doubts:
            where = count(report.doubts, "moment")
            lines.append(Text(f"A switch between two people cannot be excluded at {where}."))
        if report.precomputed:
            used, rows = report.precomputed_used, report.precomputed
            told = f"Precomputed detections: {used:,} of {rows:,} met a frame."
            lines.append(Text(told, style="" if used == rows else "yellow"))
    lines += [Text(visible(loss), style="yellow") for loss in report.losses[:NAMED_LOSSES]]
    if report.partly > NAMED_LOSSES:
        more = count(report.partly - NAMED_LOSSES, "further source")
        lines.append(Text(f"{more} in part alone: reidsearch failures", style="yellow"))
    if report.restarted:
        lines.append(
            Text(
                f"{count(report.restarted, 'source')} analysed from the start again: what an "
                "interrupted run had kept of the progress is damaged",
                style="yellow",
            )
        )
    if report.other_settings:
        lines.append(
            Text(
                f"{count(report.other_settings, 'source was', 'sources were')} analysed with other "
                "settings; to analyse again: reidsearch delete --source PATH, then index again.",
                style="yellow",
            )
        )
    return lines


def report_view(report: IndexReport) -> RenderableType:
    """What one index run did, in one or two lines."""
    parts = _outcomes(report)
    told = f"Run {report.run_id}: {count(report.offered, 'input')}"
    told += f": {', '.join(parts)}" if parts else ""
    told += f"; {report.seconds:.1f} s"
    rate = report.indexed / report.seconds if report.seconds else 0.0
    told += f", {rate:,.0f} crops/s." if report.indexed and rate else "."
    lines = [Text(told)]
    if report.footage.offered:
        lines = [*([Text(told)] if report.offered else []), *_footage_lines(report.footage)]
    lines += missing_facts(report)
    if report.attributes is not None:
        lines.append(Text(annotation_text(report.attributes)))
    if report.model_doubt:
        lines.append(Text(f"Doubtful model: {visible(report.model_doubt)}.", style="yellow"))
    if report.skipped:
        lines.append(_skipped(report))
    if report.conflicting:
        copies = count(
            report.conflicting,
            "duplicate of a stored picture came",
            "duplicates of stored pictures came",
        )
        lines.append(
            Text(
                f"{copies} with another camera, time, person or extra; the stored facts were kept.",
                style="yellow",
            )
        )
    if report.kept_out:
        kept = count(report.kept_out, "input was deleted", "inputs were deleted")
        lines.append(Text(f"{kept} for good, and kept out."))
    if report.failed or report.footage.failed:
        lines.append(Text("Why inputs failed: reidsearch failures", style="yellow"))
    if report.interrupted:
        lines.append(
            Text("Interrupted; the same command continues where it stopped.", style="yellow")
        )
    return Group(*lines)


def _engine(summary: Summary) -> str:
    """What has the vectors, and where; empty: no index was written yet."""
    where = f" at {visible(summary.index_url)}" if summary.index_url else ""
    return f", {visible(summary.index_kind)}{where}" if summary.index_kind else ""


def _skipped(report: IndexReport) -> Text:
    """Say which files were skipped: the first ones by name."""
    names = [visible(name.rpartition("/")[2]) for name in report.skipped_names[:NAMED_SKIPPED]]
    told = f"{count(report.skipped, 'file')} skipped (unsupported type): {', '.join(names)}"
    more = report.skipped - len(names)
    return Text(f"{told} and {more:,} more (reidsearch failures)" if more else told)


def summary_view(summary: Summary) -> RenderableType:
    """What an archive holds: facts, then cameras, then failures."""
    model = summary.model
    reasons = dict(summary.failures)
    passed_over = reasons.pop(Reason.UNSUPPORTED.value, 0)
    failed = sum(reasons.values())
    views: list[RenderableType] = [
        _pairs(
            ("archive", visible(summary.archive)),
            ("id", summary.archive_id),
            ("created", f"{local(summary.created_at)}, schema {summary.schema}"),
            ("model", visible(model.text) if model else "none yet"),
            ("crops", f"{summary.crops:,} from {count(summary.sources, 'source')}"),
            (
                "footage",
                f"{count(summary.footage, 'source')}, {count(summary.tracklets, 'tracklet')}",
            ),
            ("persons", f"{summary.persons_labelled:,} labelled"),
            ("times", _times(summary)),
            (
                "index",
                f"{summary.crops_in_index:,} of {count(summary.crops, 'crop')}, "
                f"generation {summary.generation}{_engine(summary)}",
            ),
            (
                "size",
                f"database {size(summary.database_bytes)}, index {size(summary.index_bytes)}",
            ),
            ("pictures", kept_text(summary.pictures)),
            ("not kept", f"{count(summary.small_detections, 'detection')} too small"),
            ("deleted", f"{count(summary.crops_deleted, 'crop')} of footage"),
            ("runs", _runs(summary)),
            ("failures", f"{failed:,}"),
            ("not read", f"{count(passed_over, 'file')} of other types (reidsearch failures)"),
        )
    ]
    if summary.pending:
        lines = pending_lines(summary.pending, summary.archive)
        views.append(Text("\n".join(lines), style="yellow"))
    if summary.cameras:
        names, crops, first, last = zip(*summary.cameras, strict=True)
        views.append(
            FittedTable(
                [
                    Column("camera", [known(name) for name in names], 0),
                    Column("crops", [f"{number:,}" for number in crops], 1, right=True),
                    Column(f"first ({zone_name()})", [_moment(time) for time in first], 0),
                    Column(f"last ({zone_name()})", [_moment(time) for time in last], 2),
                ]
            )
        )
    if reasons:
        names, numbers = zip(*reasons.items(), strict=True)
        views.append(
            FittedTable(
                [
                    Column("failure", [visible(name) for name in names], 0),
                    Column("inputs", [f"{number:,}" for number in numbers], 0, right=True),
                ]
            )
        )
    if summary.not_searched:
        views.append(Text("Not searched:", style="bold"))
        views.append(_failures(summary.not_searched))
        more = failed + passed_over - len(summary.not_searched)
        if more > 0:
            views.append(Text(f"{more:,} more: reidsearch failures"))
    return Group(*views)


def failures_view(failures: Sequence[Failure], total: int) -> RenderableType:
    """The inputs that never became crops, and why; `total`: how many there are altogether."""
    if not failures:
        return Text("No failures.")
    more = total - len(failures)
    told = f"{more:,} more: reidsearch failures --format csv or jsonl"
    return Group(_failures(failures), *([Text(told)] if more > 0 else []))


def _failures(failures: Sequence[Failure]) -> FittedTable:
    return FittedTable(
        [
            Column("reason", [visible(one.reason) for one in failures], 0),
            Column("location", [visible(one.location) for one in failures], 1, shortened=True),
            Column("message", [visible(one.message) for one in failures], 0, wrapped=True),
            Column("run", [str(one.run_id) for one in failures], 2, right=True),
        ]
    )


def findings_view(findings: Sequence[Finding]) -> RenderableType:
    """What `check` found wrong."""
    if not findings:
        return Text("No problems found.")
    return Group(*(_finding(finding) for finding in findings))


def checks_text(checks: Sequence[tuple[str, str, str, str]]) -> str:
    """Return what `doctor` found, a line each: (status, name, detail, hint)."""
    width = max(len(name) for _, name, _, _ in checks)
    lines = []
    for status, name, detail, hint in checks:
        lines.append(f"{status:<4}  {name:<{width}}  {detail}")
        if hint:
            lines.append(f"      {'':<{width}}  -> {hint}")
    return "\n".join(lines)


def _finding(finding: Finding) -> Text:
    fate = "can be rebuilt: reidsearch check --repair" if finding.repairable else "lost"
    crops = f" Crops {_ids(finding.crop_ids)}." if finding.crop_ids else ""
    style = "yellow" if finding.repairable else "red"
    return Text(f"{visible(finding.code)}: {visible(finding.message)} ({fate}){crops}", style=style)


def _ids(crop_ids: Sequence[int], most: int = 20) -> str:
    told = ", ".join(str(crop_id) for crop_id in crop_ids[:most])
    return told if len(crop_ids) <= most else f"{told} and {len(crop_ids) - most:,} more"


def _runs(summary: Summary) -> str:
    told = f"{summary.runs:,}"
    for number, what in (
        (summary.unfinished_runs, "interrupted"),
        (summary.running_runs, "at work just now"),
    ):
        if number:
            told += f", {number:,} {what}"
    return told


def _moment(time: dt.datetime | None) -> str:
    return UNKNOWN if time is None else clock(time)


def _times(summary: Summary) -> str:
    if summary.first_time is None or summary.last_time is None:
        return "none known"
    told = f"{local(summary.first_time)} to {local(summary.last_time)}"
    unknown = summary.crops_without_time
    return told + (f"; unknown for {count(unknown, 'crop')}" if unknown else "")


def known(text: str | None) -> str:
    """Return text from outside made safe to show; a dash where it is not known."""
    return UNKNOWN if text is None else visible(text)


def _pairs(*pairs: tuple[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, Text(value))
    return table
