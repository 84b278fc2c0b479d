"""Everything that paths on disk offer for indexing: files, folders, containers, manifests."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from reidsearch.errors import Refused
from reidsearch.footage.containers import Container
from reidsearch.footage.files import (
    CONTAINERS,
    MANIFESTS,
    ZIPS,
    Tally,
    kind_of,
    location_text,
    read_regular,
    refusal,
    require_bytes,
    require_file,
)
from reidsearch.footage.manifest import Manifest
from reidsearch.footage.naming import Naming
from reidsearch.footage.tars import tar_offers
from reidsearch.footage.zips import zip_offers
from reidsearch.records import Offer, Rejected
from reidsearch.settings import PictureLimits


def offers(paths: Sequence[Path], naming: Naming, limits: PictureLimits) -> Offers:
    """List what paths offer, lazily; see `docs/indexing.md` for what is offered from where.

    Args:
        paths: pictures, folders, tar and zip archives, manifests. What is named here is offered
            whatever its name; in folders and containers the name's ending decides.

    Returns:
        An iterator of `Offer | Rejected`. `Offer.read` may be called at any time, from any
        thread; no handle stays open.

    Raises:
        InputError: at once, when a manifest cannot be read at all or has no path column.
    """
    return Offers(paths, naming, limits)


class Offers(Iterator[Offer | Rejected]):
    """What `offers` returns: an iterator that also counts what it passed over."""

    def __init__(self, paths: Sequence[Path], naming: Naming, limits: PictureLimits) -> None:
        self._naming = naming
        self._limits = limits
        self._tally = Tally()
        self._folders_seen: set[tuple[int, int]] = set()
        # One path twice is one offer; a manifest's header is read before anything is offered.
        named = dict.fromkeys(os.path.abspath(path) for path in paths)  # noqa: PTH100 - no resolve
        self._manifests = {
            path: Manifest.open(path) for path in named if path.lower().endswith(MANIFESTS)
        }
        self._listing = (entry for path in named for entry in self._offered_by(path))

    def __iter__(self) -> Offers:
        return self

    def __next__(self) -> Offer | Rejected:
        return next(self._listing)

    @property
    def ignored(self) -> int:
        """Files of other types that were passed over so far."""
        return self._tally.ignored

    def _offered_by(self, path: str) -> Iterator[Offer | Rejected]:
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

    def _in_folder(self, root: str) -> Iterator[Offer | Rejected]:
        """Files of a folder by name, then its folders by name; each real folder once."""
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder)  # noqa: PTH116 - as below
                if (status.st_dev, status.st_ino) in self._folders_seen:
                    continue
                self._folders_seen.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as found:  # no Path each, no second stat: a million files
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                yield Rejected(location_text(folder), refusal(error))
                continue
            below = []
            for entry in entries:
                if entry.name[0] == ".":
                    continue
                if _is_folder(entry):
                    below.append(entry.path)
                else:
                    yield from self._file_in_folder(entry)
            waiting.extend(reversed(below))

    def _file_in_folder(self, entry: os.DirEntry[str]) -> Iterator[Offer | Rejected]:
        kind = kind_of(entry.name)
        if kind == "other":
            self._tally.ignored += 1
        if kind in {"other", "hidden"}:
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

    def _picture(self, path: str, status: os.stat_result) -> Offer | Rejected:
        location = location_text(path)
        try:
            require_file(status)
            facts = self._naming.facts(location)
        except Refused as refused:
            return Rejected(location, refused)
        read = partial(read_regular, path, self._limits)
        return Offer(location, f"{status.st_size}-{status.st_mtime_ns}", read, None, facts)

    def _in_container(self, path: str, status: os.stat_result) -> Iterator[Offer | Rejected]:
        container = Container(path, status.st_size, status.st_mtime_ns, self._naming, self._tally)
        try:
            require_file(status)
            require_bytes(status.st_size, PictureLimits(max_bytes=status.st_size))
        except Refused as refused:
            yield Rejected(container.location, refused)
            return
        listed = zip_offers if path.lower().endswith(ZIPS) else tar_offers
        yield from listed(container, self._limits)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that goes in a circle; its stat will say so
        return False
