"""What a user shows of a person, and the one embedding that is made of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from reidsearch.archive.store import Store
from reidsearch.errors import ArchiveError, UsageError
from reidsearch.footage.pictures import read_picture
from reidsearch.records import Pixels, Vectors
from reidsearch.settings import PictureLimits

View: TypeAlias = str | os.PathLike[str] | Pixels | int
"""One view of a person: a picture file, (h, w, 3) uint8 BGR pixels, or the id of a held crop."""

# The model was trained on crops of 64 x 128 pixels; far below that there is little to compare.
SMALL_WIDTH_PX, SMALL_HEIGHT_PX = 32, 64


@dataclass(frozen=True, slots=True)
class Shown:
    """A person as shown.

    Args:
        vector: (d,) float32 of unit length.
        text: what it was made from, for the statement.
        crop_ids: those of the views that are held crops.
        doubts: what about the pictures makes the answer less sure, in sentences.
    """

    vector: Vectors
    text: str
    crop_ids: tuple[int, ...]
    doubts: tuple[str, ...]


def look(
    views: Sequence[View],
    store: Store,
    embed: Callable[[Sequence[Pixels]], Vectors],
    limits: PictureLimits,
) -> Shown:
    """Read and embed pictures, look up crops, and fuse them all.

    Args:
        embed: (h, w, 3) uint8 BGR pictures -> (n, d) float32 unit rows; called only when a view
            is a picture, so that a held crop needs no model.

    Raises:
        Refused: a picture cannot be read.
        NotFound: no such crop.
        UsageError: there is no view, or they have no mean.
    """
    crop_ids = tuple(int(view) for view in views if isinstance(view, (int, np.integer)))
    given = [view for view in views if not isinstance(view, (int, np.integer))]
    pictures = [
        view if isinstance(view, np.ndarray) else read_picture(view, limits) for view in given
    ]
    rows = [_held(store, crop_id) for crop_id in crop_ids]
    if pictures:
        rows.extend(embed(pictures))
    found = [
        doubt
        for number, picture in enumerate(pictures, start=1)
        for doubt in doubts(f"picture {number}" if len(pictures) > 1 else "picture", picture)
    ]
    return Shown(fuse(rows), _text(len(pictures), crop_ids), crop_ids, tuple(found))


def fuse(rows: Sequence[Vectors]) -> Vectors:
    """The mean direction of several views of one person.

    Args:
        rows: (d,) float32 of unit length each, at least one.

    Returns:
        (d,) float32 of unit length.

    Raises:
        UsageError: there is no view, or the views point against each other and have no mean.
    """
    if not rows:
        raise UsageError("a query needs at least one picture or crop")
    mean = np.mean(rows, axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise UsageError("the query's pictures have nothing in common; query them one by one")
    return np.asarray(mean / length, dtype=np.float32)


def doubts(name: str, picture: Pixels) -> list[str]:
    """What about a query picture makes its answer less sure than the scores look.

    Args:
        name: what to call the picture.
        picture: (h, w, 3) uint8.

    Returns:
        Sentences for the statement's warnings; empty for a plausible crop of one person.
    """
    height_px, width_px = picture.shape[:2]
    size = f"{width_px} x {height_px} pixels"
    found = []
    if width_px > height_px:
        found.append(
            f"the query {name} is wider than tall ({size}); a crop of one standing person is "
            "expected, not a whole frame"
        )
    if width_px < SMALL_WIDTH_PX or height_px < SMALL_HEIGHT_PX:
        found.append(f"the query {name} is small ({size}); small crops tell people apart badly")
    return found


def _held(store: Store, crop_id: int) -> Vectors:
    found = store.embeddings([crop_id])
    if crop_id not in found:
        store.crop(crop_id)  # NotFound, unless the crop is there and only its embedding is lost
        raise ArchiveError(
            f"crop {crop_id} has no embedding", f"run: reidsearch check -a {store.folder}"
        )
    return found[crop_id]


def _text(pictures: int, crop_ids: Sequence[int]) -> str:
    parts = []
    if pictures:
        parts.append("1 picture" if pictures == 1 else f"{pictures} pictures")
    if crop_ids:
        parts.append(f"crop {', '.join(map(str, crop_ids))}")
    text = " and ".join(parts)
    return f"mean of {text}" if pictures + len(crop_ids) > 1 else text
