"""The query engine: the filters and the ranking of a query, and the answer made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from reidsearch.base.errors import absent
from reidsearch.domain.answers import (
    Answer,
    Feedback,
    Match,
    Plan,
    RankedBy,
    SearchPreview,
    Statement,
)
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.crops import Crop, Vectors
from reidsearch.domain.request import MAX_K, Requested, SearchRequest
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.index.confirmed import Confirmed
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.feedback import liked_rows
from reidsearch.search.order import in_order
from reidsearch.search.query import Query
from reidsearch.search.ranking import Ranked, Row, Wanted
from reidsearch.search.statement import (
    SearchScope,
    crops_searched,
    empty_archive,
    scope_of,
    statement_of,
)
from reidsearch.store.attributes import attributes_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.searched import footage_searched
from reidsearch.store.footage.tracklet_reader import tracklets
from reidsearch.store.selection import (
    passing_told,
)


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
    scope = scope_of(store, gallery, queries[0].request, neighbours)
    least = [_least_score(gallery, query, scope) for query in queries]
    vectors = [query.vector(scope.ranking.adjust) for query in queries]
    ranked = scope.ranking.of(
        [
            Wanted(vector, _k(query.request), query.without, score)
            for query, vector, score in zip(queries, vectors, least, strict=True)
        ]
    )
    liked = [
        _liked(store, query, vector, scope) for query, vector in zip(queries, vectors, strict=True)
    ]
    every = [row.crop for one in ranked for row in one.rows]
    every += [row.crop for rows, _ in liked for row in rows]
    seen = tracklets(store, sorted({c.moment.tracklet_id for c in every if c.moment}))
    attributes = attributes_of(store, [crop.crop_id for crop in every], queries[0].request.filters)
    answers = []
    for query, vector, score, one, (first, feedback) in zip(
        queries, vectors, least, ranked, liked, strict=True
    ):
        rows = enumerate([*first, *one.rows], start=1)
        matches = (
            _match(rank, row, seen, attributes, len(first), liked=rank <= len(first))
            for rank, row in rows
        )
        statement = statement_of(store, gallery, query, vector, scope, runtime, one)
        statement = replace(statement, min_score=score, feedback=feedback)
        answers.append(Answer(statement, in_order(matches, query.request.order)))
    return answers


def _k(request: SearchRequest) -> int:
    if request.k is None:  # `search_all` answers such requests
        raise absent("the number of matches")
    return request.k


def _least_score(gallery: Gallery, query: Query, scope: SearchScope) -> float | None:
    if query.least_score is None:
        return query.request.min_score
    return query.least_score(crops_searched(gallery, query, scope))


def _liked(
    store: Store, query: Query, vector: Vectors, scope: SearchScope
) -> tuple[list[Row], Feedback | None]:
    """Return the rows that come first because they were liked, and the statement's feedback."""
    if query.feedback is None:
        return [], None
    ranking, marked = scope.ranking, query.feedback
    excluded = (*query.request.filters.exclude_crops, *query.exclude)
    liked = np.setdiff1d(marked.liked, excluded).tolist()
    rows, shown = liked_rows(
        store, vector, liked, ranking.allowed, ranking.adjust, grouped=ranking.grouped
    )
    return rows, replace(marked.summary, hidden=marked.summary.liked - shown)


def search_all(
    store: Store, gallery: Gallery, query: Query, runtime: str
) -> tuple[Statement, Iterator[Match]]:
    """Return everything that reaches the least score, proven, best first, as it is found.

    `request.k` does not count; the statement tells as many as were searched.
    """
    with gallery.busy:  # one state of the index for the whole statement
        scope = scope_of(store, gallery, query.request)
        least = _least_score(gallery, query, scope)
        if least is None:  # `SearchRequest` and its callers see to it
            raise absent("the lowest score")
        exact = Ranked([], exact=True, depth=0, ranked_by=RankedBy())
        vector = query.vector(scope.ranking.adjust)
        statement = statement_of(store, gallery, query, vector, scope, runtime, exact)
        requested = replace(Requested.of(query.request), k=None)
    rows, feedback = _liked(store, query, vector, scope)
    statement = replace(
        statement,
        k=max(statement.crops_searched, 1),
        requested=requested,
        min_score=least,
        feedback=feedback,
    )
    above = gallery.above(vector, least, scope.ranking.allowed, scope.ranking.adjust)
    return statement, _matches_above(store, above, query, scope, rows)


def _matches_above(
    store: Store,
    above: Iterator[Confirmed],
    query: Query,
    scope: SearchScope,
    liked: list[Row],
) -> Iterator[Match]:
    rank, taken = 0, set[int]()
    seen = tracklets(store, [row.crop.moment.tracklet_id for row in liked if row.crop.moment])
    attributes = attributes_of(store, [row.crop.crop_id for row in liked], query.request.filters)
    for row in liked:
        rank += 1
        yield _match(rank, row, seen, attributes, liked=True)
    for found in above:
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
        ranking = scope_of(store, gallery, request, neighbours).ranking
        depth = ranking.depth(request.k or MAX_K, len(request.filters.exclude_crops))
        found = gallery.plan(depth, ranking.allowed, exact=request.exact or request.k is None)
    if found is None:
        raise empty_archive(store)
    return found


def preview(
    store: Store, gallery: Gallery, request: SearchRequest, neighbours: Neighbours | None = None
) -> SearchPreview:
    """Return what a request would search, without searching; raises as `plan`."""
    planned = plan(store, gallery, request, neighbours)
    filters = request.filters
    with store.scan() as connection:
        unknown, cameras = passing_told(connection, filters)
    return SearchPreview(
        planned,
        len(gallery),
        cameras,
        footage_searched(store, filters),
        filters,
        unknown.time,
        unknown.camera,
        unknown.attributes,
        unknown.track,
    )


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
