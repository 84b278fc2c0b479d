"""The query engine: filters, then ranking, then the statement of what was and was not searched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reidsearch.appearance import Attributes
from reidsearch.archive.attribute_store import attributes_of
from reidsearch.archive.footage_searched import footage_searched
from reidsearch.archive.footage_store import tracklets
from reidsearch.archive.gallery import Gallery
from reidsearch.archive.selection import Selection, select_crops
from reidsearch.archive.store import Store
from reidsearch.archive.vectors import Plan
from reidsearch.errors import ArchiveError, UsageError
from reidsearch.records import (
    Answer,
    Crop,
    CropIds,
    Filters,
    FootageSearched,
    Match,
    Statement,
    Vectors,
)
from reidsearch.scores import UNCALIBRATED
from reidsearch.sightings import TrackletSeen
from reidsearch.timecode import now

MAX_K = 100_000
VIEWS_OF_A_TRACKLET = 5  # as a rule; where there are more, more is asked for


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
    """

    vector: Vectors
    text: str
    doubts: tuple[str, ...] = ()
    k: int = 10
    min_score: float | None = None
    filters: Filters = Filters()
    grouped: bool = False
    exact: bool = False

    @property
    def without(self) -> frozenset[int]:
        """Crops that are no matches, as those that the query is made of."""
        return frozenset(self.filters.exclude_crops)

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


def search(store: Store, gallery: Gallery, query: Query, runtime: str) -> Answer:
    """Answer one question from an archive whose gallery is in sync.

    Filters are applied before ranking: asking for k gives k whenever k crops pass.

    Raises:
        ArchiveError: the archive holds no embeddings yet, or index and database disagree.
        NotFound: a filter names a camera or source that is not in the archive.
    """
    return search_many(store, gallery, [query], runtime)[0]


def search_many(
    store: Store, gallery: Gallery, queries: Sequence[Query], runtime: str
) -> list[Answer]:
    """`search` for many questions that differ in vector, text, doubts and crops to leave out."""
    if not queries:
        return []
    first = queries[0]
    if len(queries) > 1:
        first = replace(first, filters=replace(first.filters, exclude_crops=()))
    scope = _scope(store, gallery, first, max(len(query.without) for query in queries))
    ranked = _best_of_many(gallery, queries, scope)
    every = [crop for one in ranked for crop, _ in one.found]
    seen = tracklets(store, sorted({c.moment.tracklet_id for c in every if c.moment}))
    worn = attributes_of(store, [crop.crop_id for crop in every])
    answers = []
    for query, one in zip(queries, ranked, strict=True):
        told = [pair for pair in one.found if query.min_score is None or pair[1] >= query.min_score]
        matches = (
            _match(rank, crop, score, seen, worn) for rank, (crop, score) in enumerate(told, 1)
        )
        statement = _statement(store, gallery, query, scope, runtime, one)
        answers.append(Answer(statement, tuple(matches)))
    return answers


def search_all(
    store: Store, gallery: Gallery, query: Query, runtime: str
) -> tuple[Statement, Iterator[Match]]:
    """Everything that reaches `query.min_score`, proven, best first, as it is found.

    `query.k` does not count; the statement tells as many as were searched.
    """
    assert query.min_score is not None
    scope = _scope(store, gallery, query)
    exact = _Ranked([], exact=True, depth=0)
    statement = _statement(store, gallery, query, scope, runtime, exact)
    statement = replace(statement, k=max(statement.crops_searched, 1))
    return statement, _matches_above(store, gallery, query, query.min_score, scope)


def _matches_above(
    store: Store, gallery: Gallery, query: Query, least: float, scope: _Scope
) -> Iterator[Match]:
    rank, taken = 0, set[int]()
    for found in gallery.above(query.vector, least, scope.allowed):
        pairs = [pair for pair in found.pairs if pair[0].crop_id not in query.without]
        kept = _one_a_tracklet(pairs, taken) if scope.grouped else pairs
        seen = tracklets(store, [crop.moment.tracklet_id for crop, _ in kept if crop.moment])
        worn = attributes_of(store, [crop.crop_id for crop, _ in kept])
        for crop, score in kept:
            rank += 1
            yield _match(rank, crop, score, seen, worn)


