"""`reidsearch calibrate`: turn scores into probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.base.progress import Progress
    from reidsearch.domain.scores import Calibration
    from reidsearch.services.calibration import CalibrationService


@grouped_command("calibrate")
@argument("labelled", required=False, metavar="[SET]", type=click.Path(path_type=Path))
@option("--labels", is_flag=True, help="Use the person labels stored in the archive.")
@option("--identities", is_flag=True, help="Use the identities confirmed in the archive.")
@option(
    "--test",
    "test",
    type=click.Path(path_type=Path),
    metavar="SET",
    help="Test the archive's calibration on another labelled set.",
)
@option("--show", is_flag=True, help="Show the archive's calibration.")
@option("--forget", is_flag=True, help="Remove the archive's calibration.")
@format_option()
@output_option("Draw the calibration")
@model_options
@runtime_options
@archive_option
def command(
    labelled: Path | None,
    archive: Address,
    labels: bool,
    identities: bool,
    test: Path | None,
    show: bool,
    forget: bool,
    output: Path | None,
    form: str,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Calibrate scores to probabilities; show or test a calibration.

    SET is a labelled set of person crops, as `evaluate` takes it: a folder in Market-1501 layout,
    or a manifest with path, person_id, camera_id. It should resemble the archive's footage: a
    calibration from other footage reads scores too high or too low (--test). Pairs of crops from
    different cameras are compared; at least 10 people seen by two cameras are needed, 100 or more
    are recommended.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output import calibration as views
    from reidsearch.output.emit import emit

    chosen = [labelled is not None, labels, identities, test is not None, show, forget]
    if sum(chosen) != 1:
        raise UsageError(
            "give one of: SET, --labels, --identities, --test SET, --show, --forget",
            "reidsearch calibrate --help",
        )
    if output is not None and (forget or test is not None):
        raise UsageError("-o draws a calibration that is made or shown; there is none to draw")
    with opened_archive(archive, model, model_path, offline, device) as (
        opened,
        progress,
    ):
        service = opened.calibration
        if forget:
            gone = service.forget()
            told = "The calibration was removed." if gone else "There was no calibration."
            emit(form, views.removal_json(gone), told)
            return
        if test is not None:
            tested = service.test(test, progress=progress)
            emit(form, views.tested_json(tested), views.tested_view(tested))
            return
        made = _calibration(service, archive, labelled, labels, identities, progress)
        status = service.status()
        imprint = imprint_of(opened)
    if output is not None:
        from reidsearch.output.calibration_picture import calibration_picture

        write_picture(output, calibration_picture(made, status, imprint))
    emit(
        form,
        views.calibration_json(made, status),
        views.calibration_view(made, status),
        "scores",
    )


def _calibration(
    service: CalibrationService,
    archive: Address,
    labelled: Path | None,
    labels: bool,
    identities: bool,
    progress: Progress,
) -> Calibration:
    """Return the calibration that is to be made, or the stored one."""
    from reidsearch.base.errors import NotFound

    if labelled is not None:
        return service.from_set(labelled, progress=progress)
    if labels:
        return service.from_labels(progress=progress)
    if identities:
        return service.from_identities(progress=progress)
    stored = service.held()
    if stored is None:
        raise NotFound(f"{archive} is uncalibrated", f"reidsearch calibrate SET -a {archive}")
    return stored
