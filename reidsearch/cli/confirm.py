"""`reidsearch confirm`: say that matches show somebody."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, decision_options, json_option, text_value


@grouped_command("confirm")
@click.argument("matches", nargs=-1, type=int, metavar="[MATCH]...")
@option("--as", "name", metavar="NAME", callback=text_value, help="Which identity.")
@option("--proposal", type=int, metavar="N", help="All that `link` proposed under a number.")
@archive_option
@decision_options
@option("--force", is_flag=True, help="Although a camera shows two of them at once.")
@json_option
def command(
    matches: tuple[int, ...],
    name: str | None,
    proposal: int | None,
    archive: Path,
    note: str,
    force: bool,
    as_json: bool,
) -> None:
    """Say that matches show somebody: they are confirmed as that identity.

    MATCH is a crop's id, as every answer shows it; a view of a tracklet stands for the whole
    tracklet. `reidsearch identity new NAME MATCH...` makes the identity. A match belongs to one
    identity at most. Two matches that one camera shows at the same time cannot be one person:
    that is refused unless --force. A proposal to add to an identity needs no --as. Every decision
    can be undone: `reidsearch identity undo`.
    """
    from reidsearch.archive import Archive
    from reidsearch.base.errors import UsageError
    from reidsearch.output.identities import tell_decision

    if bool(matches) == (proposal is not None):
        raise UsageError("say what is confirmed: MATCH..., or --proposal N")
    with Archive.open(archive) as opened:
        if proposal is not None:
            decision = opened.proposals.confirm(proposal, name, note=note, force=force)
        elif name is not None:
            decision = opened.identities.confirm(name, matches, note=note, force=force)
        else:
            raise UsageError("say who it is: --as NAME")
        names = opened.identities.names()
    tell_decision(decision, names, as_json=as_json)
