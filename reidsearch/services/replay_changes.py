"""What has changed in an archive since an answer was given, each change by its own evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reidsearch.domain.adjustment import AdjustedBy
from reidsearch.domain.answers import Answer, RankedBy, Statement
from reidsearch.domain.decisions import EDITS, Decision
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.replay import Cause, Change
from reidsearch.domain.scores import Calibration, Origin
from reidsearch.index.gallery import Gallery
from reidsearch.index.past import PastGallery
from reidsearch.store.adjustment import crops_up_to
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.store import log
from reidsearch.store.log_reading import entries

TRACKLETS_OF_NOW = (
    "tracklets as they were: those that were split or joined since are as they are now"
)
FACTS_OF_NOW = "times and places as they were: they are as they are now"
FACTS = (Event.CLOCK, Event.RELOCATE, Event.GROWN, Event.TIMEZONE)


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered again.

    Args:
        calibrated: by what scores are read; None: by nothing, or by a reference.
        again_same: all query pictures have the embeddings that they had.
    """

    answer: Answer
    calibrated: Calibration | None
    again_same: bool


def changes_since(
    store: Store, then: Statement, entry: int | None, answered: Answered
) -> list[Change]:
    """Return what has changed, with or without an effect on this answer."""
    return [
        *crops_changed(store, then.newest_crop or 0, then.crops_stored),
        *_of_decisions(store, then),
        *facts_changed(store, then.asked_at, entry),
        *_of_attributes(store, then, entry),
        *_of_scores(then, answered),
        *_of_ranking(then, answered),
    ]


def not_rebuilt(then: Statement, changes: list[Change], gallery: Gallery) -> Iterator[str]:
    """Yield what of the archive as it was could not be had."""
    found = {one.cause for one in changes}
    yield from never_rebuilt(changes, gallery)
    if Cause.DECISIONS in found:
        yield TRACKLETS_OF_NOW
    if Cause.FACTS in found:
        yield FACTS_OF_NOW
    if then.filters.by_decisions:
        yield "what had been reviewed then: filters go by what is decided now"
    if then.space_time is not None and Cause.FOOTAGE in found:
        yield "which footage was analysed by then: place and time are read by what is analysed now"
    if not then.filters.attributes_empty:
        yield "clothes and things as they were recorded: filters go by what is recorded now"


def never_rebuilt(changes: list[Change], gallery: Gallery) -> Iterator[str]:
    """Yield what no question can have as it was."""
    found = {one.cause: one.what for one in changes}
    for cause in (Cause.ERASED, Cause.MODEL):
        if cause in found:
            yield found[cause]
    if isinstance(gallery, PastGallery) and gallery.readjusted:
        yield "the camera means of that time: those in force were taken instead"


def crops_changed(store: Store, newest: int, stored: int) -> Iterator[Change]:
    """Yield what was deleted and indexed since an archive held so many crops up to one."""
    erased = stored - crops_up_to(store, newest)
    if erased > 0:
        yield Change(Cause.ERASED, f"crops of that time that were deleted: {erased:,}")
    added = store.state().last_crop_id - newest
    if added > 0:
        yield Change(Cause.FOOTAGE, f"crops that were indexed since: {added:,}")


def _of_decisions(store: Store, then: Statement) -> Iterator[Change]:
    with store.read() as connection:
        later = [one for one in log(connection) if one.at > then.asked_at]
    since = [one.what for one in later if _takes_part(one, then)]
    yield from decided_since(since)


def decided_since(since: list[str]) -> Iterator[Change]:
    """Yield that these kinds of decisions were made since, if any were."""
    if since:
        told = ", ".join(sorted(set(since)))
        yield Change(Cause.DECISIONS, f"decisions since: {len(since):,} ({told})")


def _takes_part(decision: Decision, then: Statement) -> bool:
    """Tell whether a decision is about what an answer depends on.

    An identity is made of decisions; which crops are one tracklet counts where matches are
    tracklets, or are filtered by what a tracklet wears.
    """
    if then.identity is not None or then.filters.by_decisions:
        return True
    edited = any(change.of in EDITS for change in decision.changes)
    by_tracklet = then.filters.by_track or not then.filters.attributes_empty
    return edited and (then.grouped or by_tracklet)


