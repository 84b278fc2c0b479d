"""Answers as JSON documents, held to `output/schemas/answer-3.json`."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from reidsearch.base.reading import DEEPEST
from reidsearch.base.timecode import iso
from reidsearch.domain.adjustment import AdjustedBy
from reidsearch.domain.answers import (
    Answer,
    Feedback,
    FootageSearched,
    IdentitySearched,
    Match,
    RankedBy,
    Statement,
)
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.crops import Crop
from reidsearch.domain.decisions import Named
from reidsearch.domain.footage import HeightsSeen, How
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.pending import Pending
from reidsearch.domain.places import Place
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.domain.request import Filters, Requested
from reidsearch.domain.scores import Provenance, Reading
from reidsearch.domain.space_time import ReadBy, SpaceTime
from reidsearch.domain.tracklets import Moment, Purity, SourceInterval, TrackletSeen

SCHEMA = "reidsearch/answer/3"
NOT_OF_THE_ANSWER = ("logged", "asked_at", "case")
"""Fields of a statement that are others whenever the same is asked and answered again."""


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as the document that `output/schemas/answer-3.json` describes.

    Times are ISO 8601 in UTC with `Z`; unknown is null; numbers are finite.
    """
    return {
        "schema": SCHEMA,
        "statement": statement_json(answer.statement),
        "matches": [match_json(match) for match in answer.matches],
    }


def match_json(match: Match) -> dict[str, Any]:
    """Return one item of `matches`."""
    return {
        "rank": match.rank,
        "rank_before": match.rank_before,
        "score": match.score,
        **crop_facts_json(match.crop),
        "tracklet": tracklet_json(match.tracklet, match.crop.source_id) if match.tracklet else None,
        "attributes": attributes_json(match.attributes) if match.attributes else None,
        "identity": named_json(match.identity) if match.identity else None,
        "rejected_for": [named_json(one) for one in match.rejected_for],
        "reading": reading_json(match.reading) if match.reading else None,
        "liked": match.liked,
        "own": match.own is not None,
        "own_by": match.own.value if match.own else None,
        "stays": match.stays,
        **({"space_time": space_time_json(match.space_time)} if match.space_time else {}),
    }


def space_time_json(told: SpaceTime) -> dict[str, Any]:
    """Return what place and time of a match say; the interval is [low, high], 95 %."""
    interval = told.log10_lr_interval
    return asdict(told) | {
        "log10_lr_interval": None if interval is None else list(interval),
        "why_not": told.why_not.value if told.why_not else None,
    }


def named_json(named: Named) -> dict[str, Any]:
    """Return an identity: its id, which never changes, and its name."""
    return {"identity_id": named.identity_id, "name": named.name}


def reading_json(reading: Reading) -> dict[str, Any]:
    """Return what the calibration says of a score; intervals are [low, high], 95 %."""
    return {
        "log10_lr": reading.log10_lr,
        "log10_lr_interval": list(reading.log10_lr_interval),
        "probability": reading.probability,
        "probability_interval": list(reading.probability_interval),
        "false_alarm_rate": reading.false_alarm_rate,
        "false_alarm_rate_interval": list(reading.false_alarm_rate_interval),
        "at_most": reading.at_most,
        "false_alarms": reading.false_alarms,
        "limited": reading.limited,
    }


def provenance_json(provenance: Provenance) -> dict[str, Any]:
    """Return where a calibration comes from."""
    return asdict(provenance) | {
        "at": iso(provenance.at),
        "origin": provenance.origin.value,
        "notes": [*provenance.notes],
    }


def tracklet_json(tracklet: TrackletSeen, source_id: int) -> dict[str, Any]:
    """Return a tracklet: one person in one camera without interruption.

    Args:
        source_id: of the match's crop: `first_s` and `last_s` are media times of that source.
    """
    first, last = tracklet.first_time, tracklet.last_time
    here = tracklet.part_in(source_id)
    return {
        "tracklet_id": tracklet.tracklet_id,
        "first_s": float(here.first_s),
        "last_s": float(here.last_s),
        "first_time": iso(first) if first else None,
        "last_time": iso(last) if last else None,
        "duration_s": tracklet.duration_s,
        "detections": tracklet.detections,
        "crop_ids": list(tracklet.crop_ids),
        "parts": [interval_json(part) for part in tracklet.parts],
        "purity": purity_json(tracklet.purity),
    }


def purity_json(purity: Purity | None) -> dict[str, Any] | None:
    """Return how far a tracklet is known to show one person; null: nobody knows."""
    if purity is None:
        return None
    return {
        "share": purity.share,
        "doubts": [
            {"source_id": doubt.source_id, "media_s": doubt.media_us / 1_000_000}
            for doubt in purity.doubts
        ],
    }


