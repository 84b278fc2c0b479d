"""What may be looked at and indexed by whoever sits at a browser: the folders that were named.

Whoever starts the server names them; nobody at a browser gets to know of anything else on the
machine, not even whether it is there. A link in such a folder counts as what it leads to. Tables
that name pictures are refused, because they may name files anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from reidsearch.base.errors import InputError, Kind, UsageError
from reidsearch.base.locations import location_text, path_of
from reidsearch.base.said import said
from reidsearch.domain.reports import FolderEntry, FolderListing
from reidsearch.media.files.paths import MANIFESTS, kind_of

MOST_ENTRIES = 2000
"""Of one folder that are listed."""


class FootageFolders:
    """The folders below which may be indexed.

    Args:
        roots: they need not be there yet (a drive that is not mounted).
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = tuple(dict.fromkeys(root.resolve() for root in roots))

    def require(self, paths: Iterable[str]) -> None:
        """Refuse places that are not offered.

        Args:
            paths: absolute, as `locations.location_text` writes them.

        Raises:
            UsageError: one does not lie in a folder that is offered, or is a manifest.
            InputError: one is not there.
        """
        for path in paths:
            found = self._offered(path)
            if not found.is_dir() and found.name.lower().endswith(MANIFESTS):
                raise UsageError(
                    f"{path} is a table of files, which may lie anywhere on this machine",
                    "index it on the command line",
                )

    def listing(self, path: str | None = None) -> FolderListing:
        """Return what lies in a folder, folders first; None: the folders that are offered.

        Raises:
            UsageError: the folder is not offered.
            InputError: it is not there, or cannot be read.
        """
        if path is None:
            entries = tuple(
                FolderEntry(location_text(str(root)), location_text(str(root)), "folder", None)
                for root in self.roots
            )
            return FolderListing(None, None, entries, whole=True)
        folder = self._offered(path)
        try:
            found = sorted(self._entries(folder), key=lambda one: (one.kind != "folder", one.name))
        except OSError as error:
            raise InputError(f"{path} cannot be read: {said(error)}") from error
        above = None if folder in self.roots else location_text(str(folder.parent))
        listed = tuple(found[:MOST_ENTRIES])
        return FolderListing(location_text(str(folder)), above, listed, len(found) == len(listed))

    def _entries(self, folder: Path) -> Iterator[FolderEntry]:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name[0] == "." or (entry.is_symlink() and not self._leads_inside(entry)):
                    continue
                path = location_text(entry.path)
                name = location_text(entry.name)
                if entry.is_dir():
                    yield FolderEntry(name, path, "folder", None)
                elif entry.is_file() and (kind := kind_of(entry.name)) in _INDEXED:
                    yield FolderEntry(name, path, kind, entry.stat().st_size)

    def _leads_inside(self, entry: os.DirEntry[str]) -> bool:
        try:
            return self._inside(Path(entry.path).resolve(strict=True))
        except (OSError, RuntimeError):
            return False

    def _offered(self, path: str) -> Path:
        """Return a place that is offered, without links."""
        told = Path(os.path.normpath(path_of(path)))
        refused = UsageError(
            f"{path} does not lie in a folder whose footage may be indexed from here",
            kind=Kind.FOLDER_NOT_OFFERED,
            path=path,
        )
        # By its name first, so that nothing outside is even looked for.
        if not (told.is_absolute() and self._inside(told)):
            raise refused
        try:
            found = told.resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"{path}: there is no such file or folder") from error
        if not self._inside(found):
            raise refused
        return found

    def _inside(self, path: Path) -> bool:
        return any(path.is_relative_to(root) for root in self.roots)


_INDEXED = frozenset({"video", "picture", "container"})
