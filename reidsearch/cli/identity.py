"""`reidsearch identity`: list, show and change identities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.decisions import conflicts_option, decision_options, proposal_option
from reidsearch.cli.files import output_option
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.identity_photo import command as photo
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value
from reidsearch.cli.sheets import SHEETS, tell_sheet, write_sheet

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@click.group("identity", cls=CommandGroup)
def command() -> None:
    """Manage identities: new, list, show, proposals, rename, merge, split, photo.

    An identity is a set of tracklets, and of crops without one, that were confirmed to show one
    person. Its number is never used again and nothing is ever lost: every change is a decision in
    a log, and `reidsearch undo` reverses a decision by another. IDENTITY is a name or a number,
    CROP a crop id as every answer shows it.
    """


command.add_command(photo)


@command.command("new")
@argument("name", callback=text_value, metavar="IDENTITY")
@argument("matches", nargs=-1, type=int, metavar="[CROP]...")
@proposal_option
@decision_options
@conflicts_option
@format_option()
@archive_and_case_options
def new(
    name: str,
    matches: tuple[int, ...],
    proposal: int | None,
    archive: Address,
    note: str,
    ignore_conflicts: bool,
    form: str,
) -> None:
    """Create an identity from these matches, or from a whole proposal."""
    from reidsearch.base.errors import UsageError
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    if matches and proposal is not None:
        raise UsageError("give CROP... or --proposal N, not both")
    with reading_archive(archive) as opened:
        if proposal is not None:
            decision = opened.proposals.new(proposal, name, note=note, force=ignore_conflicts)
        else:
            decision = opened.identities.new(name, matches, note=note, force=ignore_conflicts)
        names = opened.identities.names()
    emit(form, decision_document(decision), decided(decision, names))


@command.command("list")
@option("--decisions", is_flag=True, help="List the log of decisions instead.")
@output_option("Write a contact sheet of all identities", SHEETS)
@format_option()
@archive_and_case_options
def list_(archive: Address, decisions: bool, output: Path | None, form: str) -> None:
    """List all identities, or the whole log of decisions."""
    from reidsearch.base.errors import UsageError
    from reidsearch.cli.lists import identities_content
    from reidsearch.output import identities
    from reidsearch.output.emit import emit

    if decisions and output is not None:
        raise UsageError("a contact sheet shows identities, not decisions")
    sheets = []
    with reading_archive(archive) as opened:
        names = opened.identities.names()
        if decisions:
            log = opened.identities.decisions()
            document, view = identities.log_json(log), identities.log_view(log, names)
            rows = "decisions"
        else:
            every = opened.identities.all()
            document, view = identities.list_json(every), identities.list_view(every)
            rows = "identities"
            if output is not None:
                shown = identities_content(opened, every)
                sheets = write_sheet(opened, shown, imprint_of(opened), output)
    emit(form, document, view, rows)
    tell_sheet(sheets)


@command.command("show")
@argument("name", callback=text_value, metavar="IDENTITY")
@output_option("Write a contact sheet of its members", SHEETS)
@format_option()
@archive_and_case_options
def show(name: str, archive: Address, output: Path | None, form: str) -> None:
    """Show the members of an identity, what was rejected for it, and its decisions."""
    from reidsearch.output import identities
    from reidsearch.output.emit import emit
    from reidsearch.output.pages.people import story_shown

    sheets = []
    with reading_archive(archive) as opened:
        story, names = opened.identities.show(name), opened.identities.names()
        if output is not None:
            shown = story_shown(story, names)
            sheets = write_sheet(opened, shown, imprint_of(opened), output)
    emit(form, identities.story_json(story), identities.story_view(story, names), "members")
    tell_sheet(sheets)


@command.command("proposals")
@argument("proposal", required=False, type=int)
@output_option("Write a contact sheet of them", SHEETS)
@format_option()
@archive_and_case_options
def proposals_(proposal: int | None, archive: Address, output: Path | None, form: str) -> None:
    """List the undecided proposals of `link`, or show one of them."""
    from reidsearch.cli.lists import proposals_content
    from reidsearch.output import proposals
    from reidsearch.output.emit import emit

    sheets = []
    with reading_archive(archive) as opened:
        if proposal is not None:
            seen = opened.proposals.find(proposal)
            document, view = proposals.seen_json(seen), proposals.seen_view(seen)
            rows = "members"
        else:
            last = opened.proposals.last()
            document, view = proposals.linking_json(last), proposals.linking_view(last)
            rows = "proposals"
        if output is not None:
            _, shown = proposals_content(opened, [] if proposal is None else [proposal])
            sheets = write_sheet(opened, shown, imprint_of(opened), output)
    emit(form, document, view, rows)
    tell_sheet(sheets)


@command.command("rename")
@argument("name", callback=text_value, metavar="IDENTITY")
@argument("to", callback=text_value, metavar="NEW")
@decision_options
@format_option()
@archive_and_case_options
def rename(name: str, to: str, archive: Address, note: str, form: str) -> None:
    """Give an identity another name; its number stays."""
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    with reading_archive(archive) as opened:
        decision = opened.identities.rename(name, to, note=note)
        names = opened.identities.names()
    emit(form, decision_document(decision), decided(decision, names))


@command.command("merge")
@argument("name", callback=text_value, metavar="IDENTITY")
@argument("others", nargs=-1, required=True, metavar="IDENTITY...")
@decision_options
@conflicts_option
@format_option()
@archive_and_case_options
def merge(
    name: str,
    others: tuple[str, ...],
    archive: Address,
    note: str,
    ignore_conflicts: bool,
    form: str,
) -> None:
    """Merge other identities into the first, because they are one person.

    Refused, unless --ignore-conflicts is given, when one rejected what another confirmed, or when
    one recording shows members of two of them at the same time. Names of merged identities stay
    taken.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    with reading_archive(archive) as opened:
        decision = opened.identities.merge(name, others, note=note, force=ignore_conflicts)
        names = opened.identities.names()
    emit(form, decision_document(decision), decided(decision, names))


@command.command("split")
@argument("name", callback=text_value, metavar="IDENTITY")
@argument("matches", nargs=-1, required=True, type=int, metavar="CROP...")
@option("--as", "fresh", required=True, metavar="NEW", callback=text_value, help="The new name.")
@decision_options
@format_option()
@archive_and_case_options
def split(
    name: str, matches: tuple[int, ...], fresh: str, archive: Address, note: str, form: str
) -> None:
    """Move matches of an identity into a new one, because they show someone else.

    They count as rejected for the old one.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.identities import decided, decision_document

    with reading_archive(archive) as opened:
        decision = opened.identities.split(name, matches, fresh, note=note)
        names = opened.identities.names()
    emit(form, decision_document(decision), decided(decision, names))
