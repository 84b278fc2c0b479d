"""What is searched for and how: a request, and the filters that are applied before ranking."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, cast

import numpy as np

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.locations import composed
from reidsearch.base.settings import PictureLimits
from reidsearch.base.time_of_day import TimeOfDay
from reidsearch.domain.attributes import Asked, require_things, worn
from reidsearch.domain.crops import Pixels
from reidsearch.domain.pixels import is_image, to_pixels
from reidsearch.domain.query_origins import ReadPicture

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_K = 100_000

QueryPicture: TypeAlias = str | os.PathLike[str] | Pixels | ReadPicture | int
"""One view of a person: a picture file, (h, w, 3) uint8 BGR pixels, perhaps with the file that they
were read from, or the id of a crop."""

AnyPicture: TypeAlias = "QueryPicture | np.ndarray[Any, Any] | np.integer[Any] | Image"
"""What a request takes for one view: the same, or an array or Pillow image of another form."""


_TEXTS = ("cameras", "not_cameras", "sources", "wearing", "with_things", "without_things")


class PlainFor(StrEnum):
    """Why a request is plainer than what was asked for, where nobody asked for that."""

    SEVERAL_ARCHIVES = "several archives are asked together"
    SOME_CAMERAS = "the account may see some cameras only"


def _ids(name: str, given: Iterable[int]) -> tuple[int, ...]:
    try:
        return tuple(index(one) for one in given)
    except TypeError as error:
        raise UsageError(f"{name} is a list of crop ids, not {given!r}") from error


@dataclass(frozen=True, slots=True)
class Filters:
    """Which part of the archive is searched; applied before ranking, never after.

    Lists become tuples.

    Args:
        cameras / not_cameras: exact names.
        after / before: aware times, `after <= time < before`.
        sources: SHA-256 prefixes (8 characters or more) or parts of a location.
        exclude_crops: crop ids to leave out.
        wearing: colours, each as `domain.attributes.worn` reads it; all have to be worn.
        with_things / without_things: of `domain.attributes.THINGS`; all have to be there, or
            absent.
        time_of_day: the hours of every day that count, by the clocks of a zone.

    Raises:
        UsageError: a time names no zone, an attribute is not known, a text is empty or stands in
            place of a list.

    Example:
        >>> Filters(cameras=["gate"], wearing=["upper:red"])
    """

    cameras: tuple[str, ...] = ()
    not_cameras: tuple[str, ...] = ()
    after: dt.datetime | None = None
    before: dt.datetime | None = None
    sources: tuple[str, ...] = ()
    exclude_crops: tuple[int, ...] = ()
    wearing: tuple[str, ...] = ()
    with_things: tuple[str, ...] = ()
    without_things: tuple[str, ...] = ()
    time_of_day: TimeOfDay | None = None

    def __post_init__(self) -> None:
        for name in _TEXTS:
            given = getattr(self, name)
            if isinstance(given, str):
                raise UsageError(f"{name} is a list of texts, not the text {given!r}")
            names = tuple(given)
            if not all(isinstance(one, str) and one.strip() for one in names):
                raise UsageError(f"{name} holds an empty text, which would stand for anything")
            if name in {"cameras", "not_cameras"}:
                names = tuple(map(composed, names))
            object.__setattr__(self, name, names)
        object.__setattr__(self, "exclude_crops", _ids("exclude_crops", self.exclude_crops))
        for name, time in (("after", self.after), ("before", self.before)):
            if time is not None and time.utcoffset() is None:
                raise UsageError(f"{name} is a time without a zone: {time}")
        require_things((*self.with_things, *self.without_things))
        for text in self.wearing:
            worn(text)

    @property
    def attributes(self) -> Asked:
        """What is filtered of what people wear and carry."""
        return Asked(self.wearing, self.with_things, self.without_things)

    @property
    def attributes_empty(self) -> bool:
        """Whether nothing is filtered by what people wear and carry."""
        return not (self.wearing or self.with_things or self.without_things)

    @property
    def empty(self) -> bool:
        """Whether nothing is filtered."""
        return self == Filters()


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
        query_camera: name of the archive's camera that took the pictures; None: that of the source
            with these bytes, if the archive holds one. Crops given by id have their own: for them
            alone it is refused.
        plain_for: why it is not re-ranked, or its scores are plain; None: as asked.

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
    plain_for: PlainFor | None = None

    def __post_init__(self) -> None:
        pictures = tuple(_picture(one, self.limits) for one in _as_list(self.query))
        object.__setattr__(self, "query", pictures)
        for name in ("likes", "unlikes"):
            object.__setattr__(self, name, _ids(name, getattr(self, name)))
        if self.identity is not None and not self.identity.strip():
            raise UsageError("the identity to search for is an empty text")
        self._require_query_camera()
        self._require_limits()
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

    def _require_limits(self) -> None:
        k, least, alarms = self.k, self.min_score, self.max_false_alarms
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
        k, min_score, max_false_alarms, prior, exact, reranked, adjusted, query_camera, new_only: of
            the `SearchRequest`, as they were given.
        exclude_crops: of its filters; the statement's own name those that the query left out too.
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
