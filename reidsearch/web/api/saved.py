"""Saved questions: listed, added, asked now, removed; what they found, and what of it is new.

Who is limited to some cameras sees the questions that they saved themselves, and of their answers
those of these cameras: another question names people and cameras that they may not know of.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from msgspec import Meta

from reidsearch.base.errors import Kind, NotFound
from reidsearch.domain.saved import SavedAnswer, SavedState
from reidsearch.output.saved import answers_json, change_json, questions_json, runs_json
from reidsearch.services.saved import LONGEST_NAME
from reidsearch.web.api.asked import CropIds, SearchAsked, request_of
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role

Name = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_NAME, description="Of the saved question.")
]


class NameAsked(Given, frozen=True):
    """Which question is meant."""

    name: Name


class RunAsked(Given, frozen=True):
    """Which question is asked now."""

    name: Annotated[Name | None, Meta(description="None: all.")] = None


class SeenAsked(NameAsked, frozen=True):
    """Which answers were looked at."""

    crop_ids: Annotated[CropIds, Meta(description="The crops of the answers.")]


class SavedAsked(SearchAsked, frozen=True, kw_only=True):
    """A search that is asked again of whatever is indexed, and its name."""

    name: Name


def states(call: Call) -> list[SavedState]:
    """Return the questions that whoever asks may see, by name."""
    return call.archive.saved.all(*_limits(call))


def waiting(call: Call) -> int:
    """Return how many answers, of those that whoever asks may see, nobody has looked at."""
    return call.archive.saved.waiting(*_limits(call))


def _limits(call: Call) -> tuple[str | None, frozenset[str] | None]:
    return (None if call.cameras is None else call.person.name), call.cameras


def state_of(call: Call, name: str) -> SavedState:
    """Return a question that whoever asks may see.

    Raises:
        NotFound: there is none of this name.
    """
    for one in states(call):
        if one.question.name == name:
            return one
    raise NotFound(f"there is no saved question {name!r}", kind=Kind.SAVED_UNKNOWN)


def found(call: Call, name: str) -> list[SavedAnswer]:
    """Return what a question found, as far as it may be seen. Raises as `state_of`."""
    state_of(call, name)
    every = call.archive.saved.found(name)
    seen = call.sight.crops(one.crop.crop_id for one in every)
    return [one for one in every if one.crop.crop_id in seen]


def listed(call: Call, _: Nothing) -> Document:
    """Return the questions."""
    return questions_json(states(call))


def answers(call: Call, asked: NameAsked) -> Document:
    """Return a question and what it found."""
    return answers_json(state_of(call, asked.name), found(call, asked.name))


def add(call: Call, asked: SavedAsked) -> Document:
    """Save a question, of what whoever asks may see."""
    return change_json("add", call.archive.saved.add(asked.name, request_of(call, asked)))


def run(call: Call, asked: RunAsked) -> Document:
    """Ask one question, or all that may be seen, of what was indexed since they were asked."""
    before = states(call) if asked.name is None else [state_of(call, asked.name)]
    runs = [one for state in before for one in call.archive.saved.run(state.question.name)]
    if call.cameras is not None:  # a run may have found what they may not see any more
        after = {one.question.name: one.found for one in states(call)}
        more = [after.get(one.question.name, one.found) - one.found for one in before]
        runs = [replace(one, found=found) for one, found in zip(runs, more, strict=True)]
    return runs_json(runs)


def seen(call: Call, asked: SeenAsked) -> Document:
    """Mark answers as looked at, for everybody who sees the question."""
    call.sight.require_crops(asked.crop_ids)
    state_of(call, asked.name)
    call.archive.saved.mark_seen(asked.name, asked.crop_ids)
    return answers(call, NameAsked(asked.name))


def remove(call: Call, asked: NameAsked) -> Document:
    """Remove a question with all that it found."""
    state = state_of(call, asked.name)
    call.archive.saved.remove(asked.name)
    return change_json("remove", state)


ENDPOINTS = (
    Endpoint("GET", "/saved", listed, "Saved questions.", document="saved-1"),
    Endpoint(
        "GET",
        "/saved/answers",
        answers,
        "What a saved question found.",
        takes=NameAsked,
        document="saved-answers-1",
    ),
    Endpoint(
        "POST",
        "/saved",
        add,
        "Save a question, which is asked again of whatever is indexed.",
        takes=SavedAsked,
        document="saved-change-1",
        role=Role.ANALYST,
        status=HTTPStatus.CREATED,
    ),
    Endpoint(
        "POST",
        "/saved/run",
        run,
        "Ask saved questions of what was indexed since they were asked.",
        takes=RunAsked,
        document="saved-runs-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/saved/seen",
        seen,
        "Mark answers of a saved question as looked at.",
        takes=SeenAsked,
        document="saved-answers-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/saved/remove",
        remove,
        "Remove a saved question with all that it found.",
        takes=NameAsked,
        document="saved-change-1",
        role=Role.ANALYST,
    ),
)
