"""Answers for spreadsheets: CSV as in RFC 4180, one row a match, safe to open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reidsearch.domain.answer_json import match_json, statement_json
from reidsearch.domain.answers import Match, Statement
from reidsearch.domain.joint import JointAnswer
from reidsearch.domain.request import Filters
from reidsearch.output.attributes import worn_cells
from reidsearch.output.emit import csv_line, dumps
from reidsearch.output.query_origins import origin_columns

MATCH_COLUMNS = (
    "rank", "score", "crop_id", "camera", "time", "person", "source", "location",
    "x1", "y1", "x2", "y2", "extra", "media_s", "uncertainty_s", "tracklet_id", "first_time",
    "last_time", "duration_s", "one_person_share", "best_shots", "upper", "lower", "things",
    "identity", "rejected_for",
    "log10_lr", "probability", "probability_low",
    "probability_high", "false_alarm_rate", "false_alarms", "rank_before", "liked",
    "correction_s", "picture", "own", "own_by",
)  # fmt: skip
JOINT_COLUMNS = ("archive", "archive_id", "same_as")
STATEMENT_COLUMNS = (
    "crops_searched", "crops_stored", "exact", "recall", "model", "generation", "calibration",
    "asked_at", "prior", "reranked", "likes", "unlikes",
    "query_picture", "query_location", "query_box", "query_media_s", "query_sha256",
    "query_embedding_sha256",
)  # fmt: skip


def answer_csv_lines(
    statement: Statement, matches: Iterable[Match], *, head: bool = True, query: str | None = None
) -> Iterator[str]:
    """Yield an answer as CSV, line by line as matches come: a header, then a row a match; CRLF.

    Every row repeats the main columns of the statement, so that no match travels without it; an
    answer without matches has one row whose match columns are empty. Unknown is an empty cell.
    A text cell that begins with `=`, `+`, `-`, `@`, their full-width forms, a tab, a line end or
    `'` is written with one `'` before it, so that no spreadsheet runs it: to read the text back,
    take one leading `'` away.

    Args:
        head: begin with the header line.
        query: fills a first column `query`, for the answers to a list, where a last column
            `error` is for queries that failed; None: there are none.
    """
    told = _told(statement)
    if head:
        yield _head(listed=query is not None)
    empty = True
    for row in (_row(match, statement.filters) for match in matches):
        empty = False
        yield _line(row, told, query)
    if empty:
        yield _line({}, told, query)


def joint_csv_lines(answer: JointAnswer) -> Iterator[str]:
    """Yield an answer of several archives as CSV: as one of one, with `archive` before all else.

    Every row has the statement of its archive; an archive without matches has one row.
    """
    yield csv_line([*JOINT_COLUMNS, *MATCH_COLUMNS, *STATEMENT_COLUMNS])
    statements = {one.archive_id: one for one in answer.statements}
    told = {archive_id: _told(one) for archive_id, one in statements.items()}
    for found in answer.matches:
        statement = statements[found.archive_id]
        whose = [found.archive, found.archive_id, found.same_as]
        row = _row(found.match, statement.filters)
        yield csv_line([*whose, *_cells(row, told[found.archive_id])])
    for archive_id in statements.keys() - {found.archive_id for found in answer.matches}:
        whose = [statements[archive_id].archive, archive_id, None]
        yield csv_line([*whose, *_cells({}, told[archive_id])])


def _told(statement: Statement) -> dict[str, Any]:
    told = statement_json(statement)
    told["model"] = statement.model.text
    told["reranked"] = statement.ranked_by.reranked
    for side in ("likes", "unlikes"):
        told[side] = "; ".join(map(str, told["feedback"][side] if told["feedback"] else ()))
    return told | origin_columns(statement.query_pictures, statement.embedding_sha256)


def failed_csv_lines(query: str, error: str, *, head: bool = False) -> Iterator[str]:
    """Yield the line of a query of a list that could not be answered, all but two cells empty."""
    if head:
        yield _head(listed=True)
    yield _line({}, {}, query, error)


def _head(*, listed: bool) -> str:
    columns = [*MATCH_COLUMNS, *STATEMENT_COLUMNS]
    return csv_line(["query", *columns, "error"] if listed else columns)


def _line(
    row: dict[str, Any], statement: dict[str, Any], query: str | None, error: str | None = None
) -> str:
    cells = _cells(row, statement)
    return csv_line(cells if query is None else [query, *cells, error])


def _cells(row: dict[str, Any], statement: dict[str, Any]) -> list[Any]:
    cells = [row.get(column) for column in MATCH_COLUMNS]
    return cells + [statement.get(column) for column in STATEMENT_COLUMNS]


def _row(found: Match, filters: Filters) -> dict[str, Any]:
    match = match_json(found)
    box = dict(zip(("x1", "y1", "x2", "y2"), match["box"], strict=True))
    tracklet = match["tracklet"] or {}
    shots = {"best_shots": len(tracklet["crop_ids"])} if tracklet else {}
    purity = tracklet.get("purity")
    shots |= {"one_person_share": purity["share"]} if purity else {}
    extra = {"extra": dumps(match["extra"]) if match["extra"] else None}
    worn = worn_cells(found.attributes, filters) if found.attributes else {}
    decided = {
        "identity": match["identity"]["name"] if match["identity"] else None,
        "rejected_for": "; ".join(one["name"] for one in match["rejected_for"]),
    }
    reading = dict(match["reading"] or {})
    if reading:
        reading["probability_low"], reading["probability_high"] = reading["probability_interval"]
    facts = (match["moment"] or {}) | tracklet | reading | match
    return facts | box | extra | shots | worn | decided
