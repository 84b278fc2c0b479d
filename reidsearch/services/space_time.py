"""Answers with what place and time of each match say, also in the order of both evidences."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from reidsearch.base.errors import absent
from reidsearch.domain.analysed import analysed
from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.request import SearchRequest
from reidsearch.domain.space_time import ReadBy, SpaceTime
from reidsearch.domain.transit_times import HORIZON_S
from reidsearch.linking.space_time import NEAR_S, Surroundings, space_time
from reidsearch.linking.transit_model import transit_model, usable
from reidsearch.search.identity import IdentityQuery
from reidsearch.search.order import in_order
from reidsearch.services.transit import confirmed_sightings
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.passers import passers
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.store import last_decision


def space_time_reader(
    store: Store, request: SearchRequest, identity: IdentityQuery
) -> SpaceTimeReader | None:
    """Return the reader that a request asks for; None: it asks for none."""
    if not request.space_time or identity.searched is None:
        return None
    named = identity.searched.named
    return SpaceTimeReader.of(
        store, named.identity_id, combined=request.combined, cameras=request.journeys_by
    )


@dataclass(frozen=True, slots=True, eq=False)
class SpaceTimeReader:
    """Reads place and time of matches, for one identity.

    Args:
        confirmed: sightings of the person, with camera, time and uncertainty.
        around: what is known of the archive around them.
        by: what is told of it.
    """

    store: Store
    confirmed: Sequence[Presence]
    around: Surroundings
    by: ReadBy

    @classmethod
    def of(
        cls,
        store: Store,
        identity_id: int,
        *,
        combined: bool,
        until: int | None = None,
        newest_crop: int | None = None,
        cameras: Collection[str] | None = None,
    ) -> SpaceTimeReader:
        """Return the reader of an identity's matches.

        Transit times are those of other people: the person's own way is what is asked about.

        Args:
            until: by what was decided up to this decision; None: by all.
            newest_crop: passers are those up to this crop; None: all.
            cameras: the only ones whose sightings, passers and footage are known of: who was at
                another one in between counts as having gone directly. None: all.
        """
        with store.one_state():
            with store.read() as connection:
                decision = last_decision(connection) if until is None else until
            people = confirmed_sightings(store, until=decision, cameras=cameras)
            confirmed, _ = usable(people.pop(identity_id, ()))
            model = transit_model(people)
            firsts = [one.first_us for one in confirmed if one.first_us is not None]
            lasts = [one.last_us for one in confirmed if one.last_us is not None]
            around_us = round((HORIZON_S + NEAR_S) * 1e6)
            span = (min(firsts) - around_us, max(lasts) + around_us) if firsts else (0, 0)
            around = Surroundings(
                model.times,
                passers(store, model.cameras, *span, newest_crop),
                analysed(footage_store.coverage(store)),
                model.anew,
                model.stays,
            )
        journeys = sum(one.journeys for one in model.times.values())
        known = None if cameras is None else tuple(sorted(cameras))
        by = ReadBy(decision, model.people, journeys, len(model.times), combined, known)
        return cls(store, confirmed, around, by)

    def read(self, matches: Sequence[Match]) -> tuple[Match, ...]:
        """Return the matches, each with what its place and time say."""
        members = [_member(match) for match in matches]
        with self.store.read() as connection:
            seen = presences(connection, members)
        found: dict[Member, SpaceTime] = {
            member: space_time(one, self.confirmed, self.around) for member, one in seen.items()
        }
        return tuple(
            replace(match, space_time=found.get(member))
            for match, member in zip(matches, members, strict=True)
        )

    def answer(self, answer: Answer, k: int | None) -> Answer:
        """Return an answer with place and time read, at most k matches; combined where asked."""
        statement = replace(answer.statement, space_time=self.by)
        matches = self.read(answer.matches)
        if not self.by.combined or k is None:
            return Answer(statement, matches)
        asked = statement.requested and replace(statement.requested, k=k)
        best = combined_order(matches)[:k]
        shown = in_order(best, asked.order) if asked else best
        return Answer(replace(statement, k=k, requested=asked), shown)


def combined_order(matches: Sequence[Match]) -> tuple[Match, ...]:
    """Return matches in the order of the sum of both log-likelihood ratios, numbered anew.

    Where place and time say nothing, appearance counts alone.
    """
    told = []
    for match in matches:
        if match.reading is None:
            raise absent("the reading of a score")
        by = match.space_time or SpaceTime(None, None, None)
        total = match.reading.log10_lr + (by.log10_lr or 0.0)
        by = replace(by, combined_log10_lr=total, rank_by_appearance=match.rank)
        told.append((-total, match.rank, replace(match, space_time=by)))
    return tuple(
        replace(match, rank=rank)
        for rank, (_, _, match) in enumerate(sorted(told, key=lambda one: one[:2]), start=1)
    )


def _member(match: Match) -> Member:
    if match.tracklet is not None:
        return Member("tracklet", match.tracklet.tracklet_id)
    return Member("crop", match.crop.crop_id)
