"""`reidsearch case`: why, and with what right, an archive is searched."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.case_review import command as review
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.cases import Case, CaseChange
    from reidsearch.services.cases import CaseService

AUTHORITY = "Authority"
CLEARED = (
    "title", "purpose", "notes", "authority-kind", "authority-reference", "issued", "expires",
)  # fmt: skip
"""All but the examiner, whom a case always has."""

F = TypeVar("F", bound=Callable[..., Any])


@click.group("case", cls=CommandGroup)
def command() -> None:
    """Manage cases: new, list, show, edit, close, reopen, require, review.

    A case says why, and with what right, an archive is searched. Searches, decisions and exports
    belong to it by --case NUMBER, or by REIDSEARCH_CASE for all commands of a shell. A case that is
    closed, or whose authority has expired, takes nothing any more.
    """


command.add_command(review)

number_argument = argument("number", callback=text_value, metavar="NUMBER")
note_option = option(
    "--note", default="", callback=text_value, metavar="TEXT", help="Why, for the record."
)


def facts_options(function: F) -> F:
    """Declare what is written down of a case; passed as `facts` by name."""
    for name, group, metavar, help_ in reversed(
        (
            ("--title", "Case", "TEXT", "What the case is called."),
            ("--purpose", "Case", "TEXT", "What is searched for, and why."),
            ("--examiner", "Case", "NAME", "Who works on it; default: who opens it."),
            ("--notes", "Case", "TEXT", "Anything else."),
            ("--authority-kind", AUTHORITY, "TEXT", "What gives the right: a warrant, a consent."),
            ("--authority-reference", AUTHORITY, "TEXT", "Its file number."),
            ("--issued", AUTHORITY, "TIME", "When it was given."),
            ("--expires", AUTHORITY, "TIME", "When it ends; a date: at the beginning of the day."),
        )
    ):
        declared = option(name, group=group, callback=text_value, metavar=metavar, help=help_)
        function = declared(function)
    return function


@command.command("new")
@number_argument
@facts_options
@format_option()
@archive_option
def new(number: str, archive: Address, form: str, **facts: str | None) -> None:
    """Open a case."""
    from reidsearch.domain.cases import CaseChange

    given = _given(facts, archive)
    _change(archive, form, CaseChange.NEW, lambda cases: cases.new(number, **given))


@command.command("list")
@format_option()
@archive_option
def list_(archive: Address, form: str) -> None:
    """List all cases."""
    from reidsearch.output.cases import cases_json, cases_view
    from reidsearch.output.emit import emit

    with reading_archive(archive) as opened:
        cases, needed = opened.cases.all(), opened.cases.search_needs
    emit(form, cases_json(cases, needed), cases_view(cases, needed), "cases")


@command.command("show")
@number_argument
@format_option()
@archive_option
def show(number: str, archive: Address, form: str) -> None:
    """Show a case, and what the event log holds of it."""
    from reidsearch.output.cases import case_document, case_text
    from reidsearch.output.emit import emit

    with reading_archive(archive) as opened:
        case, belongings = opened.cases.find(number), opened.cases.belongings(number)
    emit(form, case_document(case, belongings), case_text(case, belongings))


@command.command("edit")
@number_argument
@facts_options
@option(
    "--clear",
    "cleared",
    multiple=True,
    type=click.Choice(CLEARED),
    metavar="FACT",
    help="Clear it: expires, issued, title, notes, ...; may be repeated.",
)
@note_option
@format_option()
@archive_option
def edit(
    number: str,
    cleared: tuple[str, ...],
    note: str,
    archive: Address,
    form: str,
    **facts: str | None,
) -> None:
    """Change what is written down of a case, for instance when its authority expires."""
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.cases import CaseChange
    from reidsearch.services.cases import EMPTY

    given = _given(facts, archive)
    for fact in cleared:
        name = fact.replace("-", "_")
        if facts[name] is not None:
            raise UsageError(f"--clear {fact} and --{fact} exclude each other")
        given[name] = EMPTY[name]  # type: ignore[literal-required]
    _change(archive, form, CaseChange.EDIT, lambda cases: cases.edit(number, note=note, **given))


@command.command("close")
@number_argument
@note_option
@format_option()
@archive_option
def close(number: str, note: str, archive: Address, form: str) -> None:
    """Close a case: nothing belongs to it any more, until it is opened again."""
    from reidsearch.domain.cases import CaseChange

    _change(archive, form, CaseChange.CLOSE, lambda cases: cases.close(number, note=note))


@command.command("reopen")
@number_argument
@note_option
@format_option()
@archive_option
def reopen(number: str, note: str, archive: Address, form: str) -> None:
    """Open a closed case again."""
    from reidsearch.domain.cases import CaseChange

    _change(archive, form, CaseChange.REOPEN, lambda cases: cases.reopen(number, note=note))


@command.command("require")
@argument("needed", type=click.Choice(["on", "off"]), metavar="on|off")
@option("--with-reason", is_flag=True, help="Each search needs a --reason too.")
@format_option()
@archive_option
def require(needed: str, with_reason: bool, archive: Address, form: str) -> None:
    """Let every search of the archive need a case, or not; it holds at once, in the page too."""
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.cases import Needed
    from reidsearch.output.cases import needed_json, needed_text
    from reidsearch.output.emit import emit

    if needed == "off" and with_reason:
        raise UsageError("--with-reason goes with on")
    what = Needed.NOTHING if needed == "off" else Needed.REASON if with_reason else Needed.CASE
    with reading_archive(archive) as opened:
        opened.cases.require(what)
    emit(form, needed_json(what), needed_text(what))


def _given(facts: dict[str, str | None], archive: Address) -> Any:
    """Return the facts that were given, times read in the archive's zone."""
    from reidsearch.cli.times import moment

    given: dict[str, Any] = {name: text for name, text in facts.items() if text is not None}
    for name in ("issued", "expires"):
        if name in given:
            given[name] = moment(f"--{name}", given[name], None, archive=archive)
    return given


def _change(
    archive: Address, form: str, what: CaseChange, change: Callable[[CaseService], Case]
) -> None:
    from reidsearch.output.cases import change_json, change_text
    from reidsearch.output.emit import emit

    with reading_archive(archive) as opened:
        case = change(opened.cases)
    emit(form, change_json(what, case), change_text(what, case))
