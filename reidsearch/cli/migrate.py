"""`reidsearch migrate`: upgrade an archive to this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("migrate")
@format_option()
@archive_option
def command(archive: Address, form: str) -> None:
    """Upgrade an archive of an earlier version to this one.

    One transaction: it is migrated completely or not at all. Make a backup first.
    """
    from reidsearch import migrate
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import migration_json
    from reidsearch.output.visible import visible

    with progress_for(name="migrate"):
        before, after = migrate(archive)
    name = visible(str(archive))
    told = f"{name}: schema {before} -> {after}"
    if before == after:
        told = f"{name} is up to date (schema {after})"
    emit(form, migration_json(str(archive), before, after), told)
    with reading_archive(archive):
        pass  # it tells of what an earlier version has left to do
