"""How long the recorder of a camera keeps footage before it overwrites it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reidsearch.base.errors import UsageError

MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class CameraKeeps:
    """What somebody said of one camera's recorder.

    Args:
        days: after so many it overwrites footage.
    """

    camera: str
    days: float
    set_at: dt.datetime
    set_by: str


def require_days(camera: str, days: float) -> None:
    """Raise UsageError where no recorder keeps footage for so many days."""
    if not 0 < days <= MOST_DAYS:  # nor is nan
        raise UsageError(
            f"{camera} cannot keep footage for {days:g} days",
            f"give more than 0 and at most {MOST_DAYS:,} days",
        )
