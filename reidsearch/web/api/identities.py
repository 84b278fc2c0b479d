"""Identities: who was decided to be whom, and decisions on it.

Confirming, rejecting and undoing are in `api/decisions.py`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reidsearch.domain.event_log import Shown
from reidsearch.output.identities import decision_document, list_json, story_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Note = Annotated[str, Meta(max_length=10_000, description="Why, for the log.")]
Crops = Annotated[tuple[int, ...], Meta(description="Each stands for its whole tracklet.")]
Force = Annotated[bool, Meta(description="Also where one camera shows two of them at once.")]


def every(call: Call, _: Nothing) -> Document:
    """Return all identities of which something may be seen."""
    return list_json(call.sight.identities(call.identities.all()))


def one(call: Call, _: Nothing) -> Document:
    """Return one identity with its whole story."""
    name = call.path["identity"]
    call.sight.require_identity(name)
    story = call.sight.story(call.identities.show(name))
    call.looks_at(Shown.IDENTITY, story.identity.identity_id)
    return story_json(story)


class New(Given, frozen=True):
    """An identity to make."""

    name: Name
    crop_ids: Crops = ()
    note: Note = ""
    force: Force = False


def new(call: Call, asked: New) -> Document:
    """Make an identity."""
    call.sight.require_crops(asked.crop_ids)
    decision = call.identities.new(asked.name, asked.crop_ids, note=asked.note, force=asked.force)
    return decision_document(decision)


class Rename(Given, frozen=True):
    """Another name."""

    name: Name
    note: Note = ""


def rename(call: Call, asked: Rename) -> Document:
    """Rename an identity."""
    call.sight.require_whole(call.path["identity"])
    return decision_document(
        call.identities.rename(call.path["identity"], asked.name, note=asked.note)
    )


class Merge(Given, frozen=True):
    """Identities that become a part of another."""

    others: Annotated[tuple[Name, ...], Meta(min_length=1)]
    note: Note = ""
    force: Force = False


def merge(call: Call, asked: Merge) -> Document:
    """Merge identities into one."""
    into = call.path["identity"]
    for name in (into, *asked.others):
        call.sight.require_whole(name)
    decision = call.identities.merge(into, asked.others, note=asked.note, force=asked.force)
    return decision_document(decision)


class Split(Given, frozen=True):
    """What leaves an identity for a new one."""

    crop_ids: Annotated[tuple[int, ...], Meta(min_length=1)]
    name: Name
    note: Note = ""


def split(call: Call, asked: Split) -> Document:
    """Split members off an identity."""
    call.sight.require_whole(call.path["identity"])
    call.sight.require_crops(asked.crop_ids)
    decision = call.identities.split(
        call.path["identity"], asked.crop_ids, asked.name, note=asked.note
    )
    return decision_document(decision)


ENDPOINTS = (
    Endpoint("GET", "/identities", every, "All identities.", document="identities-1"),
    Endpoint(
        "POST",
        "/identities",
        new,
        "Make an identity, with these matches confirmed.",
        takes=New,
        document="decision-1",
        role=Role.ANALYST,
        status=201,
    ),
    Endpoint(
        "GET",
        "/identities/{identity}",
        one,
        "One identity, by name or number, with its whole story.",
        document="identity-1",
    ),
    Endpoint(
        "POST",
        "/identities/{identity}/rename",
        rename,
        "Give an identity another name.",
        takes=Rename,
        document="decision-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/identities/{identity}/merge",
        merge,
        "Merge other identities into this one.",
        takes=Merge,
        document="decision-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/identities/{identity}/split",
        split,
        "Split members off into a new identity.",
        takes=Split,
        document="decision-1",
        role=Role.ANALYST,
    ),
)
