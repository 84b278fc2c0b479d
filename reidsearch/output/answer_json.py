"""Answers as text for machines: JSON, and JSON Lines as matches come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reidsearch.domain.answer_json import SCHEMA, match_json, statement_json
from reidsearch.domain.answers import Match, Statement
from reidsearch.output.emit import dumps


def jsonl_lines(statement: Statement, matches: Iterable[Match]) -> Iterator[str]:
    """Yield an answer as lines, without line ends: the statement first, then one line a match.

    Every line has `kind`. Without it the first line is the document less its `matches`, each
    other line an item of `matches`.
    """
    yield dumps({"kind": "statement", "schema": SCHEMA, "statement": statement_json(statement)})
    for match in matches:
        yield dumps({"kind": "match", **match_json(match)})
