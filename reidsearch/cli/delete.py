"""`reidsearch delete`: deletion for good."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, filter_options, filters_from, json_option

if TYPE_CHECKING:
    from reidsearch.maintenance.erase import Erasure


@grouped_command("delete")
@archive_option
@filter_options
@option("--crop", "crops", multiple=True, type=int, metavar="ID", help="Only this crop.")
@option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
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
    from reidsearch.archive import Archive
    from reidsearch.output.emit import dumps

    filters = filters_from(cameras, not_cameras, after, before, sources, timezone)
    emptied = True
    with Archive.open(archive) as opened:
        plan = opened.plan_delete(filters, crop_ids=crops)
        if not as_json:
            for line in _lines(plan):
                click.echo(line)
        wanted = len(plan.ids) > 0 and not dry_run
        if wanted:
            if not yes:
                click.confirm("Delete them for good?", abort=True, err=True)
            emptied = opened.delete(plan)
    if as_json:
        click.echo(dumps({**asdict(plan), "ids": plan.ids.tolist(), "deleted": wanted}, indent=2))
    elif wanted:
        click.echo(f"deleted {len(plan.ids)} crops")
    if not emptied:
        click.echo(
            "another process is reading the archive: deleted pages leave the write-ahead log "
            "when it ends",
            err=True,
        )


def _lines(plan: Erasure) -> list[str]:
    lines = [f"{len(plan.ids)} crops, and {plan.sources} sources that hold nothing else"]
    if plan.unknown_time:
        lines.append(f"{plan.unknown_time} crops stay because their time is not known")
    if plan.unknown_camera:
        lines.append(f"{plan.unknown_camera} crops stay because their camera is not known")
    return lines
