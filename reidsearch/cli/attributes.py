"""`reidsearch attributes`: record what people wear and carry."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import (
    archive_option,
    model_path_options,
    opened_archive,
    runtime_options,
)


@grouped_command("attributes")
@archive_option
@model_path_options
@runtime_options
def command(
    archive: Path,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str,
    streams: int,
    threads: int,
) -> int:
    """Record what people wear and carry, for `query --wearing`, `--with` and `--without`.

    From the stored pictures of everything that is indexed and has no attributes yet: bag,
    backpack, hat, long trousers, long hair, and the colours of upper and lower body, each with its
    confidence. An interrupted run goes on where it stopped. How far they can be relied on:
    docs/explanation/attributes.md.
    """
    from reidsearch.output.attributes import recorded

    with opened_archive(archive, None, model_path, offline, device, streams, threads) as (
        opened,
        progress,
    ):
        report = opened.attributes.record(progress)
    click.echo(recorded(report))
    return 1 if report.failed else 0
