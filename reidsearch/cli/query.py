"""`reidsearch query`: find a person again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reidsearch.base.errors import UsageError
from reidsearch.cli.files import file_option, output_option, write_picture
from reidsearch.cli.filters import (
    CountOrAll,
    Filtering,
    crops_option,
    search_filters,
)
from reidsearch.cli.grouped import OUTPUT, argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import (
    archives_and_case_options,
    format_option,
    reason_option,
    texts_value,
)
from reidsearch.cli.query_input import (
    PERSON,
    no_adjust_option,
    query_camera_option,
    query_input_options,
    read_query_input,
)
from reidsearch.cli.ranking_options import RankingGiven, ranking_options
from reidsearch.cli.sheets import SHEETS, answer_content, tell_sheet, write_sheet
from reidsearch.cli.viewer import open_file, require_viewer

REFINE, RANKING = "Refine", "Ranking"

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.settings import Tiles
    from reidsearch.domain.answers import Answer
    from reidsearch.domain.request import SearchRequest

    GivenOut = Callable[[Archive, Answer, SearchRequest], None]


@grouped_command("query")
@argument("images", nargs=-1, type=click.Path(path_type=Path))
@query_input_options
@option(
    "--identity",
    group=PERSON,
    metavar="IDENTITY",
    help="All confirmed crops of this identity.",
)
@option(
    "--batch",
    group=PERSON,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="CSV of queries: columns image, crop or identity.",
)
@option(
    "--at",
    group=PERSON,
    multiple=True,
    callback=texts_value,
    metavar="PLACE",
    help="Who was at all of these: gate@9:00..9:20. No picture.",
)
@query_camera_option
@crops_option("--like", "likes", help_="A match that shows the person.", group=REFINE)
@crops_option("--unlike", "unlikes", help_="A match that shows someone else.", group=REFINE)
@option(
    "--new-only",
    group=REFINE,
    is_flag=True,
    help="Exclude what is confirmed as the identity.",
)
@search_filters
@option(
    "-k",
    group=RANKING,
    default=10,
    type=CountOrAll(),
    metavar="N|all",
    help="Matches (default 10); all: all above --min-score.",
)
@ranking_options(RANKING)
@option(
    "--prior",
    group=RANKING,
    type=float,
    metavar="P",
    help="Prior probability of a match; default: 1 in all.",
)
@option(
    "--space-time",
    group=RANKING,
    is_flag=True,
    help="Tell what place and time say, of an --identity.",
)
@option(
    "--combine",
    "combined",
    group=RANKING,
    is_flag=True,
    help="Rank by appearance, place and time together.",
)
@no_adjust_option(RANKING)
@option(
    "--order",
    group=RANKING,
    type=click.Choice(["score", "time"]),
    default="score",
    help="Show the matches best first, or earliest first.",
)
@option(
    "--stability",
    group=RANKING,
    is_flag=True,
    help="Ask again with 100 variants of the pictures.",
)
@option(
    "--explain-plan",
    group=RANKING,
    is_flag=True,
    help="Show how it would be searched; do not search.",
)
@format_option()
@option("--statement", group=OUTPUT, is_flag=True, help="Print the whole statement.")
@output_option("Write a contact sheet", SHEETS)
@file_option("--timeline", help_="Draw the matches over time")
@option("--open", "open_sheet", group=OUTPUT, is_flag=True, help="Open the contact sheet.")
@model_options
@runtime_options
@archives_and_case_options
@reason_option
def command(
    images: tuple[Path, ...],
    frame: str | None,
    box: str | None,
    person: int | None,
    as_whole: bool,
    tiles: Tiles | None,
    crops: tuple[int, ...],
    identity: str | None,
    at: tuple[str, ...],
    new_only: bool,
    likes: tuple[int, ...],
    unlikes: tuple[int, ...],
    archive: tuple[Address, ...],
    k: int | None,
    stability: bool,
    explain_plan: bool,
    batch: Path | None,
    filtering: Filtering,
    ranking: RankingGiven,
    space_time: bool,
    combined: bool,
    no_adjust: bool,
    query_camera: str | None,
    order: str,
    prior: float | None,
    form: str,
    statement: bool,
    output: Path | None,
    timeline: Path | None,
    open_sheet: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
    given_out: GivenOut | None = None,  # of `export page query`: instead of printing the answer
) -> None:
    """Find a person again: ranked matches for one or more pictures.

    IMAGES show one person; several are fused. The person is detected and cut out; if there are
    several, the command asks which, and a crop of one is used as it is. Filters are applied before
    ranking, so asking for k gives k whenever k crops pass. Where the archive has several cameras,
    scores are without what all people at a camera have in common (--no-adjust: plain cosine
    similarity); for pictures by one of these cameras, name it (--query-camera). The best by score
    are re-ranked by shared neighbours (--no-rerank: by score only). The answer says what was
    searched, how, and what is missing; a score is no probability: `calibrate` makes it one.

    --stability asks again with 100 variants of the pictures (another box, brightness, compression,
    mirrored, each left out) and says of every match in how many it stays among the first ten.

    --like and --unlike refine the query with crop ids of its answer: liked matches stay on top,
    marked, unliked ones are excluded, and the others are ranked again. A crop stands for its whole
    tracklet. Nothing is stored; `confirm` and `reject` are for decisions.

    --space-time tells apart from appearance how well a match lies on the way between confirmed
    sightings of the identity, by confirmed journeys of others (`transit`); the ranking stays.
    --combine ranks by both; not with a reason of kind exclude, whose question it would answer.

    Several archives (-a A -a B) are asked together, folders and databases mixed, where they have
    the same model: one ranking by plain score, each match with its archive.

    Filters without a query list who passes them: tracklets with their best shot, in order of time,
    or of confidence where --wearing, --with or --without ask for attributes. Two or more --at
    CAMERA@FROM..TO (or a region) ask, without a picture, who may have been at all of these places.
    """
    from reidsearch.cli import query_at, query_browse, query_many, query_several
    from reidsearch.domain.request import Order, SearchRequest

    if at:
        query_at.show_intersection(archive, at, k, form, output, exported=given_out is not None)
        return
    queried = images or crops or frame or batch or explain_plan or identity is not None
    lists = filtering.narrows and not queried and given_out is None
    _require_sense(
        k,
        limited=ranking.limited or lists,
        drawn=bool(output or timeline or open_sheet or given_out),
        listed=batch is not None,
        planned=explain_plan,
        shown=bool(images or crops or frame),
        named=identity is not None or lists,
    )
    first, *others = archive
    query_several.require_one(click.get_current_context(), lists=lists)
    if open_sheet:
        require_viewer()
    filters = filtering.filters()
    if lists:
        query_browse.show_passing(
            first, filters, k, form, whole=statement, output=output, opens=open_sheet
        )
        return
    of_identity: dict[str, Any]
    of_identity = {"new_only": new_only, "space_time": space_time, "combined": combined}
    request = SearchRequest(
        k=k,
        filters=filters,
        prior=prior,
        adjusted=not no_adjust,
        query_camera=query_camera,
        order=Order(order),
        identity=identity,
        likes=likes,
        unlikes=unlikes,
        stability=stability,
        **ranking.of_request(),
        **({} if batch else of_identity),  # in a list rows name the identity
    )
    if others:
        shown = query_several.Shown(form, statement, output, open_sheet)
        settings = query_several.Settings(archive, model, model_path, offline, device)
        query_several.answer_together(
            settings,
            request,
            lambda opened, progress, holds: read_query_input(
                opened, progress, images, crops, frame, box, person, tiles, as_whole, holds
            ),
            shown,
        )
        return
    asked = bool(images or frame) and not explain_plan
    with opened_archive(
        first,
        model,
        model_path,
        offline,
        device,
        shows_pending=True,
        embeds=asked,
        detects=bool(images and not as_whole) or (frame is not None and box is None),
    ) as (opened, progress):
        if explain_plan:
            query_many.show_plan(opened.plan_search(request), form)
            return
        if batch is not None:
            rows = query_many.Listed(batch, request, of_identity, as_whole)
            query_many.answer_list(opened, rows, form, whole=statement)
            return
        found = read_query_input(
            opened, progress, images, crops, frame, box, person, tiles, as_whole
        )
        request = replace(request, query=found.pictures, label=found.label)
        if k is None:
            query_many.show_all(opened, *opened.search_all(request), form, whole=statement)
            return
        answer = opened.search(request)
        if given_out is not None:
            given_out(opened, answer, request)
            return
        absence = query_many.absence_of(opened, answer, form)
        if timeline is not None:
            from reidsearch.output.timeline import timeline as drawn

            imprint = imprint_of(opened, answer.statement.asked_at)
            write_picture(timeline, drawn(opened.footage.coverage(), imprint, answer))
        if output or open_sheet:
            path = output or Path(f"reidsearch-{answer.statement.asked_at:%Y%m%dT%H%M%SZ}.png")
            content = answer_content(opened, answer, request)
            sheets = write_sheet(
                opened, content, imprint_of(opened, answer.statement.asked_at), path
            )
    query_many.show_answer(answer, form, whole=statement, absence=absence)
    if open_sheet:
        open_file(path, keep=output is not None)
    if output or open_sheet:
        tell_sheet(sheets)


def _require_sense(
    k: int | None,
    *,
    limited: bool,
    drawn: bool,
    listed: bool,
    planned: bool,
    shown: bool,
    named: bool,
) -> None:
    """Refuse options that contradict each other, before anything is opened.

    Raises:
        UsageError: they do.
    """
    if k is None and not limited:
        raise UsageError("-k all needs a limit: --min-score or --max-false-alarms")
    if (k is None or listed) and drawn:
        raise UsageError("sheets, pages and timelines show one answer of limited length")
    if planned and drawn:
        raise UsageError("a plan is printed, not drawn: leave --explain-plan or the files out")
    if listed and shown:
        raise UsageError("with --batch the queries come from the list alone")
    if not (shown or named or listed or planned):
        raise UsageError(
            "no query was given: IMAGE..., --crop ID, --identity NAME, or --frame VIDEO@TIME",
            "filters alone, such as --camera or --wearing, list who passes them",
        )
