"""In which order the matches of an answer stand."""

from __future__ import annotations

from collections.abc import Iterable

from reidsearch.domain.answers import Match
from reidsearch.domain.request import Order


def in_order(matches: Iterable[Match], order: Order) -> tuple[Match, ...]:
    """Return matches, best first, as they stand in an answer; their ranks stay."""
    return tuple(matches) if order is Order.SCORE else tuple(sorted(matches, key=begins))


def begins(match: Match) -> tuple[bool, float, int]:
    """Return what matches are sorted by in order of time.

    By when each was first seen; of no known time last, of one time by rank.
    """
    seen = match.tracklet
    time = (seen.first_time if seen else None) or match.crop.facts.time
    return time is None, time.timestamp() if time else 0.0, match.rank