def interval_json(part: SourceInterval) -> dict[str, Any]:
    """Return a stretch of one source, in media time."""
    return {
        "source_id": part.source_id,
        "location": part.location,
        "first_s": float(part.first_s),
        "last_s": float(part.last_s),
    }


def attributes_json(attributes: Attributes) -> dict[str, Any]:
    """Return recorded attributes; of each part's colours those with a share above 0."""
    return {
        "crops": attributes.crops,
        "things": dict(attributes.things),
        "colours": {
            part: {colour: share for colour, share in shares.items() if share > 0}
            for part, shares in attributes.colours.items()
        },
        "agreement": dict(attributes.agreement),
        "matched": dict(attributes.matched),
    }


def moment_json(moment: Moment) -> dict[str, Any]:
    """Return when in its footage a crop was taken: pts x time base, from the first frame."""
    return {
        "tracklet_id": moment.tracklet_id,
        "media_s": float(moment.media_s),
        "pts": moment.pts,
        "uncertainty_s": moment.uncertainty_s,
        "quality": moment.quality,
        "correction_s": moment.correction_s,
        "picture": moment.picture,
    }


def heights_json(seen: HeightsSeen | None) -> dict[str, int] | None:
    """Return how tall people have to be to be seen; null: nobody knows."""
    return asdict(seen) if seen else None


def crop_facts_json(crop: Crop) -> dict[str, Any]:
    """Return the facts of a crop; `source` is the SHA-256 of the source's bytes."""
    facts = crop.facts
    return {
        "crop_id": crop.crop_id,
        "camera": facts.camera,
        "time": iso(facts.time) if facts.time else None,
        "person": facts.person,
        "source": crop.source_sha256,
        "location": crop.location,
        "box": crop.box.as_list(),
        "extra": finite(dict(facts.extra)),
        "moment": moment_json(crop.moment) if crop.moment else None,
    }


def statement_json(statement: Statement) -> dict[str, Any]:
    """Return every field of the statement."""
    return {
        "archive": statement.archive,
        "archive_id": statement.archive_id,
        "asked_at": iso(statement.asked_at),
        "query": statement.query,
        "k": statement.k,
        "min_score": statement.min_score,
        "crops_stored": statement.crops_stored,
        "crops_searched": statement.crops_searched,
        "exact": statement.exact,
        "recall": statement.recall,
        "index_kind": statement.index_kind,
        "generation": statement.generation,
        "model": model_json(statement.model),
        "runtime": statement.runtime,
        "filters": filters_json(statement.filters),
        "left_out_unknown_time": statement.left_out_unknown_time,
        "left_out_unknown_camera": statement.left_out_unknown_camera,
        "failures": statement.failures,
        "unfinished_runs": statement.unfinished_runs,
        "running_runs": statement.running_runs,
        "calibration": statement.calibration,
        "warnings": list(statement.warnings),
        "grouped": statement.grouped,
        "footage": footage_searched_json(statement.footage),
        "left_out_unknown_attributes": statement.left_out_unknown_attributes,
        "identity": _identity_json(statement.identity) if statement.identity else None,
        "calibrated_by": (
            provenance_json(statement.calibrated_by) if statement.calibrated_by else None
        ),
        "prior": statement.prior,
        "max_false_alarms": statement.max_false_alarms,
        "recall_interval": list(statement.recall_interval) if statement.recall_interval else None,
        "ranked_by": _ranked_by(statement.ranked_by),
        "feedback": _feedback_json(statement.feedback) if statement.feedback else None,
        "query_pictures": [origin_json(one) for one in statement.query_pictures],
        "embedding_sha256": statement.embedding_sha256,
        "pending": [pending_json(one) for one in statement.pending],
        "adjusted": adjusted_json(statement.adjusted),
        "logged": asdict(statement.logged),
        "case": asdict(statement.case) if statement.case else None,
        "newest_crop": statement.newest_crop,
        "requested": requested_json(statement.requested) if statement.requested else None,
        "calibration_sha256": statement.calibration_sha256,
        "left_out_unknown_track": statement.left_out_unknown_track,
        "stability": asdict(statement.stability) if statement.stability else None,
        **({"space_time": _read_by_json(statement.space_time)} if statement.space_time else {}),
    }


def _ranked_by(by: RankedBy) -> dict[str, Any]:
    """Return it as it has always been where every pair of crops was compared."""
    told = asdict(by)
    if by.neighbours_found == 1.0:
        del told["neighbours_found"]
    return told


