"""`reidsearch evaluate`: how well people are found again, on labelled crops."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import (
    flip_option,
    model_path_options,
    runtime_options,
    runtime_settings,
)
from reidsearch.cli.options import archive_option, format_option
from reidsearch.output.terminal import say

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.figures import Comparison

AXES = ("models", "resizes", "flips", "rankings", "fusions")
LABELLED, COMPARING = "Labelled crops", "Models and comparison"
LABELS = ("persons", "identities")


@grouped_command("evaluate")
@argument("data", required=False, type=click.Path(path_type=Path))
@option(
    "--query-camera",
    "query_cameras",
    group=LABELLED,
    multiple=True,
    metavar="NAME",
    help="Search for crops of this camera.",
)
@option(
    "--gallery-camera",
    "gallery_cameras",
    group=LABELLED,
    multiple=True,
    metavar="NAME",
    help="Search in crops of this camera.",
)
@option(
    "--labels",
    group=LABELLED,
    type=click.Choice(LABELS),
    metavar="KIND",
    help="Of an archive: persons (default) or identities.",
)
@option("--compare", "compared", group=COMPARING, is_flag=True, help="Compare ways of searching.")
@option(
    "--axis",
    "axes",
    group=COMPARING,
    multiple=True,
    type=click.Choice(AXES),
    metavar="AXIS",
    help="models, resizes, flips, rankings, fusions; default: all.",
)
@option(
    "--model",
    "models",
    group=COMPARING,
    multiple=True,
    metavar="NAME|FILE",
    help="Name (`models list`) or .xml, .onnx; repeatable.",
)
@format_option("markdown")
@output_option("Draw curve, scores and failures")
@flip_option
@model_path_options
@runtime_options
@archive_option
def command(
    data: Path | None,
    archive: Address,
    query_cameras: tuple[str, ...],
    gallery_cameras: tuple[str, ...],
    labels: str | None,
    compared: bool,
    axes: tuple[str, ...],
    models: tuple[str, ...],
    form: str,
    output: Path | None,
    flip: bool | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Measure search accuracy on labelled crops.

    DATA is a folder in Market-1501 layout (query/, bounding_box_test/) or a manifest as `index`
    takes it (path, person_id, camera_id). Without it the labelled crops of the archive are
    evaluated, with its stored embeddings; where crops have no person labels, confirmed identities
    are used instead (`confirm`), and the output says so. By the usual protocol, crops of the
    query's person from the query's camera do not count; a search never excludes them.

    --compare varies the model, the resizing, flip averaging, the ranking and the fusion of several
    query pictures, each alone. With one --model or none all models of the catalogue are compared;
    with several these, and the other axes vary on the first.

    The picture of failures shows the people of your data: mind where you put it.
    """
    from reidsearch.archive import Archive
    from reidsearch.base.errors import UsageError
    from reidsearch.datasets.readers import read_data
    from reidsearch.evaluation.compare import evaluate_data
    from reidsearch.output.progress import progress_for

    if axes and not compared:
        raise UsageError("--axis says what --compare varies", "add --compare")
    if len(models) > 1 and not compared:
        raise UsageError("several models are compared", "add --compare, or name one")
    source = click.get_current_context().get_parameter_source("archive")
    if data is not None and source is ParameterSource.COMMANDLINE:
        raise UsageError("DATA and --archive are two data sets", "give one of them")
    if data is not None and labels is not None:
        raise UsageError("--labels is about an archive", "leave DATA or --labels out")
    with ExitStack() as stack:
        progress = stack.enter_context(progress_for(name="evaluate"))
        if data is None:
            opened = stack.enter_context(Archive.open(archive, progress=progress))
            labelled = opened.labelled(labels)
        else:
            labelled = read_data(data)
        found = evaluate_data(
            labelled.of_cameras(query_cameras, gallery_cameras),
            models,
            axes=(axes or AXES) if compared else (),
            flip=flip,
            model_path=model_path,
            offline=offline,
            runtime=runtime_settings(device),
            progress=progress,
        )
        if output is not None:
            from reidsearch.output.evaluation_picture import evaluation_picture

            imprint = imprint_of(opened if data is None else None)
            write_picture(output, evaluation_picture(found.ways[0], imprint))
    _print(found, form, compared)


def _print(found: Comparison, form: str, compared: bool) -> None:
    from reidsearch.output import evaluation_text
    from reidsearch.output.emit import emit
    from reidsearch.output.evaluation_json import comparison_json

    if form == "markdown":
        say(evaluation_text.markdown(found))
        return
    view = evaluation_text.comparison_view if compared else evaluation_text.evaluation_view
    emit(form, comparison_json(found), view(found), "ways")
