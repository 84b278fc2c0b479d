"""`reidsearch delete`: delete crops, and keep them out if wished."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.filters import crops_option, filter_options, filters_from
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, format_option, reading_archive
from reidsearch.output.terminal import say

if TYPE_CHECKING:
    from reidsearch.maintenance.erase import Erasure


@grouped_command("delete")
@crops_option("--crop", "crops", help_="Only this crop.", group="Filters")
@filter_options
@option(
    "--keep-out", is_flag=True, help="Index runs never bring back what this deletes of footage."
)
@option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@format_option()
@archive_option
def command(
    archive: Path,
    cameras: tuple[str, ...],
    not_cameras: tuple[str, ...],
    after: str | None,
    before: str | None,
    sources: tuple[str, ...],
    timezone: str | None,
    crops: tuple[int, ...],
    keep_out: bool,
    dry_run: bool,
    yes: bool,
    form: str,
) -> None:
    """Delete crops: rows, pictures, embeddings, index entries.

    Counts first and asks. What is deleted is overwritten in the database and removed from the
    index at once; coverage and every answer say where something was deleted. The footage itself is
    not touched: indexing it again with the same settings brings its crops back, unless --keep-out
    was given (for a retention period, or a person who is to be forgotten).
    """
    from reidsearch.base.progress import NO_PROGRESS
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import deletion_json
    from reidsearch.output.visible import count

    filters = filters_from(cameras, not_cameras, after, before, sources, timezone)
    emptied = True
    with reading_archive(archive, NO_PROGRESS) as opened:  # which would draw over the question
        plan = opened.plan_delete(filters, crop_ids=crops, permanent=keep_out)
        if form == "table":
            for line in _lines(plan):
                say(line)
        deleting = (len(plan.ids) > 0 or plan.sources > 0) and not dry_run
        if deleting:
            if not yes:
                click.confirm("Delete them?", abort=True, err=True)
            with progress_for(name="delete") as progress:
                emptied = opened.delete(plan, progress=progress)
    ids = plan.ids.tolist()
    document = deletion_json(
        ids,
        sources=plan.sources,
        footage=plan.footage,
        unknown_time=plan.unknown_time,
        unknown_camera=plan.unknown_camera,
        deleted=deleting,
    )
    # A source of footage whose crops were deleted earlier has none left to count.
    told = count(len(ids), "crop") if ids else count(plan.sources, "source")
    emit(form, document, f"Deleted {told}." if deleting else None)
    if not emptied:
        say(
            "another process is reading the archive: deleted pages leave the write-ahead log "
            "when it ends",
            err=True,
        )


def _lines(plan: Erasure) -> list[str]:
    from reidsearch.output.visible import count

    lines = [
        f"{count(len(plan.ids), 'crop')}, and {count(plan.sources, 'source')} without other crops"
    ]
    for number, unknown in ((plan.unknown_time, "time"), (plan.unknown_camera, "camera")):
        if number:
            stay = count(number, "crop stays", "crops stay")
            lines.append(f"{stay} because the {unknown} is not known")
    return lines
