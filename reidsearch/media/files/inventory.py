"""The inventory: one pass over the given paths that writes down what lies there.

Everything that comes later reads it and never walks a folder again: the crop inputs
(`crop_inputs`), the list of footage, the total of the progress bar, and the report's list of
skipped files. A million entries take 50 MB.
"""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Container, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.locations import location_text
from reidsearch.base.reading import refusal, require_file
from reidsearch.media.files.manifest import Manifest
from reidsearch.media.files.paths import CONTAINERS, MANIFESTS, Skipped, kind_of
from reidsearch.media.files.remote import files_below, remote_of


class Kind(IntEnum):
    """What an entry is, and so who reads it."""

    PICTURE = 0
    CONTAINER = 1
    """A tar or zip archive with pictures inside."""
    MANIFEST = 2
    """A table that names pictures."""
    REFUSED = 3
    """Nothing that can be read; `Entry.refused` says why."""
    VIDEO = 4
    FRAMES = 5
    """A folder that holds the frames of one source."""


CROPS = frozenset({Kind.PICTURE, Kind.CONTAINER, Kind.MANIFEST, Kind.REFUSED})
FOOTAGE = frozenset({Kind.VIDEO, Kind.FRAMES})
_KINDS = tuple(Kind)
_FOUND_IN_FOLDERS = {
    "picture": Kind.PICTURE,
    "container": Kind.CONTAINER,
    "video": Kind.VIDEO,
}


class Entry(NamedTuple):
    """One file (or folder of frames) that was found.

    Args:
        path: absolute, as the operating system knows it.
        size_bytes, mtime_ns: as they were when it was found; 0 when refused.
    """

    kind: Kind
    path: str
    size_bytes: int
    mtime_ns: int
    refused: Refused | None = None

    @property
    def location(self) -> str:
        """The path as text that can be shown and stored."""
        return location_text(self.path)


class Inventory:
    """Entries in the order in which they are indexed; made by `take_inventory`.

    Attributes:
        manifests: manifests whose first line was read, by path.
        skipped: files of unsupported types, in folders and (as they are read) in containers.
        crop_bytes, footage_bytes: totals, for progress.
        footage_count: sources of footage.
    """

    def __init__(self) -> None:
        self.manifests: dict[str, Manifest] = {}
        self.skipped = Skipped()
        self.crop_bytes = 0
        self.footage_bytes = 0
        self.footage_count = 0
        # Columns instead of objects: a folder's names are one string, numbers lie in arrays.
        self._folders: list[tuple[str, str]] = []
        self._kinds = bytearray()
        self._sizes = array("q")
        self._mtimes = array("q")
        self._causes: list[Refused] = []
        self._cause_numbers: dict[tuple[Reason, str], int] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[Entry]:
        return self.entries(CROPS | FOOTAGE)

    def entries(self, kinds: Container[Kind]) -> Iterator[Entry]:
        """Iterate over the entries of some kinds, in order."""
        number = 0
        for folder, names in self._folders:
            for name in names.split("\0"):
                kind = _KINDS[self._kinds[number]]
                if kind in kinds:
                    size_bytes, mtime_ns = self._sizes[number], self._mtimes[number]
                    if kind is Kind.REFUSED:
                        yield Entry(kind, folder + name, 0, 0, self._causes[mtime_ns])
                    else:
                        yield Entry(kind, folder + name, size_bytes, mtime_ns)
                number += 1

    @property
    def has_crops(self) -> bool:
        """Whether anything is there for the loop of crops, failures included."""
        return any(kind in CROPS for kind in set(self._kinds))

    def add(
        self,
        folder: str,
        names: Sequence[str],
        kinds: Sequence[int],
        sizes: Sequence[int],
        mtimes: Sequence[int],
    ) -> None:
        """Append entries of one folder, whose path ends with a separator."""
        if not names:
            return
        self._folders.append((folder, "\0".join(names)))
        self._kinds.extend(kinds)
        self._sizes.extend(sizes)
        self._mtimes.extend(mtimes)
        for kind, size_bytes in zip(kinds, sizes, strict=True):
            if kind >= Kind.VIDEO:
                self.footage_count += 1
                self.footage_bytes += size_bytes
            else:
                self.crop_bytes += size_bytes

    def only(self, kinds: Container[Kind]) -> Inventory:
        """Return the same with entries of some kinds alone."""
        chosen = Inventory()
        chosen.skipped, chosen.manifests = self.skipped, self.manifests
        for entry in self.entries(kinds):
            head, name = os.path.split(entry.path)
            folder = os.path.join(head, "")  # noqa: PTH118
            mtime_ns = entry.mtime_ns
            if entry.refused is not None:
                folder, name, mtime_ns = "", entry.path, chosen.cause(entry.refused)
            chosen.add(folder, [name], [entry.kind], [entry.size_bytes], [mtime_ns])
        return chosen

    def cause(self, refused: Refused) -> int:
        """Return the number under which a cause is kept; equal ones are kept once."""
        key = (refused.reason, refused.message)
        number = self._cause_numbers.setdefault(key, len(self._causes))
        if number == len(self._causes):
            self._causes.append(refused)
        return number


