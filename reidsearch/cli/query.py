"""`reidsearch query`: find a person again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.options import (
    archive_option,
    attribute_options,
    filter_options,
    filters_from,
    model_options,
    opened_archive,
    runtime_options,
    write_file,
)

if TYPE_CHECKING:
    from reidsearch.library import Archive
    from reidsearch.records import Answer, Pixels


@click.command("query")
@click.argument("images", nargs=-1, type=click.Path(path_type=Path))
@click.option("--frame", metavar="VIDEO@TIME", help="A frame of any video, or a full picture.")
@click.option("--box", metavar="X,Y,W,H", help="Where in that frame the person is.")
@click.option("--person", type=click.IntRange(1), help="Who in it (`reidsearch people`).")
@click.option("--crop", "crops", multiple=True, type=int, metavar="ID", help="A crop held already.")
@click.option(
    "--identity", metavar="NAME", help="All confirmed views of an identity (`identity list`)."
)
@click.option("--new-only", is_flag=True, help="Leave out what is confirmed of that identity.")
@archive_option
@click.option("-k", default=10, show_default=True, type=click.IntRange(1), help="How many matches.")
@filter_options
@attribute_options
@click.option("--ungrouped", is_flag=True, help="All views of a tracklet, not only the best.")
@click.option("--min-score", type=click.FloatRange(-1, 1), help="Leave out lower scores.")
@click.option(
    "--max-false-alarms",
    type=float,
    metavar="N",
    help="Leave out scores that more than N wrong crops are expected to reach (`calibrate`).",
)
@click.option(
    "--prior",
    type=float,
    metavar="P",
    help="Probability, before its score is known, that a crop searched shows the person. "
    "Default: 1 in the crops searched.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv"]),
    default="table",
    show_default=True,
    help="How the answer is printed.",
)
@click.option(
    "--sheet", type=click.Path(path_type=Path, dir_okay=False), help="Write a contact sheet (PNG)."
)
@click.option(
    "--timeline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw cameras over time with the matches (PNG).",
)
@click.option("--open", "open_sheet", is_flag=True, help="Show the contact sheet.")
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
    archive: Path,
    k: int,
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
    asking for k gives k whenever k crops pass. The answer says what was searched, how, and what
    is missing; a score is a cosine similarity, not a probability: `calibrate` makes it one.
    """
    from reidsearch.cli.whom import whom

    filters = filters_from(
        cameras,
        not_cameras,
        after,
        before,
        sources,
        timezone,
        wearing,
        with_things,
        without_things,
    )
    with opened_archive(archive, model, model_path, offline, device, streams, threads) as (
        opened,
        _,
    ):
        shown = whom(opened, images, crops, frame, box, person, identity)
        answer = opened.search(
            shown.views,
            k=k,
            filters=filters,
            min_score=min_score,
            max_false_alarms=max_false_alarms,
            prior=prior,
            grouped=not ungrouped,
            shown_as=shown.text,
            identity=identity,
            new_only=new_only,
        )
        if timeline is not None:
            from reidsearch.present.timeline import timeline as drawn

            write_file(timeline, drawn(opened.footage.coverage(), answer))
        if sheet or open_sheet:
            path = sheet or Path(f"reidsearch-{answer.statement.asked_at:%Y%m%dT%H%M%SZ}.png")
            views = [*shown.views, *opened.identities.asked(identity).own]
            _write_sheet(opened, answer, views, path)
    _print(answer, form)
    if sheet or open_sheet:
        click.echo(f"contact sheet: {path}", err=True)
    if open_sheet:
        click.launch(str(path))


def _print(answer: Answer, form: str) -> None:
    if form == "table":
        from reidsearch.present import text

        text.show(text.answer_view(answer))
    elif form == "csv":
        from reidsearch.present.answer_csv import answer_csv

        click.echo(answer_csv(answer), nl=False)
    else:
        from reidsearch.present.answer_json import answer_json, answer_jsonl, dumps

        if form == "json":
            click.echo(dumps(answer_json(answer), indent=2))
        else:
            for line in answer_jsonl(answer):
                click.echo(line)


def _write_sheet(archive: Archive, answer: Answer, views: list[Pixels | int], path: Path) -> None:
    from reidsearch.footage.pictures import decode
    from reidsearch.present.sheet import contact_sheet
    from reidsearch.settings import PictureLimits

    limits = PictureLimits()
    asked = [
        decode(archive.picture(view), limits) if isinstance(view, int) else view for view in views
    ]
    sheet = contact_sheet(answer, asked, lambda crop_id: decode(archive.picture(crop_id), limits))
    write_file(path, sheet)
