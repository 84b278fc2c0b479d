"""`reidsearch reembed`: another model, or flip averaging, for the whole archive."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import (
    archive_option,
    flip_option,
    model_options,
    opened_archive,
    runtime_options,
)


@grouped_command("reembed")
@archive_option
@model_options
@flip_option
@runtime_options
def command(
    archive: Path,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    flip: bool | None,
    device: str,
    streams: int,
    threads: int,
) -> None:
    """Embed every crop anew, by another model or with flip averaging.

    From the stored pictures. Queries go on with the old embeddings until all crops are done; an
    interrupted run goes on where it stopped.
    """
    with opened_archive(
        archive, model, model_path, offline, device, streams, threads, flip=flip
    ) as (opened, progress):
        count = opened.reembed(progress=progress)
        now = opened.model
    click.echo(f"embedded {count} crops; the archive's model is now {now.text if now else '?'}")
