"""With which chance a search would have shown somebody, had they been there.

Everything is computed from what the archive holds when it is asked for; nothing is stored. What
does not depend on the answer is kept in memory for as long as the archive stands as it did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reidsearch.base.time_of_day import offset_us
from reidsearch.base.timecode import from_us, parse_zone, to_us
from reidsearch.domain.absence import (
    HOUR_US,
    Absence,
    CameraAbsence,
    Factor,
    Interval,
    cells_of,
    confident,
)
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Answer, Statement
from reidsearch.domain.decisions import Member
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.services.absence_asked import asked_within
from reidsearch.services.absence_camera import chance_of_camera, without_footage
from reidsearch.services.absence_detection import Detection
from reidsearch.services.absence_factors import (
    CERTAIN,
    by_calibration,
    cut_off,
    other_factors,
    spread_out,
)
from reidsearch.store.crops.labelled import confirmed_crops, labelled_crops
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.reader import any_footage
from reidsearch.store.footage.searched import Analysed, analysed, footage_stamp
from reidsearch.store.footage.tracklet_reader import tracklet_ids
from reidsearch.store.identities.store import last_decision, marks
from reidsearch.store.selection import cameras_passing
from reidsearch.store.timezone import stored_timezone

if TYPE_CHECKING:
    from reidsearch.calibration.apply import ScoreReader
    from reidsearch.search.leave_one_out import FoundAgain

ENOUGH_PEOPLE = 10
"""Who were seen by two cameras: of fewer the share that is found again says next to nothing."""

MOST_KEPT = 16
"""Of so many kinds of searches the chances are kept; then it begins anew."""

_ByCamera = tuple[Sequence[Interval], int, tuple[CameraAbsence, ...]]
"""The time asked for, how long a cell is, and each camera."""

_MODELLED = {"cameras", "not_cameras", "after", "before", "sources", "exclude_crops"}
_MODELLED |= {"wearing", "with_things", "without_things", "time_of_day"}
_MODELLED |= {"weekdays", "indexed_after", "indexed_after_run"}


class AbsenceService:
    """Chances of one archive.

    Args:
        reader: adjusted or plain -> the reader of such scores, by a reference where there is no
            calibration.
    """

    def __init__(
        self, store: Store, gallery: Gallery, reader: Callable[[bool], ScoreReader]
    ) -> None:
        self._store, self._gallery, self._reader = store, gallery, reader
        self._of_state: tuple[
            Hashable,
            dict[Filters, tuple[Sequence[Analysed], Detection]],
            dict[tuple[Filters, tuple[Factor, ...]], _ByCamera],
        ] = (None, {}, {})
        self._kept: tuple[Hashable, tuple[FoundAgain | None, str]] | None = None

    def of(self, answer: Answer, cameras: Collection[str] | None = None) -> Absence:
        """Return with which chance the search that gave an answer would have shown somebody.

        Args:
            answer: of this archive, as it is now.
            cameras: the only ones that may be learned from, of an account that is limited to them;
                None: all. What the answer searched is limited by its filters.
        """
        return self._of(answer, cameras, self._confident(answer))

    def _of(self, answer: Answer, cameras: Collection[str] | None, known: bool | None) -> Absence:
        filters = answer.statement.filters
        ranking = self._ranking(answer, cameras)
        others = tuple(other_factors(answer.statement))
        asked, step_us, shown = self._by_camera(
            replace(filters, exclude_crops=()), (ranking, *(one for _, one in others))
        )
        return Absence(
            answer,
            known,
            asked[0][0] if asked else None,
            asked[-1][1] if asked else None,
            step_us,
            ranking,
            others,
            shown,
            tuple(_notes(answer.statement)),
            tuple(_narrowed(answer.statement)),
        )

    def unless_confident(
        self, answer: Answer, cameras: Collection[str] | None = None
    ) -> Absence | None:
        """Return the same for an answer that needs it said; None for one that does not.

        That is an answer with a confident match, and any of an archive without footage, of which
        nothing is known. Raises as `of`.
        """
        known = self._confident(answer)
        return self._of(answer, cameras, known) if self._needed(known, cameras) else None

    def needed(self, answer: Answer, cameras: Collection[str] | None = None) -> bool:
        """Tell, in milliseconds, whether an answer needs it said; see `unless_confident`."""
        return self._needed(self._confident(answer), cameras)

    def _needed(self, known: bool | None, cameras: Collection[str] | None) -> bool:
        if known:
            return False
        if cameras is None:
            return any_footage(self._store)
        return bool(analysed(self._store, Filters(cameras=tuple(sorted(cameras)))))

    def _confident(self, answer: Answer) -> bool | None:
        crops = [one.crop_id for one in answer.statement.query_pictures if one.crop_id is not None]
        tracklet = tracklet_ids(self._store, crops)
        members = [
            Member("tracklet", tracklet[crop]) if crop in tracklet else Member("crop", crop)
            for crop in crops
        ]
        found = {one.identity for one in marks(self._store, members).values() if one.identity}
        named = found.pop() if len(found) == 1 else None
        return confident(answer, named.identity_id if named else None)

    # -- coverage -----------------------------------------------------------------------------

    def _by_camera(self, filters: Filters, fixed: Sequence[Factor]) -> _ByCamera:
        """Return the time asked for, how long a cell is, and the chances of each camera.

        Kept for each state of the archive and of its footage: of many queries only the first costs
        more than a look at what that state is.
        """
        with self._gallery.busy:
            self._gallery.sync()
            zone = stored_timezone(self._store)
            state = self._gallery.state, zone, footage_stamp(self._store)
            if self._of_state[0] != state:
                self._of_state = state, {}, {}
            _, footage, told = self._of_state
            if filters not in footage:
                sources = analysed(self._store, filters)
                footage[filters] = sources, Detection(self._store, sources)
            key = filters, tuple(fixed)
            if key not in told:
                told[key] = self._computed(filters, fixed, *footage[filters])
            found = told[key]
            if len(footage) >= MOST_KEPT or len(told) >= MOST_KEPT:
                self._of_state = None, {}, {}
            return found

    def _computed(
        self,
        filters: Filters,
        fixed: Sequence[Factor],
        sources: Sequence[Analysed],
        heights: Detection,
    ) -> _ByCamera:
        asked = self._asked(filters, sources)
        zone = self._zone(filters)
        ahead_us = offset_us(zone, from_us(asked[0][0])) if asked else 0
        step_us, cells = cells_of(asked, ahead_us)
        names = dict.fromkeys(
            sorted({one.source.camera for one in sources}, key=lambda name: (name is None, name))
        )
        shown = [
            chance_of_camera(
                name, [one for one in sources if one.source.camera == name], heights, fixed, cells
            )
            for name in names
        ]
        shown += [
            without_footage(name, self._holds_pictures(name), fixed)
            for name in self._asked_for(filters)
            if name not in names
        ]
        return asked, step_us, tuple(shown)

    def _asked(self, filters: Filters, sources: Sequence[Analysed]) -> list[Interval]:
        """Return the time that is asked about; empty: there is no clock to tell it by."""
        firsts = [one.source.first_us for one in sources if one.source.first_us is not None]
        lasts = [one.source.last_us for one in sources if one.source.last_us is not None]
        if not firsts or not lasts:
            return []
        first = min(firsts) if filters.after is None else to_us(filters.after)
        last = max(lasts) if filters.before is None else to_us(filters.before)
        if last <= first:  # beyond all footage: the hour next to what was named
            first, last = (
                (last - HOUR_US, last) if filters.after is None else (first, first + HOUR_US)
            )
        name = stored_timezone(self._store)
        return asked_within(filters, first, last, parse_zone(name) if name else None)

    def _zone(self, filters: Filters) -> dt.tzinfo | None:
        named = [one.zone for one in (filters.time_of_day, filters.weekdays) if one and one.zone]
        name = named[0] if named else stored_timezone(self._store)
        return parse_zone(name) if name else None

    def _asked_for(self, filters: Filters) -> Sequence[str]:
        """Return the cameras that a search goes through, whether they have footage or not."""
        if filters.cameras:
            return filters.cameras
        if filters.sources:
            return ()
        with self._store.scan() as connection:
            return cameras_passing(connection, Filters(not_cameras=filters.not_cameras))

    def _holds_pictures(self, camera: str) -> bool:
        with self._store.scan() as connection:
            return bool(cameras_passing(connection, Filters(cameras=(camera,))))

    # -- ranking ------------------------------------------------------------------------------

    def _ranking(self, answer: Answer, cameras: Collection[str] | None) -> Factor:
        """Return the chance that what is stored of the person was among what was shown."""
        statement = answer.statement
        if not_shown := spread_out(answer):
            return not_shown
        cut = cut_off(answer)
        if cut is None:
            return Factor(1.0, CERTAIN, "everything that was searched is shown")
        found, source = self._kept_or_measured(statement, cameras)
        if found is not None:
            return Factor(
                found.share,
                found.people,
                f"measured on {found.pairs:,} {source} of this archive ({found.people:,} people), "
                f"{_LEANS[source]}",
                found.pairs,
            )
        adjusted = statement.adjusted.why_not is None
        return by_calibration(self._reader(adjusted).calibration, cut)

    def _kept_or_measured(
        self, statement: Statement, cameras: Collection[str] | None
    ) -> tuple[FoundAgain | None, str]:
        """Measure once for each state of the archive, of its decisions, and kind of search."""
        asked = statement.requested
        k = statement.k if asked is None else asked.k
        request = SearchRequest(
            k=k,
            filters=replace(statement.filters, exclude_crops=()),
            min_score=-1.0 if statement.min_score is None else statement.min_score,
            grouped=statement.grouped and statement.footage.sources > 0,
            exact=asked is not None and asked.exact,
            adjusted=statement.adjusted.why_not is None,
        )
        views = max(len(statement.query_pictures), 1)
        with self._gallery.busy:
            self._gallery.sync()
            with self._store.read() as connection:
                decided = last_decision(connection)
            key = (
                *(self._gallery.state, decided, k, request.filters, views),
                *(request.min_score, request.grouped, request.exact, request.adjusted),
                None if cameras is None else frozenset(cameras),
            )
            if self._kept is None or self._kept[0] != key:
                self._kept = key, self._found_again(request, views, cameras)
            return self._kept[1]

    def _found_again(
        self, request: SearchRequest, views: int, cameras: Collection[str] | None
    ) -> tuple[FoundAgain | None, str]:
        from reidsearch.search.leave_one_out import found_again

        made = self._gallery.adjustment() if request.adjusted else None
        for known, source in (
            (confirmed_crops, "confirmed pairs"),
            (labelled_crops, "labelled pairs"),
        ):
            pairs, _ = known(self._store)
            if cameras is not None:
                pairs = [one for one in pairs if one[2] in cameras]
            if len({person for _, person, _ in pairs}) < ENOUGH_PEOPLE:
                continue
            found = found_again(
                self._store,
                self._gallery,
                pairs,
                request,
                k=request.k,
                views=views,
                adjust=made if isinstance(made, Adjustment) else None,
            )
            if found is not None and found.people >= ENOUGH_PEOPLE:
                return found, source
        return None, ""


_LEANS = {
    "confirmed pairs": "which somebody has found before: of harder ones it may be less",
    "labelled pairs": "whose labels came with the crops",
}


def _narrowed(statement: Statement) -> list[str]:
    """Return of whom the chance is, where filters are by what is not modelled."""
    narrowed = sorted(
        name
        for name in Filters.__dataclass_fields__
        if name not in _MODELLED and getattr(statement.filters, name) != getattr(Filters(), name)
    )
    told = ", ".join(name.replace("_", " ") for name in narrowed)
    return [f"of somebody who passes these filters: {told}"] if narrowed else []


def _notes(statement: Statement) -> list[str]:
    """Return what limits all chances of a search."""
    found = []
    if statement.feedback is not None:
        found.append("what feedback refined is not measured: the chance is that of the query alone")
    if statement.left_out_unknown_time or statement.left_out_unknown_camera:
        found.append("who is on crops that a filter left out for want of knowledge is not counted")
    if statement.ranked_by.reranked:
        found.append("ranks are told by score: what re-ranking moves is not counted")
    return found