def _read_by_json(by: ReadBy) -> dict[str, Any]:
    told = asdict(by)
    if by.cameras is None:
        del told["cameras"]
    return told


def requested_json(requested: Requested) -> dict[str, Any]:
    """Return what of a request its statement does not tell otherwise."""
    told = asdict(requested) | {"exclude_crops": list(requested.exclude_crops)}
    if not requested.space_time:
        del told["space_time"], told["combined"]
    return told


def filters_json(filters: Filters) -> dict[str, Any]:
    """Return what was filtered by; empty lists and null: by nothing."""
    hours, days = filters.time_of_day, filters.weekdays
    return {
        "cameras": list(filters.cameras),
        "not_cameras": list(filters.not_cameras),
        "after": iso(filters.after) if filters.after else None,
        "before": iso(filters.before) if filters.before else None,
        "sources": list(filters.sources),
        "exclude_crops": list(filters.exclude_crops),
        "wearing": list(filters.wearing),
        "with_things": list(filters.with_things),
        "without_things": list(filters.without_things),
        "time_of_day": {"hours": hours.text, "zone": hours.zone} if hours else None,
        "weekdays": {"days": days.text, "zone": days.zone} if days else None,
        "indexed_after": iso(filters.indexed_after) if filters.indexed_after else None,
        "indexed_after_run": filters.indexed_after_run,
        "unreviewed": filters.unreviewed,
        "no_identity": filters.no_identity,
        "regions": [_place_json(one) for one in filters.regions],
        "crossings": [_place_json(one) for one in filters.crossings],
        "direction": filters.direction,
        "dwell_s": filters.dwell_s,
    }


def _place_json(place: Place | str) -> dict[str, Any] | str:
    """Return a region or line; one that was not looked up is its name."""
    return place if isinstance(place, str) else place_json(place)


def place_json(place: Place) -> dict[str, Any]:
    """Return a region or line; points are fractions of the picture's width and height."""
    points = [list(point) for point in place.points]
    return {"camera": place.camera, "name": place.name, "points": points}


def footage_searched_json(footage: FootageSearched) -> dict[str, Any]:
    """Return how the footage concerned was analysed."""
    return {
        "sources": footage.sources,
        "unfinished": footage.unfinished,
        "running": footage.running,
        "seconds": {how.value: footage.seconds.get(how, 0.0) for how in How},
        "not_supplied_s": dict(footage.not_supplied_s),
        "small_detections": footage.small,
        "heights": [
            {"sources": sources, "seen": heights_json(seen)}
            for seen, sources in footage.heights.items()
        ],
    }


def adjusted_json(by: AdjustedBy) -> dict[str, Any]:
    """Return which camera means scores are without."""
    return asdict(by) | {"query_cameras": list(by.query_cameras)}


def pending_json(pending: Pending) -> dict[str, Any]:
    """Return one piece of work that a committed change has left to do."""
    return {
        "work": pending.work.value,
        "since": iso(pending.since),
        "cause": pending.cause.value if pending.cause else None,
        "crops": pending.crops,
        "running": pending.running,
        "message": pending.sentence,
    }


def origin_json(origin: QueryOrigin) -> dict[str, Any]:
    """Return where one picture of a query came from."""
    detection = None if origin.detection is None else origin.detection.value
    facts = {"of": origin.of.value, "box": origin.box.as_list(), "detection": detection}
    return asdict(origin) | facts


def _identity_json(searched: IdentitySearched) -> dict[str, Any]:
    return {
        **named_json(searched.named),
        "members": searched.members,
        "query_pictures": searched.query_pictures,
        "rejected": searched.rejected,
        "new_only": searched.new_only,
        "photos": searched.photos,
    }


def _feedback_json(feedback: Feedback) -> dict[str, Any]:
    marked = {"likes": list(feedback.likes), "unlikes": list(feedback.unlikes)}
    return asdict(feedback) | marked


def model_json(model: ModelIdentity) -> dict[str, Any]:
    """Return a model's identity."""
    return {
        "name": model.name,
        "precision": model.precision,
        "digest": model.digest,
        "preprocessing": model.preprocessing,
        "dimension": model.dimension,
    }


def finite(value: Any, level: int = 0) -> Any:
    """Return `value` with null for every number that is not finite, and for what lies too deep.

    No version takes such columns in any more; archives of earlier ones may hold them.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict | list | tuple) and level > DEEPEST:
        return None
    if isinstance(value, dict):
        return {key: finite(item, level + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item, level + 1) for item in value]
    return value
