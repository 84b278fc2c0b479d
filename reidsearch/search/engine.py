"""The query engine: filters, then ranking, then the statement of what was and was not searched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reidsearch.base.errors import ArchiveError, UsageError
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
from reidsearch.domain.footage import TrackletSeen
from reidsearch.domain.request import Filters
from reidsearch.domain.scores import UNCALIBRATED
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.feedback import Marks, liked_rows
from reidsearch.search.ranking import Ranked, Ranking, Row, Wanted
from reidsearch.store.attributes import attributes_of
from reidsearch.store.crops.selection import Selection, select_crops
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.reader import tracklets
from reidsearch.store.footage.searched import footage_searched

MAX_K = 100_000


@dataclass(frozen=True, slots=True)
class Query:
    """A question.

    Args:
        vector: (d,) float32 of unit length.
        text: what it was made from, for the statement, e.g. `mean of 2 pictures`.
        doubts: what about it makes the answer less sure, in sentences.
        k: how many matches at most.
        min_score: leave out matches below it; None for no limit.
        grouped: one match a tracklet, its best view; crops without a tracklet stand for
            themselves.
        exact: prove that no better matches are held, where the index would only measure.
        reranked: order the first by their neighbourhoods, where those are known.
        least: crops searched -> the score to reach, which `min_score` becomes.
        marks: what feedback refined the vector by. The liked stand first, beyond k and min_score;
            neither they nor the unliked are found any more.
    """

    vector: Vectors
    text: str
    doubts: tuple[str, ...] = ()
    k: int = 10
    min_score: float | None = None
    filters: Filters = Filters()
    grouped: bool = False
    exact: bool = False
    reranked: bool = True
    least: Callable[[int], float] | None = None
    marks: Marks | None = None

    @property
    def without(self) -> frozenset[int]:
        """Crops that are no matches, as those that the query is made of, and marked ones."""
        marked = (*self.marks.liked, *self.marks.unliked) if self.marks else ()
        return frozenset((*self.filters.exclude_crops, *marked))

    @property
    def only_leaves_out(self) -> bool:
        """Whether the filters name nothing but crops to leave out.

        For these a few more are asked for, instead of reading the ids of all others.
        """
        return replace(self.filters, exclude_crops=()).empty

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise UsageError(f"k must lie between 1 and {MAX_K}, not {self.k}")
        if self.min_score is not None and not -1.0 <= self.min_score <= 1.0:
            raise UsageError(f"a score lies between -1 and 1, {self.min_score} does not")


def search(
    store: Store,
    gallery: Gallery,
    query: Query,
    runtime: str,
    neighbours: Neighbours | None = None,
) -> Answer:
    """Answer one question from an archive whose gallery is in sync.

    Filters are applied before ranking: asking for k gives k whenever k crops pass.

    Args:
        neighbours: of that gallery; None: the order is that of the scores.

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
    """`search` for many questions that differ in vector, text, doubts and crops to leave out."""
    if not queries:
        return []
    first = queries[0]
    if len(queries) > 1:
        first = replace(first, filters=replace(first.filters, exclude_crops=()))
    scope = _scope(store, gallery, first, neighbours)
    queries = [
        query
        if query.least is None
        else replace(query, min_score=query.least(_searched(gallery, query, scope)))
        for query in queries
    ]
    ranked = scope.ranking.of(
        [Wanted(query.vector, query.k, query.without, query.min_score) for query in queries]
    )
    liked = [_liked(store, query, scope) for query in queries]
    every = [row.crop for one in ranked for row in one.rows]
    every += [row.crop for rows, _ in liked for row in rows]
    seen = tracklets(store, sorted({c.moment.tracklet_id for c in every if c.moment}))
    worn = attributes_of(store, [crop.crop_id for crop in every])
    answers = []
    for query, one, (first_rows, told) in zip(queries, ranked, liked, strict=True):
        rows = enumerate([*first_rows, *one.rows], start=1)
        matches = (
            _match(rank, row, seen, worn, len(first_rows), liked=rank <= len(first_rows))
            for rank, row in rows
        )
        statement = _statement(store, gallery, query, scope, runtime, one)
        answers.append(Answer(replace(statement, feedback=told), tuple(matches)))
    return answers


def _liked(store: Store, query: Query, scope: _Scope) -> tuple[list[Row], Feedback | None]:
    """What stands first as it was liked, and what the statement tells of feedback."""
    if query.marks is None:
        return [], None
    ranking, marks = scope.ranking, query.marks
    liked = np.setdiff1d(marks.liked, query.filters.exclude_crops).tolist()
    rows, shown = liked_rows(store, query.vector, liked, ranking.allowed, grouped=ranking.grouped)
    return rows, replace(marks.told, hidden=marks.told.liked - shown)


def search_all(
    store: Store, gallery: Gallery, query: Query, runtime: str
) -> tuple[Statement, Iterator[Match]]:
    """Everything that reaches `query.min_score`, proven, best first, as it is found.

    `query.k` does not count; the statement tells as many as were searched.
    """
    assert query.min_score is not None
    scope = _scope(store, gallery, query)
    exact = Ranked([], exact=True, depth=0, ranked_by=RankedBy())
    statement = _statement(store, gallery, query, scope, runtime, exact)
    statement = replace(statement, k=max(statement.crops_searched, 1))
    return statement, _matches_above(store, gallery, query, query.min_score, scope)


