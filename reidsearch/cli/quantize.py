"""`reidsearch models quantize`: an INT8 model from an archive's crops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.model_options import model_options, runtime_options, runtime_settings
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("quantize")
@format_option()
@model_options
@option(
    "--crops",
    default=300,
    show_default=True,
    type=click.IntRange(50, 5000),
    help="How many to calibrate on, one a tracklet.",
)
@option(
    "--data",
    "sets",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Labelled crops to compare on too: a folder in Market-1501 layout or a manifest.",
)
@option("--suffix", metavar="TEXT", help="Names the model FP16-INT8-TEXT-custom, to keep several.")
@option("--accept", is_flag=True, help="Install it even if it is not accurate enough.")
@runtime_options
@archive_option
def command(
    archive: Address,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    crops: int,
    sets: tuple[Path, ...],
    suffix: str | None,
    accept: bool,
    device: str | None,
    form: str,
) -> int:
    """Make an INT8 model from an archive's crops, compare it, and install it.

    It is calibrated on stored crops of the archive (which is not changed), compared with its model
    on other crops, and installed in the cache as NAME/FP16-INT8-custom only if it is good enough;
    otherwise the exit code is 1. `reidsearch reembed --model NAME/FP16-INT8-custom` uses it for an
    archive. How much faster it is depends on the processor, and is measured. Needs
    pip install 'reidsearch[quantize]'.
    """
    from reidsearch.datasets.readers import read_data
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.quantized import quantized_json, quantized_text
    from reidsearch.services.quantize import quantize_for
    from reidsearch.store.crops.store import Store

    with progress_for(name="quantize") as progress, Store(archive) as store:
        made = quantize_for(
            store,
            model=model,
            suffix=suffix,
            crops=crops,
            data=[read_data(path) for path in sets],
            accept=accept,
            model_path=model_path,
            offline=offline,
            runtime=runtime_settings(device),
            progress=progress,
        )
    emit(form, quantized_json(made), quantized_text(made))
    return 0 if made.model else 1
