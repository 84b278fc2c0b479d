"""`reidsearch merge`: archives of several machines become one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.archive_type import ArchiveType
from reidsearch.cli.files import output_option, write_file
from reidsearch.cli.grouped import GENERAL, argument, grouped_command, option
from reidsearch.cli.opening import show_times_of
from reidsearch.cli.options import format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("merge")
@argument("sources", nargs=-1, required=True, type=ArchiveType(), metavar="FROM...")
@argument("target", type=ArchiveType(), metavar="TO")
@output_option("Write old and new ids", (".csv",))
@format_option()
@option("-q", "--quiet", group=GENERAL, is_flag=True, help="Show no progress.")
def command(
    sources: tuple[Address, ...], target: Address, output: Path | None, form: str, quiet: bool
) -> None:
    """Merge archives into one: footage, crops, tracklets, and what was decided.

    FROM and TO are folders or URLs of databases. TO is made where it is absent; FROM is only read.
    The same footage is recognised by its SHA-256 and kept once, with the analysis of TO. Ids
    become new ones (-o writes them all); an identity whose name TO has gets a number behind its
    name: `identity merge` makes one of two. A merge that was cut off goes on with the same command.
    docs/how-to/several-archives.md says what becomes of everything.
    """
    from reidsearch.archive import Archive
    from reidsearch.domain.merging import merge_json
    from reidsearch.output.emit import emit
    from reidsearch.output.merging import map_lines, merge_text
    from reidsearch.output.progress import progress_for
    from reidsearch.services.merging import require_sources

    require_sources(sources)  # before TO is made
    with (
        progress_for(quiet=quiet, name="merge") as progress,
        Archive.open(target, create=True, progress=progress) as opened,
    ):
        show_times_of(opened)
        merged = opened.merging.merge(sources, progress)
        told = merge_json(opened.location, opened.archive_id, merged)
        place = opened.location
    if output is not None:
        write_file(output, "".join(map_lines(merged)).encode())
    emit(form, told, merge_text(place, merged), rows="archives")
