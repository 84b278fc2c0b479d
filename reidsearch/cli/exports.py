"""What a command has written of an archive, in the archive's event log."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reidsearch.cli.options import case_of

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
    from reidsearch.base.errors import ArchiveError

    folder = ctx.params.get("archive")
    written = [path for path, state in ctx.meta[_WRITES].items() if _state(path) != state]
    if sys.exc_info()[0] is not None or not written or folder is None:
        return
    from reidsearch.archive import Archive
    from reidsearch.base.actor import Author, acting

    try:
        archive = Archive.open(folder)
    except ArchiveError:  # what was written is not of an archive that is there
        return
    # The case was open when the command began; a file that is written is logged whatever it is now.
    with archive, acting(Author(archive.actor, case_of(ctx))):
        for path in written:
            archive.log.exported(path, ctx.command_path)
