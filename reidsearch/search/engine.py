"""The query engine: filters, ranking, and the statement of what was and was not searched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind, absent
from reidsearch.base.timecode import now
from reidsearch.domain.adjustment import AdjustedBy, Adjustment, WhyNotAdjusted
from reidsearch.domain.answers import (
    Answer,
    Feedback,
    FootageSearched,
    Match,
    Plan,
    RankedBy,
    SearchPreview,
    Statement,
    WhyNot,
)
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.crops import Crop, Vectors
from reidsearch.domain.query_origins import embedding_sha256
from reidsearch.domain.request import MAX_K, PlainFor, Requested, SearchRequest
from reidsearch.domain.scores import UNCALIBRATED
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.index.confirmed import Confirmed
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.feedback import liked_rows
from reidsearch.search.query import Query
from reidsearch.search.ranking import Ranked, Ranking, Row, Wanted
from reidsearch.store.attributes import attributes_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.searched import footage_searched
from reidsearch.store.footage.tracklet_reader import tracklets
from reidsearch.store.pending import pending_work
from reidsearch.store.selection import (
    Selection,
    Unknown,
    cameras_passing,
    count_unknown,
    select_crops,
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
    scope = _scope(store, gallery, queries[0].request, neighbours)
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
        statement = _statement(store, gallery, query, vector, scope, runtime, one)
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


def _liked(
    store: Store, query: Query, vector: Vectors, scope: _Scope
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
        scope = _scope(store, gallery, query.request)
        least = _least_score(gallery, query, scope)
        if least is None:  # `SearchRequest` and its callers see to it
            raise absent("the lowest score")
        exact = Ranked([], exact=True, depth=0, ranked_by=RankedBy())
        vector = query.vector(scope.ranking.adjust)
        statement = _statement(store, gallery, query, vector, scope, runtime, exact)
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
    scope: _Scope,
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
        ranking = _scope(store, gallery, request, neighbours).ranking
        depth = ranking.depth(request.k or MAX_K, len(request.filters.exclude_crops))
        found = gallery.plan(depth, ranking.allowed, exact=request.exact or request.k is None)
    if found is None:
        raise _empty(store)
    return found


def preview(
    store: Store, gallery: Gallery, request: SearchRequest, neighbours: Neighbours | None = None
) -> SearchPreview:
    """Return what a request would search, without searching; raises as `plan`."""
    planned = plan(store, gallery, request, neighbours)
    filters = request.filters
    with store.scan() as connection:
        unknown = count_unknown(connection, filters)
        cameras = cameras_passing(connection, filters)
    return SearchPreview(
        planned,
        len(gallery),
        cameras,
        footage_searched(store, filters),
        filters,
        unknown.time,
        unknown.camera,
        unknown.attributes,
    )


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is searched for all queries of one `scope_key`."""

    asked_at: dt.datetime
    selection: Selection | None
    footage: FootageSearched
    ranking: Ranking
    adjusted: AdjustedBy


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
    if selection is not None and gallery.state is not None:
        selection = selection.up_to(gallery.state.last_crop_id)
    footage = footage_searched(store, request.filters)
    adjust = gallery.adjustment() if request.adjusted else _why_plain(request)
    adjusted = adjust.by if isinstance(adjust, Adjustment) else AdjustedBy(why_not=adjust)
    ranking = Ranking(
        store,
        gallery,
        neighbours if request.reranked else None,
        selection.ids if selection else None,
        request.grouped and footage.sources > 0,
        request.exact,
        adjust if isinstance(adjust, Adjustment) else None,
        WhyNot(request.plain_for or WhyNot.AS_ASKED),
    )
    return _Scope(asked_at, selection, footage, ranking, adjusted)


def _why_plain(request: SearchRequest) -> WhyNotAdjusted:
    several = request.plain_for is PlainFor.SEVERAL_ARCHIVES
    return WhyNotAdjusted.SEVERAL_ARCHIVES if several else WhyNotAdjusted.AS_ASKED


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
    store: Store,
    gallery: Gallery,
    query: Query,
    vector: Vectors,
    scope: _Scope,
    runtime: str,
    ranked: Ranked,
) -> Statement:
    index, model, state = gallery.index, gallery.model, gallery.state
    if index is None or model is None or state is None:
        raise _empty(store)
    exact, request, unknown = ranked.exact, query.request, _unknown(store, query, scope)
    filters = request.filters
    filters = replace(filters, exclude_crops=(*filters.exclude_crops, *query.exclude))
    adjust = scope.ranking.adjust
    measured = None if exact else gallery.recall(ranked.depth, adjusted=adjust is not None)
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
        embedding_sha256=embedding_sha256(vector),
        pending=pending_work(store),
        newest_crop=state.last_crop_id,
        requested=Requested.of(request),
        adjusted=scope.adjusted
        if adjust is None
        else replace(scope.adjusted, query_cameras=adjust.known(query.cameras)),
    )
