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

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Refused
from reidsearch.base.timecode import iso
from reidsearch.domain.footage import Moment

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
class CropInput:
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

    def spent(self) -> CropInput:
        """The same offer without the bytes it may hold; it cannot be read again."""
        return replace(self, read=_spent, held_bytes=0) if self.held_bytes else self


def _spent() -> bytes:
    raise RuntimeError("the bytes of this offer have been let go")


@dataclass(frozen=True, slots=True)
class Rejected:
    """An offered input that failed, and why; goes into the failures ledger."""

    location: str
    cause: Refused


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
