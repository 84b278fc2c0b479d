"""`reidsearch undo`: reverse a decision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.decisions import decision_options
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.options import archive_and_case_options, format_option, reading_archive

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.decisions import Decision


@grouped_command("undo")
@argument("decision", required=False, type=int)
@option("--mine", is_flag=True, help="Your own last decision, whoever decided since.")
@option("-y", "--yes", is_flag=True, help="Do not ask about a decision of somebody else.")
@decision_options
@format_option()
@archive_and_case_options
def command(
    decision: int | None, mine: bool, yes: bool, archive: Path, note: str, form: str
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
            _ask_about_others(opened, meant)
        made = opened.identities.undo(meant.decision_id, note=note)
        names = opened.identities.names()
    emit(form, decision_document(made), decided(made, names))


def _ask_about_others(archive: Archive, meant: Decision) -> None:
    """Ask before somebody else's decision is undone: they may not know.

    Raises:
        click.Abort: it is not to be undone.
    """
    from reidsearch.base.timecode import iso
    from reidsearch.output.identities import decided
    from reidsearch.output.terminal import say
    from reidsearch.output.visible import visible

    if meant.who == archive.actor:
        return
    said = decided(meant, archive.identities.names())
    say(f"{visible(meant.who)} decided this at {iso(meant.at)}. {said}", err=True)
    click.confirm("Undo it?", abort=True, err=True)
