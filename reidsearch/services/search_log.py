"""Searches in the event log: what was asked of which archive, and what was answered."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reidsearch.base.actor import acting
from reidsearch.domain.answer_json import (
    NOT_OF_THE_ANSWER,
    match_json,
    origin_json,
    statement_json,
)
from reidsearch.domain.answers import Answer, Failed, Logged, Match, Statement
from reidsearch.domain.cases import AskedFor
from reidsearch.domain.crops import Vectors
from reidsearch.domain.event_log import Event, canonical
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import append_all
from reidsearch.store.log_reading import why_not_logged

if TYPE_CHECKING:
    from reidsearch.domain.explanation import Explanation


def with_entries(
    store: Store,
    case: AskedFor | None,
    answers: Sequence[Answer | Failed],
    views: Mapping[int, Vectors],
) -> list[Answer | Failed]:
    """Return answers with their entries of the log, which are written now, in one transaction.

    Args:
        case: that all were asked for.
        answers: those that failed are no answers and have no entry.
        views: what each of them was searched with, by its place; see `Query`.

    Raises:
        StorageError: the archive can be written, but the log could not be.
    """
    told = {
        number: replace(one, statement=replace(one.statement, case=case))
        for number, one in enumerate(answers)
        if isinstance(one, Answer)
    }
    found = list(answers)
    details = [_detail(one, views[number]) for number, one in told.items()]
    entries = entries_of(store, details)
    for (number, answer), logged in zip(told.items(), entries, strict=True):
        found[number] = replace(answer, statement=replace(answer.statement, logged=logged))
    return found


def entries_of(
    store: Store, details: Sequence[dict[str, Any]], event: Event = Event.SEARCH
) -> list[Logged]:
    """Write entries, and return how each was logged, or why none was.

    Raises:
        StorageError: the archive can be written, but the log could not be.
    """
    if (why_not := why_not_logged(store)) is not None:
        return [Logged(None, why_not)] * len(details)
    if not details:
        return []
    with store.write() as connection:
        made = append_all(connection, event, details)
    return [Logged(entry.number) for entry in made]


def given(
    store: Store, statement: Statement, matches: Iterator[Match], views: Vectors
) -> tuple[Statement, Iterator[Match]]:
    """Return both, logged: the question before the first match is given, what was given at the end.

    Whoever stops before the end has an entry that says so. Both entries are of who asked, even when
    the rest is given later, or thrown away, in another thread.
    """
    author = store.acting
    (logged,) = entries_of(store, [_asked(statement, statement_json(statement), views)])

    def giving() -> Iterator[Match]:
        told: list[tuple[int, float]] = []
        ratios: list[float | None] = []
        ended = False
        try:
            for match in matches:
                told.append((match.crop.crop_id, match.score))
                ratios.append(_ratio(match))
                yield match
            ended = True
        finally:
            detail = {
                "search": logged.entry,
                "matches": told,
                "all": ended,
                **_space_time(statement, ratios),
            }
            with acting(author):
                entries_of(store, [detail], Event.SEARCH_END)

    return replace(statement, logged=logged), giving()


def explained(store: Store, told: Explanation) -> dict[str, Any]:
    """Return the detail of an explanation: the query picture, the crop and its score."""
    query, match = origin_json(told.origin), told.match.crop_id
    reason = store.acting.reason
    return {"query_picture": query, "crop": match, "score": told.score, "reason": reason}


def answer_sha256(statement: Statement, matches: Sequence[Match]) -> str:
    """Return the SHA-256 of an answer: equal for the same answer to the same question.

    It is of the canonical JSON of its document, without when and for which case it was
    asked, and how it was logged.
    """
    return _sha256_of(statement_json(statement), matches)


def _sha256_of(told: Mapping[str, Any], matches: Sequence[Match]) -> str:
    """`answer_sha256`, of the statement's JSON."""
    same = {name: value for name, value in told.items() if name not in NOT_OF_THE_ANSWER}
    document = {"statement": same, "matches": [match_json(match) for match in matches]}
    return hashlib.sha256(canonical(document)).hexdigest()


def _detail(answer: Answer, views: Vectors) -> dict[str, Any]:
    told = statement_json(answer.statement)
    return {
        **_asked(answer.statement, told, views),
        "matches": [(match.crop.crop_id, match.score) for match in answer.matches],
        **_space_time(answer.statement, [_ratio(match) for match in answer.matches]),
        "answer_sha256": _sha256_of(told, answer.matches),
    }


def _space_time(
    statement: Statement, ratios: Sequence[float | None]
) -> dict[str, list[float | None]]:
    """Return what place and time of matches say, in their order, where it was asked."""
    return {} if statement.space_time is None else {"space_time": [*ratios]}


def _ratio(match: Match) -> float | None:
    return match.space_time.log10_lr if match.space_time else None


def _asked(statement: Statement, told: Mapping[str, Any], views: Vectors) -> dict[str, Any]:
    """Return what was asked; `told` is the statement's JSON."""
    unlogged = {name: value for name, value in told.items() if name != "logged"}
    if statement.case is None:
        return {"statement": unlogged}
    return {"statement": unlogged, "query_embeddings": _embeddings(statement.query_pictures, views)}


def _embeddings(origins: Sequence[QueryOrigin], views: Vectors) -> list[str | None]:
    """Return the embedding of each picture as base64, so that a case can be searched again.

    Those of crops and of reference photographs are in the archive, and are left out.
    """
    rows = np.atleast_2d(views).astype("<f4")
    return [
        None if origin.held else base64.b64encode(row.tobytes()).decode()
        for origin, row in zip(origins, rows, strict=True)
    ]
