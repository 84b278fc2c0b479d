"""How far around a sighting is looked for others, in time and in cameras."""

from __future__ import annotations

from enum import StrEnum

WITHIN_S = 60.0
MOST_WITHIN_S = 86_400.0


class Around(StrEnum):
    """Which cameras are looked at."""

    SAME = "same"  # that of the sighting
    NEIGHBOURS = "neighbours"  # and those to which a way is known that takes no longer
