"""Who else resembles a query as much as those who were confirmed, or as the first match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from reidsearch.domain.answers import Answer, Match, Own
from reidsearch.domain.decisions import Member
from reidsearch.output.casework.document import Block, Table, Text
from reidsearch.output.visible import count

ROWS_AT_MOST = 100
NAMED_AT_MOST = 10
COLUMNS = ("Search (entry)", "Finding", "Others", "Which")
WIDTHS = (1.4, 3.4, 1, 6)

Rivals: TypeAlias = tuple[Match, list[Match]]


def member_of(match: Match) -> Member:
    """Return what of a match can belong to an identity."""
    if match.crop.moment is not None:
        return Member("tracklet", match.crop.moment.tracklet_id)
    return Member("crop", match.crop.crop_id)


def rivals(matches: Sequence[Match]) -> list[Rivals]:
    """Return each finding with the matches of others that are as similar to the query.

    Findings are the matches confirmed as the person searched for, which is who the query's own
    tracklet was confirmed as, or else the first one confirmed; where nobody was, the first match.
    """
    found = [one for one in matches if not one.own]
    own = [one for one in matches if one.own in (Own.PICTURE, Own.TRACKLET) and one.identity]
    meant = next((one.identity for one in (*own, *found) if one.identity), None)
    leading = [one for one in found if one.identity and one.identity == meant] or found[:1]
    return [(one, [other for other in found if _is_rival(other, one)]) for one in leading]


def _is_rival(other: Match, one: Match) -> bool:
    if member_of(other) == member_of(one):
        return False
    if other.identity and one.identity and other.identity == one.identity:
        return False
    if other.reading is not None and one.reading is not None:
        return other.reading.log10_lr >= one.reading.log10_lr_interval[0]
    return round(other.score, 2) >= round(one.score, 2)


def of_answer(matches: Sequence[Match]) -> list[Block]:
    """Say of each finding of a search which others resemble the query as much."""
    if not matches:
        return [Text("The search has no match.")]
    every = rivals(matches)
    if not every:
        return [Text("Every match is what was searched with, so there is nothing to compare.")]
    told: list[Block] = [
        Text(
            f"Rank {one.rank} has {count(len(others), 'alternative')} of another tracklet with "
            f"the same or a higher {_measure([one])}: {_named(others)}."
        )
        for one, others in every
        if others
    ]
    if not told:
        what = "those that were confirmed" if every[0][0].identity else "the first one"
        measure = _as_high([one for one, _ in every])
        return [Text(f"Among the matches nobody else has {measure} as {what}.")]
    return _bounded(told, "finding")


def of_searches(searches: Sequence[tuple[int, Answer]], *, whose: str) -> list[Block]:
    """Say the same of searches that the event log holds.

    Args:
        searches: each with the number of its entry.
        whose: what these searches have in common, for the text: `of the case`.
    """
    compared = [
        (entry, one, others) for entry, answer in searches for one, others in rivals(answer.matches)
    ]
    if not compared:
        return [Text(f"No search {whose} on record has a finding, so nothing was compared.")]
    rows = [
        (str(entry), f"rank {one.rank}, {_told(one)}", f"{len(others):,}", _named(others))
        for entry, one, others in compared
        if others
    ]
    looked = count(len({entry for entry, _, _ in compared}), "search", "searches")
    what = "what was confirmed, or as the first match where nothing was"
    measure = _as_high([one for _, one, _ in compared])
    if not rows:
        return [Text(f"In {looked} {whose} nobody else has {measure} as {what}.")]
    blocks: list[Block] = [
        Text(f"{looked} {whose} compared. Others have {measure} as {what}, in these cases:"),
        Table(COLUMNS, tuple(rows[:ROWS_AT_MOST]), WIDTHS),
    ]
    if len(rows) > ROWS_AT_MOST:
        blocks.append(Text(f"{count(len(rows) - ROWS_AT_MOST, 'finding')} more are left out."))
    return blocks


def _bounded(told: list[Block], what: str) -> list[Block]:
    if len(told) <= ROWS_AT_MOST:
        return told
    return [*told[:ROWS_AT_MOST], Text(f"{count(len(told) - ROWS_AT_MOST, what)} more have some.")]


def _measure(findings: Sequence[Match]) -> str:
    """Return what findings are compared by."""
    read = [one.reading is not None for one in findings]
    if not any(read):
        return "score"
    ratio = "likelihood ratio (or one within its 95 % interval)"
    return ratio if all(read) else f"{ratio}, or score where there is none,"


def _as_high(findings: Sequence[Match]) -> str:
    return f"the same or a higher {_measure(findings)}"


def _told(match: Match) -> str:
    decided = [f"confirmed as {match.identity.name}"] if match.identity else []
    decided += [f"rejected for {one.name}" for one in match.rejected_for]
    return f"{member_of(match).text}" + (f" ({'; '.join(decided)})" if decided else "")


def _named(others: Sequence[Match]) -> str:
    named = "; ".join(f"rank {one.rank}, {_told(one)}" for one in others[:NAMED_AT_MOST])
    more = len(others) - NAMED_AT_MOST
    return f"{named}; and {more:,} more" if more > 0 else named
