"""What a search says: matches, and the statement of what was searched, how, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reidsearch.base.errors import ReidsearchError
from reidsearch.domain.adjustment import PLAIN, AdjustedBy
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.cases import AskedFor
from reidsearch.domain.crops import Crop
from reidsearch.domain.decisions import Named
from reidsearch.domain.footage import HeightsSeen, How
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.pending import Pending
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.domain.request import Filters, PlainFor, Requested, SearchRequest
from reidsearch.domain.scores import Provenance, Reading
from reidsearch.domain.space_time import ReadBy, SpaceTime
from reidsearch.domain.tracklets import TrackletSeen


class Own(StrEnum):
    """Why a match was to be expected: it is what was searched with, and no finding."""

    PICTURE = "picture"  # a query picture or crop itself
    TRACKLET = "tracklet"  # another crop of a query's tracklet
    FRAME = "frame"  # in the same picture or frame as a query, somebody else perhaps


@dataclass(frozen=True, slots=True)
class Match:
    """One answer: rank from 1, score in [-1, 1], larger is better.

    The score is an inner product of unit vectors: of the embeddings, or of what is left of them
    without what is common to their cameras (`Statement.adjusted`).

    `tracklet` is what the crop is a view of, None for a crop that was offered as a picture. In a
    grouped answer the crop is the tracklet's best view for this query. `identity` is what it was
    confirmed as, `rejected_for` what it was said not to be (`archive.identities`). `attributes`
    are the tracklet's, or the crop's own; None while they are not recorded.
    `reading` is what the archive's calibration says of the score, None while there is none.
    `rank_before` is the rank by score alone, None where the answer was not re-ranked.
    `liked`: it is the person by the user's word (`Feedback`), and was not found by this search.
    `own` says that the match is what was searched with; None: it is not, as far as is known.
    `stays`: in how many variants of the query it is among the first (`Stability`); None: not asked.
    `space_time` is what its place and time say, None where that was not asked.
    """

    rank: int
    score: float
    crop: Crop
    tracklet: TrackletSeen | None = None
    identity: Named | None = None
    rejected_for: tuple[Named, ...] = ()
    attributes: Attributes | None = None
    reading: Reading | None = None
    rank_before: int | None = None
    liked: bool = False
    own: Own | None = None
    stays: int | None = None
    space_time: SpaceTime | None = None


@dataclass(frozen=True, slots=True)
class FootageSearched:
    """How the footage that an answer is about was analysed.

    Args:
        sources: of footage that pass the filters by camera, time and place.
        unfinished: of these, not worked through to their end, and nobody is at it.
        running: of these, being worked through just now.
        seconds: of media time, by how it was analysed.
        not_supplied_s: seconds by camera, between the first and the last footage of all of them
            or in the time asked for, of which there is no footage; only where clocks are known.
        small: detections in these sources that were too small to be kept.
        heights: how tall people have to be to be seen -> in how many of the sources; of None
            nobody knows.
    """

    sources: int = 0
    unfinished: int = 0
    running: int = 0
    seconds: Mapping[How, float] = field(default_factory=dict)
    not_supplied_s: Mapping[str, float] = field(default_factory=dict)
    small: int = 0
    heights: Mapping[HeightsSeen | None, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdentitySearched:
    """The identity that was searched for, with all its crops and photographs as query pictures.

    Args:
        members: how many tracklets, and crops of no tracklet, are confirmed of it.
        query_pictures: how many crops these have.
        rejected: tracklets and crops that were said not to be it, and were left out.
        new_only: its own were left out too.
        photos: how many reference photographs it was searched for with, beside its crops.
    """

    named: Named
    members: int
    query_pictures: int
    rejected: int
    new_only: bool
    photos: int = 0


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the user said of matches, by which the query was refined (`search.feedback`).

    Args:
        likes, unlikes: crop ids as they were given.
        liked, unliked: the tracklets, and crops of no tracklet, that these are of.
        left_out: crops of the unliked, which are no matches any more.
        hidden: of the liked, those that the filters do not let be shown.
    """

    likes: tuple[int, ...]
    unlikes: tuple[int, ...]
    liked: int
    unliked: int
    left_out: int
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Recall:
    """How many of the true k best an index finds, measured on its own vectors.

    Args:
        value: share of them that was found.
        low / high: where it lies in 95 of 100 samples as this one (Wilson's interval).
        k: how many were asked for.
        of: how many true ones there were in all.
    """

    value: float
    low: float
    high: float
    k: int
    of: int


