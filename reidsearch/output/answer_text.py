"""An answer as text: a table that fits the terminal, and its statement in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.answers import Answer, Match, Own
from reidsearch.domain.request import Filters
from reidsearch.output.attributes import wears
from reidsearch.output.cards import uncertainty_text
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.purity import matches_purity
from reidsearch.output.readings import false_alarms, probability
from reidsearch.output.space_time import space_time_columns
from reidsearch.output.statement import identity_text, no_match, own_sentence, sentences, short
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import clock, tenths, zone_name
from reidsearch.output.visible import duration, visible

Cell: TypeAlias = Callable[[Match], str]

OWN_CELLS: Mapping[Own | None, str] = {
    Own.PICTURE: "picture",
    Own.TRACKLET: "tracklet",
    Own.FRAME: "frame",
}
"""What a match shares with the query, in a narrow column."""


def answer_view(
    answer: Answer, *, whole: bool = False, absence: Sequence[str] = ()
) -> RenderableType:
    """Return the matches as a table, and under it the statement.

    Args:
        whole: all of the statement, not only what is special or missing.
        absence: what it means that there is no confident match, in sentences.
    """
    lines = sentences(answer.statement) if whole else short(answer.statement)
    told = [*map(Text, absence), *(Text(line, style="dim") for line in lines)]
    if not answer.matches:
        return Group(Text(no_match(answer), style="bold"), *told)
    told[:0] = [Text(line, style="bold") for line in matches_purity(answer.matches)]
    if own := [match for match in answer.matches if match.own]:
        told.insert(0, Text(own_sentence(len(own)), style="bold"))
    if all(match.liked for match in answer.matches):
        told.insert(0, Text(no_match(answer), style="bold"))
    return Group(FittedTable(answer_columns(answer)), Text(), *told)


def answer_columns(answer: Answer) -> list[Column]:
    """Return the columns of an answer's matches, as many as say something."""
    matches = answer.matches
    grouped = answer.statement.grouped
    footage = any(match.crop.moment for match in matches)

    def column(title: str, rank: int, cell: Cell, *, right: bool = False) -> Column:
        return Column(title, [cell(match) for match in matches], rank, right=right)

    found = [column("rank", 1, lambda match: str(match.rank), right=True)]
    if answer.statement.ranked_by.reranked:
        found.append(column("by score", 4, _rank_before, right=True))
    found.append(column("score", 0, lambda match: f"{match.score:.3f}", right=True))
    if any(match.reading for match in matches):
        found.append(column("probability", 2, _probability, right=True))
        found.append(column("false alarms", 3, _false_alarms, right=True))
    if answer.statement.stability is not None:
        found.append(column("stable", 1, _stays, right=True))
    found += space_time_columns(matches)
    found += [
        column("camera", 0, lambda match: known(match.crop.facts.camera)),
        column(f"time ({zone_name()})", 0, lambda match: _when(match, grouped)),
        column("crop", 0, lambda match: str(match.crop.crop_id), right=True),
    ]
    if any(match.crop.facts.person is not None for match in matches):
        found.append(column("person", 6, lambda match: known(match.crop.facts.person)))
    if any(match.own for match in matches):
        found.append(column("own", 0, lambda match: OWN_CELLS.get(match.own, UNKNOWN)))
    if any(match.liked for match in matches):
        found.append(column("feedback", 2, lambda match: "liked" if match.liked else UNKNOWN))
    if any(match.identity or match.rejected_for for match in matches):
        found.append(column("identity", 3, lambda match: identity_text(match) or UNKNOWN))
    if footage:
        found.append(column("duration", 7, _lasts, right=True))
        found.append(column("best shots", 8, _views, right=True))
    if any(match.attributes for match in matches):
        filters = answer.statement.filters
        # What was asked for stays where other columns have to go.
        rank = 9 if filters.attributes_empty else 1
        found.append(column("wears", rank, lambda match: _wears(match, filters)))
    places = [visible(match.crop.place) for match in matches]
    return [*found, Column("location", places, 10, shortened=True)]


def _rank_before(match: Match) -> str:
    return UNKNOWN if match.rank_before is None else str(match.rank_before)


def _stays(match: Match) -> str:
    return UNKNOWN if match.stays is None else str(match.stays)


def _probability(match: Match) -> str:
    return probability(match.reading) if match.reading else UNKNOWN


def _false_alarms(match: Match) -> str:
    return false_alarms(match.reading) if match.reading else UNKNOWN


def _lasts(match: Match) -> str:
    return duration(match.tracklet.duration_s) if _tracked(match) and match.tracklet else UNKNOWN


def _views(match: Match) -> str:
    return str(len(match.tracklet.crop_ids)) if _tracked(match) and match.tracklet else UNKNOWN


def _tracked(match: Match) -> bool:
    return match.crop.moment is not None and match.tracklet is not None


def _wears(match: Match, filters: Filters) -> str:
    return UNKNOWN if match.attributes is None else wears(match.attributes, filters)


def _when(match: Match, grouped: bool) -> str:
    """Return the crop's time; of a tracklet the first and the last, to a tenth of a second.

    Where the clock is not known, seconds from the start of the footage.
    """
    tracklet, uncertain = match.tracklet, uncertainty_text(match.crop)
    if not grouped or tracklet is None:
        time = match.crop.facts.time
        return (UNKNOWN if time is None else clock(time)) + uncertain
    if not tracklet.first_time or not tracklet.last_time:
        here = tracklet.part_in(match.crop.source_id)
        first_s, last_s = float(here.first_s), float(here.last_s)
        return f"not known; {first_s:.1f} to {last_s:.1f} s in footage"
    first, last = tenths(tracklet.first_time), tenths(tracklet.last_time)
    until = last[11:] if first[:10] == last[:10] else last
    return f"{first} to {until}{uncertain}"
