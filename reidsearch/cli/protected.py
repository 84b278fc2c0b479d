"""What no command overwrites, with `--force` neither: what it reads, and what an archive holds."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.options import archives_given

if TYPE_CHECKING:
    from reidsearch.base.address import Address

DERIVED = ("index", "neighbours")
PARTS = (
    *("archive.db", "writer.lock", "writer.json", "jobs.lock", "worker.lock"),
    *("reidsearch.toml", "backup.json"),
)
"""How the names begin of what lies in an archive's or a backup's folder."""


def require_harmless(path: Path, ctx: click.Context, read: Iterator[str | Path]) -> None:
    """Refuse a file to write that is part of an archive, an input, or indexed.

    Args:
        read: what the command was given to read, files and folders.

    Raises:
        UsageError: it is, by this name, another name, or through a link.
    """
    if part := _archive_of(path):
        _refuse(path, f"is part of {part}")
    if not path.exists():
        return
    for one in read:
        if _same(path, one):
            _refuse(path, "is what is read here")
        if isinstance(one, Path) and _below(path, one):
            _refuse(path, f"lies in {one}, which is read here")
    for archive in archives_given(ctx):
        for location in _indexed(archive, path):
            if _same(path, location) or _below(path, location):
                _refuse(path, f"was indexed in {archive}")


def _refuse(path: Path, why: str) -> None:
    from reidsearch.base.errors import UsageError

    raise UsageError(f"{path} {why}, and is not overwritten", "give another file")


def _archive_of(path: Path) -> Path | None:
    """The archive or backup that a file, which need not exist, would be part of."""
    for final in {Path(os.path.abspath(path)), path.resolve()}:  # noqa: PTH100 - links are not followed
        folder, name = final.parent, final.name.casefold()
        if _holds_archive(folder) and name.startswith(PARTS):
            return folder
        if folder.name.casefold() in DERIVED and _holds_archive(folder.parent):
            return folder.parent
    return None


def _holds_archive(folder: Path) -> bool:
    return os.path.lexists(folder / "archive.db")


def _indexed(archive: Address, path: Path) -> list[str]:
    """Places of which an archive knows that may be the file, or a folder that it lies in."""
    from reidsearch.base.errors import ReidsearchError
    from reidsearch.base.locations import location_text, path_of
    from reidsearch.store.crops.store import Store
    from reidsearch.store.known_places import known_places

    final = path.resolve()
    names = [location_text(name) for name in (final.name, final.parent.name, path.name)]
    with contextlib.suppress(ReidsearchError), Store(archive) as store:
        return [path_of(place) for place in known_places(store, names)]
    return []


def _same(path: Path, other: str | Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # one of them is not there: nothing is overwritten
        return False


def _below(path: Path, folder: str | Path) -> bool:
    """Tell whether a file lies in a folder, at any depth."""
    try:
        return Path(folder).is_dir() and path.resolve().is_relative_to(Path(folder).resolve())
    except (OSError, ValueError):
        return False
