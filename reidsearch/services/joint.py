"""One search of several archives: the same embedded pictures, one ranking by plain score.

Camera-adjusted scores are without the means of their own archive's cameras, and re-ranking orders
by the neighbours within one archive: neither can be compared between archives. Plain cosine
similarity of embeddings by one model can, so several archives are ranked by that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, Unpack

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import now
from reidsearch.domain.answers import Answer, Statement
from reidsearch.domain.joint import JointAnswer, JointMatch, NotSearched
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.query_origins import Detection, EmbeddedPicture, OriginKind, QueryOrigin
from reidsearch.domain.request import Filters, Order, PlainFor, SearchOptions, SearchRequest
from reidsearch.domain.request import Searched as Query
from reidsearch.domain.scores import Origin
from reidsearch.search.order import begins
from reidsearch.services.joint_filters import narrow
from reidsearch.services.search import SearchService

NOT_ALL_CALIBRATED = "uncalibrated here, since not every archive has a calibration of its own"


class Searched(Protocol):
    """An open `Archive`, as far as it is searched."""

    @property
    def searching(self) -> SearchService:
        """Its searches."""
        ...


def search_archives(
    archives: Sequence[Searched], query: Query = (), **options: Unpack[SearchOptions]
) -> JointAnswer:
    """Search several archives of one model together: one ranking by plain score.

    Pictures are embedded once. Crops given by id and an identity are those of one archive: the
    first that has the identity, else the first. Their embeddings are searched for in all. Each
    archive records its own answer in its event log, for the case that it was opened for.

    Args:
        archives: open ones, `Archive`s.
        query, options: as of `Archive.search`.

    Raises:
        UsageError: two are one archive, their models differ, or the request needs scores or ids of
            one archive.
        ArchiveError: one of them cannot be searched, for instance because it is empty.

    Example:
        >>> with Archive.open("north") as a, Archive.open("south") as b:
        ...     answer = search_archives([a, b], "person.jpg", k=10)
        >>> [(found.archive, found.match.crop.crop_id) for found in answer.matches]
    """
    if not archives:
        raise UsageError("no archive was given to search")
    return _answered([one.searching for one in archives], SearchRequest.of(query, options))


def _answered(archives: Sequence[SearchService], request: SearchRequest) -> JointAnswer:
    _require_sense(request)
    for one in archives:
        one.require_crops()
    require_alike(archives)
    asked_at = now()
    plain = replace(request, adjusted=False, reranked=False, plain_for=PlainFor.SEVERAL_ARCHIVES)
    narrowed = narrow(archives, request.filters)
    home = _home(archives, request)
    own = home.embedded(replace(plain, filters=Filters()))  # not every archive has all they name
    of_home = bool(request.identity) or any(isinstance(one, int) for one in request.pictures)
    label = f"{own.label} of {home.location}" if of_home else own.label
    there = replace(plain, query=(), identity=None, new_only=False, label=label)
    answers, left_out = [], []
    for one, filters in narrowed.each:
        if isinstance(filters, str):
            left_out.append(NotSearched(one.location, one.archive_id, filters))
        elif one is home:
            asked = replace(plain, label=label, filters=filters)
            held = [
                _as_held(given, one.holds) if isinstance(given, EmbeddedPicture) else given
                for given in own.given
            ]
            answers.append(one.search_with(asked, held))
        else:
            seen = [_from_outside(picture, home.location, one.holds) for picture in own.pictures]
            answers.append(one.search_with(replace(there, filters=filters), seen))
    lacking = tuple(
        answer.statement.archive for answer in answers if not _calibrated(answer.statement)
    )
    if lacking:
        answers = [_without_readings(answer) for answer in answers]
    return JointAnswer(
        asked_at,
        label,
        request.k,
        home.location if of_home else None,
        lacking,
        own.warnings,
        tuple(answer.statement for answer in answers),
        tuple(left_out),
        narrowed.named,
        _together(answers, request),
    )


def require_alike(archives: Sequence[SearchService]) -> None:
    """Refuse archives whose scores cannot be compared, or that are one.

    Raises:
        UsageError: naming two of them.
    """
    first, seen = archives[0], dict[str, SearchService]()
    for one in archives:
        if (other := seen.setdefault(one.archive_id, one)) is not one:
            raise UsageError(
                f"{other.location} and {one.location} are the same archive, or one is a copy of "
                "the other: every match would be there twice",
                "name one of them",
            )
        mine, theirs = first.model(), one.model()
        if not same_embeddings(mine, theirs):
            raise UsageError(
                f"{first.location} was made with {_told(mine)}, {one.location} with "
                f"{_told(theirs)}: their scores cannot be compared",
                "re-embed one of them with the other's model",
                kind=Kind.ARCHIVES_OF_TWO_MODELS,
                archive=one.location,
                model=mine.name if mine else "NAME",
                flip=mine is not None and mine.flip,
            )


def same_embeddings(one: ModelIdentity | None, other: ModelIdentity | None) -> bool:
    """Tell whether embeddings of two archives can be compared: same weights, same pixels."""
    if one is None or other is None:
        return False
    return (one.digest, one.preprocessing) == (other.digest, other.preprocessing)


def _told(model: ModelIdentity | None) -> str:
    return f"{model.text} [{model.preprocessing}]" if model else "no model"


def _require_sense(request: SearchRequest) -> None:
    """Refuse what is of one archive alone.

    Raises:
        UsageError: naming it.
    """
    for given, what, why in (
        (request.refined, "feedback", "its crop ids are of one archive"),
        (request.query_camera, "the query's camera", "their scores are not camera-adjusted"),
        (request.max_false_alarms, "a limit on false alarms", "each has its own calibration"),
        (request.filters.exclude_crops, "crops to leave out", "their ids are of one archive"),
        (
            request.filters.indexed_after_run is not None,
            "a run to search behind",
            "its number is of one archive",
        ),
    ):
        if given:
            raise UsageError(
                f"{what} cannot be given for several archives: {why}",
                "ask one archive, or leave it out",
            )


def _home(archives: Sequence[SearchService], request: SearchRequest) -> SearchService:
    """Return the archive whose ids a request means.

    Raises:
        NotFound: no archive has the identity.
    """
    if request.identity is None:
        return archives[0]
    first: NotFound | None = None
    for one in archives:
        try:
            one.find_identity(request.identity)
            return one
        except NotFound as error:
            first = first or error
    raise first or NotFound(f"there is no identity {request.identity!r}")


def _as_held(picture: EmbeddedPicture, holds: Callable[[str], bool]) -> EmbeddedPicture:
    """Return a picture that another archive holds as a crop as one that this one may not hold."""
    origin = picture.origin
    if origin.detection is Detection.STORED and not holds(origin.sha256 or ""):
        return replace(picture, origin=replace(origin, detection=None))
    return picture


def _from_outside(
    picture: EmbeddedPicture, home: str, holds: Callable[[str], bool]
) -> EmbeddedPicture:
    """Return a picture as another archive sees it: ids there mean other crops.

    Args:
        holds: tells whether that archive holds the file with a SHA-256 as a crop.
    """
    origin = picture.origin
    if not origin.held:
        return _as_held(picture, holds)
    number = f"crop {origin.crop_id}" if origin.crop_id else f"photograph {origin.photo_id}"
    unknown = QueryOrigin(
        OriginKind.PIXELS,
        f"{number} of {home}",
        origin.box,
        embedding_sha256=origin.embedding_sha256,
    )
    return EmbeddedPicture(unknown, picture.row)


def _calibrated(statement: Statement) -> bool:
    by = statement.calibrated_by
    return by is not None and by.origin is not Origin.REFERENCE


def _without_readings(answer: Answer) -> Answer:
    statement = replace(
        answer.statement,
        calibration=NOT_ALL_CALIBRATED,
        calibrated_by=None,
        calibration_sha256=None,
        prior=None,
    )
    return Answer(statement, tuple(replace(match, reading=None) for match in answer.matches))


def _together(answers: Sequence[Answer], request: SearchRequest) -> tuple[JointMatch, ...]:
    """Return the best of all answers; equal scores in the order of the archives."""
    k = request.k
    every = [(match, answer.statement) for answer in answers for match in answer.matches]
    every.sort(key=lambda one: -one[0].score)
    first: dict[object, tuple[int, str]] = {}
    found = []
    for rank, (match, statement) in enumerate(every[:k], start=1):
        crop = match.crop
        shown = crop.source_sha256, crop.moment.pts if crop.moment else None, crop.box
        before, of = first.setdefault(shown, (rank, statement.archive_id))
        again = before if of != statement.archive_id else None
        ranked = replace(match, rank=rank)
        found.append(JointMatch(statement.archive, statement.archive_id, ranked, again))
    if request.order is Order.TIME:
        found.sort(key=lambda one: begins(one.match))
    return tuple(found)
