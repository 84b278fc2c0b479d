"""Who may have been at several places as JSON, held to `output/schemas/intersection-1.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reidsearch.base.errors import Kind, ReidsearchError, UsageError
from reidsearch.base.timecode import from_us, iso, parse_time, to_us
from reidsearch.domain.adjustment import AdjustedBy
from reidsearch.domain.answer_json import (
    NOT_OF_THE_ANSWER,
    adjusted_json,
    model_json,
    named_json,
    place_json,
)
from reidsearch.domain.answer_reading import read_part
from reidsearch.domain.cases import AskedFor
from reidsearch.domain.event_log import LARGEST_WHOLE, canonical
from reidsearch.domain.intersection import (
    Chain,
    Intersection,
    IntersectionStatement,
    PlaceSeen,
)
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.places import Region
from reidsearch.domain.presence_json import presence_json

SCHEMA = "reidsearch/intersection/1"


def intersection_json(found: Intersection) -> dict[str, Any]:
    """Return the whole of it."""
    return {
        "schema": SCHEMA,
        "statement": statement_json(found.statement),
        "chains": [_chain_json(one) for one in found.chains],
    }


def statement_json(statement: IntersectionStatement) -> dict[str, Any]:
    """Return what was asked and how it was compared."""
    return {
        "archive": statement.archive,
        "archive_id": statement.archive_id,
        "asked_at": iso(statement.asked_at),
        "places": [_place_json(one) for one in statement.places],
        "k": statement.k,
        "adjusted": statement.why_plain is None,
        "adjusted_by": adjusted_json(statement.adjusted),
        "read_by": statement.read_by,
        "calibration_sha256": statement.calibration_sha256,
        "impostors": statement.impostors,
        "whole": statement.whole,
        "model": model_json(statement.model) if statement.model else None,
        "crops_stored": statement.crops_stored,
        "newest_crop": statement.newest_crop,
        "decision": statement.decision,
        "case": asdict(statement.case) if statement.case else None,
        "logged": asdict(statement.logged) if statement.logged else None,
    }


def _place_json(one: PlaceSeen) -> dict[str, Any]:
    return {
        "camera": one.camera,
        "region": place_json(one.region) if one.region else None,
        "from_time": iso(from_us(one.from_us)),
        "to_time": iso(from_us(one.to_us)),
        "people": one.people,
        "not_analysed_s": one.not_analysed_s,
        "untimed": one.untimed,
        "unplaced": one.unplaced,
    }


def _chain_json(chain: Chain) -> dict[str, Any]:
    return {
        "score": chain.weakest.score,
        "links": [asdict(one) for one in chain.links],
        "seen": [
            {"identity": named_json(named) if named else None, **presence_json(one)}
            for one, named in zip(chain.seen, chain.identities, strict=True)
        ],
    }


def document_sha256(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an answer's document: equal for the same answer to the same question.

    It is of its canonical JSON, without when and for which case it was asked, and how logged.
    """
    told = {
        name: value
        for name, value in document["statement"].items()
        if name not in NOT_OF_THE_ANSWER
    }
    return hashlib.sha256(canonical({**document, "statement": told})).hexdigest()


def read_statement(given: Any) -> IntersectionStatement:
    """Return the statement that a document of one is; how it was logged is left out.

    Raises:
        UsageError: it does not fit, or is of a version that does not hold what asking again needs.
    """
    try:
        return _statement(given)
    except KeyError as error:
        told = f"{error} is missing"
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        told = str(error)
    except ReidsearchError as error:
        told = error.message
    raise UsageError(
        f"this is no statement about several places that can be asked again: {told}",
        kind=Kind.ANSWER_UNREADABLE,
    )


def _statement(given: Mapping[str, Any]) -> IntersectionStatement:
    model, case = given["model"], given["case"]
    if len(given["places"]) < 2:
        raise ValueError("it names fewer than two places")
    return IntersectionStatement(
        archive=str(given["archive"]),
        archive_id=str(given["archive_id"]),
        asked_at=parse_time(str(given["asked_at"])),
        places=tuple(map(_place, given["places"])),
        k=_whole(given["k"]),
        adjusted=read_part(AdjustedBy, given["adjusted_by"]),
        read_by=given["read_by"],
        impostors=_whole(given["impostors"]),
        whole=bool(given["whole"]),
        model=None if model is None else read_part(ModelIdentity, model),
        crops_stored=_whole(given["crops_stored"]),
        newest_crop=_whole(given["newest_crop"]),
        decision=_whole(given["decision"]),
        calibration_sha256=given["calibration_sha256"],
        case=None if case is None else read_part(AskedFor, case),
    )


def _place(given: Mapping[str, Any]) -> PlaceSeen:
    from_us, until_us = (to_us(parse_time(str(given[name]))) for name in ("from_time", "to_time"))
    region = given["region"]
    return PlaceSeen(
        camera=str(given["camera"]),
        from_us=from_us,
        to_us=until_us,
        people=_whole(given["people"]),
        not_analysed_s=float(given["not_analysed_s"]),
        untimed=_whole(given["untimed"]),
        region=None if region is None else read_part(Region, region),
        unplaced=_whole(given["unplaced"]),
    )


def _whole(given: Any) -> int:
    if type(given) is not int or not 0 <= given <= LARGEST_WHOLE:
        raise ValueError(f"{given!r:.40} stands where a whole number is expected")
    return given
