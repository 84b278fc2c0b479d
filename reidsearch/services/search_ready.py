"""A request on its way: looked up, embedded, ready to be searched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, ReidsearchError, UsageError
from reidsearch.domain.answers import Failed
from reidsearch.domain.cases import Reason, ReasonKind
from reidsearch.domain.query_origins import EmbeddedPicture
from reidsearch.domain.request import SearchRequest

if TYPE_CHECKING:
    from reidsearch.calibration.apply import ScoreReader
    from reidsearch.search.feedback import MarkedCrops
    from reidsearch.search.identity import IdentityQuery
    from reidsearch.search.query import Query
    from reidsearch.search.query_pictures import Embeddable, EmbeddedQuery
    from reidsearch.services.space_time import SpaceTimeReader
    from reidsearch.store.crops.store import Store


@dataclass(frozen=True, slots=True)
class EmbeddedRequest:
    """What a request searches with, embedded by one archive.

    Args:
        given: in place of the request's pictures in that archive: crops stay ids.
        pictures: all that is searched with, those of an identity too.
    """

    given: tuple[Embeddable, ...]
    pictures: tuple[EmbeddedPicture, ...]
    label: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A request with what the archive knows of it.

    Args:
        pictures: the request's, then the identity's crops, then its photographs.
    """

    request: SearchRequest
    identity: IdentityQuery
    pictures: tuple[Embeddable, ...]
    feedback: MarkedCrops | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that is ready to be searched for; `count` pictures and crops are in its query.

    Args:
        pictures: what it was made from, in the order in which they were given.
        space_time: reads place and time of its matches; None: that was not asked.
    """

    request: SearchRequest
    identity: IdentityQuery
    query: Query
    count: int
    pictures: tuple[Embeddable, ...]
    space_time: SpaceTimeReader | None = None


def ready_to_search(
    one: LookedUp,
    embedded: EmbeddedQuery | ReidsearchError,
    reader: ScoreReader,
    space_time: SpaceTimeReader | None,
) -> Ready | Failed:
    """Make the query of a request; Failed where its pictures could not be embedded."""
    from reidsearch.search.query import Query

    if isinstance(embedded, ReidsearchError):
        return Failed(one.request, embedded)
    request, identity, feedback = one.request, one.identity, one.feedback
    query = Query(
        embedded.rows,
        identity.label(request.label or embedded.label, further=len(request.pictures)),
        request.pooled,
        exclude=identity.excluded(embedded.crop_ids),
        warnings=embedded.warnings,
        least_score=reader.least_score(request),
        feedback=feedback,
        origins=embedded.origins,
        cameras=tuple(
            (None if origin.held else request.query_camera) or camera
            for origin, camera in zip(embedded.origins, embedded.cameras, strict=True)
        ),
    )
    return Ready(request, identity, query, embedded.count, one.pictures, space_time)


def require_combinable(store: Store, request: SearchRequest) -> None:
    """Refuse to combine both kinds of evidence where that would answer by what is asked.

    Raises:
        UsageError: the search is to rule somebody out.
    """
    reason = store.acting.reason
    if request.combined and reason and Reason.of(reason).kind is ReasonKind.EXCLUDE:
        raise UsageError(
            "a search that is to rule somebody out cannot combine appearance with place and time: "
            "they assume that the person was where the confirmed sightings say, which is what it "
            "is to test",
            kind=Kind.COMBINED_EXCLUDES,
        )
