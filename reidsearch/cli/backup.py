"""`reidsearch backup`: a consistent copy."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option


@grouped_command("backup")
@click.argument("target", type=click.Path(path_type=Path), metavar="DEST")
@archive_option
def command(target: Path, archive: Path) -> None:
    """Copy the archive consistently, even while it is being written.

    DEST is a new folder. `reidsearch restore DEST` makes an archive of it again; the index is
    derived and not copied.
    """
    from reidsearch.archive import Archive

    with Archive.open(archive) as opened:
        made = opened.backup(target)
    click.echo(f"{made.crops} crops, {made.size_bytes} bytes, SHA-256 {made.sha256}: {made.folder}")
