"""`reidsearch query`: find a person again."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.base.errors import UsageError
from reidsearch.cli.files import write_file
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import (
    CountOrAll,
    archive_option,
    attribute_options,
    filter_options,
    filters_from,
    model_options,
    opened_archive,
    runtime_options,
)
from reidsearch.cli.query_input import query_input_options, read_query_input

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.answers import Answer
    from reidsearch.domain.crops import Pixels
    from reidsearch.domain.request import QueryPicture, SearchRequest


@grouped_command("query")
@click.argument("images", nargs=-1, type=click.Path(path_type=Path))
@query_input_options
@option("--identity", metavar="NAME", help="All confirmed views of an identity (`identity list`).")
@option("--new-only", is_flag=True, help="Leave out what is confirmed of that identity.")
@option(
    "--like", "likes", multiple=True, type=int, metavar="ID", help="A match that is the person."
)
@option("--unlike", "unlikes", multiple=True, type=int, metavar="ID", help="A match that is not.")
@archive_option
@option(
    "-k",
    default=10,
    show_default=True,
    type=CountOrAll(),
    help="How many matches; `all`: whatever reaches --min-score.",
)
@option("--exact", is_flag=True, help="Prove that no better match is held.")
@option("--explain-plan", is_flag=True, help="Tell how it would be searched; search nothing.")
@option(
    "--batch",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A CSV of queries: a column `image`, `crop` or `identity`; `query` names one.",
)
@filter_options
@attribute_options
@option("--ungrouped", is_flag=True, help="All views of a tracklet, not only the best.")
@option("--no-rerank", is_flag=True, help="Order by score alone, not by neighbourhoods.")
@option("--min-score", type=click.FloatRange(-1, 1), help="Leave out lower scores.")
@option(
    "--max-false-alarms",
    type=float,
    metavar="N",
    help="Leave out scores that more than N wrong crops are expected to reach (`calibrate`).",
)
@option(
    "--prior",
    type=float,
    metavar="P",
    help="Probability, before its score is known, that a crop searched shows the person. "
    "Default: 1 in the crops searched.",
)
@option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv"]),
    default="table",
    show_default=True,
    help="How the answer is printed.",
)
@option(
    "--sheet", type=click.Path(path_type=Path, dir_okay=False), help="Write a contact sheet (PNG)."
)
@option(
    "--timeline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw cameras over time with the matches (PNG).",
)
@option("--open", "open_sheet", is_flag=True, help="Show the contact sheet.")
@model_options
@runtime_options
def command(
    images: tuple[Path, ...],
    frame: str | None,
    box: str | None,
    person: int | None,
    crops: tuple[int, ...],
    identity: str | None,
    new_only: bool,
    likes: tuple[int, ...],
    unlikes: tuple[int, ...],
    archive: Path,
    k: int | None,
    exact: bool,
    explain_plan: bool,
    batch: Path | None,
    cameras: tuple[str, ...],
    not_cameras: tuple[str, ...],
    after: str | None,
    before: str | None,
    sources: tuple[str, ...],
    timezone: str | None,
    wearing: tuple[str, ...],
    with_things: tuple[str, ...],
    without_things: tuple[str, ...],
    ungrouped: bool,
    no_rerank: bool,
    min_score: float | None,
    max_false_alarms: float | None,
    prior: float | None,
    form: str,
    sheet: Path | None,
    timeline: Path | None,
    open_sheet: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str,
    streams: int,
    threads: int,
) -> None:
    """Find a person again: ranked matches for one or more pictures.

    IMAGES are crops of one person; several are fused. Of a full frame the one person in it is
    taken; if there are several, the answer asks which. Filters are applied before ranking, so
    asking for k gives k whenever k crops pass. The first by score are put in order by their
    neighbourhoods (--no-rerank: by score alone). The answer says what was searched, how, and what
    is missing; a score is a cosine similarity, not a probability: `calibrate` makes it one.

    The same query with --like and --unlike, each with a crop's id as the answer shows it and as
    often as needed, is refined by what you say of its matches: the liked stay on top, marked, the
    unliked are left out, and the others are ranked anew. A view stands for its whole tracklet.
    Nothing is remembered; `confirm` and `reject` are for decisions.
    """
    from reidsearch.cli import query_many
    from reidsearch.domain.request import SearchRequest

    if k is None and min_score is None and max_false_alarms is None:
        raise UsageError("-k all needs --min-score or --max-false-alarms: what is to be reached")
    if (k is None or batch is not None) and (sheet or timeline or open_sheet):
        raise UsageError("sheets and timelines show one answer of limited length")
    if batch is not None and (images or crops or frame):
        raise UsageError("with --batch the list says whom to look for")
    if not (images or crops or frame or identity or batch or explain_plan):
        raise UsageError(
            "say whom to look for: IMAGE..., --crop ID, --identity NAME, or --frame VIDEO@TIME"
        )
    request = SearchRequest(
        k=k,
        filters=filters_from(
            cameras,
            not_cameras,
            after,
            before,
            sources,
            timezone,
            wearing,
            with_things,
            without_things,
        ),
        min_score=min_score,
        max_false_alarms=max_false_alarms,
        prior=prior,
        grouped=not ungrouped,
        exact=exact,
        reranked=not no_rerank,
        identity=identity,
        new_only=new_only,
        likes=likes,
        unlikes=unlikes,
    )
    with opened_archive(archive, model, model_path, offline, device, streams, threads) as (
        opened,
        _,
    ):
        if explain_plan:
            query_many.show_plan(opened.plan_search(request), form)
            return
        if batch is not None:
            query_many.answer_list(opened, batch, form, request)
            return
        found = read_query_input(opened, images, crops, frame, box, person)
        request = replace(request, query=found.pictures, label=found.label)
        if k is None:
            query_many.show_all(*opened.search_all(request), form)
            return
        answer = opened.search(request)
        if timeline is not None:
            from reidsearch.output.timeline import timeline as drawn

            write_file(timeline, drawn(opened.footage.coverage(), answer))
        if sheet or open_sheet:
            path = sheet or Path(f"reidsearch-{answer.statement.asked_at:%Y%m%dT%H%M%SZ}.png")
            _write_sheet(opened, answer, request, path)
    query_many.show_answer(answer, form)
    if sheet or open_sheet:
        click.echo(f"contact sheet: {path}", err=True)
    if open_sheet:
        click.launch(str(path))


def _write_sheet(archive: Archive, answer: Answer, request: SearchRequest, path: Path) -> None:
    from reidsearch.media.pictures import decode, read_picture
    from reidsearch.output.sheet import contact_sheet

    limits = request.limits

    def pixels(picture: QueryPicture) -> Pixels:
        if isinstance(picture, int):
            return decode(archive.picture(picture), limits)
        return read_picture(picture, limits) if isinstance(picture, (str, PathLike)) else picture

    shown = [pixels(one) for one in archive.searching.query_pictures(request)]
    write_file(path, contact_sheet(answer, shown, pixels))
