"""Which of the given paths are footage; everything else goes on to `offers`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidsearch.base.errors import Reason, Refused
from reidsearch.domain.crops import Rejected
from reidsearch.media.files.paths import CONTAINERS, MANIFESTS, kind_of, location_text, refusal


@dataclass(frozen=True, slots=True)
class Listing:
    """Paths, told apart.

    Args:
        footage: absolute; videos and, when asked for, folders of frames.
        other: what may hold person crops: pictures, folders, containers, manifests.
        rejected: what is not there at all.
    """

    footage: list[str]
    other: list[Path]
    rejected: list[Rejected]


def find_footage(paths: Sequence[Path], *, frames: bool = False) -> Listing:
    """Tell footage from crops, by names.

    A file named here with an ending that says nothing is a picture if its bytes begin like one,
    else footage. In folders the ending decides.

    Args:
        frames: folders that hold pictures are sources of full frames, not of crops.
    """
    listing = Listing([], [], [])
    taken: set[tuple[int, int]] = set()
    for path in dict.fromkeys(os.path.abspath(each) for each in paths):  # noqa: PTH100 - no resolve
        try:
            status = os.stat(path)  # noqa: PTH116
        except (OSError, ValueError) as error:
            listing.rejected.append(Rejected(location_text(path), refusal(error)))
            continue
        if os.path.isdir(path):  # noqa: PTH112
            found = list(_in_folder(path, frames, taken))
            listing.footage.extend(found)
            if not frames:
                listing.other.append(Path(path))
            elif not found:
                refused = Refused(Reason.NO_VIDEO, "it holds no pictures and no videos")
                listing.rejected.append(Rejected(location_text(path), refused))
        elif path.lower().endswith((*CONTAINERS, *MANIFESTS)) or _is_picture(path):
            listing.other.append(Path(path))
        elif (status.st_dev, status.st_ino) not in taken:
            taken.add((status.st_dev, status.st_ino))
            listing.footage.append(path)
    return listing


def _is_picture(path: str) -> bool:
    kind = kind_of(Path(path).name)
    if kind in {"picture", "video"}:
        return kind == "picture"
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path):
            return True
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False


def _in_folder(root: str, frames: bool, taken: set[tuple[int, int]]) -> Iterator[str]:
    """Videos by name, then those of the folders below; each real file and folder once."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            continue  # the crops' listing reports it
        if (status.st_dev, status.st_ino) in taken:
            continue
        taken.add((status.st_dev, status.st_ino))
        if frames and any(kind_of(entry.name) == "picture" for entry in entries):
            yield folder
        below = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir():
                    below.append(entry.path)
                elif kind_of(entry.name) == "video":
                    held = entry.stat()
                    if (held.st_dev, held.st_ino) not in taken:
                        taken.add((held.st_dev, held.st_ino))
                        yield entry.path
            except OSError:
                yield entry.path  # opening it will say why it cannot be read
        waiting.extend(reversed(below))
