"""The answer of several archives to one request: matches ranked together, each of its archive."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import match_json, model_json, statement_json
from reidsearch.domain.answers import Match, Statement
from reidsearch.domain.models import ModelIdentity

SCHEMA = "reidsearch/joint-answer/1"


@dataclass(frozen=True, slots=True)
class JointMatch:
    """A match of one of several archives; ids are unique within that archive only.

    Args:
        archive, archive_id: which it is of.
        match: with its rank among all.
        same_as: the rank of a better match that is the same crop of the same bytes, held by
            another archive as well; None: there is none among the matches.
    """

    archive: str
    archive_id: str
    match: Match
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class NotSearched:
    """An archive of which nothing can pass the filters, and why."""

    archive: str
    archive_id: str
    why: str


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A region or line that was asked for by name: each archive goes by its own of that name.

    Args:
        kind: `region` or `line`.
        archives: those that keep one under that name, in the order in which they were given.
    """

    name: str
    kind: str
    archives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JointAnswer:
    """What several archives answer together.

    Args:
        asked_at: before the first was searched.
        k: how many matches were asked for; None: all that reach the lowest score.
        pictures_of: the archive whose crops or identity were searched with; None: only pictures
            from outside were.
        uncalibrated: archives without a calibration of their own. Where there is one, no match of
            any archive has a reading: a part of the matches with probabilities would look surer
            than the rest.
        warnings: what about the query pictures makes the answer less sure, in sentences.
        not_searched: archives that have nothing that the filters name.
        named_places: regions and lines that were asked for by name.
        statements: of each archive searched, in the order in which they were given. What a
            statement says of matches counts those that its archive alone would have given.
        matches: best first, by plain score.
    """

    asked_at: dt.datetime
    query: str
    k: int | None
    pictures_of: str | None
    uncalibrated: tuple[str, ...]
    warnings: tuple[str, ...]
    statements: tuple[Statement, ...]
    not_searched: tuple[NotSearched, ...]
    named_places: tuple[NamedPlace, ...]
    matches: tuple[JointMatch, ...]

    @property
    def model(self) -> ModelIdentity:
        """The one model of all archives."""
        return self.statements[0].model

    def to_json(self) -> dict[str, Any]:
        """Return the document that `output/schemas/joint-answer-1.json` describes."""
        return {
            **joint_statement_json(self),
            "matches": [joint_match_json(match) for match in self.matches],
        }


def joint_statement_json(answer: JointAnswer) -> dict[str, Any]:
    """Return the document without its matches."""
    return {
        "schema": SCHEMA,
        "asked_at": iso(answer.asked_at),
        "query": answer.query,
        "k": answer.k,
        "ranked_by": "plain score",
        "model": model_json(answer.model),
        "pictures_of": answer.pictures_of,
        "uncalibrated": list(answer.uncalibrated),
        "warnings": list(answer.warnings),
        "not_searched": [asdict(one) for one in answer.not_searched],
        "named_places": [
            asdict(one) | {"archives": list(one.archives)} for one in answer.named_places
        ],
        "archives": [statement_json(statement) for statement in answer.statements],
    }


def joint_match_json(found: JointMatch) -> dict[str, Any]:
    """Return one item of `matches`: that of an answer, with its archive."""
    return {
        "archive": found.archive,
        "archive_id": found.archive_id,
        "same_as": found.same_as,
        **match_json(found.match),
    }
