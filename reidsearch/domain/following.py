"""What following a recorder's folder tells: of each segment, and in the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class SegmentState(StrEnum):
    """What became of a segment."""

    INDEXED = "indexed"
    PARTLY = "partly"
    """It could not be read as a whole; `failures` says why."""
    KNOWN = "known"
    """Its bytes were in the archive already: a copy, or moved, or only its time is another."""
    FAILED = "failed"
    LOST = "lost"
    """It was deleted or overwritten before it was indexed."""
    WAITS = "waits"
    """Of no segment: the database, the disk or the folder is away; it is tried again."""
    EXPIRED = "expired"
    """Of no segment: crops were deleted by the retention rules."""


@dataclass(frozen=True, slots=True)
class SegmentTold:
    """One thing that is told while folders are followed.

    Args:
        location: of the segment; empty: of none.
        sample_rate_hz: frames a second that were sampled, where they are fewer than usual.
        footage_s: of footage that was committed, in `seconds`.
        lag_s: how far behind the newest finished segment indexing was when it began.
        crops: kept of it; of `expired`: deleted.
        replaced: other footage lay there before, which the archive holds without its file now.
    """

    state: SegmentState
    location: str = ""
    message: str = ""
    camera: str | None = None
    footage_s: float = 0.0
    seconds: float = 0.0
    tracklets: int = 0
    crops: int = 0
    sample_rate_hz: int | None = None
    lag_s: float = 0.0
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where following stands just now.

    Args:
        waiting: finished segments that are not indexed.
        growing: segments that are still written, or may be.
        lag_s: time between the newest finished segment and the oldest that waits.
    """

    waiting: int = 0
    growing: int = 0
    lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FollowReport:
    """What following has done from its start to its end.

    Args:
        indexed, known, partly, failed, lost: segments; see `SegmentState`.
        replaced: of those that were read, how many took the place of footage that the archive
            holds without its file now.
        fewer_frames: of the indexed ones, those of which fewer frames were sampled than usual.
        expired: crops that were deleted by the retention rules.
        waiting, growing, lag_s: where it stood in the end.
        interrupted: somebody stopped it.
    """

    indexed: int = 0
    known: int = 0
    partly: int = 0
    failed: int = 0
    lost: int = 0
    replaced: int = 0
    fewer_frames: int = 0
    tracklets: int = 0
    crops: int = 0
    expired: int = 0
    footage_s: float = 0.0
    waiting: int = 0
    growing: int = 0
    lag_s: float = 0.0
    seconds: float = 0.0
    interrupted: bool = False

    def with_told(self, told: SegmentTold) -> FollowReport:
        """Return the same with what was told counted."""
        if told.state is SegmentState.WAITS:
            return self
        if told.state is SegmentState.EXPIRED:
            return replace(self, expired=self.expired + told.crops)
        name = told.state.value
        return replace(
            self,
            **{name: getattr(self, name) + 1},
            replaced=self.replaced + told.replaced,
            fewer_frames=self.fewer_frames + (told.sample_rate_hz is not None),
            tracklets=self.tracklets + told.tracklets,
            crops=self.crops + told.crops,
            footage_s=self.footage_s + told.footage_s,
        )

    def at(self, standing: Standing) -> FollowReport:
        """Return the same with where it stands."""
        return replace(self, **asdict(standing))


def follow_json(report: FollowReport) -> dict[str, Any]:
    """Return the document of what following has done."""
    return {"schema": "reidsearch/followed/1", **asdict(report)}
