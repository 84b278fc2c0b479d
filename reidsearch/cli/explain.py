"""`reidsearch explain`: why a match scores what it scores."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.files import write_file
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import (
    archive_option,
    json_option,
    model_options,
    opened_archive,
    runtime_options,
)
from reidsearch.cli.query_input import query_input_options, read_query_input


@grouped_command("explain")
@click.argument("image", nargs=-1, type=click.Path(path_type=Path))
@click.argument("match", type=int)
@query_input_options
@archive_option
@option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Draw it (PNG).")
@json_option
@model_options
@runtime_options
def command(
    image: tuple[Path, ...],
    match: int,
    frame: str | None,
    box: str | None,
    person: int | None,
    crops: tuple[int, ...],
    archive: Path,
    output: Path | None,
    as_json: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str,
    streams: int,
    threads: int,
) -> None:
    """Explain a match: which parts of both pictures matter, and who else scores like it.

    IMAGE (or --crop, --frame) is one view of the person searched for, as in `query`; MATCH is the
    match's crop id. Told are how the score falls when a stripe of either picture is masked, the
    nearest other people, and the score's place among those of pairs whose truth is known. It says
    what the model looked at, not whether it is right.
    """
    from reidsearch.output import explanation, text
    from reidsearch.output.emit import dumps

    with opened_archive(archive, model, model_path, offline, device, streams, threads) as (
        opened,
        _,
    ):
        found = read_query_input(opened, image, crops, frame, box, person)
        told = opened.explain(found.pictures, match, label=found.label)
        if output is not None:
            from reidsearch.base.settings import PictureLimits
            from reidsearch.media.pictures import decode
            from reidsearch.output.explanation_picture import explanation_picture

            limits = PictureLimits()
            drawn = explanation_picture(
                told, lambda crop_id: decode(opened.picture(crop_id), limits)
            )
            write_file(output, drawn)
    if as_json:
        click.echo(dumps(explanation.explanation_json(told), indent=2))
    else:
        text.show(explanation.explanation_view(told))
