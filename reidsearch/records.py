"""The nouns. Frozen, checked at construction; dicts appear only at the JSON edge (present)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.boxes import Box
from reidsearch.errors import Refused
from reidsearch.sightings import Moment
from reidsearch.timecode import iso

Pixels: TypeAlias = NDArray[np.uint8]
"""(h, w, 3) uint8, BGR."""

Vectors: TypeAlias = NDArray[np.float32]
"""(n, d) or (d,) float32, rows of unit length."""

CropIds: TypeAlias = NDArray[np.int64]
"""(n,) int64, crop ids, strictly increasing unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a crop beside its pixels. None means unknown, never a guess."""

    camera: str | None = None
    time: dt.datetime | None = None
    person: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """A short hash that changes when any fact changes; corrected facts are noticed by it."""
        text = json.dumps(
            [self.camera, iso(self.time) if self.time else None, self.person, dict(self.extra)],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Offer:
    """One crop that is offered for indexing, before its bytes are read.

    Args:
        location: where it lies, as text that can be shown and stored: `dir/a.jpg`,
            `dir/a.tar!/b.jpg`. Bytes of a name that are not UTF-8 appear as `\\xNN`.
        fingerprint: equal to that of an earlier run when nothing changed (size, mtime, ...).
        read: returns the file's bytes; raises `Refused`.
        box: the person in the picture; None means the whole picture.
        facts: camera, time, person, extra columns.
        held_bytes: memory that `read` keeps until the offer is gone (compressed tar members).
    """

    location: str
    fingerprint: str
    read: Callable[[], bytes]
    box: Box | None = None
    facts: Facts = field(default_factory=Facts)
    held_bytes: int = 0

    @property
    def key(self) -> str:
        """Identifies the offer among all offers of all runs."""
        return f"{self.location}#{self.box.text()}" if self.box else self.location

    def spent(self) -> Offer:
        """The same offer without the bytes it may hold; it cannot be read again."""
        return replace(self, read=_spent, held_bytes=0) if self.held_bytes else self


def _spent() -> bytes:
    raise RuntimeError("the bytes of this offer have been let go")


@dataclass(frozen=True, slots=True)
class Rejected:
    """An offered input that failed, and why; goes into the failures ledger."""

    location: str
    cause: Refused


FLIPPED = "+flip/1"
"""The end of the name of a pre-processing that averages a crop with its mirror image."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made an embedding.

    Args:
        name: catalogue name, `builtin`, or the file's stem.
        precision: `FP32`, `FP16`, `FP16-INT8`, or `unknown`.
        digest: SHA-384 over the model's files, hexadecimal.
        preprocessing: name of the way from crop to embedding, e.g. `bilinear-antialias-bgr/1`;
            with flip averaging it ends in `FLIPPED`.
        dimension: length of an embedding.
    """

    name: str
    precision: str
    digest: str
    preprocessing: str
    dimension: int

    @property
    def text(self) -> str:
        """Name, precision and the start of the digest, for people; flip averaging if it is on."""
        flip = ", flip averaging" if self.flip else ""
        return f"{self.name} {self.precision} ({self.digest[:12]}){flip}"

    @property
    def flip(self) -> bool:
        """Whether embeddings are means of a crop's and its mirror image's."""
        return self.preprocessing.endswith(FLIPPED)

    def matches(self, other: ModelIdentity) -> bool:
        """Whether embeddings of both can be compared."""
        return (self.digest, self.preprocessing) == (other.digest, other.preprocessing)


@dataclass(frozen=True, slots=True)
class Crop:
    """All that the archive knows of one crop.

    `box` is in pixels of the source picture, or of the source's upright frame at `moment`, which
    is None for a crop that was offered as a picture; `source_sha256` is the SHA-256 of the
    source's bytes.
    """

    crop_id: int
    source_id: int
    source_sha256: str
    location: str
    box: Box
    facts: Facts
    indexed_at: dt.datetime
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the gallery a search looks at; applied before ranking, never after.

    Args:
        cameras / not_cameras: exact names.
        after / before: aware times, `after <= time < before`.
        sources: SHA-256 prefixes (8 characters or more) or parts of a location.
        exclude_crops: crop ids to leave out.
        wearing: colours, each as `appearance.worn` reads it; all have to be worn.
        with_things / without_things: of `appearance.THINGS`; all have to be there, or absent.
    """

    cameras: tuple[str, ...] = ()
    not_cameras: tuple[str, ...] = ()
    after: dt.datetime | None = None
    before: dt.datetime | None = None
    sources: tuple[str, ...] = ()
    exclude_crops: tuple[int, ...] = ()
    wearing: tuple[str, ...] = ()
    with_things: tuple[str, ...] = ()
    without_things: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is filtered."""
        return self == Filters()


@dataclass(frozen=True, slots=True)
class Failure:
    """One line of the failures ledger."""

    location: str
    reason: str
    message: str
    at: dt.datetime
    run_id: int


@dataclass(frozen=True, slots=True)
class FootageReport:
    """What one index run did with footage.

    `offered` = indexed + unchanged + updated + duplicates + failed, unless interrupted; `resumed`
    of the indexed ones went on where an interrupted run had stopped; `other_settings` of the
    unchanged ones were looked at with other settings than this run's. The rest counts what was
    found in the indexed ones: frames decoded, looks of the detector, tracklets and views kept, and
    what was not kept (`small` detections, `brief` tracklets); `footage_s` is their length.
    """

    offered: int = 0
    indexed: int = 0
    resumed: int = 0
    unchanged: int = 0
    updated: int = 0
    other_settings: int = 0
    duplicates: int = 0
    failed: int = 0
    frames: int = 0
    looks: int = 0
    tracklets: int = 0
    views: int = 0
    small: int = 0
    brief: int = 0
    footage_s: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one index run did with what it was offered.

    `offered` = indexed + unchanged + updated + duplicates + failed, unless interrupted. `ignored`
    files in folders and containers were not offered, as their names say they are no pictures.
    `conflicting` of the duplicates came with other facts (camera, time, person, extra) than the
    crop's own, which were kept. All of this is of pictures; `footage` tells of videos.
    """

    run_id: int
    offered: int = 0
    indexed: int = 0
    unchanged: int = 0
    updated: int = 0
    duplicates: int = 0
    failed: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    ignored: int = 0
    conflicting: int = 0
    footage: FootageReport = FootageReport()


@dataclass(frozen=True, slots=True)
class Summary:
    """What `reidsearch show` tells of an archive."""

    archive: str
    archive_id: str
    created_at: dt.datetime
    schema: str
    model: ModelIdentity | None
    crops: int
    sources: int
    footage: int
    """Of the sources: videos and folders of frames."""
    tracklets: int
    persons_labelled: int
    cameras: tuple[tuple[str | None, int, dt.datetime | None, dt.datetime | None], ...]
    """(name or None, crops, first time, last time), most crops first."""
    first_time: dt.datetime | None
    last_time: dt.datetime | None
    crops_without_time: int
    failures: tuple[tuple[str, int], ...]
    """(reason, count), most first."""
    runs: int
    unfinished_runs: int
    database_bytes: int
    index_bytes: int
    generation: int
    crops_in_index: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` found wrong.

    `repairable` things are derived and can be rebuilt; the rest is lost data, named precisely.
    """

    code: str
    message: str
    repairable: bool
    crop_ids: tuple[int, ...] = ()
