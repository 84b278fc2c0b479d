"""The calls of an open archive that search it, or use its models as a search does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Unpack

from reidsearch.domain.answers import Answer, Failed, Match, Statement
from reidsearch.domain.around import WITHIN_S, Around
from reidsearch.domain.crops import Vectors
from reidsearch.domain.request import AnyPicture, Searched, SearchOptions, SearchRequest
from reidsearch.services.shared import Services

if TYPE_CHECKING:
    from reidsearch.domain.absence import Absence
    from reidsearch.domain.answers import Plan, SearchPreview
    from reidsearch.domain.company import Company
    from reidsearch.domain.decisions import Member
    from reidsearch.domain.explanation import Explanation
    from reidsearch.domain.intersection import Intersection, Place
    from reidsearch.domain.nearby import CloserThan, Nearby
    from reidsearch.domain.replay import AsIt, Replay
    from reidsearch.services.sight import Sight
    from reidsearch.vision.detection.detector import Detector


class Searches(Services):
    """What `Archive` offers for searching; the services behind it are attributes of `Services`."""

    def search(self, query: Searched = (), **options: Unpack[SearchOptions]) -> Answer:
        """Find the crops most like the person shown, of footage one a tracklet.

        Args:
            query: a `SearchRequest`, or the query of one: picture files, pixels, crop ids.
            options: the other fields of the request.

        Raises:
            Refused: a picture cannot be read.
            NotFound: a crop, camera, source or identity is not in the archive.
            UsageError: the request makes no sense, the archive is not calibrated, or something is
                liked and unliked, marked and searched with, or liked and rejected for the identity.

        Example:
            >>> archive.search("person.jpg", k=10).matches[0].crop.crop_id
            7
            >>> archive.search(SearchRequest("person.jpg", k=10))  # the same
        """
        return self.searching.search(SearchRequest.of(query, options))

    def search_many(self, requests: Iterable[SearchRequest]) -> Iterator[Answer | Failed]:
        """Answer many requests in their order, each as `search` would, together and so faster.

        A request that cannot be answered gives `Failed` in its place.

        Example:
            >>> for answer in archive.search_many(SearchRequest(path) for path in paths):
            ...     print(answer.error if isinstance(answer, Failed) else answer.matches)
        """
        return self.searching.search_many(requests)

    def search_all(
        self, query: Searched = (), **options: Unpack[SearchOptions]
    ) -> tuple[Statement, Iterator[Match]]:
        """Find everything that reaches the least score, proven, best first, as it is found.

        `search` with `k=None` gives the same at once. Raises as `search` does, and UsageError
        where there is neither `min_score` nor `max_false_alarms`.

        Example:
            >>> statement, matches = archive.search_all("person.jpg", min_score=0.6)
            >>> scores = [match.score for match in matches]
        """
        return self.searching.search_all(SearchRequest.of(query, options))

    def plan_search(self, query: Searched = (), **options: Unpack[SearchOptions]) -> Plan:
        """Return how the index would be searched, without a query: `plan_search(k=5).method`."""
        return self.searching.plan(SearchRequest.of(query, options))

    def preview_search(
        self, query: Searched = (), **options: Unpack[SearchOptions]
    ) -> SearchPreview:
        """Return what would be searched, without a query: `preview_search(k=5).cameras`."""
        return self.searching.preview(SearchRequest.of(query, options))

    def explain(
        self, query: Searched, crop_id: int, **options: Unpack[SearchOptions]
    ) -> Explanation:
        """Return why a crop scores what it scores for one picture or crop.

        Of a request its query, `query_camera`, `adjusted`, limits and label count. Raises as
        `search` does.
        `archive.explain("person.jpg", 7).score` is the match's score.
        """
        from reidsearch.domain.event_log import Event
        from reidsearch.services.explain import explain
        from reidsearch.services.search_log import entries_of, explained

        self.searching.prepare()
        request = SearchRequest.of(query, options)
        found = explain(self._store, self._gallery, self._engines.embed, request, crop_id)
        entries_of(self._store, [explained(self._store, found)], Event.EXPLAIN)
        return found

    def nearby(
        self,
        whom: int | str | Member,
        *,
        within_s: float = WITHIN_S,
        around: Around = Around.NEIGHBOURS,
        closer_than: CloserThan | None = None,
        sight: Sight | None = None,
    ) -> Nearby:
        """Return who else was seen around the sightings of somebody, nearest in time first.

        Args:
            whom: a crop's id, an identity's name or number as text, or a tracklet
                (`Member("tracklet", 7)`).
            within_s: seconds before and after a sighting.
            around: by the same camera alone, or also by those to which a way of at most so many
                seconds is known.
            closer_than: leave out who was not so near while one recording showed both, such as
                `CloserThan(Limit.parse("2m"), for_s=30)`.
            sight: what may be seen; None: everything.

        Raises:
            NotFound, UsageError: as `services.nearby.nearby`.

        Example:
            >>> [one.seen.member.text for one in archive.nearby("anna", within_s=30).people]
            ['tracklet 12', 'tracklet 4']
        """
        from reidsearch.services.nearby import nearby

        seen = sight or self.sight(None)
        return nearby(
            self._store,
            seen,
            whom,
            within_s=within_s,
            around=around,
            closer_than=closer_than,
            distances=self.distances,
        )

    def company(
        self, identity: str, *, within_s: float = WITHIN_S, sight: Sight | None = None
    ) -> Company:
        """Return who was repeatedly seen where and when an identity was, against chance.

        Args:
            within_s: how near in time two sightings by one camera count as a meeting.
            sight: what may be seen; None: everything.

        Raises:
            NotFound, UsageError: as `services.company.company`.

        Example:
            >>> [one.identity for one in archive.company("anna").companions if one.beyond_chance]
            [Named(identity_id=4, name='bert')]
        """
        from reidsearch.services.company import company

        return company(self._store, sight or self.sight(None), identity, within_s=within_s)

    def absence(self, answer: Answer) -> Absence:
        """Return with which chance a search would have shown somebody, had they been there.

        By camera and hour, from what the archive holds now: a "no" says no more than this.

        Args:
            answer: of a search of this archive.

        Example:
            >>> for one in archive.absence(archive.search("person.jpg")).cameras:
            ...     print(one.camera, one.chance.value, one.chance.low, one.chance.high)
        """
        return self.absences.of(answer)

    def intersection(
        self, places: Sequence[Place], *, k: int = 10, sight: Sight | None = None
    ) -> Intersection:
        """Return who may have been at all of several places, as far as looks tell.

        Args:
            k: chains at most.
            sight: what may be seen; None: everything.

        Raises:
            NotFound, UsageError: as `services.intersection.intersection`.

        Example:
            >>> nine, ten = dt.time(9), dt.time(10)
            >>> archive.intersection([Place("gate", nine, ten), Place("yard", nine, ten)]).chains
            (Chain(...),)
        """
        from reidsearch.services.intersection import intersection

        self._gallery.sync(self._progress)
        return intersection(self._store, self._gallery, sight or self.sight(None), places, k)

    def replay(
        self,
        answer: int | str | os.PathLike[str],
        as_it: AsIt | None = None,
        *,
        query: str | None = None,
    ) -> Replay:
        """Ask the question of an answer again; return what differs, and why.

        Args:
            answer: the number of the search's entry of the event log, or a file of its JSON.
            as_it: the archive as it was then, or as it is; None: as it was.
            query: which answer of a file that holds several.

        Raises as `services.replay.ReplayService.replay`.

        Example:
            >>> archive.replay("answer.json").identical
            True
        """
        from reidsearch.domain.replay import AsIt

        return self.replaying.replay(answer, as_it or AsIt.WAS, query=query)

    def embed(self, pictures: Sequence[AnyPicture]) -> Vectors:
        """Embed pixels with the archive's model: (n, d) float32, rows of unit length.

        Raises Refused where something is no picture, ModelError without the archive's model.

        Example:
            >>> archive.embed([np.zeros((128, 64, 3), np.uint8)]).shape
            (1, 256)
        """
        from reidsearch.domain.pixels import to_pixels

        return self._engines.embed([to_pixels(one) for one in pictures])

    def detector(self, name: str | None = None) -> Detector:
        """Return the person detector, loaded once: `archive.detector().detect(frame)`."""
        return self._engines.detector(name)
