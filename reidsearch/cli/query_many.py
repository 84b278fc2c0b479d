"""What `reidsearch query` prints: one answer, all matches, the answers to a list, a plan."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.base.errors import UsageError

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.answers import Answer, Match, Plan, Statement
    from reidsearch.domain.request import Filters
    from reidsearch.search.query_pictures import QueryPicture

COLUMNS = {"query", "image", "crop"}


def show_answer(answer: Answer, form: str) -> None:
    """One answer."""
    if form == "table":
        from reidsearch.output import text

        text.show(text.answer_view(answer))
    elif form == "json":
        from reidsearch.domain.answer_json import answer_json
        from reidsearch.output.emit import dumps

        click.echo(dumps(answer_json(answer), indent=2))
    else:
        show_all(answer.statement, iter(answer.matches), form)


def show_all(statement: Statement, matches: Iterator[Match], form: str) -> None:
    """Matches as they come, in the forms that have a line for each."""
    from reidsearch.domain.answers import Answer

    if form == "csv":
        from reidsearch.output.answer_csv import answer_csv_lines

        for line in answer_csv_lines(statement, matches):
            click.echo(line, nl=False)
    elif form == "jsonl":
        from reidsearch.output.answer_json import jsonl_lines

        for line in jsonl_lines(statement, matches):
            click.echo(line)
    else:
        show_answer(Answer(statement, tuple(matches)), form)


def show_plan(plan: Plan, form: str) -> None:
    """How a search would go."""
    from reidsearch.output.emit import dumps
    from reidsearch.output.plan import plan_json, plan_text

    click.echo(dumps(plan_json(plan)) if form in {"json", "jsonl"} else plan_text(plan))


def answer_list(
    archive: Archive,
    path: Path,
    form: str,
    *,
    k: int,
    filters: Filters,
    min_score: float | None,
    grouped: bool,
    exact: bool,
    reranked: bool,
) -> None:
    """The answers to a list of queries, in its order."""
    named = _queries(path)
    answers = archive.search_many(
        [views for _, views in named],
        k=k,
        filters=filters,
        min_score=min_score,
        grouped=grouped,
        exact=exact,
        reranked=reranked,
    )
    for number, ((name, _), answer) in enumerate(zip(named, answers, strict=True)):
        if form == "csv":
            from reidsearch.output.answer_csv import answer_csv_lines

            lines = answer_csv_lines(answer.statement, answer.matches, head=not number, query=name)
            click.echo("".join(lines), nl=False)
        elif form == "table":
            click.echo(f"\n{name}")
            show_answer(answer, form)
        else:
            from reidsearch.domain.answer_json import answer_json
            from reidsearch.output.emit import dumps

            click.echo(dumps({"query": name, **answer_json(answer)}))


def _queries(path: Path) -> list[tuple[str, list[QueryPicture]]]:
    """Names and views; rows of one name that follow each other are views of one person."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from error
    if not rows or not set(rows[0]) <= COLUMNS or not set(rows[0]) & {"image", "crop"}:
        raise UsageError(
            f"{path} is no list of queries",
            "a CSV with a header: a column `image` or `crop`, and perhaps `query`",
        )
    named = [
        (row.get("query") or row.get("image") or f"crop {row.get('crop')}", _view(path, line, row))
        for line, row in enumerate(rows, start=2)
    ]
    return [
        (name, [view for _, view in some])
        for name, some in itertools.groupby(named, key=lambda pair: pair[0])
    ]


def _view(path: Path, line: int, row: dict[str, str | None]) -> QueryPicture:
    image, crop = row.get("image") or "", row.get("crop") or ""
    if bool(image) == bool(crop):
        raise UsageError(f"{path}, line {line}: give an image or the id of a crop")
    if image:
        return path.parent / image
    if not crop.isdecimal():
        raise UsageError(f"{path}, line {line}: {crop!r} is no id of a crop")
    return int(crop)
