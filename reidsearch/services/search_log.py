"""Searches in the event log: what was asked of which archive, and what was answered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reidsearch.base.actor import acting, acting_now
from reidsearch.domain.answer_json import match_json, origin_json, statement_json
from reidsearch.domain.answers import Answer, Failed, Logged, Match, Statement, WhyNotLogged
from reidsearch.domain.event_log import Event, canonical
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import append

if TYPE_CHECKING:
    from reidsearch.domain.explanation import Explanation

NOT_OF_THE_ANSWER = ("logged", "asked_at")
"""Fields of a statement that are others whenever the same is asked and answered again."""


def with_entries(store: Store, answers: Sequence[Answer | Failed]) -> list[Answer | Failed]:
    """Return answers with their entries of the log, which are written now, in one transaction.

    Args:
        answers: those that failed are no answers and have no entry.

    Raises:
        StorageError: the archive can be written, but the log could not be.
    """
    told = {number: one for number, one in enumerate(answers) if isinstance(one, Answer)}
    found = list(answers)
    entries = entries_of(store, [_detail(one.statement, one.matches) for one in told.values()])
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
    if not store.logged:
        return [Logged(None, WhyNotLogged.NO_LOG)] * len(details)
    if not os.access(store.folder, os.W_OK):
        return [Logged(None, WhyNotLogged.READ_ONLY)] * len(details)
    with store.write() as connection:
        made = [append(connection, event, detail) for detail in details]
    return [Logged(entry.number) for entry in made if entry is not None]


def given(
    store: Store, statement: Statement, matches: Iterator[Match]
) -> tuple[Statement, Iterator[Match]]:
    """Return both, logged: the question before the first match is given, what was given at the end.

    Whoever stops before the end has an entry that says so. Both entries are of who asked, even when
    the rest is given later, or thrown away, in another thread.
    """
    author = acting_now() or store.author
    (logged,) = entries_of(store, [{"statement": _statement(statement)}])

    def giving() -> Iterator[Match]:
        told: list[tuple[int, float]] = []
        ended = False
        try:
            for match in matches:
                told.append((match.crop.crop_id, match.score))
                yield match
            ended = True
        finally:
            detail = {"search": logged.entry, "matches": told, "all": ended}
            with acting(author):
                entries_of(store, [detail], Event.SEARCH_END)

    return replace(statement, logged=logged), giving()


def explained(told: Explanation) -> dict[str, Any]:
    """Return the detail of an explanation: the query picture, the crop and its score."""
    query, match = origin_json(told.origin), told.match.crop_id
    return {"query_picture": query, "crop": match, "score": told.score}


def answer_sha256(statement: Statement, matches: Sequence[Match]) -> str:
    """Return the SHA-256 of an answer: equal for the same answer to the same question.

    It is of the canonical JSON of its document, without when it was asked and how it was logged.
    """
    told = statement_json(statement)
    for name in NOT_OF_THE_ANSWER:
        del told[name]
    document = {"statement": told, "matches": [match_json(match) for match in matches]}
    return hashlib.sha256(canonical(document)).hexdigest()


def _detail(statement: Statement, matches: Sequence[Match]) -> dict[str, Any]:
    return {
        "statement": _statement(statement),
        "matches": [(match.crop.crop_id, match.score) for match in matches],
        "answer_sha256": answer_sha256(statement, matches),
    }


def _statement(statement: Statement) -> dict[str, Any]:
    told = statement_json(statement)
    del told["logged"]
    return told
