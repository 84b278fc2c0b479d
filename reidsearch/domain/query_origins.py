"""What was searched with: each origin of a query, so that it can be found and checked again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from reidsearch.base.boxes import Box
from reidsearch.domain.crops import Crop, Pixels, Vectors


class OriginKind(StrEnum):
    """What a origin of a query was made from."""

    FILE = "file"
    FRAME = "frame"  # of a video, or of a folder of full frames
    PIXELS = "pixels"  # in memory, of no file
    CROP = "crop"  # of the archive
    PHOTO = "photo"  # a reference photograph of an identity


class Detection(StrEnum):
    """What the person detector had to do with a picture that was searched with."""

    CUT = "cut"  # the one person in it was cut out
    CROP = "crop"  # embedded whole: one person fills it
    STORED = "stored"  # embedded whole: the archive holds the file as a crop
    NOBODY = "nobody"  # embedded whole: nobody was detected
    UNAVAILABLE = "unavailable"  # embedded whole: there is no detector on this machine
    NOT_ASKED = "not-asked"  # embedded whole, as was asked


@dataclass(frozen=True, slots=True)
class QueryOrigin:
    """One origin of the person searched for.

    Args:
        of: what it was made from.
        name: the file as it was given; of a crop the location of its source; empty for pixels.
        box: what was used of the upright picture or frame; all of pixels in memory.
        location: where the file lies, absolute; None: it is no file, or the crop's.
        sha256: of the bytes of the file, of a crop of those of its source; None: of no file.
        media_s: seconds from the first frame of the video; None: no video.
        pixels_sha256: of the pixels that the model was given, rows of BGR from the top left; None
            for a crop, of which only the stored embedding is used.
        crop_id: of a crop.
        embedding_sha256: of its embedding, see `embedding_sha256`; empty before it is made.
        detection: of a picture file; None: the box was given, a program passed it as a crop, or it
            is no file.
        photo_id: of a reference photograph, of which only the stored embedding is used.
    """

    of: OriginKind
    name: str
    box: Box
    location: str | None = None
    sha256: str | None = None
    media_s: float | None = None
    pixels_sha256: str | None = None
    crop_id: int | None = None
    embedding_sha256: str = ""
    detection: Detection | None = None
    photo_id: int | None = None

    @property
    def held(self) -> bool:
        """Whether the archive holds the embedding that is searched with."""
        return self.crop_id is not None or self.photo_id is not None

    def embedded(self, row: Vectors) -> QueryOrigin:
        """Return the same origin with the digest of its embedding."""
        return replace(self, embedding_sha256=embedding_sha256(row))

    @classmethod
    def of_crop(cls, crop: Crop) -> QueryOrigin:
        """Return the origin that a crop of the archive is."""
        return cls(
            OriginKind.CROP,
            crop.location,
            crop.box,
            sha256=crop.source_sha256,
            media_s=None if crop.moment is None else float(crop.moment.media_s),
            crop_id=crop.crop_id,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ReadPicture:
    """A picture that was read, and where it came from; a search takes it like any other.

    Args:
        pixels: (h, w, 3) uint8 BGR.
    """

    pixels: Pixels
    origin: QueryOrigin

    @classmethod
    def of_pixels(cls, pixels: Pixels, origin: QueryOrigin | None = None) -> ReadPicture:
        """Return the picture with the digest of its pixels; without a origin it is of no file."""
        if origin is None:
            origin = QueryOrigin(OriginKind.PIXELS, "", whole_box(pixels))
        return cls(pixels, replace(origin, pixels_sha256=pixels_sha256(pixels)))


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPicture:
    """A picture whose embedding the archive holds, and where it came from.

    Args:
        row: (d,) float32 of unit length.
    """

    origin: QueryOrigin
    row: Vectors


def whole_box(pixels: Pixels) -> Box:
    """Return the box that takes all of a picture."""
    return Box(0, 0, pixels.shape[1], pixels.shape[0])


def pixels_sha256(pixels: Pixels) -> str:
    """Return the SHA-256 of (h, w, 3) uint8 BGR: the bytes row by row, without a header."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def embedding_sha256(row: Vectors) -> str:
    """Return the SHA-256 of an embedding as float32, little-endian, without a header."""
    return hashlib.sha256(np.ascontiguousarray(row, "<f4").tobytes()).hexdigest()
