"""The query engine: filters, then ranking, then the statement of what was and was not searched."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from reidsearch.archive.attribute_store import attributes_of
from reidsearch.archive.footage_searched import footage_searched
from reidsearch.archive.footage_store import tracklets
from reidsearch.archive.gallery import Gallery
from reidsearch.archive.selection import Selection, select_crops
from reidsearch.archive.store import Store
from reidsearch.errors import ArchiveError, UsageError
from reidsearch.records import Answer, Crop, CropIds, Filters, Match, Statement, Vectors
from reidsearch.scores import UNCALIBRATED
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
    """

    vector: Vectors
    text: str
    doubts: tuple[str, ...] = ()
    k: int = 10
    min_score: float | None = None
    filters: Filters = Filters()
    grouped: bool = False

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
    asked_at = now()
    selection = None
    if not query.filters.empty:
        with store.read() as connection:
            selection = select_crops(connection, query.filters)
    # After the selection, so that whatever passed the filters is in the index too.
    gallery.sync()
    allowed = selection.ids if selection else None
    footage = footage_searched(store, query.filters)
    found = _best(gallery, query, allowed, grouped=query.grouped and footage.sources > 0)
    seen = tracklets(store, [c.moment.tracklet_id for c, _ in found if c.moment]) if found else {}
    worn = attributes_of(store, [crop.crop_id for crop, _ in found])
    matches = tuple(
        Match(
            rank,
            max(-1.0, min(1.0, score)),
            crop,
            seen.get(crop.moment.tracklet_id) if crop.moment else None,
            attributes=worn.get(crop.crop_id),
        )
        for rank, (crop, score) in enumerate(found, start=1)
        if query.min_score is None or score >= query.min_score
    )
    statement = _statement(store, gallery, query, selection, runtime, asked_at)
    return Answer(replace(statement, footage=footage), matches)


def _best(
    gallery: Gallery, query: Query, allowed: CropIds | None, *, grouped: bool
) -> list[tuple[Crop, float]]:
    """The k best, or the best of each of the k best tracklets; best first."""
    wanted = query.k * (VIEWS_OF_A_TRACKLET if grouped else 1)
    while True:
        found = gallery.search(query.vector, wanted, allowed)
        pairs = list(zip(found.crops, found.scores.tolist(), strict=True))
        kept = _one_a_tracklet(pairs) if grouped else pairs
        # Fewer than asked for are all there are.
        if len(kept) >= query.k or len(pairs) < wanted:
            return kept[: query.k]
        wanted *= 4


def _one_a_tracklet(pairs: list[tuple[Crop, float]]) -> list[tuple[Crop, float]]:
    kept, taken = [], set()
    for crop, score in pairs:
        if crop.moment is not None:
            if crop.moment.tracklet_id in taken:
                continue
            taken.add(crop.moment.tracklet_id)
        kept.append((crop, score))
    return kept


def _statement(
    store: Store,
    gallery: Gallery,
    query: Query,
    selection: Selection | None,
    runtime: str,
    asked_at: dt.datetime,
) -> Statement:
    index, model, state = gallery.index, gallery.model, gallery.state
    if index is None or model is None or state is None:
        raise ArchiveError(
            f"{store.folder} holds no crops yet", f"reidsearch index PATH... -a {store.folder}"
        )
    searched = len(selection.ids) if selection else len(index)
    return Statement(
        archive=str(store.folder),
        archive_id=store.row.uuid,
        asked_at=asked_at,
        query=query.text,
        k=query.k,
        min_score=query.min_score,
        crops_held=len(index),
        crops_searched=searched,
        exact=index.exact,
        recall=1.0 if index.exact else None,
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
    )
