"""Where an identity was and when, and what was not analysed in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reidsearch.base.errors import Kind, NotFound, UsageError, absent
from reidsearch.domain.decisions import Member, Transits
from reidsearch.domain.journeys import Between, Journey, Stop, analysed
from reidsearch.linking.constraints import too_fast
from reidsearch.services.identities import IdentityService
from reidsearch.services.proposals import ProposalService
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.store import log as decision_log
from reidsearch.store.identities.store import with_given


def journey(
    store: Store,
    identities: IdentityService,
    proposals: ProposalService,
    name: str,
    transits: Transits | None = None,
) -> Journey:
    """Put the sightings of an identity in order of time.

    Args:
        transits: least times between cameras; None: those of the last `link`.

    Raises:
        NotFound: there is no such identity.
        UsageError: nothing is confirmed of it.
    """
    identity = identities.find(name)
    if not identity.members:
        raise UsageError(
            f"nothing is confirmed of {identity.named.text}, so it has no journey",
            "confirm a match first",
            kind=Kind.IDENTITY_EMPTY,
            identity=identity.name,
        )
    proposed: dict[Member, int] = {}
    try:
        last = proposals.last()
    except NotFound:
        minima = Transits()
    else:
        minima = last.transits
        for one in last.proposals:
            if one.adds_to == identity.named:
                proposed |= dict.fromkeys(one.members, one.proposal_id)
    with store.read() as connection:
        seen = with_given(
            presences(connection, (*identity.members, *proposed)), decision_log(connection)
        )
    in_time = sorted(seen.values(), key=lambda one: (one.first_us is None, one.first_us or 0))
    stops = tuple(
        Stop(number, one, proposed.get(one.member)) for number, one in enumerate(in_time, start=1)
    )
    looked = analysed(footage_store.coverage(store))
    asked = minima if transits is None else transits
    return Journey(
        identity,
        stops,
        tuple(_between(stops, looked)),
        len(looked),
        tuple(too_fast(seen.values(), asked)),
        asked,
    )


def _between(
    stops: Sequence[Stop], looked: Mapping[str, Sequence[tuple[int, int]]]
) -> Iterable[Between]:
    timed = [stop for stop in stops if stop.seen.first_us is not None]
    until_us, until = None, 0
    for stop in timed:
        first_us, last_us = stop.seen.first_us, stop.seen.last_us
        if first_us is None:
            raise absent("the time of a sighting")
        if until_us is not None and first_us > until_us:
            unseen = {
                camera: seconds
                for camera, stretches in looked.items()
                if (seconds := _unseen_s(stretches, until_us, first_us)) > 0
            }
            yield Between(until, stop.number, until_us, first_us, unseen)
        if until_us is None or (last_us or first_us) > until_us:
            until_us, until = last_us or first_us, stop.number


def _unseen_s(stretches: Sequence[tuple[int, int]], from_us: int, to_us: int) -> float:
    seen_us = sum(max(0, min(last, to_us) - max(first, from_us)) for first, last in stretches)
    return (to_us - from_us - seen_us) / 1_000_000
