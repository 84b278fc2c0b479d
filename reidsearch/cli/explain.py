"""`reidsearch explain`: why a match scores what it scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import argument, grouped_command
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.options import (
    archive_and_case_options,
    format_option,
    model_options,
    opened_archive,
    reason_option,
    runtime_options,
)
from reidsearch.cli.query_input import (
    no_adjust_option,
    query_camera_option,
    query_input_options,
    read_query_input,
)

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.base.settings import Tiles


@grouped_command("explain")
@argument("image", nargs=-1, type=click.Path(path_type=Path))
@argument("match", type=int, metavar="CROP")
@query_input_options
@query_camera_option
@no_adjust_option()
@format_option()
@output_option("Draw the explanation")
@model_options
@runtime_options
@archive_and_case_options
@reason_option
def command(
    image: tuple[Path, ...],
    match: int,
    frame: str | None,
    box: str | None,
    person: int | None,
    as_whole: bool,
    tiles: Tiles | None,
    crops: tuple[int, ...],
    query_camera: str | None,
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
    """
    from reidsearch.output import explanation
    from reidsearch.output.emit import emit

    with opened_archive(archive, model, model_path, offline, device) as (
        opened,
        progress,
    ):
        found = read_query_input(
            opened, progress, image, crops, frame, box, person, tiles, as_whole
        )
        told = opened.explain(
            found.pictures,
            match,
            label=found.label,
            adjusted=not no_adjust,
            query_camera=query_camera,
        )
        if output is not None:
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
            write_picture(output, drawn)
    emit(form, explanation.explanation_json(told), explanation.explanation_view(told))
