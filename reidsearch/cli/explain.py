"""`reidsearch explain`: why a match scores what it scores, or what it means that there is none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.explain_absence import Shown, explain_absence, match_of, require_absence
from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.filters import Filtering, search_filters
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_and_case_options, format_option, reason_option
from reidsearch.cli.query_input import (
    PERSON,
    no_adjust_option,
    query_camera_option,
    query_input_options,
    read_query_input,
)
from reidsearch.cli.ranking_options import RankingGiven, ranking_options

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.progress import Progress
    from reidsearch.base.settings import Tiles
    from reidsearch.services.query_input import QueryInput


SEARCH = "Search (--absence)"


@grouped_command("explain")
@argument("words", nargs=-1, metavar="[IMAGE]... [CROP]")
@option("--absence", is_flag=True, help="Explain what it means that somebody was not shown.")
@query_input_options
@option("--identity", group=PERSON, metavar="IDENTITY", help="With --absence: all its crops.")
@query_camera_option
@search_filters
@option("-k", group=SEARCH, default=10, type=click.IntRange(1), help="Matches (default 10).")
@ranking_options(SEARCH)
@no_adjust_option()
@format_option()
@output_option("Draw the explanation")
@model_options
@runtime_options
@archive_and_case_options
@reason_option
def command(
    words: tuple[str, ...],
    absence: bool,
    frame: str | None,
    box: str | None,
    person: int | None,
    as_whole: bool,
    tiles: Tiles | None,
    crops: tuple[int, ...],
    identity: str | None,
    query_camera: str | None,
    filtering: Filtering,
    ranking: RankingGiven,
    k: int,
    no_adjust: bool,
    archive: Address,
    output: Path | None,
    form: str,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Explain a match: which parts matter, and who else scores alike.

    IMAGE (or --crop, --frame) is one picture of the person searched for, as in `query`; CROP is the
    match's crop id. Shown are how the score drops when a stripe of either picture is masked, the
    nearest other people, and the score's place among those of pairs whose truth is known. It shows
    what the model used, not whether it is right.

    --absence searches with IMAGES and filters as `query` does, and says what it means that somebody
    is not among the matches: with which chance this search would have shown them, had they been at
    a camera in an hour: the share of it that was analysed, the share of people of such heights who
    are detected, and the share who rank among what is shown.
    """
    from reidsearch.domain.request import SearchRequest

    if absence:
        request = SearchRequest(
            k=k,
            filters=filtering.filters(),
            adjusted=not no_adjust,
            query_camera=query_camera,
            identity=identity,
            **ranking.of_request(),
        )
        images = tuple(map(Path, words))
        with opened_archive(archive, model, model_path, offline, device) as (opened, progress):
            found = read_query_input(
                opened, progress, images, crops, frame, box, person, tiles, as_whole
            )
            explain_absence(opened, request, found, Shown(form, output))
        return
    require_absence(click.get_current_context())
    image, match = match_of(words)
    _explain_match(
        opened_archive(archive, model, model_path, offline, device),
        lambda opened, progress: read_query_input(
            opened, progress, image, crops, frame, box, person, tiles, as_whole
        ),
        match,
        adjusted=not no_adjust,
        query_camera=query_camera,
        shown=Shown(form, output),
    )


def _explain_match(
    opening: AbstractContextManager[tuple[Archive, Progress]],
    read: Callable[[Archive, Progress], QueryInput],
    match: int,
    *,
    adjusted: bool,
    query_camera: str | None,
    shown: Shown,
) -> None:
    from reidsearch.output import explanation
    from reidsearch.output.emit import emit

    with opening as (opened, progress):
        found = read(opened, progress)
        told = opened.explain(
            found.pictures, match, label=found.label, adjusted=adjusted, query_camera=query_camera
        )
        if shown.output is not None:
            from reidsearch.base.settings import PictureLimits
            from reidsearch.media.pictures import decode
            from reidsearch.output.cards import picture_name
            from reidsearch.output.explanation_picture import explanation_picture

            limits = PictureLimits()
            drawn = explanation_picture(
                told,
                lambda crop_id: decode(opened.picture(crop_id), limits),
                imprint_of(opened),
                name=picture_name(found.pictures[0]),
            )
            write_picture(shown.output, drawn)
    emit(shown.form, explanation.explanation_json(told), explanation.explanation_view(told))
