"""`reidsearch pictures`: where an archive's pictures are, and moving them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("pictures")
@option(
    "--to",
    metavar="PLACE",
    callback=text_value,
    help="Move them: database, objects, s3://BUCKET/FOLDER or file:///FOLDER.",
)
@format_option()
@archive_option
def command(to: str | None, archive: Address, form: str) -> None:
    """Tell where the pictures of crops are, or move them.

    They are in the database, or by choice in an S3-compatible store or a folder;
    `--to objects` is the bucket that the settings name. Each is read back and
    proven before it is recorded; new ones go there too. What is cut off goes on
    with the same command.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.pictures import kept_json, kept_view, moved_json, moved_text

    with reading_archive(archive) as opened:
        if to is None:
            kept = opened.pictures.kept()
            emit(form, kept_json(kept), kept_view(kept))
        else:
            moved = opened.pictures.move(to)
            emit(form, moved_json(moved), moved_text(moved))
