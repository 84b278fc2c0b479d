"""`reidsearch delete`: deletion for good."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from reidsearch.cli.options import archive_option, filter_options, filters_from, json_option


@click.command("delete")
@archive_option
@filter_options
@click.option("--crop", "crops", multiple=True, type=int, metavar="ID", help="Only this crop.")
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
def command(
    archive: Path,
    cameras: tuple[str, ...],
    not_cameras: tuple[str, ...],
    after: str | None,
    before: str | None,
    sources: tuple[str, ...],
    timezone: str | None,
    crops: tuple[int, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete crops for good: rows, pictures, embeddings, index entries.

    Counts first and asks. What is deleted is overwritten in the database and left out of the
    index at once. The footage itself is not touched: indexing it again brings its crops back.
    """
    from reidsearch.library import Archive
    from reidsearch.present.answer_json import dumps

    filters = filters_from(cameras, not_cameras, after, before, sources, timezone)
    with Archive.open(archive) as opened:
        plan = opened.delete(filters, crop_ids=crops, dry_run=True)
        if not as_json:
            for line in _plan(plan.crops, plan.sources, plan.unknown_time, plan.unknown_camera):
                click.echo(line)
        if plan.crops and not dry_run:
            if not yes:
                click.confirm("Delete them for good?", abort=True)
            plan = opened.delete(filters, crop_ids=crops)
    if as_json:
        click.echo(dumps({**asdict(plan), "deleted": not dry_run}, indent=2))
    elif plan.crops and not dry_run:
        click.echo(f"deleted {plan.crops} crops")
    if not plan.log_emptied:
        click.echo(
            "another process is reading the archive: deleted pages leave the write-ahead log "
            "when it ends",
            err=True,
        )


def _plan(crops: int, sources: int, unknown_time: int, unknown_camera: int) -> list[str]:
    lines = [f"{crops} crops and {sources} sources that hold nothing else"]
    if unknown_time:
        lines.append(f"{unknown_time} crops stay because their time is not known")
    if unknown_camera:
        lines.append(f"{unknown_camera} crops stay because their camera is not known")
    return lines
