"""Reviews are what their keys and the event log say they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.review import Review, ReviewChange, key_digest, placed
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import entries
from reidsearch.store.reviews import reviews


def review_faults(store: Store) -> Iterator[str]:
    """Yield what of reviews was changed, dropped or added past the program.

    Digests of rows show damage; whoever changes a row and its digest too is found here.
    """
    with store.read() as connection:
        held = {one.review_id: one for one in reviews(connection)}
    for one in held.values():
        members = [item.member for item in one.asked]
        if key_digest(one.seed, one.items).hex() != one.key_sha256:
            yield f"review {one.review_id}: its items are not those that it was started with"
        elif members != placed(one.seed, members):
            yield f"review {one.review_id}: its order is not that of its seed"
    if store.logged:
        yield from _unlike_the_log(store, held)


def _unlike_the_log(store: Store, held: dict[int, Review]) -> Iterator[str]:
    keys: dict[int, str] = {}
    answers: dict[int, dict[int, str]] = {}
    finished: set[int] = set()
    for entry in entries(store, events=[Event.REVIEW]):
        try:
            number, change, said = _told(entry)
            if change is ReviewChange.START:
                keys[number] = said["key_sha256"]
            elif change is ReviewChange.ANSWER:
                answers.setdefault(number, {}).update(map(tuple, said["answers"]))
            else:
                finished.add(number)
        except DECODING_ERRORS:
            continue  # an entry that was changed is named by the log's own check
    for number in sorted(keys.keys() | held.keys()):
        one = held.get(number)
        if one is None:
            yield f"review {number} is gone"
        elif keys.get(number) != one.key_sha256:
            yield f"review {number} is not the one that was started"
        else:
            given = {item.place: item.answer.value for item in one.asked if item.answer}
            if given != answers.get(number, {}):
                yield f"review {number}: its answers are not those that were given"
            if (one.finished_at is not None) != (number in finished):
                yield f"review {number}: whether it is finished is not what was recorded"


def _told(entry: LogEntry) -> tuple[int, ReviewChange, dict[str, Any]]:
    """Return the review of an entry, what was done with it, and the rest.

    Raises:
        one of DECODING_ERRORS: the entry says something else.
    """
    said = entry.said
    if said is None:
        raise ValueError("the detail of an entry on a review was erased")
    return int(said["review"]), ReviewChange(said["change"]), said
