"""What a command has written of an archive, in the archive's event log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.options import archives_given, case_of

if TYPE_CHECKING:
    from reidsearch.base.address import Address

_WRITES = "reidsearch.exports"


def log_when_written(ctx: click.Context, path: Path) -> None:
    """Let the event log have an entry when the command has written this file.

    A command without an archive has no log; one that failed has written nothing.
    """
    before: dict[Path, tuple[int, int] | None] = ctx.meta.setdefault(_WRITES, {})
    if not before:
        ctx.call_on_close(lambda: _log(ctx))
    before.setdefault(path, _state(path))


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _log(ctx: click.Context) -> None:
    written = [path for path, state in ctx.meta[_WRITES].items() if _state(path) != state]
    if sys.exc_info()[0] is None and written:
        for address in archives_given(ctx):
            _log_in(address, written, ctx)


def _log_in(address: Address, written: list[Path], ctx: click.Context) -> None:
    from reidsearch.archive import Archive
    from reidsearch.base.actor import Author, acting
    from reidsearch.base.errors import ArchiveError

    try:
        archive = Archive.open(address)
    except ArchiveError:  # what was written is not of an archive that is there
        return
    # The case was open when the command began; a file that is written is logged whatever it is now.
    with archive, acting(Author(archive.actor, case_of(ctx))):
        for path in written:
            archive.log.exported(path, ctx.command_path)
