"""Who was at several places at given times: the combination of sightings that is most alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reidsearch.base.errors import UsageError
from reidsearch.domain.event_log import Event
from reidsearch.domain.intersection import Intersection, Place
from reidsearch.domain.intersection_json import (
    document_sha256,
    intersection_json,
    statement_json,
)
from reidsearch.index.gallery import Gallery
from reidsearch.services.intersection_asked import Question
from reidsearch.services.intersection_times import asked_about
from reidsearch.services.search_log import entries_of
from reidsearch.services.sight import Sight
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store


def intersection(
    store: Store, gallery: Gallery, sight: Sight, places: Sequence[Place], k: int
) -> Intersection:
    """Return who may have been at all of these places, and record the question.

    Args:
        gallery: in sync.
        sight: what whoever asks may see.
        k: chains at most.

    Raises:
        NotFound: there is no such camera or region.
        UsageError: fewer than two places; a time is none, or may be of several days; two places
            are one camera at one time; too many people were at a place; it needs a case, see
            `asked_for`.
    """
    case = asked_for(store)
    if len(places) < 2:
        raise UsageError("name at least two places")
    with store.one_state():
        asked = asked_about(store, sight, places)
        found = Question(store, gallery, asked, cameras=sight.cameras).answer(k)
    found = replace(found, statement=replace(found.statement, case=case))
    (logged,) = entries_of(store, [_detail(store, found)], Event.INTERSECTION)
    return replace(found, statement=replace(found.statement, logged=logged))


def _detail(store: Store, found: Intersection) -> dict[str, Any]:
    """Return the detail of the entry of the log: all that asking again and comparing needs."""
    statement = statement_json(found.statement)
    del statement["logged"]
    return {
        "statement": statement,
        "chains": [
            {
                "crops": one.crop_ids,
                "score": one.weakest.score,
                "by_chance": one.weakest.accidental and one.weakest.accidental.expected,
            }
            for one in found.chains
        ],
        "crops": [crop_id for one in found.chains for crop_id in one.crop_ids],
        "answer_sha256": document_sha256(intersection_json(found)),
        "reason": store.acting.reason,
    }
