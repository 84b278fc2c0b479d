"""What a worker tells of its work."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from reidsearch.domain.queue import Queued


class Became(StrEnum):
    """What became of a source at a worker."""

    BEGUN = "begun"
    DONE = "done"
    PARTLY = "partly"
    FAILED = "failed"
    BACK = "back"
    """It was given back to the queue."""
    LOST = "lost"
    """Another worker has taken it over."""
    WAITS = "waits"
    """Of no source: the database is away."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a worker tells.

    Args:
        footage_s: of footage that was committed, in `seconds`.
    """

    became: Became
    queued: Queued | None
    message: str = ""
    footage_s: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkReport:
    """What one worker has done from its start to its end."""

    done: int = 0
    partly: int = 0
    failed: int = 0
    back: int = 0
    lost: int = 0
    tracklets: int = 0
    crops: int = 0
    footage_s: float = 0.0
    seconds: float = 0.0

    def with_one(self, became: Became) -> WorkReport:
        """Return the same with one more source of which this became."""
        return replace(self, **{became.value: getattr(self, became.value) + 1})


def work_json(report: WorkReport) -> dict[str, Any]:
    """Return the document of what a worker has done."""
    return {"schema": "reidsearch/worked/1", **asdict(report)}