def plan(store: Store, gallery: Gallery, query: Query) -> Plan:
    """How the index would be searched for a question, without searching; its vector is unused.

    Raises:
        ArchiveError: the archive holds no embeddings yet.
        NotFound: a filter names a camera or source that is not in the archive.
    """
    scope = _scope(store, gallery, query, len(query.without))
    found = gallery.plan(scope.wanted(query), scope.allowed, exact=query.exact)
    if found is None:
        raise _empty(store)
    return found


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is searched for all questions of one kind.

    Args:
        allowed: crops that pass the filters; None: all.
        extra: further crops to be asked for, as so many may have to be left out.
        grouped: whether matches are tracklets.
    """

    asked_at: dt.datetime
    selection: Selection | None
    allowed: CropIds | None
    extra: int
    footage: FootageSearched
    grouped: bool

    def wanted(self, query: Query) -> int:
        """How many crops are asked for at first, to give k matches."""
        return query.k * (VIEWS_OF_A_TRACKLET if self.grouped else 1) + self.extra


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The best of one question.

    Args:
        found: crops with their scores, best first.
        exact: whether they are proven to be the best.
        depth: how many crops were ranked for it.
    """

    found: list[tuple[Crop, float]]
    exact: bool
    depth: int


def _scope(store: Store, gallery: Gallery, query: Query, extra: int = 0) -> _Scope:
    asked_at, selection = now(), None
    if not query.only_leaves_out:
        with store.read() as connection:
            selection = select_crops(connection, query.filters)
    # After the selection, so that whatever passed the filters is in the index too.
    gallery.sync()
    footage = footage_searched(store, query.filters)
    return _Scope(
        asked_at,
        selection,
        selection.ids if selection else None,
        extra,
        footage,
        query.grouped and footage.sources > 0,
    )


def _best_of_many(gallery: Gallery, queries: Sequence[Query], scope: _Scope) -> list[_Ranked]:
    """Of each question the k best, or the best of each of the k best tracklets."""
    ranked: list[_Ranked | None] = [None] * len(queries)
    wanted = scope.wanted(queries[0])
    open_ones = list(range(len(queries)))
    while open_ones:
        vectors = np.stack([queries[number].vector for number in open_ones])
        found = gallery.search_many(vectors, wanted, scope.allowed, exact=queries[0].exact)
        for number, one in zip(open_ones, found, strict=True):
            query = queries[number]
            pairs = [pair for pair in one.pairs if pair[0].crop_id not in query.without]
            kept = _one_a_tracklet(pairs, set()) if scope.grouped else pairs
            # Fewer than asked for are all there are.
            if len(kept) >= query.k or len(one.crops) < wanted:
                ranked[number] = _Ranked(kept[: query.k], one.exact, wanted)
        open_ones = [number for number in open_ones if ranked[number] is None]
        wanted *= 4
    return [one for one in ranked if one is not None]


def _match(
    rank: int,
    crop: Crop,
    score: float,
    seen: Mapping[int, TrackletSeen],
    worn: Mapping[int, Attributes],
) -> Match:
    return Match(
        rank,
        max(-1.0, min(1.0, score)),
        crop,
        seen.get(crop.moment.tracklet_id) if crop.moment else None,
        attributes=worn.get(crop.crop_id),
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


def _empty(store: Store) -> ArchiveError:
    return ArchiveError(
        f"{store.folder} holds no crops yet", f"reidsearch index PATH... -a {store.folder}"
    )


def _statement(
    store: Store, gallery: Gallery, query: Query, scope: _Scope, runtime: str, ranked: _Ranked
) -> Statement:
    index, model, state = gallery.index, gallery.model, gallery.state
    if index is None or model is None or state is None:
        raise _empty(store)
    selection, exact = scope.selection, ranked.exact
    measured = None if exact else gallery.recall(ranked.depth)
    left_out = np.array(sorted(query.without), dtype=np.int64)
    if selection is not None:
        searched = len(selection.ids) - int(np.isin(left_out, selection.ids).sum())
    else:
        searched = len(index) - (index.plan(1, left_out).candidates if len(left_out) else 0)
    return Statement(
        archive=str(store.folder),
        archive_id=store.row.uuid,
        asked_at=scope.asked_at,
        query=query.text,
        k=query.k,
        min_score=query.min_score,
        crops_held=len(index),
        crops_searched=searched,
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
    )
