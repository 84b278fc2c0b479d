"""Pictures that an answer was searched with, embedded as they were, or again from their file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from reidsearch.base.errors import InputError, ReidsearchError
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.query_origins import (
    OriginKind,
    QueryOrigin,
    embedding_sha256,
    pixels_sha256,
)
from reidsearch.media.pictures import read_with_digest

Embed: TypeAlias = Callable[[Sequence[Pixels]], Vectors]


class NotRepeated(InputError):
    """A request cannot be repeated, because what it was made of is not there any more."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or crop, embedded.

    Args:
        row: (d,) float32 of unit length.
        camera: None: not known.
    """

    origin: QueryOrigin
    row: Vectors
    camera: str | None = None


def embedded_again(origin: QueryOrigin, kept: Vectors | None, embed: Embed) -> Picture:
    """Return a picture that was searched with.

    Args:
        kept: its embedding, of the archive's model; None: it is made anew from its file.

    Raises:
        NotRepeated: the file is not there as it was, or another embedding was kept.
    """
    if kept is not None:
        if embedding_sha256(kept) != origin.embedding_sha256:
            raise NotRepeated(
                f"the embedding that the log keeps of {_name(origin)} is not the one that was "
                "searched with"
            )
        return Picture(origin, kept)
    pixels = _pixels(origin)
    row = np.asarray(embed([pixels])[0], dtype=np.float32)
    return Picture(origin.embedded(row), row)


def _pixels(origin: QueryOrigin) -> Pixels:
    lost = f"{_name(origin)} was searched with; its embedding is not on record"
    if origin.of is OriginKind.PIXELS or origin.location is None:
        raise NotRepeated(f"{lost}, and it was of no file")
    try:
        if origin.of is OriginKind.FRAME and origin.media_s is not None:
            from reidsearch.services.query_input import read_frame

            whole = read_frame(f"{origin.location}@{origin.media_s!r}")
        else:
            whole, _ = read_with_digest(origin.location, PictureLimits())
    except ReidsearchError as error:
        raise NotRepeated(f"{lost}, and its file cannot be read: {error.message}") from error
    box = origin.box
    pixels = np.ascontiguousarray(whole[box.y1 : box.y2, box.x1 : box.x2])
    if pixels_sha256(pixels) != origin.pixels_sha256:
        raise NotRepeated(f"{lost}, and its file shows something else by now")
    return pixels


def _name(origin: QueryOrigin) -> str:
    return origin.name or "a picture in memory"
