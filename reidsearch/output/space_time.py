"""What place and time of matches say, as text."""

from __future__ import annotations

from reidsearch.domain.answers import Match
from reidsearch.domain.space_time import POOL, ReadBy, Unread
from reidsearch.output.columns import Column
from reidsearch.output.text import UNKNOWN
from reidsearch.output.visible import count

WHY_NOT = {
    Unread.NO_CAMERA: "no camera",
    Unread.NO_TIME: "no time",
    Unread.NO_UNCERTAINTY: "clock unsure",
    Unread.ALONE: "nothing confirmed",
    Unread.FAR: "over 12 h away",
    Unread.SAME_STAY: "same stay",
    Unread.NO_MODEL: "few journeys",
}


def space_time_columns(matches: tuple[Match, ...]) -> list[Column]:
    """Return the columns of what place and time say; none where that was not asked."""
    if not any(match.space_time for match in matches):
        return []
    found = [Column("place and time", [_ratio(match) for match in matches], 0, right=True)]
    if any(one.space_time and one.space_time.rank_by_appearance for one in matches):
        found += [
            Column("both", [_both(match) for match in matches], 1, right=True),
            Column("by appearance", [_before(match) for match in matches], 2, right=True),
        ]
    return found


def space_time_sentences(by: ReadBy | None) -> list[str]:
    """Return what place and time were read by, and what that means."""
    if by is None:
        return []
    told = [
        "Place and time: log10 likelihood ratio with its 95 % interval, apart from appearance: how "
        "much better the time fits somebody on the way between confirmed sightings than anybody "
        f"who passed that camera; by {count(by.journeys, 'journey')} of "
        f"{count(by.people, 'other identity', 'other identities')} between "
        f"{count(by.pairs, 'ordered pair')} of cameras."
    ]
    if by.combined:
        told.append(
            f"Order: both kinds of evidence, added up, of the {POOL} best by appearance or as many "
            "as were asked for. Not for questions whether somebody was elsewhere."
        )
    return told


def _ratio(match: Match) -> str:
    told = match.space_time
    if told is None:
        return UNKNOWN
    if told.log10_lr is None or told.log10_lr_interval is None:
        return WHY_NOT[told.why_not] if told.why_not else UNKNOWN
    low, high = told.log10_lr_interval
    return f"{told.log10_lr:+.1f} ({low:+.1f} to {high:+.1f})"


def _both(match: Match) -> str:
    total = match.space_time and match.space_time.combined_log10_lr
    return UNKNOWN if total is None else f"{total:+.1f}"


def _before(match: Match) -> str:
    rank = match.space_time and match.space_time.rank_by_appearance
    return UNKNOWN if rank is None else str(rank)