class WhyNot(StrEnum):
    """Why an answer is ordered by score alone."""

    AS_ASKED = "as asked"
    TOO_FEW_CROPS = "re-ranking needs at least 100 crops"
    OUTDATED = "the neighbour graph is not up to date"
    IMPRECISE = "the neighbour graph misses too many neighbours"
    PLAIN = "the neighbour graph is of camera-adjusted scores"
    NOTHING_FOUND = "there are no matches to order"
    SEVERAL_ARCHIVES = PlainFor.SEVERAL_ARCHIVES
    SOME_CAMERAS = PlainFor.SOME_CAMERAS


@dataclass(frozen=True, slots=True)
class RankedBy:
    """What the order of the matches comes from.

    Args:
        reranked: how many crops, the first by score, were ranked anew by their neighbourhoods;
            0: the order is that of the scores.
        expansion: how many best matches the query was expanded by for that.
        why_not: why the order is that of the scores; None where it is not.
        neighbours_found: share of the true neighbours that the lists have by which crops were
            ranked anew, as measured; 1 where every pair was compared.
    """

    reranked: int = 0
    expansion: int = 0
    why_not: WhyNot | None = WhyNot.AS_ASKED
    neighbours_found: float = 1.0


class WhyNotLogged(StrEnum):
    """Why a search has no entry of the event log."""

    NO_LOG = "the archive was made without an event log"
    READ_ONLY = "the archive can only be read here"
    INSIDE = "it is a step of other work, which has an entry of its own"


@dataclass(frozen=True, slots=True)
class Logged:
    """The entry of the event log that a search has.

    Args:
        entry: its number; None: it has none.
        why_not: why it has none.
    """

    entry: int | None
    why_not: WhyNotLogged | None = None


