"""Questions to an open archive: one, many, all matches, how it would go, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from operator import index
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from reidsearch.base.settings import PictureLimits
from reidsearch.domain.answers import Answer, Match, Statement
from reidsearch.domain.request import Filters
from reidsearch.services.opened import OpenArchive

if TYPE_CHECKING:
    from reidsearch.domain.answers import Plan
    from reidsearch.domain.explanation import Explanation
    from reidsearch.search.query_pictures import QueryPicture
    from reidsearch.services.bulk import Asking


class SearchableArchive(OpenArchive):
    """The searching half of `reidsearch.archive.Archive`."""

    def search(
        self,
        query: QueryPicture | Sequence[QueryPicture] = (),
        *,
        k: int = 10,
        filters: Filters = Filters(),
        min_score: float | None = None,
        grouped: bool = True,
        exact: bool = False,
        reranked: bool = True,
        shown_as: str | None = None,
        identity: str | None = None,
        new_only: bool = False,
        likes: Sequence[int] = (),
        unlikes: Sequence[int] = (),
        max_false_alarms: float | None = None,
        prior: float | None = None,
        limits: PictureLimits = PictureLimits(),
    ) -> Answer:
        """Find the k crops most like the person shown, of footage one a tracklet.

        Several views of one person are fused to their mean direction. Crops given by id are
        themselves left out of the matches. `shown_as` tells in the statement what the views were
        made from, where they are pixels. `grouped=False` gives all views of a tracklet.
        `reranked=False` leaves them in the order of their scores (`search.rerank`).
        `max_false_alarms` in place of `min_score` leaves out scores that more wrong crops than
        that are expected to reach; `prior` is that of the probabilities (`calibration.apply`).

        Args:
            exact: prove that no better match is held, where a large archive's index would only
                say how many of the best it finds.
            identity: search with all its confirmed views too; what was rejected for it is left
                out of the matches.
            new_only: leave out what is confirmed of it as well.
            likes, unlikes: crops of earlier answers that show the person, and that do not, each
                for its whole tracklet: the query is refined by them (`search.feedback`).

        Raises:
            Refused: a picture cannot be read.
            NotFound: a crop, camera, source or identity is not in the archive.
            UsageError: k or min_score make no sense, the archive is not calibrated, or something
                is liked and unliked, marked and searched with, or liked and rejected for
                the identity.
        """
        from reidsearch.search import engine, feedback
        from reidsearch.search.query_pictures import embed_query

        likes, unlikes = [*map(index, likes)], [*map(index, unlikes)]  # as NumPy gives them too
        read = self.calibration.reader(
            prior=prior,
            max_false_alarms=max_false_alarms,
            min_score=min_score,
            refined=bool(likes or unlikes),
        )
        asked = self.identities.asked(identity, new_only=new_only)
        given = _views(query)
        views = [*given, *asked.own]
        held = [int(view) for view in views if isinstance(view, (int, np.integer))]
        marks = feedback.marks(self._store, likes, unlikes, held, asked.rejected)
        if self._gallery.index is None:
            self._require_crops()
            # Proving a large index file takes about as long as loading the model: side by side.
            with ThreadPoolExecutor(1) as pool:
                proving = pool.submit(self.prepare_search)
                shown = embed_query(views, self._store, self.embed, limits)
                proving.result()
        else:
            shown = embed_query(views, self._store, self.embed, limits)
        question = engine.Query(
            vector=marks.refined(shown.vector, shown.views) if marks else shown.vector,
            text=asked.text(shown_as or shown.text, further=len(given)),
            doubts=shown.doubts,
            k=k,
            min_score=min_score,
            grouped=grouped,
            exact=exact,
            reranked=reranked,
            least=self.calibration.least(max_false_alarms),
            marks=marks,
            filters=replace(
                filters, exclude_crops=(*filters.exclude_crops, *asked.out(shown.crop_ids))
            ),
        )
        answer = engine.search(
            self._store, self._gallery, question, self._engines.text(), self._neighbours
        )
        return self.identities.told(read(answer, len(views)), asked)

    def explain(
        self,
        query: QueryPicture,
        crop_id: int,
        *,
        shown_as: str | None = None,
        limits: PictureLimits = PictureLimits(),
    ) -> Explanation:
        """Why a crop scores what it scores for one view of a person; see `services.explain`.

        Raises:
            Refused: the picture cannot be read.
            NotFound: there is no such crop.
        """
        from reidsearch.services.explain import explain

        self.prepare_search()
        return explain(
            self._store,
            self._gallery,
            self.embed,
            self.calibration,
            query,
            crop_id,
            shown_as,
            limits,
        )

    def search_many(
        self,
        queries: Sequence[QueryPicture | Sequence[QueryPicture]],
        *,
        k: int = 10,
        filters: Filters = Filters(),
        min_score: float | None = None,
        grouped: bool = True,
        exact: bool = False,
        reranked: bool = True,
        limits: PictureLimits = PictureLimits(),
    ) -> list[Answer]:
        """`search` for each of many queries, together: answers in their order."""
        from reidsearch.search.query_pictures import embed_queries
        from reidsearch.services import bulk

        self.prepare_search()
        views = [_views(one) for one in queries]
        shown = embed_queries(views, self._store, self.embed, limits)
        like = bulk.in_general(
            k, filters, min_score, grouped=grouped, exact=exact, reranked=reranked
        )
        return list(self._asking(min_score).many(shown, like))

    def search_all(
        self,
        query: QueryPicture | Sequence[QueryPicture],
        *,
        min_score: float,
        filters: Filters = Filters(),
        grouped: bool = True,
        limits: PictureLimits = PictureLimits(),
    ) -> tuple[Statement, Iterator[Match]]:
        """Everything that scores `min_score` or more, proven, best first, as it is found.

        The statement's `k` is the number of crops searched.
        """
        from reidsearch.search.query_pictures import embed_query
        from reidsearch.services import bulk

        self.prepare_search()
        shown = embed_query(_views(query), self._store, self.embed, limits)
        like = bulk.in_general(1, filters, min_score, grouped=grouped, exact=True, reranked=False)
        return self._asking(min_score).all(shown, like)

    def plan_search(
        self,
        *,
        k: int = 10,
        filters: Filters = Filters(),
        grouped: bool = True,
        exact: bool = False,
        reranked: bool = True,
    ) -> Plan:
        """How the index would be searched, without searching: which way, how much of it, why."""
        from reidsearch.search import engine
        from reidsearch.services import bulk

        like = bulk.in_general(k, filters, None, grouped=grouped, exact=exact, reranked=reranked)
        return engine.plan(self._store, self._gallery, like, self._neighbours)

    def _asking(self, min_score: float | None) -> Asking:
        from reidsearch.services.bulk import Asking

        read = self.calibration.reader(min_score=min_score)
        nobody = self.identities.asked(None)

        def told(answer: Answer, views: int) -> Answer:
            return self.identities.told(read(answer, views), nobody)

        return Asking(self._store, self._gallery, self._neighbours, self._engines.text, told)


def _views(query: QueryPicture | Sequence[QueryPicture]) -> list[QueryPicture]:
    return [query] if _is_one(query) else list(query)  # type: ignore[arg-type]


def _is_one(query: QueryPicture | Sequence[QueryPicture]) -> TypeGuard[QueryPicture]:
    return isinstance(query, (str, os.PathLike, int, np.integer, np.ndarray))
