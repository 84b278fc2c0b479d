"""`reidsearch doctor`: check the installation, and say what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import (
    decode_option,
    runtime_options,
    runtime_settings,
    which_model_options,
)
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("doctor")
@option(
    "--audit",
    is_flag=True,
    help="Only the archive: false alarms by camera, hour, brightness.",
)
@output_option("Draw the audit by camera and hour")
@format_option()
@which_model_options
@runtime_options
@decode_option
@archive_option
def command(
    archive: Address,
    audit: bool,
    output: Path | None,
    form: str,
    model: str | None,
    model_path: tuple[Path, ...],
    device: str | None,
    decode_device: str | None,
) -> int:
    """Check model, runtime, codecs, disk and archive.

    The model embeds a few test pictures, and the result is compared with the reference vectors.
    Where they differ, the likely cause is named: swapped channels, wrong resize, another model,
    reduced precision. Nothing is changed or downloaded. The exit code is 1 when anything failed; a
    warning is not a failure.

    Of an archive it tells at which cameras its calibration does not hold, by people who were seen
    at once and so are different people, and which cameras were turned, have gone dark or show
    nobody any more. --audit prints the figures of that alone.
    """
    from reidsearch.base.errors import UsageError

    if audit:
        return _audit(archive, form, output)
    if output is not None:
        raise UsageError("-o draws the audit", "give --audit too")
    from reidsearch.doctor import examine
    from reidsearch.output.emit import emit
    from reidsearch.output.hints import advice_on
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import checks_json
    from reidsearch.output.text import checks_text

    with progress_for(quiet=form != "table", name="doctor") as progress:
        checks = examine(
            archive,
            model=model,
            model_path=model_path,
            runtime=runtime_settings(device, decode_device=decode_device),
            progress=progress,
        )
    rows = [
        (check.status, check.name, check.detail, advice_on(check.kind, check.fields, check.hint))
        for check in checks
    ]
    emit(form, checks_json(rows), checks_text(rows), "checks")
    return 1 if any(check.status == "fail" for check in checks) else 0


def _audit(archive: Address, form: str, output: Path | None) -> int:
    """Print the audit of an archive, and draw it."""
    from reidsearch.output import audit
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for

    with (
        progress_for(quiet=form != "table", name="doctor") as progress,
        reading_archive(archive, progress) as opened,
    ):
        found = opened.audit(progress=progress)
        if output is not None:
            from reidsearch.output.audit_picture import audit_picture

            write_picture(output, audit_picture(found, imprint_of(opened)))
    emit(form, audit.audit_json(found), audit.audit_view(found), "rows")
    return 0
