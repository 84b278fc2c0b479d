"""`reidsearch annotate`: record what people wear and carry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.model_options import model_path_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("annotate")
@option("--recognizer", metavar="NAME|FILE", help="The attribute model.")
@format_option()
@model_path_options
@runtime_options
@archive_option
def command(
    archive: Address,
    recognizer: str | None,
    form: str,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> int:
    """Record what people wear and carry, for `query --wearing` and `--with`.

    Works on the stored pictures of every crop that has no attributes yet: bag, backpack, hat, long
    trousers, long hair, and the colours of upper and lower body, each with its confidence. An
    interrupted run continues where it stopped. How reliable they are:
    docs/explanation/attributes.md.
    """
    from reidsearch.output.attributes import annotation_json, annotation_text
    from reidsearch.output.emit import emit

    with opened_archive(archive, None, model_path, offline, device) as (
        opened,
        progress,
    ):
        report = opened.attributes.record(progress, recognizer)
    emit(form, annotation_json(report), annotation_text(report))
    return 1 if report.failed else 0