def take_inventory(
    paths: Sequence[Path], *, frames: bool = False, endpoint: str | None = None
) -> Inventory:
    """Walk over paths once; see `docs/reference/indexing.md` for what is read from where.

    Args:
        paths: videos, pictures, folders, tar and zip archives, manifests. A file named here whose
            ending says nothing is a picture if its bytes begin like one, else footage. In folders
            the ending decides.
        frames: folders that hold pictures are sources of full frames, not of crops.
        endpoint: of the store of objects, where paths are `s3://bucket/folder`: videos below it.

    Raises:
        StorageError: a store of objects cannot be used.
        InputError: a manifest cannot be read at all, or has no path column.
    """
    return _Walk(frames, endpoint).over(paths)


def absolute(path: Path) -> str:
    """Return a path as it is recorded: absolute, or the location of an object."""
    return remote_of(path) or os.path.abspath(path)  # noqa: PTH100 - no resolve


def take_place(path: str, kind: Kind, endpoint: str | None = None) -> Inventory:
    """Write down what lies at one place of an inventory that was taken elsewhere.

    Args:
        path: absolute, or the location of an object.
        kind: PICTURE and a folder: the pictures in the folder itself; FRAMES: the folder as one
            source; VIDEO; else whatever it is found to be.
        endpoint: of the store of objects.

    Raises:
        StorageError: a store of objects cannot be used.
        InputError: a manifest cannot be read at all, or has no path column.
    """
    walk = _Walk(kind is Kind.FRAMES, endpoint)
    if remote_of(path) is not None or kind not in (Kind.PICTURE, Kind.FRAMES, Kind.VIDEO):
        return walk.over([Path(path)])
    return walk.at(path, kind)