def _matches_above(
    store: Store, gallery: Gallery, query: Query, least: float, scope: _Scope
) -> Iterator[Match]:
    rank, taken = 0, set[int]()
    for found in gallery.above(query.vector, least, scope.ranking.allowed):
        pairs = [pair for pair in found.pairs if pair[0].crop_id not in query.without]
        kept = _one_a_tracklet(pairs, taken) if scope.ranking.grouped else pairs
        seen = tracklets(store, [crop.moment.tracklet_id for crop, _ in kept if crop.moment])
        worn = attributes_of(store, [crop.crop_id for crop, _ in kept])
        for crop, score in kept:
            rank += 1
            yield _match(rank, Row(crop, score, None), seen, worn)


def plan(
    store: Store, gallery: Gallery, query: Query, neighbours: Neighbours | None = None
) -> Plan:
    """How the index would be searched for a question, without searching; its vector is unused.

    Raises:
        ArchiveError: the archive holds no embeddings yet.
        NotFound: a filter names a camera or source that is not in the archive.
    """
    ranking = _scope(store, gallery, query, neighbours).ranking
    depth = ranking.depth(query.k, len(query.without))
    found = gallery.plan(depth, ranking.allowed, exact=query.exact)
    if found is None:
        raise _empty(store)
    return found


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is searched for all questions of one kind."""

    asked_at: dt.datetime
    selection: Selection | None
    footage: FootageSearched
    ranking: Ranking


def _scope(
    store: Store, gallery: Gallery, query: Query, neighbours: Neighbours | None = None
) -> _Scope:
    asked_at, selection = now(), None
    if not query.only_leaves_out:
        with store.read() as connection:
            selection = select_crops(connection, query.filters)
    # After the selection, so that whatever passed the filters is in the index too.
    gallery.sync()
    footage = footage_searched(store, query.filters)
    ranking = Ranking(
        store,
        gallery,
        neighbours if query.reranked else None,
        selection.ids if selection else None,
        query.grouped and footage.sources > 0,
        query.exact,
    )
    return _Scope(asked_at, selection, footage, ranking)


def _match(
    rank: int,
    row: Row,
    seen: Mapping[int, TrackletSeen],
    worn: Mapping[int, Attributes],
    before: int = 0,
    *,
    liked: bool = False,
) -> Match:
    """A row as a match; so many that were not found stand `before` all that were."""
    return Match(
        rank,
        max(-1.0, min(1.0, row.score)),
        row.crop,
        seen.get(row.crop.moment.tracklet_id) if row.crop.moment else None,
        attributes=worn.get(row.crop.crop_id),
        rank_before=None if row.rank_before is None else row.rank_before + before,
        liked=liked,
    )


def _one_a_tracklet(pairs: list[tuple[Crop, float]], taken: set[int]) -> list[tuple[Crop, float]]:
    """The first view of each tracklet that is not in `taken`, which grows."""
    kept = []
    for crop, score in pairs:
        if crop.moment is not None:
            if crop.moment.tracklet_id in taken:
                continue
            taken.add(crop.moment.tracklet_id)
        kept.append((crop, score))
    return kept


def _searched(gallery: Gallery, query: Query, scope: _Scope) -> int:
    """How many crops may be matches."""
    index, selection = gallery.index, scope.selection
    left_out = np.array(sorted(query.without), dtype=np.int64)
    if selection is not None:
        return len(selection.ids) - int(np.isin(left_out, selection.ids).sum())
    if index is None:
        return 0
    return len(index) - (index.plan(1, left_out).candidates if len(left_out) else 0)


def _empty(store: Store) -> ArchiveError:
    return ArchiveError(
        f"{store.folder} holds no crops yet", f"reidsearch index PATH... -a {store.folder}"
    )


def _statement(
    store: Store, gallery: Gallery, query: Query, scope: _Scope, runtime: str, ranked: Ranked
) -> Statement:
    index, model, state = gallery.index, gallery.model, gallery.state
    if index is None or model is None or state is None:
        raise _empty(store)
    selection, exact = scope.selection, ranked.exact
    measured = None if exact else gallery.recall(ranked.depth)
    return Statement(
        archive=str(store.folder),
        archive_id=store.row.uuid,
        asked_at=scope.asked_at,
        query=query.text,
        k=query.k,
        min_score=query.min_score,
        crops_held=len(index),
        crops_searched=_searched(gallery, query, scope),
        exact=exact,
        recall=1.0 if exact else measured.value if measured else None,
        index_kind=index.kind,
        generation=gallery.generation,
        model=model,
        runtime=runtime,
        filters=query.filters,
        left_out_unknown_time=selection.unknown_time if selection else 0,
        left_out_unknown_camera=selection.unknown_camera if selection else 0,
        failures=state.failures,
        unfinished_runs=state.unfinished_runs,
        calibration=UNCALIBRATED,
        warnings=(*query.doubts, *gallery.warnings),
        grouped=query.grouped,
        left_out_unknown_attributes=selection.unknown_attributes if selection else 0,
        footage=scope.footage,
        recall_interval=(measured.low, measured.high) if measured else None,
        ranked_by=ranked.ranked_by,
    )
