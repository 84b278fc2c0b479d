"""`reidsearch neighbours`: find out who is nearest to whom, for re-ranking."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option


@grouped_command("neighbours")
@archive_option
@option("-q", "--quiet", is_flag=True, help="No progress.")
def command(archive: Path, quiet: bool) -> None:
    """Prepare re-ranking of a large archive: who is nearest to whom.

    An index run does so itself as long as it takes no more than a minute or so; beyond that,
    queries are ranked by score alone until this command has run. It works through all crops that
    are new since the last time: twice as many crops take four times as long.
    """
    from reidsearch.archive import Archive
    from reidsearch.output.progress import progress_for

    with progress_for(json_lines=False, quiet=quiet) as progress, Archive.open(archive) as opened:
        opened.neighbours.keep(progress, blocks=None)
        click.echo(f"{len(opened):,} crops know their neighbours.")
