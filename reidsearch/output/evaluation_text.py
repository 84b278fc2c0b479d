"""Figures of an evaluation for people: tables, fitted to a terminal, or Markdown for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.visible import count, visible

FIGURES: Mapping[str, tuple[str, Callable[[Quality], float]]] = {
    **{f"rank_{rank}": (f"rank-{rank}", lambda q, rank=rank: q.cmc[rank]) for rank in RANKS},  # type: ignore[misc]
    "map_trapezoid": ("mAP trapezoid", lambda q: q.map_trapezoid),
    "map_step": ("mAP step", lambda q: q.map_step),
    "minp": ("mINP", lambda q: q.minp),
}

_FIGURE_RANKS = dict.fromkeys(FIGURES, 7) | {"rank_1": 1, "map_trapezoid": 2, "minp": 6}
"""Which figures a narrow terminal keeps, the smallest longest."""


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
    """The bare scores and what a search makes of them: every figure, with what it is made of."""
    ways = comparison.ways
    found = ways[-1].evaluation
    parts: list[RenderableType] = [
        Text(f"{ways[0].model}, {comparison.runtime}.", style="bold"),
        *(Text(line) for line in data_lines(found)),
        Text(),
        _figures(ways),
    ]
    if not found.quality.intervals:
        parts.append(Text(f"No intervals: they take {LEAST_PEOPLE} people.", style="dim"))
    for way in ways:
        parts += [Text(), Text(f"Scores, {way.ranking}:"), _rates(way.evaluation)]
    if len(found.by_cameras) > 1:
        parts += [Text(), Text(f"By cameras, {ways[-1].ranking}:"), _cameras(found)]
    if found.worst:
        parts += [Text(), Text(f"Failures, {ways[-1].ranking}:"), _worst(found)]
    return Group(*parts)


def _figures(ways: Sequence[Way]) -> RenderableType:
    columns = [Column("figure", [title for title, _ in FIGURES.values()], 0)]
    for way in ways:
        quality = way.evaluation.quality
        ends = [quality.intervals.get(name) for name in FIGURES]
        intervals = [f"{percent(one[0])} to {percent(one[1])}" if one else "-" for one in ends]
        shares = [percent(figure(quality)) for _, figure in FIGURES.values()]
        columns += [
            Column(f"{way.ranking}, %", shares, 0, right=True),
            Column("95 % interval", intervals, 3, right=True),
        ]
    return FittedTable(columns)


def _rates(found: Evaluation) -> RenderableType:
    if not found.rates:
        return Text("No rates: this ranking has no scores that can be compared between queries.")
    above = ["-" if rate.threshold is None else f"{rate.threshold:.3f}" for rate in found.rates]
    rows = FittedTable(
        [
            Column("false-positive rate", [f"{rate.fpr:g}" for rate in found.rates], 0),
            Column(
                "true-positive rate %",
                [
                    _unmeasured(rate) if rate.tpr is None else percent(rate.tpr)
                    for rate in found.rates
                ],
                0,
                right=True,
                wrapped=True,
            ),
            Column("above score", above, 0, right=True),
        ]
    )
    told = f"{found.negatives:,} pairs of different people, {found.positives:,} of the same."
    return Group(rows, Text(told, style="dim"))


def _unmeasured(rate: Rate) -> str:
    return f"not measurable: needs {rate.needs_negatives:,} pairs of different people"


def _cameras(found: Evaluation) -> RenderableType:
    qualities = list(found.by_cameras.values())
    queries = [f"{quality.valid_queries:,}" for quality in qualities]
    figures = [
        Column(
            title,
            [percent(figure(quality)) for quality in qualities],
            _FIGURE_RANKS[name],
            right=True,
        )
        for name, (title, figure) in FIGURES.items()
    ]
    return FittedTable(
        [
            Column("query camera", [visible(query) for query, _ in found.by_cameras], 0),
            Column("gallery camera", [visible(gallery) for _, gallery in found.by_cameras], 0),
            Column("valid queries", queries, 3, right=True),
            *figures,
        ]
    )


def _worst(found: Evaluation) -> RenderableType:
    worst = found.worst
    return FittedTable(
        [
            Column("worst query", [visible(one.query.name) for one in worst], 0, wrapped=True),
            Column(
                "wrong first match", [visible(one.wrong.name) for one in worst], 1, wrapped=True
            ),
            Column("score", [f"{one.wrong_score:.3f}" for one in worst], 0, right=True),
            Column(
                "best correct crop", [visible(one.right.name) for one in worst], 2, wrapped=True
            ),
            Column("right score", [f"{one.right_score:.3f}" for one in worst], 0, right=True),
            Column("at rank", [f"{one.rank:,}" for one in worst], 0, right=True),
        ]
    )


def comparison_view(comparison: Comparison) -> RenderableType:
    """Ways of searching, one a line."""
    head, lines = _comparison(comparison)
    ranks = {"model": 0, "ranking": 3, "resize": 4, "query": 5}
    ranks |= {title: _FIGURE_RANKS[name] for name, (title, _) in FIGURES.items()}
    rows = FittedTable(
        [
            Column(title, [line[number] for line in lines], ranks.get(title, 9), right=number > 3)
            for number, title in enumerate(head)
        ]
    )
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
