"""The part of a report on questions about several places, as the event log has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reidsearch.base.errors import UsageError
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.intersection_json import read_statement
from reidsearch.output.casework.document import THE_JSON, Block, Section, Table, Text
from reidsearch.output.intersection import intersection_missing, place_text
from reidsearch.output.times import local
from reidsearch.output.visible import count

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Making

CHAINS_SHOWN = 20
COLUMNS = ("Chain", "Weakest score", "Pairs by chance", "Camera", "Time", "Crop")
WIDTHS = (1.2, 2, 2, 3, 4.6, 1.8)


def questions_of(entries: Sequence[LogEntry]) -> list[tuple[LogEntry, Mapping[str, Any]]]:
    """Return the questions about several places, with what the log says; not those erased."""
    return [
        (one, said)
        for one in entries
        if one.event is Event.INTERSECTION and (said := one.said) is not None
    ]


def of_case(
    making: Making, asked: Sequence[tuple[LogEntry, Mapping[str, Any]]]
) -> Iterator[Section]:
    """Show each question of a case: which places and times, and the chains that were answered."""
    for entry, said in asked:
        yield Section(
            f"Who was at several places, entry {entry.number}",
            tuple(_blocks(making, entry, said)),
            level=2,
        )


def _blocks(making: Making, entry: LogEntry, said: Mapping[str, Any]) -> Iterator[Block]:
    when = local(entry.at.replace(microsecond=0))
    yield Text(f"By {entry.actor}, {when}: who may have been at all of these places?")
    try:
        statement = read_statement(said["statement"])
    except UsageError:
        yield Text(f"An earlier version wrote the entry; what it says is in {THE_JSON}.")
        return
    for number, place in enumerate(statement.places, start=1):
        yield Text(f"{place_text(number, place)}.")
    for line in intersection_missing(statement):
        yield Text(line, True)
    chains = said["chains"]
    if not chains:
        yield Text("Nobody can have been at all of these places.")
        return
    yield Text(
        f"{count(len(chains), 'chain')}, the most alike first, whether or not anybody was at all "
        "of the places. Pairs by chance: how many pairs of different people are expected to be as "
        "alike as the two of a chain that are least so."
    )
    rows = [row for n, one in enumerate(chains[:CHAINS_SHOWN], 1) for row in _rows(making, n, one)]
    yield Table(COLUMNS, tuple(rows), WIDTHS)
    if len(chains) > CHAINS_SHOWN:
        yield Text(f"{count(len(chains) - CHAINS_SHOWN, 'chain')} more: in {THE_JSON}.")


def _rows(making: Making, number: int, chain: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    by_chance = chain["by_chance"]
    first = (
        str(number),
        f"{chain['score']:.3f}",
        "not known" if by_chance is None else f"{by_chance:.2g}",
    )
    for place, crop_id in enumerate(chain["crops"]):
        crop = making.crop(crop_id)
        where = ("deleted", "") if crop is None else (crop.facts.camera or "not known", "")
        if crop is not None and crop.facts.time is not None:
            where = (where[0], local(crop.facts.time))
        yield (*(first if place == 0 else ("", "", "")), *where, str(crop_id))
