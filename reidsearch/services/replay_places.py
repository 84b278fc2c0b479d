"""A question about several places, asked again: of the archive as it was, or as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reidsearch.base.errors import ReidsearchError
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.decisions import EDITS
from reidsearch.domain.intersection import IntersectionStatement
from reidsearch.domain.replay import (
    AsIt,
    Cause,
    ChainScored,
    Change,
    Compared,
    compare,
)
from reidsearch.index.gallery import Gallery
from reidsearch.index.past import PastGallery
from reidsearch.services.intersection_asked import Question, Then
from reidsearch.services.intersection_times import Asked
from reidsearch.services.replay_changes import (
    CALIBRATED_ANEW,
    FACTS_OF_NOW,
    TRACKLETS_OF_NOW,
    adjustment_changed,
    crops_changed,
    decided_since,
    facts_changed,
    model_changed,
    never_rebuilt,
)
from reidsearch.services.replay_pictures import NotRepeated
from reidsearch.services.replay_record import PlacesRecord
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.around import Interval
from reidsearch.store.identities.store import log


@dataclass(frozen=True, slots=True)
class PlacesCompared:
    """What became of an answer about several places.

    Args: as of `domain.replay.Replay`.
    """

    compared: Compared
    chains_now: int
    changes: tuple[Change, ...]
    not_rebuilt: tuple[str, ...]


def asked_again(
    store: Store, gallery: Gallery, record: PlacesRecord, as_it: AsIt
) -> PlacesCompared:
    """Ask again, and compare.

    Args:
        gallery: in sync.

    Raises:
        NotRepeated: the archive has not what was asked about any more.
    """
    then, past = record.statement, as_it is AsIt.WAS
    searched = _as_it_was(store, gallery, then) if past else gallery
    until = Then(then.newest_crop, then.decision) if past else None
    asked = [Asked(Interval(one.camera, one.from_us, one.to_us), one.region) for one in then.places]
    try:
        with store.one_state():
            found = Question(store, searched, asked, cameras=None, then=until).answer(then.k)
    except ReidsearchError as error:
        raise NotRepeated(error.message) from error
    changes = list(_changes(store, then, record.evidence.entry, found.statement))
    chains: list[ChainScored] = [(one.crop_ids, one.weakest.score) for one in found.chains]
    wanted = {crop_id for crops, _ in record.chains for crop_id in crops}
    held = {one.crop_id for one in store.crops(sorted(wanted))}
    compared = compare(
        record.chains,
        chains,
        found={one.cause for one in changes},
        erased=wanted - held,
        newest_crop=then.newest_crop,
        decided=True,
        of_tracklets=True,
    )
    lacking = tuple(_not_rebuilt(store, then, changes, searched)) if past else ()
    return PlacesCompared(compared, len(chains), tuple(changes), lacking)


def _as_it_was(store: Store, gallery: Gallery, then: IntersectionStatement) -> Gallery:
    """Return a gallery with the camera means of that time: the present one where it has them."""
    adjustment = gallery.adjustment()
    kind = adjustment.by.means_sha256 if isinstance(adjustment, Adjustment) else adjustment
    if kind == (then.adjusted.means_sha256 or then.adjusted.why_not):
        return gallery
    past = PastGallery(store, then.newest_crop, then.adjusted)
    past.sync()
    return past


def _changes(
    store: Store, then: IntersectionStatement, entry: int | None, now: IntersectionStatement
) -> Iterator[Change]:
    yield from crops_changed(store, then.newest_crop, then.crops_stored)
    with store.read() as connection:
        since = [one.what for one in log(connection) if one.decision_id > then.decision]
    yield from decided_since(since)
    yield from facts_changed(store, then.asked_at, entry)
    if then.model is not None and now.model is not None and not now.model.matches(then.model):
        yield model_changed(then.model, now.model)
    yield from adjustment_changed(then.adjusted, now.adjusted)
    if now.calibration_sha256 != then.calibration_sha256:
        yield CALIBRATED_ANEW


def _not_rebuilt(
    store: Store, then: IntersectionStatement, changes: list[Change], gallery: Gallery
) -> Iterator[str]:
    yield from never_rebuilt(changes, gallery)
    with store.read() as connection:
        later = [one for one in log(connection) if one.decision_id > then.decision]
    if any(change.of in EDITS for one in later for change in one.changes):
        yield TRACKLETS_OF_NOW
    if any(one.cause is Cause.FACTS for one in changes):
        yield FACTS_OF_NOW


def title_of(statement: IntersectionStatement) -> str:
    """Return what was asked."""
    named = ", ".join(
        f"{one.region.name or 'a region'} of {one.camera}" if one.region else one.camera
        for one in statement.places
    )
    return f"may have been at all of: {named}"
