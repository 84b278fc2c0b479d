"""`reidsearch confirm`: confirm matches as an identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.decisions import conflicts_option, decision_options, proposal_option
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("confirm")
@argument("matches", nargs=-1, type=int, metavar="[CROP]...")
@option("--as", "name", metavar="IDENTITY", callback=text_value, help="The identity.")
@proposal_option
@decision_options
@conflicts_option
@format_option()
@archive_and_case_options
def command(
    matches: tuple[int, ...],
    name: str | None,
    proposal: int | None,
    archive: Address,
    note: str,
    ignore_conflicts: bool,
    form: str,
) -> None:
    """Confirm matches as an identity.

    CROP is a crop id, as every answer shows it; a crop of a tracklet stands for the whole
    tracklet. `reidsearch identity new IDENTITY CROP...` makes an identity. A match belongs to at
    most one identity. Two matches that one recording shows at the same time cannot be one person:
    that is refused unless --ignore-conflicts is given. A proposal to add to an identity needs no
    --as. Every decision can be undone: `reidsearch undo`.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    if bool(matches) == (proposal is not None):
        raise UsageError("give CROP..., or --proposal N")
    with reading_archive(archive) as opened:
        if proposal is not None:
            decision = opened.proposals.confirm(proposal, name, note=note, force=ignore_conflicts)
        elif name is not None:
            decision = opened.identities.confirm(name, matches, note=note, force=ignore_conflicts)
        else:
            raise UsageError("give the identity: --as IDENTITY")
        names = opened.identities.names()
    emit(form, decision_document(decision), decided(decision, names))
