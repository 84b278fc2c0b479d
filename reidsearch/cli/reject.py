"""`reidsearch reject`: record that matches show someone else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.decisions import decision_options
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("reject")
@argument("matches", nargs=-1, required=True, type=int, metavar="CROP...")
@option(
    "--as", "name", required=True, metavar="IDENTITY", callback=text_value, help="The identity."
)
@decision_options
@format_option()
@archive_and_case_options
def command(matches: tuple[int, ...], name: str, archive: Address, note: str, form: str) -> None:
    """Record that matches do not show an identity.

    CROP is a crop id, as every answer shows it; a crop of a tracklet stands for the whole
    tracklet. A match that was confirmed as this identity is removed from it. Searches for the
    identity exclude rejected matches, other answers mark them. Every decision can be undone:
    `reidsearch undo`.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    with reading_archive(archive) as opened:
        decision = opened.identities.reject(name, matches, note=note)
        names = opened.identities.names()
    emit(form, decision_document(decision), decided(decision, names))
