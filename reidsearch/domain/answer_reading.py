"""Answers from their JSON documents, so that one that was kept can be shown again.

The opposite of `answer_json`. A document may come from anywhere: every value is held to the type of
the field it becomes, and whatever does not fit is refused.
"""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from reidsearch.base.boxes import Box
from reidsearch.base.errors import Kind, ReidsearchError, UsageError
from reidsearch.base.time_of_day import TimeOfDay
from reidsearch.base.timecode import parse_time
from reidsearch.base.weekdays import Weekdays
from reidsearch.domain.answer_json import SCHEMA
from reidsearch.domain.answers import Answer, FootageSearched, Match, Statement
from reidsearch.domain.attributes import COLOURS, PARTS, THINGS, Attributes
from reidsearch.domain.crops import Crop, Facts
from reidsearch.domain.filters import Filters
from reidsearch.domain.footage import HeightsSeen
from reidsearch.domain.request import Requested
from reidsearch.domain.space_time import ReadBy
from reidsearch.domain.tracklets import Doubt, Moment, Purity, SourceInterval, TrackletSeen

T = TypeVar("T")

MILLION = 1_000_000
LATER = {
    **dict.fromkeys(("newest_crop", "requested", "calibration_sha256", "stability")),
    "left_out_unknown_track": 0,
    "space_time": None,
}
"""Fields of a statement that answers of earlier versions lack, or that nobody asked for, with what
stands for them."""
DEFAULTED = (Filters, Requested, ReadBy)
"""Types whose fields documents may lack: then their defaults stand."""


def read_answer(document: Any) -> Answer:
    """Return the answer that a document is.

    What a document does not hold stays empty: pixels of query pictures, when crops were indexed,
    and which detections of a tracklet are in doubt (how many is known).

    Raises:
        UsageError: it is no document of an answer of this version.
    """
    try:
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']!r}, not {SCHEMA!r}")
        return Answer(_statement(document["statement"]), tuple(map(_match, document["matches"])))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, StopIteration) as error:
        told = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    except ReidsearchError as error:
        told = error.message
    raise UsageError(f"this is no answer document: {told}", kind=Kind.ANSWER_UNREADABLE)


def read_part(kind: type[T], document: Any) -> T:
    """Return the dataclass that a document of its fields is: part of a statement, or alike.

    Raises:
        ValueError: it does not fit.
    """
    try:
        read: T = _value(kind, document)
    except (KeyError, TypeError, OverflowError, AttributeError, ReidsearchError) as error:
        raise ValueError(f"this is no {kind.__name__}: {error}") from error
    return read


def _statement(given: Mapping[str, Any]) -> Statement:
    footage = given["footage"]
    seen = {
        _value(HeightsSeen | None, one["seen"]): _value(int, one["sources"])
        for one in footage["heights"]
    }
    pending = [
        {name: value for name, value in one.items() if name != "message"}
        for one in given["pending"]
    ]
    read: Statement = _value(
        Statement,
        {
            **LATER,
            **given,
            "footage": {
                **{name: value for name, value in footage.items() if name != "heights"},
                "small": footage["small_detections"],
                "heights": {},
            },
            "pending": pending,
            "ranked_by": {"neighbours_found": 1.0, **given["ranked_by"]},
            "identity": given["identity"] and {**given["identity"], "named": given["identity"]},
        },
    )
    counted = {field.name: getattr(read.footage, field.name) for field in fields(FootageSearched)}
    told = {field.name: getattr(read, field.name) for field in fields(Statement)}
    return Statement(**told | {"footage": FootageSearched(**counted | {"heights": seen})})


def _match(given: Mapping[str, Any]) -> Match:
    crop = _crop(given)
    tracklet = given["tracklet"]
    read: Match = _value(
        Match,
        {
            **{name: given[name] for name in ("rank", "rank_before", "score", "identity", "liked")},
            **{name: given[name] for name in ("rejected_for", "reading")},
            "own": given["own_by"],
            "stays": given.get("stays"),
            "space_time": given.get("space_time"),
            "crop": crop,
            "tracklet": None if tracklet is None else _tracklet(tracklet, crop),
            "attributes": None if given["attributes"] is None else _attributes(given["attributes"]),
        },
    )
    return read


def _crop(given: Mapping[str, Any]) -> Crop:
    moment = given["moment"]
    facts = {name: given[name] for name in ("camera", "time", "person", "extra")}
    return Crop(
        crop_id=_value(int, given["crop_id"]),
        source_id=_source_id(given),
        source_sha256=_value(str, given["source"]),
        location=_value(str, given["location"]),
        box=_value(Box, given["box"]),
        facts=_value(Facts, facts),
        indexed_at=dt.datetime.min.replace(tzinfo=dt.UTC),
        moment=None if moment is None else _value(Moment, moment),
    )


