"""Who else was there: around a tracklet, and repeatedly with a person; and what to fetch next."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from reidsearch.base.errors import UsageError
from reidsearch.domain.around import MOST_WITHIN_S, WITHIN_S, Around
from reidsearch.domain.company import Company
from reidsearch.domain.decisions import Member
from reidsearch.domain.distance import Limit
from reidsearch.domain.nearby import CloserThan, Nearby
from reidsearch.domain.next_footage import NextFootage
from reidsearch.output.company import company_json
from reidsearch.output.nearby import nearby_json
from reidsearch.output.next_footage import next_json
from reidsearch.web.api.distance import LimitText
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing

Within = Annotated[float, Meta(ge=0, le=MOST_WITHIN_S)]


class CompanyAsked(Given, frozen=True):
    """What counts as a meeting."""

    within_s: Annotated[Within, Meta(description="Seen by one camera so near in time.")] = WITHIN_S


class NearbyAsked(Given, frozen=True):
    """How far around a sighting is looked."""

    within_s: Annotated[Within, Meta(description="So long before and after it.")] = WITHIN_S
    around: Annotated[
        Literal["same", "neighbours"],
        Meta(description="Its own camera alone, or those too to which a way so short is known."),
    ] = "neighbours"
    closer_than: LimitText | None = None
    for_s: Annotated[
        float,
        Meta(ge=0, le=MOST_WITHIN_S, description="So long within one tracklet they were closer."),
    ] = 0.0


def company_of(call: Call, asked: CompanyAsked) -> Company:
    """Return who was repeatedly seen where and when an identity was, of what may be seen."""
    name = call.path["identity"]
    return call.archive.company(name, within_s=asked.within_s, sight=call.sight)


def nearby_of(call: Call, asked: NearbyAsked) -> Nearby:
    """Return who else was seen around a tracklet, of what may be seen."""
    member = Member("tracklet", call.path["tracklet_id"])
    if asked.for_s and asked.closer_than is None:
        raise UsageError(
            "for how long they were closer is asked, but not closer than what",
            "name a distance too: 2m on the ground, or 1.5heights in the picture",
        )
    limit = None if asked.closer_than is None else Limit.parse(asked.closer_than)
    return call.archive.nearby(
        member,
        within_s=asked.within_s,
        around=Around(asked.around),
        closer_than=None if limit is None else CloserThan(limit, asked.for_s),
        sight=call.sight,
    )


def next_of(call: Call) -> NextFootage:
    """Return which footage to fetch next for an identity, of what may be seen."""
    return call.archive.next_footage(call.path["identity"], sight=call.sight)


def company(call: Call, asked: CompanyAsked) -> Document:
    """Return the document of `company_of`."""
    return company_json(company_of(call, asked))


def nearby(call: Call, asked: NearbyAsked) -> Document:
    """Return the document of `nearby_of`."""
    return nearby_json(nearby_of(call, asked))


def next_footage(call: Call, _: Nothing) -> Document:
    """Return the document of `next_of`."""
    return next_json(next_of(call))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/tracklets/{tracklet_id:int}/nearby",
        nearby,
        "Who else was seen around a tracklet.",
        takes=NearbyAsked,
        document="nearby-1",
    ),
    Endpoint(
        "GET",
        "/identities/{identity}/company",
        company,
        "Who was repeatedly seen where and when an identity was, against chance.",
        takes=CompanyAsked,
        document="company-1",
    ),
    Endpoint(
        "GET",
        "/identities/{identity}/next",
        next_footage,
        "Which footage to fetch next for an identity.",
        document="next-1",
    ),
)
