"""What a replay replays: an answer that was kept in a file, or an entry of the event log.

The entry is proven, with its links to the two beside it; a file is compared with its entry.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from reidsearch.base.errors import DECODING_ERRORS, InputError, Kind, NotFound, UsageError
from reidsearch.base.reading import parse_json, read_bytes
from reidsearch.domain.answer_json import NOT_OF_THE_ANSWER, SCHEMA
from reidsearch.domain.answer_reading import read_answer
from reidsearch.domain.answers import Logged, Statement
from reidsearch.domain.crops import Vectors
from reidsearch.domain.event_log import (
    LARGEST_WHOLE,
    QUESTIONS,
    Event,
    LogEntry,
    canonical,
    faults_around,
)
from reidsearch.domain.intersection import IntersectionStatement
from reidsearch.domain.intersection_json import SCHEMA as OF_PLACES
from reidsearch.domain.intersection_json import document_sha256, read_statement
from reidsearch.domain.replay import ChainScored, Evidence, Scored
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import entries

LARGEST_BYTES = 256 * 1024 * 1024
TOLD = 20
"""Places where a file differs from its entry, at most."""


@dataclass(frozen=True, slots=True)
class Record:
    """An answer that was given, as it is on record.

    Args:
        matches: crops and scores, best first.
        complete: all of them are on record; otherwise the first of them.
        embeddings: of the statement's query pictures, where the log keeps them.
        ratios: what place and time of the matches say; None: that was not asked.
    """

    statement: Statement
    matches: tuple[Scored, ...]
    complete: bool
    embeddings: tuple[Vectors | None, ...]
    evidence: Evidence
    ratios: tuple[float | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class PlacesRecord:
    """An answer about several places that was given, as it is on record.

    Args:
        chains: the best crop of each place and the weakest score, best first.
    """

    statement: IntersectionStatement
    chains: tuple[ChainScored, ...]
    evidence: Evidence


def record_of(
    store: Store, given: int | str | os.PathLike[str], query: str | None
) -> Record | PlacesRecord:
    """Return what is on record of an entry's number or of a file.

    Args:
        query: which answer of a file that holds several.

    Raises:
        InputError, Refused: the file cannot be read.
        NotFound: there is no such entry, or no such answer in the file.
        UsageError: it is no answer, of another archive, of an earlier version, or erased.
    """
    if isinstance(given, int):
        if query is not None:
            raise UsageError("an entry of the log holds one answer: no query of it can be named")
        entry = _entry(store, given)
        if entry.event is Event.INTERSECTION:
            return _of_places(store, entry)
        return _require_whole(_of_entry(store, given))
    document = _document(given, query)
    if document["schema"] == OF_PLACES:
        return _places_of_file(store, document)
    read = read_answer(document)
    _require_here(store, read.statement.archive_id)
    number = read.statement.logged.entry
    if number is not None:
        found = _of_entry(store, number)
        return _require_whole(_with_file(found, document, _entry(store, number)))
    told = tuple((match.crop.crop_id, match.score) for match in read.matches)
    nothing = (None,) * len(read.statement.query_pictures)
    ratios = tuple(one.space_time.log10_lr if one.space_time else None for one in read.matches)
    timed = ratios if read.statement.space_time else None
    return _require_whole(Record(read.statement, told, True, nothing, Evidence(None), timed))


def _require_here(store: Store, archive_id: str) -> None:
    if archive_id != store.row.uuid:
        raise UsageError(
            f"the answer is of another archive ({archive_id}) than "
            f"{store.location} ({store.row.uuid})",
            kind=Kind.ANSWER_OF_ANOTHER,
        )


def _require_whole(record: Record) -> Record:
    if record.statement.requested is None or record.statement.newest_crop is None:
        raise UsageError(
            "the answer was given by an earlier version, whose statements do not hold all that the "
            "question needs to be asked again",
            kind=Kind.ANSWER_UNREADABLE,
        )
    return record


# -- files ------------------------------------------------------------------------------------


def _document(path: str | os.PathLike[str], query: str | None) -> dict[str, Any]:
    """Return the document of an answer in a file of JSON or JSON Lines."""
    name = os.fspath(path)
    if not Path(path).is_file():
        raise InputError(f"{name} is neither a file nor the number of an entry of the event log")
    data = read_bytes(path, LARGEST_BYTES)
    try:
        found = _documents(data)
    except DECODING_ERRORS as error:
        raise InputError(f"{name} cannot be read as JSON: {error}") from error
    if query is not None:
        found = [one for one in found if one.get("query") == query]
        if not found:
            raise NotFound(f"{name} holds no answer to a query {query!r}")
    if len(found) != 1:
        names = ", ".join(repr(one.get("query")) for one in found[:TOLD])
        raise UsageError(
            f"{name} holds {len(found)} answers ({names})" if found else f"{name} holds no answer",
            "name the query of one" if found else "",
            kind=Kind.ANSWER_AMBIGUOUS if found else Kind.ANSWER_UNREADABLE,
        )
    given = "chains" if found[0]["schema"] == OF_PLACES else "matches"
    return {part: found[0].get(part) for part in ("schema", "statement", given)}


def _documents(data: bytes) -> list[dict[str, Any]]:
    try:
        whole = parse_json(data)
    except ValueError:
        lines = [parse_json(line) for line in data.splitlines() if line.strip()]
    else:
        lines = [whole]
    if not all(isinstance(one, dict) for one in lines):
        raise ValueError("an answer is a JSON object")
    if lines and lines[0].get("kind") == "statement":  # a line each match
        matches = [_less(one, "kind") for one in lines[1:]]
        return [{**_less(lines[0], "kind"), "matches": matches}]
    if lines and lines[0].get("kind") == "document":  # likewise, a line each chain
        lines = [{**lines[0], "chains": [_less(one, "kind") for one in lines[1:]]}]
    return [one for one in lines if one.get("schema") in {SCHEMA, OF_PLACES}]


def _less(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


def _with_file(record: Record, document: Mapping[str, Any], entry: LogEntry) -> Record:
    """Return what the log holds, having compared a file with it."""
    said = entry.said or {}
    told, differs = _told(document["statement"]), _statement_differs(document, said)
    inside = [(one["crop_id"], one["score"]) for one in document["matches"]]
    for rank, (here, there) in enumerate(zip_longest(inside, record.matches), start=1):
        if here != there:
            differs.append(
                f"match {rank}: {_scored(here)} in the file, {_scored(there)} in the log"
            )
    if not differs and "answer_sha256" in said:
        digest = hashlib.sha256(canonical({"statement": told, "matches": document["matches"]}))
        if digest.hexdigest() != said["answer_sha256"]:
            differs.append("what is told of a match, beside its crop and its score")
    evidence = Evidence(entry.number, record.evidence.faults, not differs, tuple(differs[:TOLD]))
    return replace(record, evidence=evidence)


def _statement_differs(document: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    told, written = _told(document["statement"]), _told(said["statement"])
    return [
        f"{name} of the statement"
        for name in sorted(told.keys() | written.keys())
        if canonical(told.get(name)) != canonical(written.get(name))
    ]


def _told(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key not in NOT_OF_THE_ANSWER}


def _scored(match: Scored | None) -> str:
    return "none" if match is None else f"crop {match[0]} with {match[1]}"


# -- entries ----------------------------------------------------------------------------------


def _of_entry(store: Store, number: int) -> Record:
    entry = _entry(store, number)
    if entry.event is not Event.SEARCH:
        raise UsageError(_no_answer(entry))
    faults = _faults(store, number)
    try:
        said = _said(store, entry)
        logged = {"entry": number, "why_not": None}
        statement = {**said["statement"], "logged": logged}
        read = read_answer({"schema": SCHEMA, "statement": statement, "matches": []}).statement
        matches, complete, ratios = _given(store, number, said)
        kept = said.get("query_embeddings") or [None] * len(read.query_pictures)
        rows = tuple(None if one is None else _row(one) for one in kept)
        if len(rows) != len(read.query_pictures):
            raise ValueError("there are not as many embeddings as query pictures")
    except (KeyError, TypeError, ValueError, *DECODING_ERRORS) as error:
        raise _damaged(store, number, error) from error
    return Record(read, matches, complete, rows, Evidence(number, faults), ratios)


def _no_answer(entry: LogEntry) -> str:
    told = f"entry {entry.number} of the log is no search, but: {entry.event.value}"
    if entry.event in QUESTIONS:
        told += "; such an entry says what was asked and who was shown, and cannot be asked again"
    return told


def _said(store: Store, entry: LogEntry) -> dict[str, Any]:
    if entry.said is None:
        raise UsageError(f"{_erased(store, entry.number)}: it cannot be asked again")
    return entry.said


def _faults(store: Store, number: int) -> tuple[str, ...]:
    around = list(islice(entries(store, after=number - 2), 3 if number > 1 else 2))
    return tuple(fault.what for fault in faults_around(around, number))


def _damaged(store: Store, number: int, error: Exception) -> InputError:
    return InputError(
        f"entry {number} of the log is damaged: {error}",
        "verify the log",
        kind=Kind.LOG_DAMAGED,
        archive=store.location,
    )


def _entry(store: Store, number: int) -> LogEntry:
    possible = 0 < number <= LARGEST_WHOLE
    found = next(entries(store, after=number - 1), None) if possible else None
    if found is None or found.number != number:
        raise NotFound(
            f"the log of {store.location} has no entry {number}"
            if store.logged
            else f"{store.location} was made without an event log"
        )
    return found


def _erased(store: Store, number: int) -> str:
    for entry in entries(store, after=number, events=[Event.FORGET]):
        said = entry.said or {}
        if number in said.get("entries", ()):
            return f"what entry {number} says was erased ({said.get('why')}, entry {entry.number})"
    return f"what entry {number} says is gone, and no entry says why"


def _given(
    store: Store, number: int, said: Mapping[str, Any]
) -> tuple[tuple[Scored, ...], bool, tuple[float | None, ...] | None]:
    """Return the matches of a search, whether they are all that it had, and their ratios."""
    if "matches" in said:
        return _scores(said["matches"]), True, _ratios(said)
    for entry in entries(store, after=number, events=[Event.SEARCH_END]):
        ended = entry.said or {}
        if ended.get("search") == number:
            return _scores(ended["matches"]), bool(ended["all"]), _ratios(ended)
    raise UsageError(
        f"nothing is on record of what search {number} gave: it did not come to its end"
    )


def _scores(pairs: Sequence[Any]) -> tuple[Scored, ...]:
    return tuple((int(crop_id), float(score)) for crop_id, score in pairs)


def _ratios(said: Mapping[str, Any]) -> tuple[float | None, ...] | None:
    told = said.get("space_time")
    return None if told is None else tuple(None if one is None else float(one) for one in told)


def _row(text: str) -> Vectors:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)


# -- several places ---------------------------------------------------------------------------


def _of_places(store: Store, entry: LogEntry) -> PlacesRecord:
    """Return what the log holds of a question about several places."""
    faults = _faults(store, entry.number)
    try:
        said = _said(store, entry)
        if "chains" not in said:
            raise UsageError(
                f"entry {entry.number} of the log was written by an earlier version, and does not "
                "hold all that asking again about several places needs",
                kind=Kind.ANSWER_UNREADABLE,
            )
        statement = replace(read_statement(said["statement"]), logged=Logged(entry.number))
        chains = tuple(map(_chain, said["chains"]))
    except (KeyError, TypeError, ValueError, *DECODING_ERRORS) as error:
        raise _damaged(store, entry.number, error) from error
    return PlacesRecord(statement, chains, Evidence(entry.number, faults))


def _chain(told: Mapping[str, Any]) -> ChainScored:
    return tuple(int(crop_id) for crop_id in told["crops"]), float(told["score"])


def _places_of_file(store: Store, document: Mapping[str, Any]) -> PlacesRecord:
    """Return what is on record of a file; what its entry holds, where it has one."""
    statement = read_statement(document["statement"])
    _require_here(store, statement.archive_id)
    try:
        chains = tuple(
            (tuple(int(seen["crop_ids"][0]) for seen in one["seen"]), float(one["score"]))
            for one in document["chains"]
        )
        if len({crops for crops, _ in chains}) < len(chains) or not all(
            math.isfinite(score) for _, score in chains
        ):
            raise ValueError("a chain stands there twice, or has no score")
        number = (document["statement"]["logged"] or {}).get("entry")
        if number is not None and type(number) is not int:
            raise TypeError("the entry of the log is no number")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UsageError(
            f"this is no answer document: {error!r}", kind=Kind.ANSWER_UNREADABLE
        ) from error
    if number is None:
        return PlacesRecord(statement, chains, Evidence(None))
    entry = _entry(store, number)
    if entry.event is not Event.INTERSECTION:
        raise UsageError(
            f"the file names entry {number} of the log as its own, which is: {entry.event.value}",
            kind=Kind.ANSWER_UNREADABLE,
        )
    record = _of_places(store, entry)
    said = _said(store, entry)
    differs = _statement_differs(document, said)
    for rank, (here, there) in enumerate(zip_longest(chains, record.chains), start=1):
        if here != there:
            differs.append(
                f"chain {rank}: {_joined(here)} in the file, {_joined(there)} in the log"
            )
    if not differs and document_sha256(document) != said.get("answer_sha256"):
        differs.append("what is told of a chain, beside its crops and its score")
    evidence = Evidence(number, record.evidence.faults, not differs, tuple(differs[:TOLD]))
    return replace(record, evidence=evidence)


def _joined(chain: ChainScored | None) -> str:
    if chain is None:
        return "none"
    return f"crops {', '.join(map(str, chain[0]))} with {chain[1]}"
