"""Deciding on matches: confirm, reject, leave open, undo; and what is decided of crops."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reidsearch.output.identities import decision_document, marks_json
from reidsearch.web.api.asked import CropId, CropIds
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given
from reidsearch.web.person import Role

Note = Annotated[str, Meta(max_length=10_000, description="Why, for the log.")]
Matches = Annotated[
    tuple[CropId, ...],
    Meta(min_length=1, max_length=1_000, description="Each stands for its whole tracklet."),
]


class Decided(Given, frozen=True):
    """Matches that something is decided of."""

    crop_ids: Matches
    note: Note = ""


class Confirmed(Decided, frozen=True):
    """Matches that are an identity."""

    force: Annotated[bool, Meta(description="Also where one camera shows two of them at once.")] = (
        False
    )


def confirm(call: Call, asked: Confirmed) -> Document:
    """Record that matches are an identity."""
    name = _identity(call, asked)
    return decision_document(
        call.identities.confirm(name, asked.crop_ids, note=asked.note, force=asked.force)
    )


def reject(call: Call, asked: Decided) -> Document:
    """Record that matches are not an identity."""
    name = _identity(call, asked)
    return decision_document(call.identities.reject(name, asked.crop_ids, note=asked.note))


def unsure(call: Call, asked: Decided) -> Document:
    """Record that nobody could tell whether matches are an identity."""
    name = _identity(call, asked)
    return decision_document(call.identities.unsure(name, asked.crop_ids, note=asked.note))


def _identity(call: Call, asked: Decided) -> str:
    name = str(call.path["identity"])
    call.sight.require_identity(name)
    call.sight.require_crops(asked.crop_ids)
    return name


class Undone(Given, frozen=True):
    """A decision to be reversed."""

    decision_id: Annotated[
        Annotated[int, Meta(ge=1, le=2**63 - 1)] | None,
        Meta(description="None: the last of whoever asks that stands."),
    ] = None
    note: Note = ""


def undo(call: Call, asked: Undone) -> Document:
    """Reverse a decision by a new one."""
    number = asked.decision_id
    if number is None:
        number = call.identities.to_undo(own=True).decision_id
    call.sight.require_decision(number)
    return decision_document(call.identities.undo(number, note=asked.note))


class MarksAsked(Given, frozen=True):
    """Crops whose decisions are asked for."""

    crop: CropIds = ()


def marks(call: Call, asked: MarksAsked) -> Document:
    """Return what is decided of crops."""
    call.sight.require_crops(asked.crop)
    found = call.identities.marks_of_crops(asked.crop)
    return marks_json(found, call.identities.last_decision())


ENDPOINTS = (
    Endpoint(
        "POST",
        "/identities/{identity}/confirm",
        confirm,
        "Record that matches are an identity.",
        takes=Confirmed,
        document="decision-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/identities/{identity}/reject",
        reject,
        "Record that matches are not an identity.",
        takes=Decided,
        document="decision-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/identities/{identity}/unsure",
        unsure,
        "Record that nobody could tell whether matches are an identity.",
        takes=Decided,
        document="decision-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/decisions/undo",
        undo,
        "Reverse a decision by a new one.",
        takes=Undone,
        document="decision-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "GET", "/marks", marks, "What is decided of crops.", takes=MarksAsked, document="marks-1"
    ),
)
