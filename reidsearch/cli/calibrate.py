"""`reidsearch calibrate`: what turns scores into probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from reidsearch.base.progress import Progress
    from reidsearch.domain.scores import Calibration
    from reidsearch.services.calibration import CalibrationService


@grouped_command("calibrate")
@click.argument("labelled", required=False, metavar="[SET]", type=click.Path(path_type=Path))
@archive_option
@option("--labels", is_flag=True, help="From the person labels that the archive holds.")
@option(
    "--identities", is_flag=True, help="From the identities that were confirmed in the archive."
)
@option(
    "--test",
    "test",
    type=click.Path(path_type=Path),
    metavar="SET",
    help="Judge the archive's calibration on another labelled set.",
)
@option("--show", is_flag=True, help="Show the archive's calibration.")
@option("--forget", is_flag=True, help="Remove it.")
@option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Draw it (PNG).")
@json_option
@model_options
@runtime_options
def command(
    labelled: Path | None,
    archive: Path,
    labels: bool,
    identities: bool,
    test: Path | None,
    show: bool,
    forget: bool,
    output: Path | None,
    as_json: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str,
    streams: int,
    threads: int,
) -> None:
    """Make, show or test what turns scores into probabilities.

    SET is a labelled set of person crops, as `evaluate` takes it: a folder in Market-1501 layout,
    or a manifest with path, person_id, camera_id. It should be like the archive's footage: a
    calibration made elsewhere reads scores too high or too low (--test). Pairs of crops by
    different cameras are compared; 10 people seen by two cameras are the least, 100 or more are
    wanted.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output import calibration as shown
    from reidsearch.output import text
    from reidsearch.output.emit import dumps

    asked = [labelled is not None, labels, identities, test is not None, show, forget]
    if sum(asked) != 1:
        raise UsageError(
            "say one of: SET, --labels, --identities, --test SET, --show, --forget",
            "reidsearch calibrate --help",
        )
    if output is not None and (forget or test is not None):
        raise UsageError("-o draws what is made or shown; there is nothing to draw")
    with opened_archive(archive, model, model_path, offline, device, streams, threads) as (
        opened,
        progress,
    ):
        view = opened.calibration
        if forget:
            gone = view.forget()
            click.echo("The calibration was removed." if gone else "There was no calibration.")
            return
        if test is not None:
            tested = view.test(test, progress=progress)
            document, told = shown.tested_json(tested), shown.tested_view(tested)
        else:
            made = _wanted(view, archive, labelled, labels, identities, progress)
            standing = view.standing()
            document = shown.calibration_json(made, standing)
            told = shown.calibration_view(made, standing)
            if output is not None:
                from reidsearch.output.calibration_picture import calibration_picture

                write_file(output, calibration_picture(made, standing))
    if as_json:
        click.echo(dumps(document, indent=2))
    else:
        text.show(told)


def _wanted(
    view: CalibrationService,
    archive: Path,
    labelled: Path | None,
    labels: bool,
    identities: bool,
    progress: Progress,
) -> Calibration:
    """The calibration that is to be made, or the one there is."""
    from reidsearch.base.errors import NotFound

    if labelled is not None:
        return view.from_set(labelled, progress=progress)
    if labels:
        return view.from_labels(progress=progress)
    if identities:
        return view.from_identities(progress=progress)
    held = view.held()
    if held is None:
        raise NotFound(f"{archive} is uncalibrated", f"reidsearch calibrate SET -a {archive}")
    return held
