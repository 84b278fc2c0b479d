"""`reidsearch log key`: the key that seals of the event log are signed with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import CommandGroup, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.services.event_log import EventLogService
    from reidsearch.store.log_key import LogKey

LONGEST_LINE = 4096

passphrase_file_option = option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The key's passphrase is the first line of this file.",
)


@click.group("key", cls=CommandGroup)
def command() -> None:
    """Manage the key that signs seals: new, show.

    It is an Ed25519 key in a file outside of the archive, by default in your folder of settings.
    Keep a copy of it apart from the archive: whoever has both can make a log anew and sign it.
    """


@command.command("new")
@option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where it is kept; default: your folder of settings.",
)
@option("--passphrase", is_flag=True, help="Ask for a passphrase to encrypt the file with.")
@passphrase_file_option
@format_option()
@archive_option
def new(
    out: Path | None, passphrase: bool, passphrase_file: Path | None, archive: Address, form: str
) -> None:
    """Make a key; the log names it from here on.

    With a passphrase only `log seal` can sign, which asks for it: daily seals stay unsigned. For
    a key of another place give `log seal` --key, or set signing_key in your reidsearch.toml.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.event_log import key_json, key_text

    secret = _read(passphrase_file) if passphrase_file else None
    if passphrase and secret is None:
        secret = _ask(twice=True)
    with reading_archive(archive) as opened:
        path = out or opened.log.key_path
        made = opened.log.new_key(path, secret)
    emit(form, key_json(path, made.public_key), key_text(path, made.public_key))


@command.command("show")
@option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Another key than the archive's.",
)
@passphrase_file_option
@format_option()
@archive_option
def show(key: Path | None, passphrase_file: Path | None, archive: Address, form: str) -> None:
    """Show the public half of the key, and its fingerprint."""
    from reidsearch.base.errors import InputError, Kind
    from reidsearch.output.emit import emit
    from reidsearch.output.event_log import key_json, key_text

    with reading_archive(archive) as opened:
        path = key or opened.log.key_path
        found = usable_key(opened.log, key, passphrase_file)
    if found is None:
        text = f"there is no signing key {path}"
        raise InputError(text, kind=Kind.SIGNING_KEY_MISSING, file=path)
    emit(form, key_json(path, found.public_key), key_text(path, found.public_key))


def usable_key(
    log: EventLogService, path: Path | None, passphrase_file: Path | None
) -> LogKey | None:
    """Return the key, asking for its passphrase where that is needed; None: there is no key."""
    from reidsearch.base.errors import InputError, Kind

    secret = _read(passphrase_file) if passphrase_file else None
    try:
        return log.key(path, secret)
    except InputError as error:
        if error.kind != Kind.SIGNING_KEY_LOCKED or not sys.stdin.isatty():
            raise
    return log.key(path, _ask(twice=False))


def _read(path: Path) -> bytes:
    """Return the first line of a file.

    Raises:
        InputError: it cannot be read, or the line is empty.
    """
    from reidsearch.base.errors import InputError
    from reidsearch.base.reading import read_bytes

    line = read_bytes(path, LONGEST_LINE).partition(b"\n")[0].rstrip(b"\r")
    if not line:
        raise InputError(f"{path} begins with an empty line instead of a passphrase")
    return line


def _ask(*, twice: bool) -> bytes:
    """Ask for a passphrase.

    Raises:
        UsageError: there is no terminal.
    """
    from reidsearch.base.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on", "use --passphrase-file")
    asked: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True)
    return asked.encode()
