"""`reidsearch identity`: who is who, its whole story, and taking it back."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import CommandGroup, option
from reidsearch.cli.options import archive_option, decision_options, json_option, text_value

FORCE = option("--force", is_flag=True, help="Although it contradicts what is known.")


@click.group("identity", cls=CommandGroup)
def command() -> None:
    """Keep identities: new, list, show, proposals, rename, merge, split, undo.

    An identity is a set of tracklets, and of crops of no tracklet, that were confirmed to show one
    person. Its number is never used again; nothing is ever lost: every change is a decision in a
    log, and `undo` reverses one by another. NAME is an identity's name or number, MATCH a crop's
    id as every answer shows it.
    """


@command.command("new")
@click.argument("name", callback=text_value)
@click.argument("matches", nargs=-1, type=int, metavar="[MATCH]...")
@option("--proposal", type=int, metavar="N", help="All that `link` proposed under a number.")
@archive_option
@decision_options
@FORCE
@json_option
def new(
    name: str,
    matches: tuple[int, ...],
    proposal: int | None,
    archive: Path,
    note: str,
    force: bool,
    as_json: bool,
) -> None:
    """Make an identity, with these matches, or a whole proposal, confirmed."""
    from reidsearch.archive import Archive
    from reidsearch.base.errors import UsageError
    from reidsearch.output.identities import tell_decision

    if matches and proposal is not None:
        raise UsageError("give MATCH... or --proposal N, not both")
    with Archive.open(archive) as opened:
        if proposal is not None:
            decision = opened.proposals.new(proposal, name, note=note, force=force)
        else:
            decision = opened.identities.new(name, matches, note=note, force=force)
        names = opened.identities.names()
    tell_decision(decision, names, as_json=as_json)


@command.command("list")
@archive_option
@option("--decisions", is_flag=True, help="The log of decisions instead.")
@json_option
def list_(archive: Path, decisions: bool, as_json: bool) -> None:
    """List all identities, or the whole log of decisions."""
    from reidsearch.archive import Archive
    from reidsearch.output import identities, text
    from reidsearch.output.emit import dumps

    with Archive.open(archive) as opened:
        names = opened.identities.names()
        if decisions:
            log = opened.identities.decisions()
            document, view = identities.log_json(log), identities.log_view(log, names)
        else:
            every = opened.identities.all()
            document, view = identities.list_json(every), identities.list_view(every)
    if as_json:
        click.echo(dumps(document, indent=2))
    else:
        text.show(view)


@command.command("show")
@click.argument("name", callback=text_value)
@archive_option
@json_option
def show(name: str, archive: Path, as_json: bool) -> None:
    """Show who belongs to an identity, what was rejected for it, and every decision about it."""
    from reidsearch.archive import Archive
    from reidsearch.output import identities, text
    from reidsearch.output.emit import dumps

    with Archive.open(archive) as opened:
        story, names = opened.identities.show(name), opened.identities.names()
    if as_json:
        click.echo(dumps(identities.story_json(story), indent=2))
    else:
        text.show(identities.story_view(story, names))


@command.command("proposals")
@click.argument("proposal", required=False, type=int)
@archive_option
@json_option
def proposals_(proposal: int | None, archive: Path, as_json: bool) -> None:
    """List what `link` proposed and nobody has decided yet, or show one proposal."""
    from reidsearch.archive import Archive
    from reidsearch.output import proposals, text
    from reidsearch.output.emit import dumps

    with Archive.open(archive) as opened:
        if proposal is not None:
            seen = opened.proposals.find(proposal)
            document, view = proposals.seen_json(seen), proposals.seen_view(seen)
        else:
            last = opened.proposals.last()
            document, view = proposals.linking_json(last), proposals.linking_view(last)
    if as_json:
        click.echo(dumps(document, indent=2))
    else:
        text.show(view)


@command.command("rename")
@click.argument("name", callback=text_value)
@click.argument("to", callback=text_value)
@archive_option
@decision_options
@json_option
def rename(name: str, to: str, archive: Path, note: str, as_json: bool) -> None:
    """Give an identity another name; its number stays."""
    from reidsearch.archive import Archive
    from reidsearch.output.identities import tell_decision

    with Archive.open(archive) as opened:
        decision = opened.identities.rename(name, to, note=note)
        names = opened.identities.names()
    tell_decision(decision, names, as_json=as_json)


@command.command("merge")
@click.argument("name", callback=text_value)
@click.argument("others", nargs=-1, required=True, metavar="OTHER...")
@archive_option
@decision_options
@FORCE
@json_option
def merge(
    name: str, others: tuple[str, ...], archive: Path, note: str, force: bool, as_json: bool
) -> None:
    """Make others a part of an identity, as they are one person.

    Refused, unless --force, when one rejected what another confirmed, or when a camera shows
    members of two of them at the same time. Names of merged identities stay taken.
    """
    from reidsearch.archive import Archive
    from reidsearch.output.identities import tell_decision

    with Archive.open(archive) as opened:
        decision = opened.identities.merge(name, others, note=note, force=force)
        names = opened.identities.names()
    tell_decision(decision, names, as_json=as_json)


@command.command("split")
@click.argument("name", callback=text_value)
@click.argument("matches", nargs=-1, required=True, type=int, metavar="MATCH...")
@option("--as", "fresh", required=True, metavar="NEW", callback=text_value, help="The new name.")
@archive_option
@decision_options
@json_option
def split(
    name: str, matches: tuple[int, ...], fresh: str, archive: Path, note: str, as_json: bool
) -> None:
    """Take matches out of an identity into a new one: they are somebody else.

    They count as rejected for the old one.
    """
    from reidsearch.archive import Archive
    from reidsearch.output.identities import tell_decision

    with Archive.open(archive) as opened:
        decision = opened.identities.split(name, matches, fresh, note=note)
        names = opened.identities.names()
    tell_decision(decision, names, as_json=as_json)


@command.command("undo")
@click.argument("decision", required=False, type=int)
@archive_option
@decision_options
@json_option
def undo(decision: int | None, archive: Path, note: str, as_json: bool) -> None:
    """Reverse a decision by a new one: DECISION, or the last that stands.

    An undo can be undone by its number. A decision on which a later one builds cannot be undone
    before that one; the message names it.
    """
    from reidsearch.archive import Archive
    from reidsearch.output.identities import tell_decision

    with Archive.open(archive) as opened:
        made = opened.identities.undo(decision, note=note)
        names = opened.identities.names()
    tell_decision(made, names, as_json=as_json)
