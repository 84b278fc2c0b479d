"""The nouns. Frozen, checked at construction; dicts appear only at the JSON edge (present)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Reason, Refused
from reidsearch.base.locations import composed
from reidsearch.base.reading import require_label, require_shallow
from reidsearch.base.settings import PictureLimits
from reidsearch.base.timecode import iso
from reidsearch.domain.tracklets import Moment

DEEPEST_EXTRA, LARGEST_EXTRA_BYTES = 16, 64 * 1024
"""Of the extra columns of a crop: levels within each other, and bytes as JSON."""

Pixels: TypeAlias = NDArray[np.uint8]
"""(h, w, 3) uint8, BGR."""

Vectors: TypeAlias = NDArray[np.float32]
"""(n, d) or (d,) float32, rows of unit length."""

CropIds: TypeAlias = NDArray[np.int64]
"""(n,) int64, crop ids, strictly increasing unless said otherwise."""


_FACTS = json.JSONEncoder(sort_keys=True)
"""`json.dumps` makes one for every call, which takes as long as the text."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a crop beside its pixels. None means unknown, never a guess."""

    camera: str | None = None
    time: dt.datetime | None = None
    person: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "camera", composed(self.camera))

    def digest(self) -> str:
        """A short hash that changes when any fact changes; corrected facts are noticed by it."""
        time = iso(self.time) if self.time else None
        text = _FACTS.encode([self.camera, time, self.person, dict(self.extra)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Locator(Protocol):
    """Where the bytes of a crop input lie: plain data that can be pickled.

    Those of files and containers are in `reidsearch.media.files.locators`; `HeldBytes` serves for
    pictures in memory. Your own needs these two members.
    """

    @property
    def held_bytes(self) -> int:
        """Memory that the locator keeps until it is gone."""
        ...

    def read(self, limits: PictureLimits) -> bytes:
        """Return the bytes, from any thread; raise `Refused` when they cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class HeldBytes:
    """Bytes in memory: a picture that a program has made, a member of a compressed tar.

    Args:
        size_bytes: of the picture, when `data` was not kept because it is over the limit.
    """

    data: bytes = field(repr=False)
    size_bytes: int | None = None

    @property
    def held_bytes(self) -> int:
        """All of it."""
        return len(self.data)

    def read(self, limits: PictureLimits) -> bytes:
        """Return the bytes.

        Raises:
            Refused: empty, too-many-bytes.
        """
        size_bytes = len(self.data) if self.size_bytes is None else self.size_bytes
        if size_bytes == 0:
            raise Refused(Reason.EMPTY, "the file is empty")
        if size_bytes > limits.max_bytes:
            message = f"{size_bytes} bytes, the limit is {limits.max_bytes}"
            raise Refused(Reason.TOO_MANY_BYTES, message)
        return self.data


@dataclass(frozen=True, slots=True)
class CropInput:
    """One crop to be indexed, before its bytes are read. Plain data: it can be pickled.

    Args:
        location: where it lies, as text that can be shown and stored: `dir/a.jpg`,
            `dir/a.tar!/b.jpg`. Bytes of a name that are not UTF-8 appear as `\\xNN`.
        fingerprint: equal to that of an earlier run when nothing changed (size, mtime, ...).
        locator: where its bytes are read.
        box: the person in the picture; None means the whole picture.
        facts: camera, time, person, extra columns; what answers could not give out again is
            refused.

    Raises:
        Refused: (bad-row) a name is empty or longer than `LONGEST_LABEL`, extra columns are no
            plain JSON, nested too deep, or larger than `LARGEST_EXTRA_BYTES`.
    """

    location: str
    fingerprint: str
    locator: Locator
    box: Box | None = None
    facts: Facts = field(default_factory=Facts)

    @property
    def key(self) -> str:
        """Identifies the input among all inputs of all runs."""
        return f"{self.location}#{self.box.text()}" if self.box else self.location

    def __post_init__(self) -> None:
        try:
            _require_plain(self.facts)
        except ValueError as error:
            raise Refused(Reason.BAD_ROW, str(error)) from error

    def spent(self) -> CropInput:
        """Return the same input without the bytes it may hold; it cannot be read again."""
        return replace(self, locator=_SPENT) if self.locator.held_bytes else self


_SPENT = HeldBytes(b"")


def _require_plain(facts: Facts) -> None:
    for name, text in (("the camera", facts.camera), ("the person", facts.person)):
        if text is not None:
            require_label(text, name)
    if not facts.extra:
        return
    require_shallow(facts.extra, DEEPEST_EXTRA)
    try:
        written = json.dumps(dict(facts.extra), allow_nan=False, ensure_ascii=False).encode()
    except TypeError as error:
        raise ValueError(f"the extra columns are no JSON: {error}") from error
    except UnicodeEncodeError as error:
        raise ValueError("the extra columns are not UTF-8") from error
    if len(written) > LARGEST_EXTRA_BYTES:
        raise ValueError(
            f"the extra columns have {len(written):,} bytes; {LARGEST_EXTRA_BYTES:,} are kept"
        )
    if b"\\u0000" in written:
        raise ValueError("the extra columns hold a NUL")


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

    @property
    def place(self) -> str:
        """Where its picture lies: the file, also of a folder of frames, where that is known."""
        picture = self.moment.picture if self.moment is not None else None
        return self.location if picture is None else f"{self.location}/{picture}"
