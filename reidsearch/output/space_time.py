"""What place and time of matches say, as text."""

from __future__ import annotations

from reidsearch.domain.answers import Match
from reidsearch.domain.space_time import POOL, ReadBy, SpaceTime, Unread
from reidsearch.output.columns import Column
from reidsearch.output.text import UNKNOWN
from reidsearch.output.visible import count, duration, visible

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
    if by.cameras is not None:
        told.append(
            f"Only sightings by {', '.join(map(visible, by.cameras))} counted, the cameras that "
            "this account may see: who was at another one in between counts as having gone "
            "directly."
        )
    if by.combined:
        told.append(
            f"Order: both kinds of evidence, added up, of the {POOL} best by appearance or as many "
            "as were asked for. Not for questions whether somebody was elsewhere."
        )
    return told


def _ratio(match: Match) -> str:
    return UNKNOWN if match.space_time is None else ratio_text(match.space_time)


def ratio_text(told: SpaceTime) -> str:
    """Return the likelihood ratio as a power of ten: `+1.2 (+0.8 to +1.5)`, `few journeys`."""
    if told.log10_lr is None or told.log10_lr_interval is None:
        return WHY_NOT[told.why_not] if told.why_not else UNKNOWN
    low, high = told.log10_lr_interval
    return f"{told.log10_lr:+.1f} ({low:+.1f} to {high:+.1f})"


def anchors_text(told: SpaceTime) -> str:
    """Return the confirmed sightings that it lies between: `41.0 s after gate (23 journeys)`."""
    return ", ".join(
        f"{duration(abs(one.gap_s))} {side} {visible(one.camera)} "
        f"({count(one.journeys, 'journey') if one.journeys else 'too few journeys'})"
        for one, side in ((told.last, "after"), (told.next, "before"))
        if one is not None
    )


def _both(match: Match) -> str:
    return UNKNOWN if match.space_time is None else both_text(match.space_time)


def both_text(told: SpaceTime) -> str:
    """Return the sum with the likelihood ratio of the score; unknown where it was not asked."""
    total = told.combined_log10_lr
    return UNKNOWN if total is None else f"{total:+.1f}"


def _before(match: Match) -> str:
    rank = match.space_time and match.space_time.rank_by_appearance
    return UNKNOWN if rank is None else str(rank)
