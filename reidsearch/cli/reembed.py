"""`reidsearch reembed`: another model for the whole archive."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.options import (
    archive_option,
    model_options,
    opened_archive,
    runtime_options,
)


@click.command("reembed")
@archive_option
@model_options
@runtime_options
def command(
    archive: Path,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str,
    streams: int,
    threads: int,
) -> None:
    """Embed every crop anew with another model, from the stored pictures.

    Queries go on with the old model until all crops are done; an interrupted run goes on where
    it stopped.
    """
    with opened_archive(archive, model, model_path, offline, device, streams, threads) as (
        opened,
        progress,
    ):
        count = opened.reembed(progress=progress)
        now = opened.model
    click.echo(f"embedded {count} crops; the archive's model is now {now.text if now else '?'}")
