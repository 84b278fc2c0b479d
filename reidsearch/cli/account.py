"""`reidsearch account`: who may sign in to the page of `serve`, and what they may do there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.grouped import REQUIRED, CommandGroup, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.accounts import AccountChange
    from reidsearch.services.accounts import AccountService

ROLES = ("viewer", "analyst", "admin")
LONGEST_LINE = 4096

F = TypeVar("F", bound=Callable[..., Any])


@click.group("account", cls=CommandGroup)
def command() -> None:
    """Manage accounts: add, list, password, role, cameras, disable, unbind, remove.

    A viewer browses and searches; an analyst also decides, indexes and exports; an admin also
    changes accounts and settings and deletes. Changes hold at once, also for who is signed in.
    Accounts guard the page, not the files: who can read the archive's folder needs none.
    """


name_argument = argument("name", callback=text_value, metavar="NAME")


def password_option(function: F) -> F:
    """`--password-stdin`, passed as `password_stdin`."""
    return option(
        "--password-stdin",
        is_flag=True,
        help="Read the password from the first line of standard input; without it: ask.",
    )(function)


@command.command("add")
@name_argument
@option(
    "--role",
    group=REQUIRED,
    required=True,
    type=click.Choice(ROLES),
    help="What it may do: viewer, analyst or admin.",
)
@option(
    "--camera",
    "cameras",
    multiple=True,
    metavar="NAME",
    callback=lambda ctx, one, names: tuple(text_value(ctx, one, name) for name in names),
    help="May see only this camera; may be repeated. Without it: all.",
)
@password_option
@option(
    "--no-password",
    is_flag=True,
    help="It has none: it signs in at an identity provider alone.",
)
@format_option()
@archive_option
def add(
    name: str,
    role: str,
    cameras: tuple[str, ...],
    password_stdin: bool,
    no_password: bool,
    archive: Address,
    form: str,
) -> None:
    """Add an account.

    The password has at least 12 characters. It is asked for, or read with --password-stdin; it is
    never an argument, because those are seen by every user of the machine.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.accounts import Role

    if no_password and password_stdin:
        raise UsageError("give --password-stdin or --no-password, not both")
    password = None if no_password else _password(password_stdin)
    limited = cameras or None
    _change(archive, form, lambda held: held.add(name, password, Role(role), cameras=limited))


@command.command("list")
@format_option()
@archive_option
def list_(archive: Address, form: str) -> None:
    """List all accounts."""
    from reidsearch.output.accounts import accounts_json, accounts_view
    from reidsearch.output.emit import emit

    with reading_archive(archive) as opened:
        accounts = opened.accounts.all()
    emit(form, accounts_json(accounts), accounts_view(accounts), "accounts")


@command.command("password")
@name_argument
@password_option
@format_option()
@archive_option
def password_(name: str, password_stdin: bool, archive: Address, form: str) -> None:
    """Set another password, and end the account's sessions."""
    with reading_archive(archive) as opened:
        opened.accounts.find(name)  # before somebody types a password for nothing
    password = _password(password_stdin)
    _change(archive, form, lambda held: held.set_password(name, password))


@command.command("role")
@name_argument
@argument("role", type=click.Choice(ROLES), metavar="ROLE")
@format_option()
@archive_option
def role_(name: str, role: str, archive: Address, form: str) -> None:
    """Set another role: viewer, analyst or admin."""
    from reidsearch.domain.accounts import Role

    _change(archive, form, lambda held: held.set_role(name, Role(role)))


@command.command("cameras")
@name_argument
@argument("cameras", nargs=-1, metavar="[CAMERA]...")
@option("--all", "every", is_flag=True, help="All cameras, and what has none.")
@format_option()
@archive_option
def cameras_(name: str, cameras: tuple[str, ...], every: bool, archive: Address, form: str) -> None:
    """Set the cameras that an account may see.

    What comes from another camera, or whose camera is not known, is neither searched nor shown.
    """
    from reidsearch.base.errors import UsageError

    if bool(cameras) == every:
        raise UsageError("give CAMERA... or --all, one of the two")
    _change(archive, form, lambda held: held.set_cameras(name, None if every else cameras))


@command.command("disable")
@name_argument
@format_option()
@archive_option
def disable(name: str, archive: Address, form: str) -> None:
    """Let nobody sign in to an account any more, and end its sessions."""
    _change(archive, form, lambda held: held.disable(name))


@command.command("enable")
@name_argument
@format_option()
@archive_option
def enable(name: str, archive: Address, form: str) -> None:
    """Let a disabled account sign in again."""
    _change(archive, form, lambda held: held.enable(name))


@command.command("unbind")
@name_argument
@format_option()
@archive_option
def unbind(name: str, archive: Address, form: str) -> None:
    """Bind an account to nobody at the identity provider any more.

    The first sign-in there binds an account to whoever signed in, so that nobody who gets their
    name later gets it. After this, the next one of that name gets it. Its sessions end.
    """
    _change(archive, form, lambda held: held.unbind(name))


@command.command("remove")
@name_argument
@format_option()
@archive_option
def remove(name: str, archive: Address, form: str) -> None:
    """Remove an account and end its sessions; its decisions stay."""
    _change(archive, form, lambda held: held.remove(name))


def _change(archive: Address, form: str, change: Callable[[AccountService], AccountChange]) -> None:
    from reidsearch.output.accounts import change_json, change_text
    from reidsearch.output.emit import emit

    with reading_archive(archive) as opened:
        made = change(opened.accounts)
    emit(form, change_json(made), change_text(made))


def _password(from_stdin: bool) -> str:
    """Ask for a password twice, or read it from the first line of standard input.

    Raises:
        UsageError: there is neither a line nor a terminal.
    """
    from reidsearch.base.errors import UsageError

    if from_stdin:
        line = sys.stdin.readline(LONGEST_LINE)
        if not line:
            raise UsageError("--password-stdin: standard input is empty")
        return line.rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the password on", "use --password-stdin")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
