"""Replay: an answer's question is asked again, and the answers are compared.

report = archive.replay("answer.json")
report.identical, report.changes, report.compared.differences
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import ReidsearchError, absent
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.timecode import now
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Answer, Feedback, Statement, WhyNot
from reidsearch.domain.crops import Crop, Vectors
from reidsearch.domain.decisions import Identity
from reidsearch.domain.event_log import Event
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.domain.replay import (
    AsIt,
    Cause,
    Compared,
    Outcome,
    Replay,
    compare,
    with_space_time,
)
from reidsearch.domain.request import PlainFor, Requested, SearchRequest
from reidsearch.domain.space_time import POOL
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.making import BLOCKS_IN_A_RUN
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.index.past import PastGallery
from reidsearch.services.replay_changes import Answered, changes_since, not_rebuilt
from reidsearch.services.replay_pictures import NotRepeated, Picture, embedded_again
from reidsearch.services.replay_places import asked_again, title_of
from reidsearch.services.replay_record import PlacesRecord, Record, record_of
from reidsearch.services.search_log import entries_of
from reidsearch.store.adjustment import cameras_of_sources
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.embeddings import crops_with_embeddings
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.photos import embedded_photo
from reidsearch.vision.engines import Engines

if TYPE_CHECKING:
    from reidsearch.calibration.apply import ScoreReader
    from reidsearch.search.identity import IdentityQuery
    from reidsearch.search.query import Query


@dataclass(frozen=True, slots=True)
class _Repeated:
    """What was answered now, and whether a query picture was embedded to another embedding."""

    answered: Answered
    gallery: Gallery
    same_query: bool


class ReplayService:
    """Asks questions of one archive again.

    Args:
        find_identity: name or number -> the identity; raises NotFound.
    """

    def __init__(
        self,
        store: Store,
        gallery: Gallery,
        neighbours: Neighbours,
        engines: Engines,
        find_identity: Callable[[str], Identity],
        progress: Progress = NO_PROGRESS,
    ) -> None:
        self._store, self._gallery, self._neighbours = store, gallery, neighbours
        self._engines, self._find_identity = engines, find_identity
        self._progress = progress

    def replay(
        self,
        given: int | str | os.PathLike[str],
        as_it: AsIt = AsIt.WAS,
        *,
        query: str | None = None,
    ) -> Replay:
        """Ask the question of an answer again, compare, and record that.

        Args:
            given: the number of the entry of the event log that the search, or the question about
                several places, has; or a file of the answer.
            query: which answer of a file that holds several, by the name of its query.

        Raises:
            InputError, Refused: the file cannot be read, or the entry is damaged.
            NotFound: there is no such entry.
            UsageError: it is no answer, not of this archive, of an earlier version, or was erased;
                the archive is searched for a case or a reason only.
        """
        asked_for(self._store)
        record = record_of(self._store, given, query)
        report = _unanswered(record, as_it)
        try:
            if isinstance(record, PlacesRecord):
                report = self._of_places(report, record)
            else:
                report = self._compared(report, record, self._repeated(record, as_it))
        except NotRepeated as error:
            report = replace(report, why_not=error.message)
        detail = {
            "search": record.evidence.entry,
            "as_it": as_it.value,
            "outcome": report.compared.outcome.value,
            "differences": len(report.compared.differences),
            "record_holds": record.evidence.holds,
        }
        (logged,) = entries_of(self._store, [detail], Event.REPLAY)
        return replace(report, logged=logged.entry)

    def _of_places(self, report: Replay, record: PlacesRecord) -> Replay:
        self._gallery.sync(self._progress)
        found = asked_again(self._store, self._gallery, record, report.as_it)
        return replace(
            report,
            compared=found.compared,
            matches_now=found.chains_now,
            changes=found.changes,
            not_rebuilt=found.not_rebuilt,
        )

    def _compared(self, report: Replay, record: Record, again: _Repeated) -> Replay:
        then, answered = record.statement, again.answered
        matches = [(match.crop.crop_id, match.score) for match in answered.answer.matches]
        if not record.complete:
            matches = matches[: len(record.matches)]
        held = self._store.crops([crop_id for crop_id, _ in record.matches])
        erased = {crop_id for crop_id, _ in record.matches} - {one.crop_id for one in held}
        changes = changes_since(self._store, then, record.evidence.entry, answered)
        found: set[Cause] = {one.cause for one in changes}
        past = report.as_it is AsIt.WAS
        return replace(
            report,
            compared=_ratios_compared(
                compare(
                    record.matches,
                    matches,
                    found=found,
                    erased=erased,
                    newest_crop=then.newest_crop or 0,
                    decided=then.identity is not None,
                    timed=then.space_time is not None and then.space_time.combined,
                ),
                record,
                answered.answer,
                found,
            ),
            matches_now=len(matches),
            same_query=again.same_query,
            changes=tuple(changes),
            not_rebuilt=tuple(not_rebuilt(then, changes, again.gallery)) if past else (),
        )

    # -- asking again -------------------------------------------------------------------------

    def _repeated(self, record: Record, as_it: AsIt) -> _Repeated:
        from reidsearch.calibration.apply import ScoreReader
        from reidsearch.search import engine
        from reidsearch.search.feedback import marked_crops
        from reidsearch.search.identity import IdentityQuery, identity_query
        from reidsearch.search.query import Query

        then, asked = record.statement, record.statement.requested
        if asked is None:
            raise absent("the request")
        self._gallery.sync(self._progress)
        try:
            identity = IdentityQuery()
            if as_it is AsIt.IS and then.identity is not None:
                found = self._find_identity(str(then.identity.named.identity_id))
                identity = identity_query(self._store, found, new_only=asked.new_only)
            pictures, same = self._pictures(record, asked, identity, as_it)
            crops = tuple(one.origin.crop_id for one in pictures if one.origin.crop_id is not None)
            marks = then.feedback or Feedback((), (), 0, 0, 0)
            feedback = marked_crops(
                self._store, marks.likes, marks.unlikes, crops, identity.rejected
            )
            request = _request(then, asked, as_it)
            reader = ScoreReader.of(self._store).fitting(adjusted=then.adjusted.why_not is None)
            if as_it is AsIt.IS:
                reader.require(request)
            query = Query(
                np.stack([one.row for one in pictures]),
                then.query,
                request,
                exclude=identity.excluded(crops) if as_it is AsIt.IS else (),
                least_score=reader.least_score(request),
                feedback=feedback,
                origins=tuple(one.origin for one in pictures),
                cameras=tuple(one.camera for one in pictures),
            )
            gallery, neighbours = self._searched(then, as_it)
            if request.k is None:
                statement, matches = engine.search_all(
                    self._store, gallery, query, self._engines.text()
                )
                answer = Answer(statement, tuple(matches))
            else:
                answer = engine.search(
                    self._store, gallery, query, self._engines.text(), neighbours
                )
            answer = self._with_space_time(answer, query, then, reader, gallery, as_it)
        except NotRepeated:
            raise
        except ReidsearchError as error:
            raise NotRepeated(error.message) from error
        alike = answer.statement.embedding_sha256 == then.embedding_sha256
        return _Repeated(Answered(answer, reader.calibration, again_same=same), gallery, alike)

    def _with_space_time(
        self,
        answer: Answer,
        query: Query,
        then: Statement,
        reader: ScoreReader,
        gallery: Gallery,
        as_it: AsIt,
    ) -> Answer:
        """Return the answer with place and time read, and in their order, as it was asked for."""
        from reidsearch.calibration.impostors import ArchiveImpostors
        from reidsearch.services.space_time import SpaceTimeReader

        by, asked = then.space_time, then.requested
        if by is None or then.identity is None or asked is None:
            return answer
        if by.combined:
            adjusted = answer.statement.adjusted.why_not is None
            impostors = ArchiveImpostors(gallery)
            fitting = reader.by_reference(
                lambda: impostors.of(adjusted=adjusted), adjusted=adjusted
            )
            if fitting.calibration is None:
                raise NotRepeated(f"the scores cannot be read any more: {fitting.status}")
            answer = fitting.read(answer, query.request, len(query.origins), query.cameras)
        timed = SpaceTimeReader.of(
            self._store,
            then.identity.named.identity_id,
            combined=by.combined,
            until=by.decision if as_it is AsIt.WAS else None,
            newest_crop=then.newest_crop if as_it is AsIt.WAS else None,
            cameras=by.cameras,
        )
        return timed.answer(answer, asked.k)

    def _searched(self, then: Statement, as_it: AsIt) -> tuple[Gallery, Neighbours]:
        """Return the gallery to search: the present one where it is the same."""
        if then.newest_crop is None:
            raise absent("the newest crop")
        state, adjustment = self._gallery.state, self._gallery.adjustment()
        kind = adjustment.by.means_sha256 if isinstance(adjustment, Adjustment) else adjustment
        asked = then.adjusted.means_sha256 or then.adjusted.why_not
        held = state is not None and state.last_crop_id == then.newest_crop
        if as_it is AsIt.IS or (held and kind == asked):
            return self._gallery, self._neighbours
        past = PastGallery(self._store, then.newest_crop, then.adjusted)
        past.sync(self._progress)
        return past, Neighbours(self._store, past, BLOCKS_IN_A_RUN)

    def _pictures(
        self, record: Record, asked: Requested, identity: IdentityQuery, as_it: AsIt
    ) -> tuple[list[Picture], bool]:
        """Return what is searched with, and whether all pictures are embedded as they were."""
        then, members = record.statement, identity.crop_ids
        origins = list(zip(then.query_pictures, record.embeddings, strict=True))
        if as_it is AsIt.IS and then.identity is not None:  # what it has today comes last
            own = then.identity.query_pictures + then.identity.photos
            origins = origins[: len(origins) - own]
        wanted = [one.crop_id for one, _ in origins if one.crop_id is not None]
        stored = crops_with_embeddings(self._store, sorted({*wanted, *members}))
        cameras = self._cameras(then, as_it)
        model = self._store.model()
        comparable = model is not None and model.matches(then.model)
        found, same = [], True
        for number, (origin, kept) in enumerate(origins):
            if origin.crop_id is not None:
                crop, row = _stored(stored, origin.crop_id)
                camera = crop.facts.camera
                picture = Picture(QueryOrigin.of_crop(crop).embedded(row), row, camera)
            elif origin.photo_id is not None:
                picture = self._photo(origin)
            else:
                picture = embedded_again(origin, kept if comparable else None, self._engines.embed)
                camera = asked.query_camera or cameras.get(origin.sha256 or "")
                picture = replace(picture, camera=camera)
            if as_it is AsIt.WAS and number < len(then.adjusted.query_cameras):
                picture = replace(picture, camera=then.adjusted.query_cameras[number])
            same &= picture.origin.embedding_sha256 == origin.embedding_sha256
            found.append(picture)
        for crop_id in members:
            crop, row = _stored(stored, crop_id)
            found.append(Picture(QueryOrigin.of_crop(crop).embedded(row), row, crop.facts.camera))
        found += [Picture(one.origin, one.row) for one in identity.photos]
        return found, same

    def _photo(self, origin: QueryOrigin) -> Picture:
        """Return a reference photograph as the archive holds it now, whoever it belongs to."""
        held = embedded_photo(self._store, origin.photo_id or 0)
        if held is None or held.origin.sha256 != origin.sha256:
            what = f"reference photograph {origin.photo_id}"
            raise NotRepeated(f"{what}, which was searched with, was deleted since")
        return Picture(held.origin, held.row)

    def _cameras(self, then: Statement, as_it: AsIt) -> dict[str, str]:
        digests = {one.sha256 for one in then.query_pictures if one.crop_id is None and one.sha256}
        if as_it is AsIt.WAS or not digests:
            return {}
        return cameras_of_sources(self._store, {one for one in digests if one is not None})


def _unanswered(record: Record | PlacesRecord, as_it: AsIt) -> Replay:
    """Return the report of a question before it is asked again."""
    if isinstance(record, PlacesRecord):
        of, query, given = Event.INTERSECTION, title_of(record.statement), len(record.chains)
    else:
        of, query, given = Event.SEARCH, record.statement.query, len(record.matches)
    asked_at, none = record.statement.asked_at, Compared(Outcome.NOT_REPEATED)
    return Replay(as_it, record.evidence, asked_at, now(), query, none, given, of=of)


def _ratios_compared(
    compared: Compared, record: Record, answer: Answer, found: set[Cause]
) -> Compared:
    """Return what was compared, with what place and time say where that was asked."""
    if record.ratios is None:
        return compared
    was = {
        crop_id: (rank, ratio)
        for rank, ((crop_id, _), ratio) in enumerate(
            zip(record.matches, record.ratios, strict=True), start=1
        )
    }
    now = {
        one.crop.crop_id: (one.rank, one.space_time.log10_lr if one.space_time else None)
        for one in answer.matches
    }
    return with_space_time(compared, was, now, found)


def _stored(stored: dict[int, tuple[Crop, Vectors]], crop_id: int) -> tuple[Crop, Vectors]:
    if crop_id not in stored:
        raise NotRepeated(f"crop {crop_id}, which was searched with, was deleted since")
    return stored[crop_id]


def _request(then: Statement, asked: Requested, as_it: AsIt) -> SearchRequest:
    """Return what a statement says was asked for; of the past with the limits that it came to."""
    k = max(asked.k, POOL) if asked.combined and asked.k else asked.k
    if as_it is AsIt.IS:
        return SearchRequest(
            k=k,
            filters=replace(then.filters, exclude_crops=asked.exclude_crops),
            min_score=asked.min_score,
            max_false_alarms=asked.max_false_alarms,
            grouped=then.grouped,
            exact=asked.exact,
            reranked=asked.reranked,
            adjusted=asked.adjusted,
            order=asked.order,
            spread=asked.spread,
            plain_for=_plain_for(then),
        )
    return SearchRequest(
        k=k,
        filters=then.filters,
        min_score=then.min_score,
        grouped=then.grouped,
        exact=asked.exact or then.exact,
        reranked=then.ranked_by.reranked > 0,
        adjusted=then.adjusted.why_not is None,
        order=asked.order,
        spread=asked.spread,
        plain_for=_plain_for(then),
    )


def _plain_for(then: Statement) -> PlainFor | None:
    whys = {WhyNot(why): why for why in PlainFor}
    return whys.get(then.ranked_by.why_not) if then.ranked_by.why_not else None
