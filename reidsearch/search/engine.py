"""The query engine: filters, ranking, and the statement of what was and was not searched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind, absent
from reidsearch.base.timecode import now
from reidsearch.domain.answers import (
    Answer,
    Feedback,
    FootageSearched,
    Match,
    Plan,
    RankedBy,
    Statement,
)
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.crops import Crop, Vectors
from reidsearch.domain.query_origins import QueryOrigin, embedding_sha256
from reidsearch.domain.request import MAX_K, SearchRequest
from reidsearch.domain.scores import UNCALIBRATED
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.feedback import MarkedCrops, liked_rows
from reidsearch.search.ranking import Ranked, Ranking, Row, Wanted
from reidsearch.store.attributes import attributes_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.searched import footage_searched
from reidsearch.store.footage.tracklet_reader import tracklets
from reidsearch.store.pending import pending_work
from reidsearch.store.selection import Selection, Unknown, count_unknown, select_crops


@dataclass(frozen=True, slots=True)
class Query:
    """A request whose pictures are embedded.

    Args:
        vector: (d,) float32 of unit length.
        label: what it was made from, for the statement, e.g. `mean of 2 pictures`.
        request: what is asked for; its pictures, identity and feedback are in the other fields.
        exclude: crops that are no matches, beside those that the filters exclude.
        warnings: what about the query makes the answer less sure, in sentences.
        least_score: crops searched -> the score to reach; None: `request.min_score`.
        feedback: what refined the vector. The liked crops come first, beyond k and whatever they
            score; neither they nor the unliked ones are found any more.
        origins: what the vector was made from.
    """

    vector: Vectors
    label: str
    request: SearchRequest = SearchRequest()
    exclude: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    least_score: Callable[[int], float] | None = None
    feedback: MarkedCrops | None = None
    origins: tuple[QueryOrigin, ...] = ()

    @property
    def without(self) -> frozenset[int]:
        """Crops that are no matches."""
        marked = (*self.feedback.liked, *self.feedback.unliked) if self.feedback else ()
        return frozenset((*self.request.filters.exclude_crops, *self.exclude, *marked))

    @property
    def scope_key(self) -> Hashable:
        """Equal for queries that `search_many` can answer together."""
        request = self.request
        return request.filters, request.grouped, request.exact, request.reranked


def search(
    store: Store,
    gallery: Gallery,
    query: Query,
    runtime: str,
    neighbours: Neighbours | None = None,
) -> Answer:
    """Answer one query of an archive whose gallery is in sync.

    Filters are applied before ranking: asking for k gives k whenever k crops pass.

    Args:
        neighbours: of that gallery; None: rank by score alone.

    Raises:
        ArchiveError: the archive holds no embeddings yet, or index and database disagree.
        NotFound: a filter names a camera or source that is not in the archive.
    """
    return search_many(store, gallery, [query], runtime, neighbours)[0]


def search_many(
    store: Store,
    gallery: Gallery,
    queries: Sequence[Query],
    runtime: str,
    neighbours: Neighbours | None = None,
) -> list[Answer]:
    """`search` for many queries of one `scope_key`, each answered as it would be alone."""
    if not queries:
        return []
    with gallery.busy:  # one state of the index for the whole answer
        return _answered(store, gallery, queries, runtime, neighbours)


def _answered(
    store: Store,
    gallery: Gallery,
    queries: Sequence[Query],
    runtime: str,
    neighbours: Neighbours | None,
) -> list[Answer]:
    scope = _scope(store, gallery, queries[0].request, neighbours)
    least = [_least_score(gallery, query, scope) for query in queries]
    ranked = scope.ranking.of(
        [
            Wanted(query.vector, _k(query.request), query.without, score)
            for query, score in zip(queries, least, strict=True)
        ]
    )
    liked = [_liked(store, query, scope) for query in queries]
    every = [row.crop for one in ranked for row in one.rows]
    every += [row.crop for rows, _ in liked for row in rows]
    seen = tracklets(store, sorted({c.moment.tracklet_id for c in every if c.moment}))
    attributes = attributes_of(store, [crop.crop_id for crop in every], queries[0].request.filters)
    answers = []
    for query, score, one, (first, feedback) in zip(queries, least, ranked, liked, strict=True):
        rows = enumerate([*first, *one.rows], start=1)
        matches = (
            _match(rank, row, seen, attributes, len(first), liked=rank <= len(first))
            for rank, row in rows
        )
        statement = _statement(store, gallery, query, scope, runtime, one)
        statement = replace(statement, min_score=score, feedback=feedback)
        answers.append(Answer(statement, tuple(matches)))
    return answers


def _k(request: SearchRequest) -> int:
    if request.k is None:  # `search_all` answers such requests
        raise absent("the number of matches")
    return request.k


def _least_score(gallery: Gallery, query: Query, scope: _Scope) -> float | None:
    if query.least_score is None:
        return query.request.min_score
    return query.least_score(_searched(gallery, query, scope))


def _liked(store: Store, query: Query, scope: _Scope) -> tuple[list[Row], Feedback | None]:
    """Return the rows that come first because they were liked, and the statement's feedback."""
    if query.feedback is None:
        return [], None
    ranking, marked = scope.ranking, query.feedback
    excluded = (*query.request.filters.exclude_crops, *query.exclude)
    liked = np.setdiff1d(marked.liked, excluded).tolist()
    rows, shown = liked_rows(store, query.vector, liked, ranking.allowed, grouped=ranking.grouped)
    return rows, replace(marked.summary, hidden=marked.summary.liked - shown)