class _Walk:
    """The pass over the paths. Each real folder and each real video is taken once."""

    def __init__(self, frames: bool, endpoint: str | None) -> None:
        self._frames, self._endpoint = frames, endpoint
        self._inventory = Inventory()
        self._seen: set[tuple[int, int]] = set()

    def over(self, paths: Sequence[Path]) -> Inventory:
        # One path twice is one entry.
        for path in dict.fromkeys(map(absolute, paths)):
            if remote_of(path) is not None:
                self._remote(path)
                continue
            if path.lower().endswith(MANIFESTS):
                self._manifest(path)
                continue
            try:
                status = os.stat(path)  # noqa: PTH116 - strings, as everywhere here
            except (OSError, ValueError) as error:
                self._refuse(path, refusal(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                self._tree(path)
            else:
                self._named(path, status)
        return self._inventory

    def _remote(self, path: str) -> None:
        """Take the videos of a store of objects; what else lies there is passed over."""
        found = False
        for one in files_below(path, self._endpoint):
            name = one.location.rpartition("/")[2]
            kind = kind_of(name)
            if kind == "video" or (kind != "hidden" and one.location == path):
                found = True
                self._add(one.location, Kind.VIDEO, one.size_bytes, one.modified_ns)
            elif kind != "hidden":
                self._inventory.skipped.note(one.location)
        if not found:
            self._refuse(path, Refused(Reason.MISSING, "there is no footage of this name"))

    def at(self, path: str, kind: Kind) -> Inventory:
        """Take one place without what lies below it."""
        try:
            if kind is Kind.VIDEO:
                status = os.stat(path)  # noqa: PTH116
                self._add(path, kind, status.st_size, status.st_mtime_ns)
            else:
                self._folder(path)
        except OSError as error:
            self._refuse(path, refusal(error))
        return self._inventory.only({kind, Kind.REFUSED})

    def _manifest(self, path: str) -> None:
        self._inventory.manifests[path] = Manifest.open(path)
        status = os.stat(path)  # noqa: PTH116
        self._add(path, Kind.MANIFEST, status.st_size, status.st_mtime_ns)

    def _named(self, path: str, status: os.stat_result) -> None:
        """A file that was named itself: it is taken whatever its name."""
        try:
            require_file(status)
        except Refused as refused:
            self._refuse(path, refused)
            return
        if path.lower().endswith(CONTAINERS):
            kind = Kind.CONTAINER
        elif _is_picture(path):
            kind = Kind.PICTURE
        elif self._is_new(status):
            kind = Kind.VIDEO
        else:
            return
        self._add(path, kind, status.st_size, status.st_mtime_ns)

    def _tree(self, root: str) -> None:
        """A folder's files by name, then its folders by name."""
        found_before = len(self._inventory)
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            try:
                if not self._is_new(os.stat(folder)):  # noqa: PTH116
                    continue
                below = self._folder(folder)
            except OSError as error:
                self._refuse(folder, refusal(error))
                continue
            waiting.extend(sorted(below, reverse=True))
        if self._frames and len(self._inventory) == found_before:
            self._refuse(root, Refused(Reason.NO_VIDEO, "it holds no pictures and no videos"))

    def _folder(self, folder: str) -> list[str]:
        """Take the files of one folder; return the paths of its folders.

        Directory entries are let go one by one: a million of them with their status would take a
        gigabyte.
        """
        names, kinds = list[str](), bytearray()
        sizes, mtimes, below = array("q"), array("q"), []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name[0] == ".":
                    continue
                if _is_folder(entry):
                    below.append(entry.path)
                    continue
                row = self._file(entry)
                if row is not None:
                    names.append(entry.name)
                    for column, value in zip((kinds, sizes, mtimes), row, strict=True):
                        column.append(value)
        order = sorted(range(len(names)), key=names.__getitem__)
        if self._frames:
            self._frames_of(folder, kinds, sizes)
            order = [n for n in order if kinds[n] != Kind.PICTURE]
        self._inventory.add(
            os.path.join(folder, ""),  # noqa: PTH118
            [names[n] for n in order],
            bytes(kinds[n] for n in order),
            array("q", (sizes[n] for n in order)),
            array("q", (mtimes[n] for n in order)),
        )
        return below

    def _file(self, entry: os.DirEntry[str]) -> tuple[Kind, int, int] | None:
        """Kind, bytes and modification time of a file in a folder; None: it is passed over."""
        named = kind_of(entry.name)
        if named == "hidden":
            return None
        kind = _FOUND_IN_FOLDERS.get(named)
        if kind is None or (self._frames and kind is Kind.CONTAINER):
            self._inventory.skipped.note(location_text(entry.path))
            return None
        try:
            status = entry.stat()
            if kind is Kind.VIDEO:
                return (kind, status.st_size, status.st_mtime_ns) if self._is_new(status) else None
            require_file(status)
        except OSError as error:
            if kind is Kind.VIDEO:
                return kind, 0, 0  # opening it will say why it cannot be read
            return Kind.REFUSED, 0, self._inventory.cause(refusal(error))
        except Refused as refused:
            return Kind.REFUSED, 0, self._inventory.cause(refused)
        return kind, status.st_size, status.st_mtime_ns

    def _frames_of(self, folder: str, kinds: Sequence[int], sizes: Sequence[int]) -> None:
        pictures = [size for kind, size in zip(kinds, sizes, strict=True) if kind == Kind.PICTURE]
        if pictures:
            self._add(folder, Kind.FRAMES, sum(pictures), 0)

    def _is_new(self, status: os.stat_result) -> bool:
        mark = (status.st_dev, status.st_ino)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True

    def _add(self, path: str, kind: Kind, size_bytes: int, mtime_ns: int) -> None:
        head, name = os.path.split(path)
        prefix = os.path.join(head, "")  # noqa: PTH118
        self._inventory.add(prefix, [name], [kind], [size_bytes], [mtime_ns])

    def _refuse(self, path: str, refused: Refused) -> None:
        shown = path.replace("\0", "\\x00")  # a NUL parts names here, and is in no real one
        self._inventory.add("", [shown], [Kind.REFUSED], [0], [self._inventory.cause(refused)])


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that goes in a circle; its stat will say so
        return False


def _is_picture(path: str) -> bool:
    """Judge a file that was named by its ending, else by its first bytes."""
    kind = kind_of(Path(path).name)
    if kind in {"picture", "video"}:
        return kind == "picture"
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path):
            return True
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False
