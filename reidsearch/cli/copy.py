"""`reidsearch copy`: an archive at another address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.archive_type import ArchiveType
from reidsearch.cli.grouped import argument, grouped_command
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("copy")
@argument("source", type=ArchiveType(), metavar="FROM")
@argument("target", type=ArchiveType(), metavar="TO")
@format_option()
def command(source: Address, target: Address, form: str) -> None:
    """Copy an archive to another folder or database, verified.

    FROM and TO are folders or postgresql:// addresses, of one kind or of two. It is the same
    archive there, with its event log and decisions; go on with one of both. FROM may be written
    meanwhile: one state of it is copied. What ends the command, the same command goes on from
    there; until it is done, TO cannot be opened. The index is not copied but built.
    """
    from reidsearch.output.copied import copy_json, copy_lines
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for

    with (
        progress_for(name="copy") as progress,
        reading_archive(source, progress) as opened,
    ):
        made = opened.copy(target, progress=progress)
    emit(form, copy_json(made), "\n".join(copy_lines(made)))
