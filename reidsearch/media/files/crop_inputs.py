"""Everything that paths on disk offer for indexing: files, folders, containers, manifests."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from reidsearch.base.errors import Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.media.files.containers import Container
from reidsearch.media.files.manifest import Manifest
from reidsearch.media.files.paths import (
    CONTAINERS,
    MANIFESTS,
    TARS,
    ZIPS,
    Tally,
    kind_of,
    location_text,
    read_regular,
    refusal,
    require_bytes,
    require_file,
)
from reidsearch.media.files.tars import tar_offers
from reidsearch.media.files.zips import zip_offers, zip_pictures
from reidsearch.media.naming.patterns import Naming


def offers(paths: Sequence[Path], naming: Naming, limits: PictureLimits) -> Offers:
    """List what paths offer, lazily; `docs/reference/indexing.md` says what is offered from where.

    Args:
        paths: pictures, folders, tar and zip archives, manifests. What is named here is offered
            whatever its name; in folders and containers the name's ending decides.

    Returns:
        An iterator of `CropInput | Rejected`. `CropInput.read` may be called at any time, from any
        thread; no handle stays open.

    Raises:
        InputError: at once, when a manifest cannot be read at all or has no path column.
    """
    return Offers(paths, naming, limits)


class Offers(Iterator[CropInput | Rejected]):
    """What `offers` returns: an iterator that also counts what it passed over."""

    def __init__(self, paths: Sequence[Path], naming: Naming, limits: PictureLimits) -> None:
        self._naming = naming
        self._limits = limits
        self._tally = Tally()
        self._folders_seen: set[tuple[int, int]] = set()
        # One path twice is one offer; a manifest's header is read before anything is offered.
        self._named = dict.fromkeys(os.path.abspath(path) for path in paths)  # noqa: PTH100 - no resolve
        self._manifests = {
            path: Manifest.open(path) for path in self._named if path.lower().endswith(MANIFESTS)
        }
        self._listing = (entry for path in self._named for entry in self._offered_by(path))

    def __iter__(self) -> Offers:
        return self

    def __next__(self) -> CropInput | Rejected:
        return next(self._listing)

    @property
    def ignored(self) -> int:
        """Files of other types that were passed over so far."""
        return self._tally.ignored

    def expected(self) -> int | None:
        """How many offers there will be, without reading pictures; for showing progress.

        What names cannot tell (names offered twice, rows of several lines) may be counted too.

        Returns:
            None when only reading everything would tell: there is a tar, or a damaged zip.
        """
        total = 0
        folders_seen: set[tuple[int, int]] = set()
        for path in self._named:
            if path in self._manifests:
                part = self._manifests[path].expected()
            elif os.path.isdir(path):  # noqa: PTH112 - a string, as everywhere here
                part = _expected_in_folder(path, folders_seen)
            else:
                part = _expected_of_file(path)
            if part is None:
                return None
            total += part
        return total

    def _offered_by(self, path: str) -> Iterator[CropInput | Rejected]:
        """What one named path offers, whatever its name."""
        if path in self._manifests:
            yield from self._manifests[path].offers(self._naming, self._limits)
            return
        try:
            status = os.stat(path)  # noqa: PTH116 - as below
        except (OSError, ValueError) as error:
            yield Rejected(location_text(path), refusal(error))
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._in_folder(path)
        elif path.lower().endswith(CONTAINERS):
            yield from self._in_container(path, status)
        else:
            yield self._picture(path, status)

    def _in_folder(self, root: str) -> Iterator[CropInput | Rejected]:
        for found in _folders(root, self._folders_seen):
            if isinstance(found, Rejected):
                yield found
                continue
            for entry in found:
                yield from self._file_in_folder(entry)

    def _file_in_folder(self, entry: os.DirEntry[str]) -> Iterator[CropInput | Rejected]:
        kind = kind_of(entry.name)
        if kind == "other":
            self._tally.ignored += 1
        if kind in {"other", "hidden", "video"}:  # `listing` has taken the videos
            return
        try:
            status = entry.stat()
        except OSError as error:
            yield Rejected(location_text(entry.path), refusal(error))
            return
        if kind == "picture":
            yield self._picture(entry.path, status)
        else:
            yield from self._in_container(entry.path, status)

    def _picture(self, path: str, status: os.stat_result) -> CropInput | Rejected:
        location = location_text(path)
        try:
            require_file(status)
            facts = self._naming.facts(location)
        except Refused as refused:
            return Rejected(location, refused)
        read = partial(read_regular, path, self._limits)
        return CropInput(location, f"{status.st_size}-{status.st_mtime_ns}", read, None, facts)

    def _in_container(self, path: str, status: os.stat_result) -> Iterator[CropInput | Rejected]:
        container = Container(path, status.st_size, status.st_mtime_ns, self._naming, self._tally)
        try:
            require_file(status)
            require_bytes(status.st_size, PictureLimits(max_bytes=status.st_size))
        except Refused as refused:
            yield Rejected(container.location, refused)
            return
        listed = zip_offers if path.lower().endswith(ZIPS) else tar_offers
        yield from listed(container, self._limits)


def _folders(root: str, seen: set[tuple[int, int]]) -> Iterator[list[os.DirEntry[str]] | Rejected]:
    """Files of a folder by name, then of its folders by name; each real folder once."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116 - as below
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as found:  # no Path each, no second stat: a million files
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            yield Rejected(location_text(folder), refusal(error))
            continue
        files, below = [], []
        for entry in entries:
            if entry.name[0] != ".":
                if _is_folder(entry):
                    below.append(entry.path)
                else:
                    files.append(entry)
        yield files
        waiting.extend(reversed(below))


def _expected_in_folder(root: str, seen: set[tuple[int, int]]) -> int | None:
    total = 0
    for found in _folders(root, seen):
        if isinstance(found, Rejected):
            total += 1
            continue
        for entry in found:
            kind = kind_of(entry.name)
            if kind == "picture":
                total += 1
            elif kind == "container":
                if (part := _expected_of_file(entry.path)) is None:
                    return None
                total += part
    return total


def _expected_of_file(path: str) -> int | None:
    """Offers of one file that is no manifest, by its name or, of a zip, by its directory."""
    lower = path.lower()
    return zip_pictures(path) if lower.endswith(ZIPS) else None if lower.endswith(TARS) else 1


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that goes in a circle; its stat will say so
        return False
