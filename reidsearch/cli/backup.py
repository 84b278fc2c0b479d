"""`reidsearch backup`: a consistent copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("backup")
@argument("target", type=click.Path(path_type=Path), metavar="FOLDER")
@format_option()
@archive_option
def command(target: Path, archive: Address, form: str) -> None:
    """Copy the archive consistently, even while it is being written.

    FOLDER must not exist yet. It receives the database and the archive's settings file, with their
    checksums. `reidsearch restore FOLDER` makes an archive of it again; the index is not copied
    but rebuilt.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import backup_json
    from reidsearch.output.visible import count, size, visible

    with (
        progress_for(name="backup") as progress,
        reading_archive(archive, progress) as opened,
    ):
        made = opened.backup(target, progress=progress)
    document = backup_json(
        str(made.folder), made.crops, made.size_bytes, made.sha256, made.settings_sha256
    )
    emit(
        form,
        document,
        f"{count(made.crops, 'crop')}, {size(made.size_bytes)}, SHA-256 {made.sha256}: "
        f"{visible(str(made.folder))}",
    )