def search_all(
    store: Store, gallery: Gallery, query: Query, runtime: str
) -> tuple[Statement, Iterator[Match]]:
    """Return everything that reaches the least score, proven, best first, as it is found.

    `request.k` does not count; the statement tells as many as were searched.
    """
    with gallery.busy:  # one state of the index for the whole statement
        scope = _scope(store, gallery, query.request)
        least = _least_score(gallery, query, scope)
        if least is None:  # `SearchRequest` and its callers see to it
            raise absent("the lowest score")
        exact = Ranked([], exact=True, depth=0, ranked_by=RankedBy())
        statement = _statement(store, gallery, query, scope, runtime, exact)
    rows, feedback = _liked(store, query, scope)
    statement = replace(
        statement,
        k=max(statement.crops_searched, 1),
        min_score=least,
        feedback=feedback,
    )
    return statement, _matches_above(store, gallery, query, least, scope, rows)


def _matches_above(
    store: Store, gallery: Gallery, query: Query, least: float, scope: _Scope, liked: list[Row]
) -> Iterator[Match]:
    rank, taken = 0, set[int]()
    seen = tracklets(store, [row.crop.moment.tracklet_id for row in liked if row.crop.moment])
    attributes = attributes_of(store, [row.crop.crop_id for row in liked], query.request.filters)
    for row in liked:
        rank += 1
        yield _match(rank, row, seen, attributes, liked=True)
    for found in gallery.above(query.vector, least, scope.ranking.allowed):
        pairs = [pair for pair in found.pairs if pair[0].crop_id not in query.without]
        kept = _one_a_tracklet(pairs, taken) if scope.ranking.grouped else pairs
        seen = tracklets(store, [crop.moment.tracklet_id for crop, _ in kept if crop.moment])
        attributes = attributes_of(store, [crop.crop_id for crop, _ in kept], query.request.filters)
        for crop, score in kept:
            rank += 1
            yield _match(rank, Row(crop, score, None), seen, attributes)