def _source_id(given: Mapping[str, Any]) -> int:
    """Return the source of a match's crop: whose stretch of the tracklet the document names."""
    tracklet = given["tracklet"]
    if not tracklet:
        return 0  # the document does not say
    here = (tracklet["first_s"], tracklet["last_s"])
    parts = tracklet["parts"]
    number: int = _value(
        int, next(one["source_id"] for one in parts if (one["first_s"], one["last_s"]) == here)
    )
    return number


def _tracklet(given: Mapping[str, Any], crop: Crop) -> TrackletSeen:
    moment = crop.moment
    return TrackletSeen(
        tracklet_id=_value(int, given["tracklet_id"]),
        camera=crop.facts.camera,
        parts=tuple(map(_interval, given["parts"])),
        first_time=_value(dt.datetime | None, given["first_time"]),
        last_time=_value(dt.datetime | None, given["last_time"]),
        uncertainty_s=moment.uncertainty_s if moment else None,
        detections=_value(int, given["detections"]),
        crop_ids=_value(tuple[int, ...], given["crop_ids"]),
        correction_s=moment.correction_s if moment else 0.0,
        purity=_purity(given["purity"], _value(int, given["detections"])),
    )


def _interval(given: Mapping[str, Any]) -> SourceInterval:
    first, last = (round(_value(float, given[name]) * MILLION) for name in ("first_s", "last_s"))
    source_id, location = _value(int, given["source_id"]), _value(str, given["location"])
    return SourceInterval(source_id, location, first, last)


def _purity(given: Mapping[str, Any] | None, detections: int) -> Purity | None:
    """Return a purity with the document's share and moments.

    Positions are not in the document: these lie as far apart as the longest stretch is long, which
    gives the same share.
    """
    if given is None:
        return None
    longest = round(_value(float, given["share"]) * detections)
    doubts = (
        Doubt(
            min(longest * number, detections),
            _value(int, one["source_id"]),
            round(_value(float, one["media_s"]) * MILLION),
        )
        for number, one in enumerate(given["doubts"], start=1)
    )
    return Purity(detections, tuple(doubts))


def _attributes(given: Mapping[str, Any]) -> Attributes:
    """Return attributes; colours without a share are not in the document."""
    read: Attributes = _value(Attributes, given)
    none = dict.fromkeys(COLOURS, 0.0)
    colours = {part: none | dict(read.colours.get(part, {})) for part in PARTS}
    things = dict.fromkeys(THINGS, 0.0) | dict(read.things)
    return Attributes(read.crops, things, colours, read.agreement, read.matched)


def _value(kind: Any, given: Any) -> Any:
    """Return a value of a field's type; a mapping becomes the dataclass that the type is.

    Raises:
        ValueError: it is of another type.
        KeyError: a field is missing.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _one_of(inner, given)
    if origin is tuple:
        return _tuple(inner, given)
    if origin is Mapping or (isinstance(origin, type) and issubclass(origin, Mapping)):
        if not isinstance(given, Mapping):
            raise ValueError(f"{_short(given)} is no object")
        return {_value(inner[0], name): _value(inner[1], value) for name, value in given.items()}
    if kind is Any or (is_dataclass(kind) and isinstance(given, kind)):  # type: ignore[arg-type]
        return given
    if kind is TimeOfDay:
        return TimeOfDay.read(_value(str, given["hours"]), _value(str | None, given["zone"]))
    if kind is Weekdays:
        return Weekdays.read(_value(str, given["days"]), _value(str | None, given["zone"]))
    if kind is Box:
        return Box(*(_value(int, one) for one in given))
    if is_dataclass(kind):
        return _object(kind, given)
    return _plain(kind, given)


def _plain(kind: Any, given: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(given)
    if kind is dt.datetime:
        return parse_time(_value(str, given))
    if kind in {float, Fraction} and isinstance(given, int | float) and not _is_flag(given):
        return kind(given)
    if isinstance(given, kind) and (kind is bool or not _is_flag(given)):
        return given
    raise ValueError(f"{_short(given)} stands where {kind.__name__} is expected")


def _one_of(kinds: tuple[Any, ...], given: Any) -> Any:
    if given is None and type(None) in kinds:
        return None
    several = [one for one in kinds if one is not type(None)]
    if isinstance(given, str) and str in several:
        return given
    (kind,) = [one for one in several if len(several) == 1 or one is not str]
    return _value(kind, given)


def _tuple(kinds: tuple[Any, ...], given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise ValueError(f"{_short(given)} is no list")
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], one) for one in given)
    return tuple(_value(kind, one) for kind, one in zip(kinds, given, strict=True))


def _object(kind: Any, given: Any) -> Any:
    if not isinstance(given, Mapping):
        raise ValueError(f"{_short(given)} is no object")
    hints = _hints(kind)
    return kind(
        **{
            field.name: _value(hints[field.name], given[field.name])
            for field in fields(kind)
            if kind not in DEFAULTED or field.default is MISSING or field.name in given
        }
    )


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_flag(given: Any) -> bool:
    return isinstance(given, bool)


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 40 else f"{text[:40]}..."