def facts_changed(store: Store, asked_at: dt.datetime, entry: int | None) -> Iterator[Change]:
    """Yield that clocks or places of sources were changed since an answer, if they were."""
    told = [one.event.value for one in _entries_since(store, asked_at, entry, FACTS)]
    if told:
        names = ", ".join(sorted(set(told)))
        yield Change(Cause.FACTS, f"times or places were changed since: {names}")


def _entries_since(
    store: Store, asked_at: dt.datetime, entry: int | None, events: Sequence[Event]
) -> Iterator[LogEntry]:
    """Yield entries behind that of an answer; only where it has none a clock has to tell."""
    for one in entries(store, after=entry or 0, events=events):
        if entry is not None or one.at > asked_at:
            yield one


def _of_attributes(store: Store, then: Statement, entry: int | None) -> Iterator[Change]:
    if then.filters.attributes_empty:
        return
    events = (Event.ANNOTATE, Event.ANNOTATE_END)
    if any(_entries_since(store, then.asked_at, entry, events)):
        yield Change(Cause.ATTRIBUTES, "what people wear and carry was recorded since")


def _of_scores(then: Statement, answered: Answered) -> Iterator[Change]:
    now = answered.answer.statement
    if not now.model.matches(then.model):
        yield model_changed(then.model, now.model)
    elif not answered.again_same:
        yield Change(
            Cause.RUNTIME,
            f"query pictures were embedded again, on {now.runtime}, and differ from those embedded "
            f"on {then.runtime}",
        )
    crops_now = [one.crop_id for one in now.query_pictures if one.crop_id is not None]
    crops_then = [one.crop_id for one in then.query_pictures if one.crop_id is not None]
    if crops_now != crops_then:
        yield Change(
            Cause.QUERY,
            f"crops that are searched with: {len(crops_now):,}, and were {len(crops_then):,}",
        )
    yield from adjustment_changed(then.adjusted, now.adjusted)
    if then.feedback is None and not _read_alike(then, answered.calibrated):
        yield CALIBRATED_ANEW


CALIBRATED_ANEW = Change(Cause.CALIBRATION, "the scores are read by another calibration")


def model_changed(then: ModelIdentity, now: ModelIdentity) -> Change:
    """Return that embeddings are another model's."""
    is_now, was = (
        f"{one.name} {one.precision} ({one.preprocessing}, {one.digest[:12]})"
        for one in (now, then)
    )
    return Change(Cause.MODEL, f"embeddings are of {is_now}, and were of {was}")


def adjustment_changed(then: AdjustedBy, now: AdjustedBy) -> Iterator[Change]:
    """Yield that scores are without other camera means, if they are."""
    if now.means_sha256 != then.means_sha256:
        yield Change(Cause.ADJUSTMENT, f"scores are {_by(now)}, and were {_by(then)}")


def _by(adjusted: AdjustedBy) -> str:
    if not adjusted.cameras:
        return "plain"
    return f"adjusted by the means of {adjusted.cameras} cameras, of {adjusted.crops:,} crops"


def _read_alike(then: Statement, now: Calibration | None) -> bool:
    """Tell whether scores were read by what the archive's calibration is now.

    A reference comes with the program, and is no calibration of the archive.
    """
    by = then.calibrated_by
    if by is None or by.origin is Origin.REFERENCE or now is None:
        return now is None and (by is None or by.origin is Origin.REFERENCE)
    if then.calibration_sha256 is None:  # an earlier version gave the answer
        return by == now.provenance
    return then.calibration_sha256 == now.sha256


def _of_ranking(then: Statement, answered: Answered) -> Iterator[Change]:
    now = answered.answer.statement
    if now.ranked_by != then.ranked_by and _order(now.ranked_by) != _order(then.ranked_by):
        yield Change(
            Cause.RANKING,
            f"matches are ordered by {_order(now.ranked_by)}, and were by {_order(then.ranked_by)}",
        )
    if now.index_kind != then.index_kind and not (now.exact and then.exact):
        yield Change(
            Cause.INDEX, f"the index is of kind {now.index_kind}, and was {then.index_kind}"
        )


def _order(ranked: RankedBy) -> str:
    return "neighbourhoods" if ranked.reranked else "score alone"
