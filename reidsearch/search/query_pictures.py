"""What a user shows of a person, and the one embedding that is made of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

import numpy as np

from reidsearch.base.errors import ArchiveError, UsageError
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.media.pictures import read_picture
from reidsearch.store.crops.store import Store

QueryPicture: TypeAlias = str | os.PathLike[str] | Pixels | int
"""One view of a person: a picture file, (h, w, 3) uint8 BGR pixels, or the id of a held crop."""

PICTURES_AT_ONCE = 64
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
        views: how many there were.
    """

    vector: Vectors
    text: str
    crop_ids: tuple[int, ...]
    doubts: tuple[str, ...]
    views: int


def embed_query(
    views: Sequence[QueryPicture],
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
    return embed_queries([views], store, embed, limits)[0]


def embed_queries(
    queries: Sequence[Sequence[QueryPicture]],
    store: Store,
    embed: Callable[[Sequence[Pixels]], Vectors],
    limits: PictureLimits,
) -> list[Shown]:
    """`look` for many queries; crops are looked up together, and pictures embedded together.

    Pictures are read and embedded in parts, so that not all of them are held at once.
    """
    ids = [[int(view) for view in views if _is_id(view)] for views in queries]
    held = store.embeddings(sorted({crop_id for some in ids for crop_id in some}))
    shown, start = [], 0
    for end in range(1, len(queries) + 1):
        pictures = sum(not _is_id(view) for views in queries[start:end] for view in views)
        if end == len(queries) or pictures >= PICTURES_AT_ONCE:
            shown += _look_at(queries[start:end], ids[start:end], held, store, embed, limits)
            start = end
    return shown


def _look_at(
    queries: Sequence[Sequence[QueryPicture]],
    ids: Sequence[Sequence[int]],
    held: dict[int, Vectors],
    store: Store,
    embed: Callable[[Sequence[Pixels]], Vectors],
    limits: PictureLimits,
) -> list[Shown]:
    pictures = [
        [
            view if isinstance(view, np.ndarray) else read_picture(view, limits)
            for view in views
            if not isinstance(view, (int, np.integer))
        ]
        for views in queries
    ]
    every = [picture for some in pictures for picture in some]
    embedded = iter(embed(every)) if every else iter(())
    shown = []
    for seen, crop_ids in zip(pictures, ids, strict=True):
        rows = [_held(store, held, crop_id) for crop_id in crop_ids]
        rows.extend(next(embedded) for _ in seen)
        found = [
            doubt
            for number, picture in enumerate(seen, start=1)
            for doubt in doubts(f"picture {number}" if len(seen) > 1 else "picture", picture)
        ]
        text = _text(len(seen), crop_ids)
        shown.append(Shown(fuse(rows), text, tuple(crop_ids), tuple(found), len(rows)))
    return shown


def _is_id(view: QueryPicture) -> TypeGuard[int]:
    return isinstance(view, (int, np.integer))


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


def _held(store: Store, held: dict[int, Vectors], crop_id: int) -> Vectors:
    if crop_id not in held:
        store.crop(crop_id)  # NotFound, unless the crop is there and only its embedding is lost
        raise ArchiveError(
            f"crop {crop_id} has no embedding", f"run: reidsearch check -a {store.folder}"
        )
    return held[crop_id]


def _text(pictures: int, crop_ids: Sequence[int]) -> str:
    parts = []
    if pictures:
        parts.append("1 picture" if pictures == 1 else f"{pictures} pictures")
    if crop_ids:
        parts.append(f"crop {', '.join(map(str, crop_ids))}")
    text = " and ".join(parts)
    return f"mean of {text}" if pictures + len(crop_ids) > 1 else text
