"""`reidsearch restore`: an archive from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option


@grouped_command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@archive_option
def command(source: Path, archive: Path) -> None:
    """Make an archive from a backup, verified.

    SOURCE is what `reidsearch backup` wrote; its checksum is compared, the database checked, and
    the index built. The archive's folder must be new.
    """
    from reidsearch.archive import restore
    from reidsearch.output.progress import progress_for

    with progress_for() as progress:
        crops = restore(source, archive, progress)
    click.echo(f"restored {crops} crops to {archive}")
