"""Query pictures: read, embedded, and fused to one embedding."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind, Refused, ReidsearchError, UsageError
from reidsearch.base.locations import location_text
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Crop, Pixels, Vectors
from reidsearch.domain.query_origins import (
    Detection,
    EmbeddedPicture,
    OriginKind,
    QueryOrigin,
    ReadPicture,
    whole_box,
)
from reidsearch.domain.request import QueryPicture
from reidsearch.store.adjustment import cameras_of_sources
from reidsearch.store.crops.embeddings import crops_with_embeddings
from reidsearch.store.crops.store import Store

PICTURES_AT_ONCE = 64
# The model was trained on crops of 64 x 128 pixels; far below that there is little to compare.
SMALL_WIDTH_PX, SMALL_HEIGHT_PX = 32, 64


@dataclass(frozen=True, slots=True)
class EmbeddedQuery:
    """The pictures and crops of one query, embedded and fused.

    Args:
        vector: (d,) float32 of unit length.
        label: what it was made from, for the statement.
        crop_ids: those of its crops.
        warnings: what about the pictures makes the answer less sure, in sentences.
        origins: of its pictures, then of its crops, then of pictures whose embedding is stored.
        rows: (n, d) float32 of unit length, in the order of `origins`.
        cameras: n names, of crops, and of pictures and videos whose bytes the archive knows; None:
            not known.
    """

    vector: Vectors
    label: str
    crop_ids: tuple[int, ...]
    warnings: tuple[str, ...]
    origins: tuple[QueryOrigin, ...]
    rows: Vectors
    cameras: tuple[str | None, ...]

    @property
    def count(self) -> int:
        """How many pictures and crops there are."""
        return len(self.origins)


Embed: TypeAlias = Callable[[Sequence[Pixels]], Vectors]
"""(h, w, 3) uint8 BGR pictures -> (n, d) float32 rows of unit length."""


Embeddable: TypeAlias = QueryPicture | EmbeddedPicture
"""What a query can be made of: a picture, a crop, or a picture whose embedding is stored."""


def embed_query(
    query: Sequence[Embeddable], store: Store, embed: Embed, limits: PictureLimits
) -> EmbeddedQuery:
    """Read and embed pictures, look up crops, and fuse them all.

    Args:
        embed: called only when there is a picture, so that a crop needs no model.

    Raises:
        Refused: a picture cannot be read.
        NotFound: no such crop.
        UsageError: there is nothing to embed, or it has no mean.
    """
    (embedded,) = embed_queries([(query, limits)], store, embed)
    if isinstance(embedded, ReidsearchError):
        raise embedded
    return embedded


def embed_queries(
    queries: Sequence[tuple[Sequence[Embeddable], PictureLimits]], store: Store, embed: Embed
) -> list[EmbeddedQuery | ReidsearchError]:
    """Embed many queries as `embed_query` does; one that fails gives its error.

    Crops are looked up together and pictures embedded together, in parts, so that not all of
    them are in memory at once.
    """
    ids = [[one for one in query if isinstance(one, int)] for query, _ in queries]
    stored = crops_with_embeddings(store, sorted({crop_id for some in ids for crop_id in some}))
    embedded: list[EmbeddedQuery | ReidsearchError] = []
    part: list[_Pictures | ReidsearchError] = []
    waiting = 0
    for (query, limits), crop_ids in zip(queries, ids, strict=True):
        try:
            crops = [_stored(store, stored, crop_id) for crop_id in crop_ids]
            held = [one for one in query if isinstance(one, EmbeddedPicture)]
            read = [
                read_query_picture(one, limits)
                for one in query
                if not isinstance(one, int | EmbeddedPicture)
            ]
            part.append(_Pictures(read, crops, held))
            waiting += len(read)
        except ReidsearchError as error:
            part.append(error)
        if waiting >= PICTURES_AT_ONCE:
            embedded += _embedded(part, embed)
            part, waiting = [], 0
    return _with_cameras(store, embedded + _embedded(part, embed))


def _with_cameras(
    store: Store, queries: Sequence[EmbeddedQuery | ReidsearchError]
) -> list[EmbeddedQuery | ReidsearchError]:
    """Return the queries with the cameras of what is a source of the archive."""
    digests = {
        origin.sha256
        for query in queries
        if isinstance(query, EmbeddedQuery)
        for origin in query.origins
        if origin.crop_id is None and origin.sha256 is not None
    }
    if not digests:
        return list(queries)
    known = cameras_of_sources(store, digests)
    return [
        query
        if isinstance(query, ReidsearchError)
        else replace(
            query,
            cameras=tuple(
                camera if camera is not None else known.get(origin.sha256 or "")
                for origin, camera in zip(query.origins, query.cameras, strict=True)
            ),
        )
        for query in queries
    ]


@dataclass(frozen=True, slots=True)
class _Pictures:
    """What one query is made of: pictures that were read, crops and others with embeddings."""

    pictures: list[ReadPicture]
    crops: list[tuple[Crop, Vectors]]
    held: list[EmbeddedPicture]


def read_query_picture(
    picture: str | os.PathLike[str] | Pixels | ReadPicture, limits: PictureLimits
) -> ReadPicture:
    """Return a picture of a query with where it came from; a file is read once.

    Raises:
        Refused: it cannot be read; the message names the file.
    """
    if isinstance(picture, ReadPicture):
        return picture
    if isinstance(picture, np.ndarray):
        return ReadPicture.of_pixels(picture)
    from reidsearch.media.pictures import read_with_digest

    pixels, sha256 = read_with_digest(picture, limits)
    return ReadPicture.of_pixels(pixels, origin_of_file(os.fspath(picture), sha256, pixels))


def pictures_again(
    store: Store, query: Sequence[Embeddable], limits: PictureLimits
) -> list[Pixels | None]:
    """Return the pictures of a query's views, in the order in which `embed_query` has them.

    Returns:
        (h, w, 3) uint8 BGR each; None where there is only an embedding.

    Raises:
        Refused: a picture cannot be read any more.
        NotFound: a crop is gone.
    """
    read = [
        read_query_picture(one, limits).pixels
        for one in query
        if not isinstance(one, int | EmbeddedPicture)
    ]
    from reidsearch.media.pictures import decode

    crops = [decode(store.picture(one), limits) for one in query if isinstance(one, int)]
    return [*read, *crops, *(None for one in query if isinstance(one, EmbeddedPicture))]


def origin_of_file(
    name: str,
    sha256: str | None,
    pixels: Pixels,
    *,
    of: OriginKind = OriginKind.FILE,
    media_s: float | None = None,
) -> QueryOrigin:
    """Return the origin of a file, or of a frame of it: its name as given, and where it lies."""
    lies = location_text(str(Path(name).absolute()))
    return QueryOrigin(of, location_text(name), whole_box(pixels), lies, sha256, media_s)


def _embedded(
    queries: Sequence[_Pictures | ReidsearchError], embed: Embed
) -> list[EmbeddedQuery | ReidsearchError]:
    """Embed all pictures together; if the model refuses one, query by query, to tell which."""
    every = [
        one.pixels for query in queries if isinstance(query, _Pictures) for one in query.pictures
    ]
    try:
        rows = iter(embed(every)) if every else iter(())
    except Refused as error:
        if len(queries) == 1:
            return [error]
        return [one for query in queries for one in _embedded([query], embed)]
    except ReidsearchError as error:  # there is no model: crops need none
        crops = [isinstance(query, ReidsearchError) or not query.pictures for query in queries]
        some = iter(
            _embedded([query for query, one in zip(queries, crops, strict=True) if one], embed)
        )
        return [next(some) if one else error for one in crops]
    found: list[EmbeddedQuery | ReidsearchError] = []
    for query in queries:
        if isinstance(query, ReidsearchError):
            found.append(query)
            continue
        try:
            found.append(_fused(query, list(itertools.islice(rows, len(query.pictures)))))
        except UsageError as error:
            found.append(error)
    return found


def _fused(query: _Pictures, rows: Sequence[Vectors]) -> EmbeddedQuery:
    count = len(query.pictures)
    found = [
        warning
        for number, one in enumerate(query.pictures, start=1)
        for warning in warnings_of(f"picture {number}" if count > 1 else "picture", one)
    ]
    crop_ids = tuple(crop.crop_id for crop, _ in query.crops)
    origins = (
        *(one.origin.embedded(row) for one, row in zip(query.pictures, rows, strict=True)),
        *(QueryOrigin.of_crop(crop).embedded(row) for crop, row in query.crops),
        *(one.origin for one in query.held),
    )
    views = [*rows, *(row for _, row in query.crops), *(one.row for one in query.held)]
    vector = fuse(views)
    cameras = (
        *(None for _ in rows),
        *(crop.facts.camera for crop, _ in query.crops),
        *(None for _ in query.held),
    )
    return EmbeddedQuery(
        vector, _label(count, crop_ids), crop_ids, tuple(found), origins, np.stack(views), cameras
    )


def fuse(rows: Sequence[Vectors] | Vectors) -> Vectors:
    """Return the mean direction of several views of one person.

    Args:
        rows: (d,) float32 of unit length each, at least one.

    Returns:
        (d,) float32 of unit length.

    Raises:
        UsageError: there is no view, or the views point against each other and have no mean.
    """
    if not len(rows):
        raise UsageError("a query needs at least one picture or crop")
    mean = np.mean(rows, axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise UsageError("the query's pictures have nothing in common; query them one by one")
    return np.asarray(mean / length, dtype=np.float32)


_WHOLE = {
    Detection.NOBODY: "nobody was detected in the query {name}: it was embedded whole",
    Detection.UNAVAILABLE: (
        "there is no person detector on this machine: the query {name} was embedded whole, "
        "whatever it shows"
    ),
}


def warnings_of(name: str, picture: ReadPicture) -> list[str]:
    """Return what about a query picture makes its answer less sure than the scores look.

    Args:
        name: what to call the picture.

    Returns:
        Sentences for the statement's warnings; empty for a plausible crop of one person.
    """
    height_px, width_px = picture.pixels.shape[:2]
    size = f"{width_px} x {height_px} pixels"
    detection = picture.origin.detection
    found = [_WHOLE[detection].format(name=name)] if detection in _WHOLE else []
    if width_px > height_px:
        found.append(
            f"the query {name} is wider than tall ({size}); a crop of one standing person is "
            "expected, not a whole frame"
        )
    if width_px < SMALL_WIDTH_PX or height_px < SMALL_HEIGHT_PX:
        found.append(f"the query {name} is small ({size}); small crops tell people apart badly")
    return found


def _stored(
    store: Store, stored: Mapping[int, tuple[Crop, Vectors]], crop_id: int
) -> tuple[Crop, Vectors]:
    if crop_id not in stored:
        store.crop(crop_id)  # NotFound, unless the crop is there and only its embedding is lost
        raise ArchiveError(
            f"crop {crop_id} has no embedding", kind=Kind.ARCHIVE_DAMAGED, archive=store.location
        )
    return stored[crop_id]


def _label(pictures: int, crop_ids: Sequence[int]) -> str:
    parts = []
    if pictures:
        parts.append("1 picture" if pictures == 1 else f"{pictures} pictures")
    if crop_ids:
        parts.append(f"crop {', '.join(map(str, crop_ids))}")
    text = " and ".join(parts)
    return f"mean of {text}" if pictures + len(crop_ids) > 1 else text
