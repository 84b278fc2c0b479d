"""Saved questions: searches that are made again for whatever an index run brings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reidsearch.base.errors import UsageError
from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import filters_json, model_json, requested_json
from reidsearch.domain.answer_reading import read_part
from reidsearch.domain.crops import Crop
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.notify_state import NotifyState
from reidsearch.domain.query_origins import EmbeddedPicture
from reidsearch.domain.request import Filters, Requested, SearchRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a question is asked again, beside the pictures and the identity.

    Args:
        crops: ids of crops that it was saved with.
        label: what it was made from.
        model: that embedded its pictures.
    """

    filters: Filters
    requested: Requested
    grouped: bool
    crops: tuple[int, ...]
    label: str
    model: ModelIdentity

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Asked:
        """Return what a document of `asked_json` says. Raises ValueError: it is none."""
        return read_part(cls, document)


@dataclass(frozen=True, slots=True)
class SavedQuestion:
    """A question that is asked again after each index run.

    Args:
        pictures: embedded when it was saved; their files are not needed any more.
        identity_id: whose confirmed crops are searched with too, those of the day.
        case, reason, made_by: whose searches they are, for which case, and why.
        last_crop: crops up to this id were searched already.
        asked_at: when it was asked for the last time; None: never.
        why_not: it could not be asked the last time; None: it could.
    """

    question_id: int
    name: str
    asked: Asked
    pictures: tuple[EmbeddedPicture, ...]
    identity_id: int | None
    case: str | None
    reason: str | None
    made_by: str
    made_at: dt.datetime
    last_crop: int
    asked_at: dt.datetime | None
    why_not: str | None

    @property
    def request(self) -> SearchRequest:
        """All that it asks, without its pictures and crops."""
        by = self.asked.requested
        return SearchRequest(
            k=None,
            filters=self.asked.filters,
            min_score=by.min_score,
            max_false_alarms=by.max_false_alarms,
            grouped=self.asked.grouped,
            reranked=False,
            adjusted=by.adjusted,
            query_camera=by.query_camera,
            identity=None if self.identity_id is None else str(self.identity_id),
            new_only=by.new_only,
            label=f"{self.asked.label} (saved question {self.name})",
        )

    @property
    def given(self) -> tuple[EmbeddedPicture | int, ...]:
        """The pictures and the crops that it searches with."""
        return (*self.pictures, *self.asked.crops)


@dataclass(frozen=True, slots=True)
class SavedState:
    """A question and how many matches it has found; `new` of them nobody has looked at.

    Args:
        notify: who is told of new answers by this machine; None: nobody.
    """

    question: SavedQuestion
    found: int
    new: int
    notify: NotifyState | None = None


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """A match that a run of a question has found.

    Args:
        entry: of the event log, the search that found it; None: the archive keeps no log.
        seen_at: when somebody marked it as looked at; None: it is new.
    """

    crop: Crop
    score: float
    found_at: dt.datetime
    entry: int | None
    seen_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SavedRun:
    """What became of a question in a run.

    Args:
        asked: whether it was; otherwise nothing was indexed since the last time, or it could not.
        found: how many matches it found among what is new.
        why_not: it could not be asked; None: it could.
        notify: who is told of new answers, after the run; None: nobody.
    """

    name: str
    asked: bool
    found: int
    why_not: str | None
    notify: NotifyState | None = None


def answer_json(one: SavedAnswer) -> dict[str, Any]:
    """Return a match as JSON."""
    facts = one.crop.facts
    return {
        "crop_id": one.crop.crop_id,
        "score": one.score,
        "camera": facts.camera,
        "time": iso(facts.time) if facts.time else None,
        "location": one.crop.location,
        "found_at": iso(one.found_at),
        "entry": one.entry,
        "new": one.seen_at is None,
    }


def asked_json(request: SearchRequest, label: str, model: ModelIdentity) -> dict[str, Any]:
    """Return what of a request is stored beside its pictures and its identity."""
    return {
        "filters": filters_json(request.filters),
        "requested": requested_json(Requested.of(request)),
        "grouped": request.grouped,
        "crops": [one for one in request.pictures if isinstance(one, int)],
        "label": label,
        "model": model_json(model),
    }


def require_savable(request: SearchRequest, *, shown: bool) -> None:
    """Refuse what cannot be asked again of what comes later.

    Args:
        shown: it has pictures or crops, perhaps not read yet.

    Raises:
        UsageError: it has no limit, or depends on what is not there when footage was indexed.
    """
    if request.min_score is None and request.max_false_alarms is None:
        raise UsageError(
            "a saved question needs a limit, or every person would be an answer: a minimum score, "
            "or how many false alarms are expected at most"
        )
    if not shown and request.identity is None:
        raise UsageError("a saved question needs a picture, a crop or an identity")
    if not request.filters.attributes_empty:
        raise UsageError(
            "a saved question cannot be filtered by attributes: they are recorded after what an "
            "index run brought was searched"
        )
    if request.refined or request.space_time or request.prior is not None:
        raise UsageError(
            "a saved question is asked by score alone: without feedback, place and time, or a prior"
        )
