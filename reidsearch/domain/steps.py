"""What indexing hands on to be committed: plain data that can travel between processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reidsearch.base.boxes import Box
from reidsearch.domain.crops import CropInput, Rejected, Vectors
from reidsearch.domain.footage import Span
from reidsearch.domain.tracklets import Tracklet


@dataclass(frozen=True, slots=True)
class NewCrop:
    """A crop ready to be stored.

    Args:
        source_sha256: of the source's bytes, 32 bytes.
        width_px, height_px: of the source picture.
        jpeg: the crop's picture as it is kept.
        vector: (d,) float32 of unit length.
    """

    input: CropInput
    source_sha256: bytes
    size_bytes: int
    width_px: int
    height_px: int
    box: Box
    jpeg: bytes
    vector: Vectors


class Effect(StrEnum):
    """What indexing a crop again that is stored already comes to."""

    UNCHANGED = "unchanged"  # same bytes, same facts; only the fingerprint is new
    UPDATED = "updated"  # same bytes at a known place, corrected facts
    DUPLICATE = "duplicate"  # a copy of the same picture elsewhere; the first one's facts stay


@dataclass(frozen=True, slots=True)
class AlreadyStored:
    """An input whose bytes are the crop `crop_id` already; its location is (re)recorded."""

    input: CropInput
    crop_id: int
    effect: Effect


@dataclass(frozen=True, slots=True)
class CropStep:
    """Crops, known ones and failures that one transaction stores."""

    items: Sequence[NewCrop | AlreadyStored | Rejected]


@dataclass(slots=True)
class Committed:
    """What one commit of crops did."""

    indexed: int = 0
    unchanged: int = 0
    updated: int = 0
    duplicates: int = 0
    conflicting: int = 0  # of the duplicates: came with other facts than those kept
    failed: int = 0
    kept_out: int = 0  # were deleted, and are not to come back


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file (or folder of frames) as it lies on disk.

    Args:
        location: as text that can be shown.
        fingerprint: equal as long as nothing changed (size, mtime).
        sha256: of its bytes, 32 bytes.
        grown_from: id of the stored source whose bytes are the first of these; None: of none.
    """

    location: str
    fingerprint: str
    sha256: bytes
    size_bytes: int
    grown_from: int | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A source that can be worked on.

    Args:
        state: the checkpoint to go on from; None: from the start.
        lost: there was a checkpoint, but it is damaged.
    """

    source_id: int
    state: bytes | None
    lost: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SourceStep:
    """What one transaction stores of a source of footage.

    Args:
        state: the checkpoint after it; None when the source is finished.
        duration_us: media time up to which everything found is stored with this step.
        first_span: number of the first of `spans`; what was stored from there on is replaced.
    """

    source_id: int
    tracklets: Sequence[Tracklet]
    first_span: int
    spans: Sequence[Span]
    state: bytes | None
    counts: Mapping[str, int]
    duration_us: int
    measured_fps: float | None
    notes: Sequence[str]
