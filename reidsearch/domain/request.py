"""What is searched for and how: a request, and the filters that are applied before ranking."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, cast

import numpy as np

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.locations import composed
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels
from reidsearch.domain.filters import Filters, ids_given
from reidsearch.domain.pixels import is_image, to_pixels
from reidsearch.domain.query_origins import ReadPicture
from reidsearch.domain.space_time import POOL

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "MAX_K",
    "AnyPicture",
    "Filters",
    "Order",
    "PlainFor",
    "QueryPicture",
    "Requested",
    "SearchOptions",
    "SearchRequest",
    "Searched",
]

MAX_K = 100_000


class Order(StrEnum):
    """How the matches of an answer stand; their ranks are the same."""

    SCORE = "score"  # the most alike first
    TIME = "time"  # the earliest first; what has no known time last


QueryPicture: TypeAlias = str | os.PathLike[str] | Pixels | ReadPicture | int
"""One view of a person: a picture file, (h, w, 3) uint8 BGR pixels, perhaps with the file that they
were read from, or the id of a crop."""

AnyPicture: TypeAlias = "QueryPicture | np.ndarray[Any, Any] | np.integer[Any] | Image"
"""What a request takes for one view: the same, or an array or Pillow image of another form."""


class PlainFor(StrEnum):
    """Why a request is plainer than what was asked for, where nobody asked for that."""

    SEVERAL_ARCHIVES = "several archives are asked together"
    SOME_CAMERAS = "the account may see some cameras only"


@dataclass(frozen=True, slots=True, eq=False)
class SearchRequest:
    """What is searched for and how. `Archive.search` and `search_many` take it.

    Args:
        query: views of one person, one or several, which are fused to their mean direction:
            picture files, pixels, crop ids. Pixels become (h, w, 3) uint8 BGR, see
            `domain.pixels.to_pixels`. Crops given by id are left out of the matches.
        k: how many matches at most; None: all that reach `min_score` or `max_false_alarms`,
            proven and by score alone.
        filters: which part of the archive is searched.
        min_score: leave out matches below it.
        max_false_alarms: in place of `min_score` leave out scores that more wrong crops than
            that are expected to reach. Needs a calibration.
        prior: the probability, before its score is known, that a crop searched shows the person;
            None: 1 in the crops searched. Needs a calibration.
        grouped: one match a tracklet, its best crop, instead of one a crop.
        exact: prove that the archive holds no better match, where a large archive's index would
            only say how many of the best it finds.
        reranked: order the first matches by their neighbourhoods (`search.rerank`) rather than
            by score alone.
        identity: search with all its confirmed crops too, and leave out what was rejected for it.
        new_only: leave out what is confirmed of the identity as well.
        likes, unlikes: crops of earlier answers that show the person, and that do not, each for
            its whole tracklet: the query is refined by them (`search.feedback`).
        limits: what a picture may be.
        label: what the statement calls the query, where its pictures were made from something
            else, e.g. `person 2 of 3 in gate.mp4@75`.
        adjusted: scores are camera-adjusted (`domain.adjustment`) where the archive's crops are of
            several cameras; otherwise plain cosine similarity.
        order: of `Order`: the k best are shown in order of time instead. Their ranks stay.
        spread: at most so many matches of one camera, those of no known camera together: with k
            they reach further down at other cameras. Needs k.
        query_camera: name of the archive's camera that took the pictures; None: that of the source
            with these bytes, if the archive holds one. Crops given by id have their own: for them
            alone it is refused.
        plain_for: why it is not re-ranked, or its scores are plain; None: as asked.
        stability: ask again with 100 variants of the pictures, and tell of each match in how many
            it stays among the first ten (`Match.stays`).
        space_time: say of each match what its place and time say, beside appearance: of an
            identity alone (`domain.space_time`).
        combined: put the matches in the order of both. Needs a calibration.
        journeys_by: the only cameras whose sightings place and time are read by, of the person and
            of others; None: all.

    Raises:
        UsageError: a value makes no sense, or contradicts another.
        Refused: what is given as pixels is no picture.

    Example:
        >>> request = SearchRequest(["front.jpg", "back.jpg"], k=20, min_score=0.5)
        >>> answer = archive.search(request)
    """

    query: AnyPicture | Sequence[AnyPicture] = ()
    k: int | None = 10
    filters: Filters = Filters()
    min_score: float | None = None
    max_false_alarms: float | None = None
    prior: float | None = None
    grouped: bool = True
    exact: bool = False
    reranked: bool = True
    identity: str | None = None
    new_only: bool = False
    likes: tuple[int, ...] = ()
    unlikes: tuple[int, ...] = ()
    limits: PictureLimits = PictureLimits()
    label: str | None = None
    adjusted: bool = True
    query_camera: str | None = None
    order: Order = Order.SCORE
    spread: int | None = None
    plain_for: PlainFor | None = None
    stability: bool = False
    space_time: bool = False
    combined: bool = False
    journeys_by: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        pictures = tuple(_picture(one, self.limits) for one in _as_list(self.query))
        object.__setattr__(self, "query", pictures)
        for name in ("likes", "unlikes"):
            object.__setattr__(self, name, ids_given(name, getattr(self, name)))
        if self.identity is not None and not self.identity.strip():
            raise UsageError("the identity to search for is an empty text")
        self._require_query_camera()
        self._require_limits()
        self._require_order()
        self._require_space_time()
        if self.new_only and self.identity is None:
            raise UsageError(
                "only new matches were asked for, but of no identity",
                "name the identity",
                kind=Kind.IDENTITY_NEEDED,
            )
        if self.refined and (self.prior is not None or self.max_false_alarms is not None):
            setting = "prior" if self.prior is not None else "max_false_alarms"
            name = "a prior" if self.prior is not None else "a limit on false alarms"
            raise UsageError(
                f"{name} needs calibrated scores: those of a query that feedback refined are not",
                f"leave {name} or the feedback out",
                kind=Kind.FEEDBACK_UNCALIBRATED,
                setting=setting,
            )

    @classmethod
    def of(cls, query: Searched, options: SearchOptions) -> SearchRequest:
        """Return the request that a short form stands for; options replace those of a request."""
        given: dict[str, Any] = {**options}
        if isinstance(query, SearchRequest):
            return replace(query, **given) if given else query
        return cls(query, **given)

    @property
    def pictures(self) -> tuple[QueryPicture, ...]:
        """The views of the person, in the order given."""
        return cast("tuple[QueryPicture, ...]", self.query)

    @property
    def refined(self) -> bool:
        """Whether feedback refines the query."""
        return bool(self.likes or self.unlikes)

    @property
    def pooled(self) -> SearchRequest:
        """The request for as many matches as both kinds of evidence put in order together."""
        return replace(self, k=max(self.k, POOL)) if self.combined and self.k else self

    def _require_space_time(self) -> None:
        if self.combined:
            object.__setattr__(self, "space_time", True)
        if self.space_time and self.identity is None:
            raise UsageError(
                "what place and time say was asked for, but of no identity",
                "name the identity",
                kind=Kind.IDENTITY_NEEDED,
            )
        if self.combined and (self.refined or self.k is None):
            what = "a query that feedback refined" if self.refined else "a list of all matches"
            raise UsageError(f"{what} cannot be put in the order of both kinds of evidence")
        if self.combined and self.spread is not None:
            raise UsageError(
                "a limit of matches of each camera keeps the best by appearance alone: it cannot "
                "be combined with place and time",
                "leave one of them out",
            )

    def _require_query_camera(self) -> None:
        if self.query_camera is None:
            return
        if not self.query_camera.strip():
            raise UsageError("the name of the query's camera is empty")
        object.__setattr__(self, "query_camera", composed(self.query_camera))
        if not self.adjusted:
            raise UsageError(
                "the query's camera was given, but plain scores do not depend on it",
                "leave one of them out",
                kind=Kind.QUERY_CAMERA_UNUSED,
            )
        if self.pictures and all(isinstance(one, (int, np.integer)) for one in self.pictures):
            raise UsageError(
                "the query's camera was given, but the query has no picture: stored crops have "
                "their own",
                "leave it out",
                kind=Kind.QUERY_CAMERA_UNUSED,
            )

    def _require_order(self) -> None:
        if self.order not in list(Order):
            raise UsageError(f"matches are ordered by {' or '.join(Order)}, not {self.order!r}")
        object.__setattr__(self, "order", Order(self.order))
        if self.spread is not None and self.spread < 1:
            raise UsageError(f"at most {self.spread} matches of a camera are none")
        if self.k is None and (self.spread is not None or self.order is not Order.SCORE):
            what = "spread over cameras" if self.spread is not None else "in order of time"
            raise UsageError(
                f"all matches are given as they are found, best first, and not {what}",
                "ask for a number of matches",
            )

    def _require_limits(self) -> None:
        k, least, alarms = self.k, self.min_score, self.max_false_alarms
        if self.stability and k is None:
            raise UsageError("stability is told of a limited number of matches: give k")
        if k is None and least is None and alarms is None:
            raise UsageError("all matches are too many: give a minimum score, or k")
        if k is not None and (not isinstance(k, (int, np.integer)) or not 1 <= k <= MAX_K):
            raise UsageError(f"k must lie between 1 and {MAX_K}, not {k}")
        if least is not None and not -1.0 <= least <= 1.0:
            raise UsageError(f"a score lies between -1 and 1, {least} does not")
        if self.prior is not None and not 0.0 < self.prior < 1.0:
            raise UsageError(f"a prior lies between 0 and 1, {self.prior} does not")
        if alarms is not None and not 0.0 < alarms < math.inf:
            raise UsageError(f"expected false alarms are above 0, {alarms} is not")
        if alarms is not None and least is not None:
            raise UsageError(
                "a limit on false alarms finds the lowest score itself; one was given as well",
                "leave one of them out",
                kind=Kind.SCORE_LIMIT_TWICE,
            )


@dataclass(frozen=True, slots=True)
class Requested:
    """What of a request its statement does not tell otherwise: with it the request can be repeated.

    Args:
        k, min_score, max_false_alarms, prior, exact, reranked, adjusted, query_camera, new_only,
            space_time, combined: of the `SearchRequest`, as they were given.
        exclude_crops: of its filters; the statement's own name those that the query left out too.
        order, spread: of the `SearchRequest`.
    """

    k: int | None
    min_score: float | None
    max_false_alarms: float | None
    prior: float | None
    exact: bool
    reranked: bool
    adjusted: bool
    query_camera: str | None
    new_only: bool
    exclude_crops: tuple[int, ...]
    order: Order = Order.SCORE
    spread: int | None = None
    space_time: bool = False
    combined: bool = False

    @classmethod
    def of(cls, request: SearchRequest) -> Requested:
        """Return what of a request is told."""
        return cls(
            request.k,
            request.min_score,
            request.max_false_alarms,
            request.prior,
            request.exact,
            request.reranked,
            request.adjusted,
            request.query_camera,
            request.new_only,
            request.filters.exclude_crops,
            request.order,
            request.spread,
            request.space_time,
            request.combined,
        )


class SearchOptions(TypedDict, total=False):
    """The fields of a `SearchRequest` but its query, for the short form of a call."""

    k: int | None
    filters: Filters
    min_score: float | None
    max_false_alarms: float | None
    prior: float | None
    grouped: bool
    exact: bool
    reranked: bool
    identity: str | None
    new_only: bool
    likes: Iterable[int]
    unlikes: Iterable[int]
    limits: PictureLimits
    label: str | None
    adjusted: bool
    query_camera: str | None
    order: Order
    spread: int | None
    stability: bool
    space_time: bool
    combined: bool
    journeys_by: tuple[str, ...] | None
    plain_for: PlainFor | None


Searched: TypeAlias = "SearchRequest | AnyPicture | Sequence[AnyPicture]"
"""What `Archive.search` takes: a request, or its query."""


def _as_list(query: object) -> Iterable[object]:
    single = (str, bytes, Mapping, os.PathLike, int, np.integer, np.ndarray, ReadPicture)
    if isinstance(query, single) or is_image(query) or not isinstance(query, Iterable):
        return [query]
    return query


def _picture(given: object, limits: PictureLimits) -> QueryPicture:
    if isinstance(given, (str, os.PathLike, ReadPicture)):
        if isinstance(given, str) and not given.strip():
            raise UsageError("the name of a query picture is empty")
        return given
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        return int(given)
    if isinstance(given, np.ndarray) or is_image(given):
        return to_pixels(given, limits)
    kind = type(given).__name__
    raise UsageError(f"a query is made of picture files, pixels and crop ids, not of {kind}")
