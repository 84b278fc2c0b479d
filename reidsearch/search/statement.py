"""What is searched for the queries of one scope, and the statement that says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.base.timecode import now
from reidsearch.domain.adjustment import AdjustedBy, Adjustment, WhyNotAdjusted
from reidsearch.domain.answers import FootageSearched, Statement, WhyNot
from reidsearch.domain.crops import Vectors
from reidsearch.domain.pending import Pending
from reidsearch.domain.query_origins import embedding_sha256
from reidsearch.domain.request import Filters, PlainFor, Requested, SearchRequest
from reidsearch.domain.scores import UNCALIBRATED
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.query import Query
from reidsearch.search.ranking import Ranked, Ranking
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.searched import footage_searched
from reidsearch.store.pending import pending_work
from reidsearch.store.selection import (
    Selection,
    Unknown,
    camera_names,
    count_unknown,
    select_crops,
)


@dataclass(frozen=True, slots=True)
class SearchScope:
    """What is searched for all queries of one `scope_key`, and what is told of it to all.

    Args:
        runs: index runs that were interrupted, and that are at work.
    """

    asked_at: dt.datetime
    selection: Selection | None
    footage: FootageSearched
    ranking: Ranking
    adjusted: AdjustedBy
    runs: tuple[int, int]
    pending: tuple[Pending, ...]


def scope_of(
    store: Store, gallery: Gallery, request: SearchRequest, neighbours: Neighbours | None = None
) -> SearchScope:
    """Return what a request searches; brings the gallery up to date.

    Raises:
        NotFound: a filter names a camera or source that is not in the archive.
    """
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
        None if request.spread is None else (request.spread, _camera_count(store, request.filters)),
        WhyNot(request.plain_for or WhyNot.AS_ASKED),
    )
    runs, pending = store.unfinished_runs(), pending_work(store)
    return SearchScope(asked_at, selection, footage, ranking, adjusted, runs, pending)


def _why_plain(request: SearchRequest) -> WhyNotAdjusted:
    several = request.plain_for is PlainFor.SEVERAL_ARCHIVES
    return WhyNotAdjusted.SEVERAL_ARCHIVES if several else WhyNotAdjusted.AS_ASKED


def _camera_count(store: Store, filters: Filters) -> int:
    """Return of how many cameras matches can be at most, none known being one."""
    if filters.cameras:
        return len(filters.cameras)
    with store.scan() as connection:
        return len(camera_names(connection)) + 1


def crops_searched(gallery: Gallery, query: Query, scope: SearchScope) -> int:
    """Return how many crops may be matches."""
    index, selection = gallery.index, scope.selection
    left_out = np.array(sorted(query.without), dtype=np.int64)
    if selection is not None:
        return len(selection.ids) - int(np.isin(left_out, selection.ids).sum())
    if index is None:
        return 0
    return len(index) - (index.plan(1, left_out).candidates if len(left_out) else 0)


def _unknown(store: Store, query: Query, scope: SearchScope) -> Unknown:
    """Return how many crops the filters left out for want of knowledge, but for the query's own."""
    selection = scope.selection
    if selection is None:
        return Unknown()
    every = selection.unknown
    if not query.exclude or every == Unknown():
        return every
    with store.scan() as connection:
        return every.less(count_unknown(connection, query.request.filters, query.exclude))


def statement_of(
    store: Store,
    gallery: Gallery,
    query: Query,
    vector: Vectors,
    scope: SearchScope,
    runtime: str,
    ranked: Ranked,
) -> Statement:
    """Return what was searched for a query, and what was not.

    Args:
        vector: (d,) float32 of unit length, as it was searched with.

    Raises:
        ArchiveError: the archive holds no embeddings yet.
    """
    index, model, state = gallery.index, gallery.model, gallery.state
    if index is None or model is None or state is None:
        raise empty_archive(store)
    exact, request, unknown = ranked.exact, query.request, _unknown(store, query, scope)
    filters = request.filters
    if query.exclude:
        filters = replace(filters, exclude_crops=(*filters.exclude_crops, *query.exclude))
    adjust = scope.ranking.adjust
    measured = None if exact else gallery.recall(ranked.depth, adjusted=adjust is not None)
    interrupted, running = scope.runs
    return Statement(
        archive=store.location,
        archive_id=store.row.uuid,
        asked_at=scope.asked_at,
        query=query.label,
        k=request.k or 1,
        min_score=request.min_score,
        crops_stored=len(index),
        crops_searched=crops_searched(gallery, query, scope),
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
        left_out_unknown_track=unknown.track,
        footage=scope.footage,
        recall_interval=(measured.low, measured.high) if measured else None,
        ranked_by=ranked.ranked_by,
        query_pictures=query.origins,
        embedding_sha256=embedding_sha256(vector),
        pending=scope.pending,
        newest_crop=state.last_crop_id,
        requested=Requested.of(request),
        adjusted=scope.adjusted
        if adjust is None
        else replace(scope.adjusted, query_cameras=adjust.known(query.cameras)),
    )


def empty_archive(store: Store) -> ArchiveError:
    """Return the error of an archive in which nothing can be searched."""
    return ArchiveError(
        f"{store.location} holds no crops yet", kind=Kind.ARCHIVE_EMPTY, archive=store.location
    )
