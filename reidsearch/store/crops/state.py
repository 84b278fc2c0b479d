"""Where an archive stands, and what an earlier run recorded of a location."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run recorded of a location."""

    fingerprint: str
    facts: str
    crop_id: int


@dataclass(frozen=True, slots=True)
class State:
    """Where the archive stands.

    States are equal when an index that has everything of the one has everything of the other;
    the rest tells what an answer lacks and does not count for that.
    """

    last_crop_id: int
    erasures: int
    model_id: int | None
    failures: int = field(compare=False)
    interrupted_runs: int = field(compare=False)
    running_run: int | None = field(compare=False)
    """The run that has not ended, whether it still lives or was killed."""
