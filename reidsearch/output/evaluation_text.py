"""Figures of an evaluation for people: tables, fitted to a terminal, or Markdown for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.figures import (
    LEAST_PEOPLE,
    RANKS,
    Comparison,
    Evaluation,
    Quality,
    Rate,
    Way,
)
from reidsearch.output.text import table
from reidsearch.output.visible import count, visible

FIGURES: Mapping[str, tuple[str, Callable[[Quality], float]]] = {
    **{f"rank_{rank}": (f"rank-{rank}", lambda q, rank=rank: q.cmc[rank]) for rank in RANKS},  # type: ignore[misc]
    "map_trapezoid": ("mAP trapezoid", lambda q: q.map_trapezoid),
    "map_step": ("mAP step", lambda q: q.map_step),
    "minp": ("mINP", lambda q: q.minp),
}


def percent(share: float) -> str:
    """A share between 0 and 1, in per cent."""
    return f"{100 * share:.2f}"


def data_lines(found: Evaluation) -> list[str]:
    """What was evaluated, in sentences."""
    distractors = f", {found.distractors:,} of them distractors" if found.distractors else ""
    return [
        f"{visible(found.data)}: {count(found.queries, 'query', 'queries')} of "
        f"{count(found.people, 'person', 'people')}, {count(found.gallery, 'gallery crop')}"
        f"{distractors}, cameras {', '.join(map(visible, found.cameras))}.",
        *(f"{visible(note)}." for note in found.notes),
        f"{count(found.quality.valid_queries, 'valid query', 'valid queries')} (a right crop by "
        "another camera is in the gallery); the others count nowhere.",
    ]


def evaluation_view(comparison: Comparison) -> RenderableType:
    """One way of searching: every figure, with what it is made of."""
    way = comparison.ways[0]
    found = way.evaluation
    parts: list[RenderableType] = [
        Text(f"{way.model}, {way.ranking}, {comparison.runtime}.", style="bold"),
        *(Text(line) for line in data_lines(found)),
        Text(),
        _figures(found.quality),
    ]
    if not found.quality.intervals:
        parts.append(Text(f"No intervals: they take {LEAST_PEOPLE} people.", style="dim"))
    parts += [Text(), _rates(found)]
    if len(found.by_cameras) > 1:
        parts += [Text(), _cameras(found)]
    if found.worst:
        parts += [Text(), _worst(found)]
    return Group(*parts)


def _figures(quality: Quality) -> RenderableType:
    rows = table("figure")
    rows.add_column("%", justify="right")
    rows.add_column("95 % interval", justify="right")
    for name, (title, figure) in FIGURES.items():
        interval = quality.intervals.get(name)
        ends = f"{percent(interval[0])} to {percent(interval[1])}" if interval else "-"
        rows.add_row(title, percent(figure(quality)), ends)
    return rows


def _rates(found: Evaluation) -> RenderableType:
    rows = table("false-positive rate")
    rows.add_column("true-positive rate %", justify="right")
    rows.add_column("above score", justify="right")
    for rate in found.rates:
        if rate.tpr is None or rate.threshold is None:
            rows.add_row(f"{rate.fpr:g}", _unmeasured(rate), "-")
        else:
            rows.add_row(f"{rate.fpr:g}", percent(rate.tpr), f"{rate.threshold:.3f}")
    told = (
        f"{found.negatives:,} pairs of different people, {found.positives:,} of the same."
        if found.rates
        else "No rates: this ranking has no scores that can be compared between queries."
    )
    return Group(rows, Text(told, style="dim")) if found.rates else Text(told)


def _unmeasured(rate: Rate) -> str:
    return f"not measurable: needs {rate.needs_negatives:,} pairs of different people"


def _cameras(found: Evaluation) -> RenderableType:
    rows = table("query by", "gallery by")
    for title in ("valid queries", *(title for title, _ in FIGURES.values())):
        rows.add_column(title, justify="right")
    for (query, gallery), quality in found.by_cameras.items():
        rows.add_row(
            visible(query),
            visible(gallery),
            f"{quality.valid_queries:,}",
            *(percent(figure(quality)) for _, figure in FIGURES.values()),
        )
    return rows


def _worst(found: Evaluation) -> RenderableType:
    rows = table("worst query", "first, wrongly")
    rows.add_column("score", justify="right")
    rows.add_column("best right crop", overflow="fold")
    rows.add_column("score", justify="right")
    rows.add_column("at rank", justify="right")
    for each in found.worst:
        rows.add_row(
            Text(visible(each.query.name)),
            Text(visible(each.wrong.name)),
            f"{each.wrong_score:.3f}",
            Text(visible(each.right.name)),
            f"{each.right_score:.3f}",
            f"{each.rank:,}",
        )
    return rows


def comparison_view(comparison: Comparison) -> RenderableType:
    """Ways of searching, one a line."""
    head, lines = _comparison(comparison)
    rows = table()
    for number, title in enumerate(head):
        rows.add_column(title, justify="right" if number > 3 else "left", overflow="fold")
    for line in lines:
        rows.add_row(*line)
    told = [Text(line) for line in data_lines(comparison.ways[0].evaluation)]
    missing = [
        Text(f"{name} is missing here: {visible(why)}", style="yellow")
        for name, why in comparison.missing
    ]
    return Group(*told, Text(f"{comparison.runtime}."), Text(), rows, *missing)


def markdown(comparison: Comparison) -> str:
    """The same as a table in Markdown, without a line end."""
    head, lines = _comparison(comparison)
    under = ["---" if number <= 3 else "--:" for number in range(len(head))]
    rows = [f"| {' | '.join(line)} |" for line in (head, under, *lines)]
    notes = comparison.ways[0].evaluation.notes
    return "\n".join([*rows, *("", *(f"{visible(note)}." for note in notes))]).rstrip()


def _comparison(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Title and lines of the table; shares in per cent, times in milliseconds."""
    head = [
        "model",
        "resize",
        "ranking",
        "query",
        "valid queries",
        *(title for title, _ in FIGURES.values()),
    ]
    rates = comparison.ways[0].evaluation.rates
    head += [f"TPR at FPR {rate.fpr:g}" for rate in rates]
    head += ["embed ms", "rank ms", "prepare s"]
    return head, [_line(way, len(rates)) for way in comparison.ways]


def _line(way: Way, rates: int) -> list[str]:
    quality, told = way.evaluation.quality, way.evaluation.rates
    cells = ["-" if rate.tpr is None else percent(rate.tpr) for rate in told] or ["-"] * rates
    return [
        visible(way.model),
        way.resize,
        way.ranking,
        way.query,
        f"{quality.valid_queries:,}",
        *(percent(figure(quality)) for _, figure in FIGURES.values()),
        *cells,
        "-" if way.embed_s is None else f"{1000 * way.embed_s:.1f}",
        f"{1000 * way.rank_s:.2f}",
        f"{way.prepare_s:.2f}",
    ]
