"""`reidsearch undo`: reverse a decision."""

from __future__ import annotations

from pathlib import Path

from reidsearch.cli.decisions import decision_options
from reidsearch.cli.grouped import argument, grouped_command
from reidsearch.cli.options import archive_and_case_options, format_option, reading_archive


@grouped_command("undo")
@argument("decision", required=False, type=int)
@decision_options
@format_option()
@archive_and_case_options
def command(decision: int | None, archive: Path, note: str, form: str) -> None:
    """Reverse a decision: the last one in force, or the one with a number.

    DECISION is a number of `reidsearch identity list --decisions`. An undo is a decision too and
    can be undone by its number. A decision that a later one builds on cannot be undone before that
    one; the message names it.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    with reading_archive(archive) as opened:
        made = opened.identities.undo(decision, note=note)
        names = opened.identities.names()
    emit(form, decision_document(made), decided(made, names))
