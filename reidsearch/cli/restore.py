"""`reidsearch restore`: an archive from a backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("restore")
@argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER")
@format_option()
@archive_option
def command(source: Path, archive: Address, form: str) -> None:
    """Make an archive from a backup, verified.

    FOLDER is what `reidsearch backup` wrote: its checksums are compared, the database is checked,
    and the index is built. The archive's folder must be new. What the archive deleted after the
    backup was made comes back: treat the backup first, by `delete --backup`, if the archive is
    there.
    """
    from reidsearch import restore
    from reidsearch.output.emit import emit
    from reidsearch.output.origin import origin_lines
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import restoration_json
    from reidsearch.output.terminal import say
    from reidsearch.output.visible import count, visible
    from reidsearch.services.maintenance import backup_origin

    origin = backup_origin(source, archive)
    with progress_for(name="restore") as progress:
        crops = restore(source, archive, progress)
    told = f"Restored {count(crops, 'crop')} to {visible(str(archive))}."
    for line in origin_lines(origin, source):
        say(line, err=True)
    emit(form, restoration_json(str(archive), crops, origin), told)
