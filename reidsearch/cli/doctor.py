"""`reidsearch doctor`: check the installation, and say what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import (
    archive_option,
    format_option,
    runtime_options,
    runtime_settings,
    which_model_options,
)

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("doctor")
@format_option()
@which_model_options
@runtime_options
@archive_option
def command(
    archive: Address,
    form: str,
    model: str | None,
    model_path: tuple[Path, ...],
    device: str | None,
) -> int:
    """Check model, runtime, codecs, disk and archive.

    The model embeds a few test pictures, and the result is compared with the reference vectors.
    Where they differ, the likely cause is named: swapped channels, wrong resize, another model,
    reduced precision. Nothing is changed or downloaded. The exit code is 1 when anything failed; a
    warning is not a failure.
    """
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
            runtime=runtime_settings(device),
            progress=progress,
        )
    rows = [
        (check.status, check.name, check.detail, advice_on(check.kind, check.fields, check.hint))
        for check in checks
    ]
    emit(form, checks_json(rows), checks_text(rows), "checks")
    return 1 if any(check.status == "fail" for check in checks) else 0
