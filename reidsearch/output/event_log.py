"""The event log, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.base.timecode import iso
from reidsearch.domain.event_log import Event, LogEntry, LogFault, Seal
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, visible

ERASED = "(erased)"
CHANGED = "(not as it was written: verify the log)"
NAMED = 3  # pictures of a search, at most


def entries_view(entries: Sequence[LogEntry]) -> RenderableType:
    """Entries, one a line, oldest first."""
    if not entries:
        return Text("No entries.")
    at = [clock(one.at.replace(microsecond=0)) for one in entries]
    return FittedTable(
        [
            Column("entry", [str(one.number) for one in entries], 0, right=True),
            Column(f"time ({zone_name()})", at, 1),
            Column("event", [one.event.value for one in entries], 0),
            Column("actor", [visible(one.actor) for one in entries], 0, wrapped=True),
            Column("case", [visible(one.case or "-") for one in entries], 3, wrapped=True),
            Column("what", [visible(summary(one)) for one in entries], 2, wrapped=True),
        ]
    )


def entries_json(archive_id: str, entries: Iterable[LogEntry]) -> dict[str, Any]:
    """Entries, each with what the chain is of, its digest, and its detail with the salt."""
    return {
        "schema": "reidsearch/event-log/1",
        "archive_id": archive_id,
        "entries": (entry_json(one) for one in entries),
    }


def entry_json(entry: LogEntry) -> dict[str, Any]:
    """One entry; the members of `document` are what its digest is of."""
    return {
        **entry.document(),
        "digest": entry.digest.hex(),
        "salt": entry.salt.hex() if entry.salt is not None else None,
        "detail": entry.detail,
    }


def summary(entry: LogEntry) -> str:
    """Return what an entry says, in one line."""
    try:
        told = entry.said
        return ERASED if told is None else _summary(entry, told)
    except DECODING_ERRORS:
        return CHANGED


def _summary(entry: LogEntry, told: dict[str, Any]) -> str:
    if entry.event is Event.SEARCH:
        return _search(told)
    if entry.event is Event.DECISION:
        note = f": {told['note']}" if told["note"] else ""
        return f"decision {told['decision']}, {told['what']}{note}"
    if entry.event is Event.CASE:
        return f"{told['change']}: {told['note']}" if told["note"] else str(told["change"])
    if entry.event is Event.EXPORT:
        return f"{told['name']} ({told['by']})"
    if entry.event is Event.INDEX_END:
        ended = "finished" if told["finished"] else "interrupted"
        counts = told["counts"]
        crops = counts.get("indexed", 0) + counts.get("footage_best_shots", 0)
        return f"run {told['run']} {ended}, {count(crops, 'new crop')}"
    if entry.event is Event.SEARCH_END:
        ended = "all" if told["all"] else "stopped"
        return (
            f"search {told['search']}: {count(len(told['matches']), 'match', 'matches')}, {ended}"
        )
    return ", ".join(_plain(told))


def _search(told: dict[str, Any]) -> str:
    statement = told["statement"]
    files = [one["name"].rpartition("/")[2] for one in statement["query_pictures"]][:NAMED]
    named = f" ({', '.join(files)})" if files else ""
    crops = count(statement["crops_searched"], "crop")
    searched = f"{statement['query']}{named}; {crops} searched"
    if "matches" not in told:
        return searched
    return f"{searched}, {count(len(told['matches']), 'match', 'matches')}"


def _plain(told: dict[str, Any]) -> Iterator[str]:
    """Yield the members that are numbers or texts."""
    for name, value in told.items():
        if isinstance(value, str | int | float):
            yield f"{name.replace('_', ' ')} {value}"


def seal_text(seal: Seal) -> str:
    """A seal, to print or to send."""
    entries = count(seal.entries, "entry", "entries")
    return (
        f"Sealed at {iso(seal.at)}: archive {seal.archive_id}, {entries}, head\n"
        f"  {seal.head}\nKeep a copy elsewhere: it shows what is cut off from the log later."
    )


def seal_json(seal: Seal) -> dict[str, Any]:
    """A seal; without `schema` it is the document that is kept."""
    return {"schema": "reidsearch/log-seal/1", **seal.document()}


def proof_text(entries: int, seals: int, faults: Sequence[LogFault]) -> str:
    """Whether the log holds."""
    if faults:
        told = "\n".join(f"  entry {one.number}: {one.what}" for one in faults)
        return f"The event log does not hold:\n{told}"
    by = count(seals, "seal")
    end = "" if seals else " Without a seal nobody can tell whether its end was cut off."
    return f"The event log holds: {count(entries, 'entry', 'entries')}, compared with {by}.{end}"


def proof_json(entries: int, seals: int, faults: Sequence[LogFault]) -> dict[str, Any]:
    """Whether the log holds, and where it does not."""
    return {
        "schema": "reidsearch/log-proof/1",
        "holds": not faults,
        "entries": entries,
        "seals": seals,
        "faults": [{"entry": one.number, "what": one.what} for one in faults],
    }
