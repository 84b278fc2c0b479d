"""`reidsearch reembed`: another model, or flip averaging, for the whole archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.model_options import flip_option, model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("reembed")
@format_option()
@model_options
@flip_option
@runtime_options
@archive_option
def command(
    archive: Address,
    form: str,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    flip: bool | None,
    device: str | None,
) -> None:
    """Re-embed crops and photographs, with another model or flip averaging.

    Works on the stored pictures. Queries use the old embeddings until all crops are done; an
    interrupted run continues where it stopped.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.reports_json import reembedding_json
    from reidsearch.output.visible import count, visible

    with opened_archive(archive, model, model_path, offline, device, flip=flip) as (
        opened,
        progress,
    ):
        crops = opened.reembed(progress=progress)
        now = opened.model
        apart = opened.maintenance.separation()
    name = visible(now.text) if now else "none"
    lines = [f"Re-embedded {count(crops, 'crop')}; the archive's model is now {name}."]
    if apart is not None:
        lines.append(
            f"Doubtful model: {apart.doubt}." if apart.doubt else f"On this archive: {apart.text}."
        )
    emit(form, reembedding_json(crops, now, apart), "\n".join(lines))