@dataclass(frozen=True, slots=True)
class Stability:
    """With what a query was asked again, to see which matches hang on the picture.

    Args:
        variants: how many times; each with other boxes, brightness, compression, mirrored or not,
            and of several pictures with each left out in turn.
        first: so many rows a match has to be among.
        pictures: how many were varied; the others have only an embedding.
    """

    variants: int
    first: int
    pictures: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What was searched, how, how sure, and what is missing. Travels with every answer.

    Args:
        crops_stored: crops in the archive when the search ran.
        crops_searched: crops that passed the filters and were scored.
        exact: True when no better match is held, which is proven; `recall` is then 1.0.
        recall: otherwise the share of the true best that is found, as it was measured on the
            archive's own embeddings when the index was built; None: it was not.
        recall_interval: where that lies in 95 of 100 samples; None where it was not measured.
        left_out_unknown_time / _camera: crops held that a time or camera filter left out because
            theirs is not known.
        failures: offered inputs that never became crops.
        unfinished_runs: index runs that were interrupted; what they had not reached is not here.
        running_runs: index runs at work when the search ran, likewise.
        calibration: how to read a score; begins with `uncalibrated` until the archive is
            calibrated for its model.
        query: how the query was made, e.g. `mean of 2 pictures`.
        grouped: one match a tracklet, its best view, instead of one a crop.
        footage: how the footage concerned was looked at.
        warnings: anything else that limits the answer, in sentences.
        left_out_unknown_attributes: crops held that an attribute filter left out because theirs
            are not recorded.
        left_out_unknown_track: crops held that a filter by regions, lines or stays left out because
            where the person went is not known.
        identity: whom the search was for, where that was an identity.
        calibrated_by: where the readings of the scores come from; None: uncalibrated.
        calibration_sha256: of what they were read by (`Calibration.sha256`); None: of nothing, or
            an earlier version gave the answer.
        prior: the probability, before its score is known, that a crop searched shows the person,
            for which probabilities are told; None: uncalibrated.
        max_false_alarms: how many wrong matches were to be expected at most; `min_score` is then
            the score that keeps to it.
        ranked_by: what the order of the matches comes from.
        feedback: by what the query was refined; scores are then those with the refined query, and
            the liked stand first, beyond `k` and whatever they score. None: by nothing.
        query_pictures: what was searched with: pictures in the order given, then crops, those of an
            identity last.
        embedding_sha256: of the embedding that was searched with: the mean of these, adjusted for
            their cameras, as feedback refined it (`query_origins.embedding_sha256`).
        pending: deletions whose embeddings are still in index files, where no answer shows them.
        adjusted: which camera means scores are without.
        logged: the entry of the event log that the search has.
        case: that the search was made for; None: for none.
        newest_crop: the highest crop id that had been given when the search ran.
        requested: the rest of the request. Of both, None: an earlier version gave the answer.
        stability: how the matches' `stays` was counted; None: it was not asked for.
        space_time: what place and time of matches were read by; None: that was not asked.
    """

    archive: str
    archive_id: str
    asked_at: dt.datetime
    query: str
    k: int
    min_score: float | None
    crops_stored: int
    crops_searched: int
    exact: bool
    recall: float | None
    index_kind: str
    generation: int
    model: ModelIdentity
    runtime: str
    filters: Filters
    left_out_unknown_time: int
    left_out_unknown_camera: int
    failures: int
    unfinished_runs: int
    running_runs: int
    calibration: str
    warnings: tuple[str, ...] = ()
    grouped: bool = False
    footage: FootageSearched = FootageSearched()
    left_out_unknown_attributes: int = 0
    identity: IdentitySearched | None = None
    calibrated_by: Provenance | None = None
    prior: float | None = None
    max_false_alarms: float | None = None
    recall_interval: tuple[float, float] | None = None
    ranked_by: RankedBy = RankedBy()
    feedback: Feedback | None = None
    query_pictures: tuple[QueryOrigin, ...] = ()
    embedding_sha256: str = ""
    pending: tuple[Pending, ...] = ()
    adjusted: AdjustedBy = PLAIN
    logged: Logged = Logged(None, WhyNotLogged.INSIDE)
    case: AskedFor | None = None
    newest_crop: int | None = None
    requested: Requested | None = None
    calibration_sha256: str | None = None
    left_out_unknown_track: int = 0
    stability: Stability | None = None
    space_time: ReadBy | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Matches, as `requested.order` says, and the statement of what was searched."""

    statement: Statement
    matches: tuple[Match, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the document that the command line prints (`output/schemas/answer-3.json`).

        Example:
            >>> print(json.dumps(archive.search("person.jpg").to_json(), indent=2))
        """
        from reidsearch.domain.answer_json import answer_json

        return answer_json(self)


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """A request of a batch that could not be answered, and why; stands where its answer would."""

    request: SearchRequest
    error: ReidsearchError


@dataclass(frozen=True, slots=True)
class SearchPreview:
    """What a search would look through, before it is asked.

    Args:
        plan: how the index would be searched.
        crops_stored: crops that the archive holds; `plan.candidates` of them pass the filters.
        cameras: that have crops which pass; crops of no known camera count for none.
        footage: how the footage that passes was analysed.
        filters: that are in force.
        left_out_unknown_time / _camera / _attributes / _track: as in `Statement`.
    """

    plan: Plan
    crops_stored: int
    cameras: tuple[str, ...]
    footage: FootageSearched
    filters: Filters
    left_out_unknown_time: int
    left_out_unknown_camera: int
    left_out_unknown_attributes: int
    left_out_unknown_track: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a search will go, and why.

    Args:
        method: `flat` every candidate's own score; `rows` only the candidates' rows are read;
            `scan` a scan of compact codes, the best of it scored; `proof` a scan of the fine codes,
            and whatever could be among the best by them.
        exact: whether the answer will be proven to be the best.
        candidates: how many crops may be answers.
        scanned: how many codes or vectors are read to find the shortlist.
        shortlist: how many of them are scored more finely; of a proof, at least.
        why: one sentence.
    """

    method: str
    exact: bool
    candidates: int
    scanned: int
    shortlist: int
    why: str
