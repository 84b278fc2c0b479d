"""`reidsearch undo`: reverse a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.decisions import ask_about_others, decision_options
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("undo")
@argument("decision", required=False, type=int)
@option("--mine", is_flag=True, help="Your own last decision, whoever decided since.")
@option("-y", "--yes", is_flag=True, help="Do not ask about a decision of somebody else.")
@decision_options
@format_option()
@archive_and_case_options
def command(
    decision: int | None, mine: bool, yes: bool, archive: Address, note: str, form: str
) -> None:
    """Reverse a decision: the last one in force, or the one with a number.

    DECISION is a number of `reidsearch identity list --decisions`. An undo is a decision too and
    can be undone by its number. A decision that a later one builds on cannot be undone before that
    one; the message names it. A decision of somebody else is shown before it is undone.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    if mine and decision is not None:
        raise UsageError("--mine names your last decision: give no number with it")
    with reading_archive(archive) as opened:
        meant = opened.identities.to_undo(decision, own=mine)
        if not yes:
            said = decided(meant, opened.identities.names())
            ask_about_others(opened, meant.who, meant.at, said)
        made = opened.identities.undo(meant.decision_id, note=note)
        names = opened.identities.names()
    emit(form, decision_document(made), decided(made, names))