def plan(
    store: Store, gallery: Gallery, request: SearchRequest, neighbours: Neighbours | None = None
) -> Plan:
    """Return how the index would be searched for a request, without searching.

    Its pictures, identity and feedback are not looked at.

    Raises:
        ArchiveError: the archive holds no embeddings yet.
        NotFound: a filter names a camera or source that is not in the archive.
    """
    with gallery.busy:
        ranking = _scope(store, gallery, request, neighbours).ranking
        depth = ranking.depth(request.k or MAX_K, len(request.filters.exclude_crops))
        found = gallery.plan(depth, ranking.allowed, exact=request.exact or request.k is None)
    if found is None:
        raise _empty(store)
    return found


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is searched for all queries of one `scope_key`."""

    asked_at: dt.datetime
    selection: Selection | None
    footage: FootageSearched
    ranking: Ranking


def _scope(
    store: Store, gallery: Gallery, request: SearchRequest, neighbours: Neighbours | None = None
) -> _Scope:
    asked_at, selection = now(), None
    # To leave crops out a few more are asked for, instead of reading the ids of all others.
    if not replace(request.filters, exclude_crops=()).empty:
        with store.scan() as connection:
            selection = select_crops(connection, request.filters)
    # After the selection, so that whatever passed the filters is in the index too.
    gallery.sync()
    footage = footage_searched(store, request.filters)
    ranking = Ranking(
        store,
        gallery,
        neighbours if request.reranked else None,
        selection.ids if selection else None,
        request.grouped and footage.sources > 0,
        request.exact,
    )
    return _Scope(asked_at, selection, footage, ranking)


def _match(
    rank: int,
    row: Row,
    seen: Mapping[int, TrackletSeen],
    attributes: Mapping[int, Attributes],
    before: int = 0,
    *,
    liked: bool = False,
) -> Match:
    """Make a match of a row; `before` liked ones come before all that were found."""
    return Match(
        rank,
        max(-1.0, min(1.0, row.score)),
        row.crop,
        seen.get(row.crop.moment.tracklet_id) if row.crop.moment else None,
        attributes=attributes.get(row.crop.crop_id),
        rank_before=None if row.rank_before is None else row.rank_before + before,
        liked=liked,
    )


def _one_a_tracklet(pairs: list[tuple[Crop, float]], taken: set[int]) -> list[tuple[Crop, float]]:
    """Return the first crop of each tracklet that is not in `taken`, which grows."""
    kept = []
    for crop, score in pairs:
        if crop.moment is not None:
            if crop.moment.tracklet_id in taken:
                continue
            taken.add(crop.moment.tracklet_id)
        kept.append((crop, score))
    return kept


def _searched(gallery: Gallery, query: Query, scope: _Scope) -> int:
    """Return how many crops may be matches."""
    index, selection = gallery.index, scope.selection
    left_out = np.array(sorted(query.without), dtype=np.int64)
    if selection is not None:
        return len(selection.ids) - int(np.isin(left_out, selection.ids).sum())
    if index is None:
        return 0
    return len(index) - (index.plan(1, left_out).candidates if len(left_out) else 0)


def _empty(store: Store) -> ArchiveError:
    return ArchiveError(
        f"{store.location} holds no crops yet", kind=Kind.ARCHIVE_EMPTY, archive=store.location
    )


def _unknown(store: Store, query: Query, scope: _Scope) -> Unknown:
    """Return how many crops the filters left out for want of knowledge, but for the query's own."""
    selection = scope.selection
    if selection is None:
        return Unknown(0, 0, 0)
    every = Unknown(selection.unknown_time, selection.unknown_camera, selection.unknown_attributes)
    if not query.exclude or every == Unknown(0, 0, 0):
        return every
    with store.scan() as connection:
        own = count_unknown(connection, query.request.filters, query.exclude)
    return Unknown(
        every.time - own.time, every.camera - own.camera, every.attributes - own.attributes
    )


def _statement(
    store: Store, gallery: Gallery, query: Query, scope: _Scope, runtime: str, ranked: Ranked
) -> Statement:
    index, model, state = gallery.index, gallery.model, gallery.state
    if index is None or model is None or state is None:
        raise _empty(store)
    exact, request, unknown = ranked.exact, query.request, _unknown(store, query, scope)
    filters = request.filters
    filters = replace(filters, exclude_crops=(*filters.exclude_crops, *query.exclude))
    measured = None if exact else gallery.recall(ranked.depth)
    interrupted, running = store.unfinished_runs()
    return Statement(
        archive=store.location,
        archive_id=store.row.uuid,
        asked_at=scope.asked_at,
        query=query.label,
        k=request.k or 1,
        min_score=request.min_score,
        crops_stored=len(index),
        crops_searched=_searched(gallery, query, scope),
        exact=exact,
        recall=1.0 if exact else measured.value if measured else None,
        index_kind=index.kind,
        generation=gallery.generation,
        model=model,
        runtime=runtime,
        filters=filters,
        left_out_unknown_time=unknown.time,
        left_out_unknown_camera=unknown.camera,
        failures=state.failures,
        unfinished_runs=interrupted,
        running_runs=running,
        calibration=UNCALIBRATED,
        warnings=(*query.warnings, *gallery.warnings),
        grouped=request.grouped,
        left_out_unknown_attributes=unknown.attributes,
        footage=scope.footage,
        recall_interval=(measured.low, measured.high) if measured else None,
        ranked_by=ranked.ranked_by,
        query_pictures=query.origins,
        embedding_sha256=embedding_sha256(query.vector),
        pending=pending_work(store),
    )
