"""`reidsearch relocate`: footage that lies in another folder now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("relocate")
@argument("old")
@argument("new", type=click.Path(path_type=Path))
@option("--dry-run", is_flag=True, help="Only count which sources would be found.")
@option("--note", default="", metavar="TEXT", callback=text_value, help="Why, for the record.")
@format_option()
@archive_and_case_options
def command(old: str, new: Path, archive: Address, dry_run: bool, note: str, form: str) -> None:
    """Record that a folder of footage was moved: clips and frames find it there.

    OLD is how the places begin that `coverage` shows, of another machine too (D:\\cctv); NEW is the
    folder that stands there instead. A file of another size is not taken; bytes are verified when
    a source is first used. To take it back, relocate NEW to OLD.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.footage_text import relocation_text
    from reidsearch.output.reports_json import relocation_json

    with reading_archive(archive) as opened:
        moved = opened.footage.relocate(old, new, dry_run=dry_run, why=note)
    recorded = not dry_run
    emit(form, relocation_json(moved, recorded=recorded), relocation_text(moved, recorded=recorded))
