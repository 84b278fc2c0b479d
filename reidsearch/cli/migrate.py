"""`reidsearch migrate`: bring an archive to this version."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option


@grouped_command("migrate")
@archive_option
def command(archive: Path) -> None:
    """Bring an archive of an earlier version to this one.

    One transaction: it is migrated whole or not at all. Make a backup first.
    """
    from reidsearch.archive import migrate

    before, after = migrate(archive)
    if before == after:
        click.echo(f"{archive} is of this version already (schema {after})")
    else:
        click.echo(f"{archive}: schema {before} -> {after}")
