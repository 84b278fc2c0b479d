"""How far apart two people were whom one camera shows at once, in metres or in body heights.

found = archive.distances.between(4, 9)
for one in found.stretches:
    print(one.seconds, one.distance, one.low, one.high)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.apart import apart
from reidsearch.domain.distance import Apart, Closer, Distance, Limit, Unit, closer
from reidsearch.domain.event_log import Event
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.ground import CameraGround
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.services.ground import GroundService, begins
from reidsearch.services.search_log import entries_of
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.tracklet_reader import trace, tracklets


class DistanceService:
    """Distances between people of one archive."""

    def __init__(self, store: Store, grounds: GroundService) -> None:
        self._store, self._grounds = store, grounds

    def between(
        self,
        first_id: int,
        second_id: int,
        unit: Unit | None = None,
        limit: Limit | None = None,
    ) -> Distance:
        """Return how far apart the people of two tracklets were while both were in sight.

        An entry of the event log says that it was asked.

        Args:
            unit: None: that of the limit; without one metres where a ground of the camera holds,
                else body heights.
            limit: for how long they were closer is told.

        Raises:
            NotFound: there is no such tracklet; (ground-missing) metres are asked for, and no
                ground of the camera holds then.
            UsageError: it is one tracklet, or no recording shows both at once; the archive is
                searched for a case only, see `store.cases.asked_for`.
        """
        case = asked_for(self._store)
        if limit is not None:
            unit = limit.unit
        if first_id == second_id:
            raise UsageError("a distance is between two tracklets")
        with self._store.one_state():
            held = tracklets(self._store, [first_id, second_id])
            for number in (first_id, second_id):
                if number not in held:
                    raise NotFound(f"{self._store.location} holds no tracklet {number}")
            first, second = held[first_id], held[second_id]
            measured = self._measured(first, second, unit)
        if measured is None:
            raise NotFound(
                f"no ground of camera {first.camera!r} holds then, so there are no metres",
                kind=Kind.GROUND_MISSING,
                camera=first.camera or "",
            )
        stretches, grounds = measured
        if not stretches:
            raise UsageError(
                f"no recording shows tracklets {first_id} and {second_id} at one time",
                "only of people whom one recording shows at once a distance is known",
            )
        found = Distance(
            first,
            second,
            stretches[0].unit,
            tuple(stretches),
            tuple(grounds),
            closer(stretches, limit) if limit else None,
            case,
        )
        (logged,) = entries_of(self._store, [_detail(self._store, found)], Event.DISTANCE)
        return replace(found, logged=logged)

    def closer(self, first: TrackletSeen, second: TrackletSeen, limit: Limit) -> Closer | None:
        """Return for how long two people were closer than a limit, for a question that is logged.

        Returns:
            None: no distance of its unit is known, because no ground of the camera holds.
        """
        measured = self._measured(first, second, limit.unit)
        return None if measured is None else closer(measured[0], limit)

    def grounds_of(self, seen: TrackletSeen) -> list[CameraGround]:
        """Return the grounds by which metres around a tracklet are known, of each source one.

        Empty where one of them has none: then only body heights are known.
        """
        numbers = sorted({part.source_id for part in seen.parts})
        found = [self._ground(seen, footage_store.source(self._store, one)) for one in numbers]
        known = {one.number: one for one in found if one is not None}
        return [] if None in found else list(known.values())

    def _ground(self, seen: TrackletSeen, source: SourceCoverage) -> CameraGround | None:
        info = source.info
        at = begins(source, seen.part_in(source.source_id).first_s)
        return self._grounds.at(source.facts.camera, at, info.width_px, info.height_px)

    def _measured(
        self, first: TrackletSeen, second: TrackletSeen, unit: Unit | None
    ) -> tuple[list[Apart], list[CameraGround]] | None:
        """Return what each source that shows both says, in one unit, and the grounds used.

        None: metres are asked for, and no ground holds.
        """
        both = {part.source_id for part in first.parts} & {part.source_id for part in second.parts}
        sources = [footage_store.source(self._store, source_id) for source_id in sorted(both)]
        grounds = [self._ground(first, one) for one in sources]
        if unit is Unit.METRES and None in grounds:
            return None
        if unit is Unit.HEIGHTS or None in grounds:
            grounds = [None] * len(sources)
        stretches = []
        for one, ground in zip(sources, grounds, strict=True):
            found = apart(
                trace(self._store, first.tracklet_id, one.source_id),
                trace(self._store, second.tracklet_id, one.source_id),
                one.info,
                None if ground is None else ground.ground,
                source_id=one.source_id,
                location=one.location,
                clock=one.facts.clock,
            )
            if found is not None:
                stretches.append(found)
        used = {one.number: one for one in grounds if one is not None}
        return stretches, list(used.values())


def _detail(store: Store, found: Distance) -> dict[str, Any]:
    """Return the detail of the entry of the log: what was asked, with the best crop of each."""
    both = (found.first, found.second)
    return {
        "statement": {"crops": [one.crop_ids[0] for one in both if one.crop_ids]},
        "tracklets": [one.tracklet_id for one in both],
        "unit": found.unit.value,
        "closer_than": found.closer and found.closer.limit.text,
        "reason": store.acting.reason,
    }
