"""What names and files tell of a source, and what must be said of what they tell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as a name or a file tells it.

    Args:
        local: without a zone.
        uncertainty_s: half the width of the interval that holds the true time.
        zone: that is told with it; None: none is.
    """

    local: dt.datetime
    uncertainty_s: float = 1.0
    zone: dt.tzinfo | None = None


@dataclass(frozen=True, slots=True)
class FactNote:
    """A remark on where camera and start of a source come from, and why one is not known.

    Args:
        about: `time` or `camera`, which is not known, or the origin of the clock that was taken.
    """

    about: str
    text: str
