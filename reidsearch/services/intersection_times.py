"""Places and times as somebody gives them -> stretches of the wall clock of cameras."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reidsearch.base.errors import NotFound, Refused, UsageError
from reidsearch.base.timecode import at_local, from_us, only_once, parse_zone, to_us
from reidsearch.domain.intersection import Place
from reidsearch.domain.places import Region
from reidsearch.services.sight import Sight
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.around import Interval
from reidsearch.store.footage.instants import Timed, timed
from reidsearch.store.places import places as places_kept
from reidsearch.store.selection import camera_names
from reidsearch.store.timezone import stored_timezone

_DAYS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """A place that is asked about: when, and in which part of the picture; None: all of it."""

    interval: Interval
    region: Region | None


def timed_sources(store: Store) -> dict[str, list[Timed]]:
    """Return by camera the sources whose time is known."""
    found: dict[str, list[Timed]] = {}
    for source in timed(store):
        if source.camera is not None:
            found.setdefault(source.camera, []).append(source)
    return found


def asked_about(store: Store, sight: Sight, places: Sequence[Place]) -> list[Asked]:
    """Return what is asked about.

    Raises:
        NotFound: there is neither a camera nor a region of such a name.
        UsageError: a time is none, or may be of several days; two places are one at one time.
    """
    found = _Times(store, sight).asked(places)
    _require_apart([one.interval for one in found])
    return found


class _Times:
    def __init__(self, store: Store, sight: Sight) -> None:
        self._store, self._sight = store, sight
        self._sources = timed_sources(store)

    def asked(self, places: Sequence[Place]) -> list[Asked]:
        """Return what these places and times are."""
        known = [self._known(one) for one in places]
        return [Asked(self._interval(one), one.region) for one in known]

    def _known(self, place: Place) -> Place:
        """Return a place with its camera; its name may be that of a region."""
        with self._store.read() as connection:
            cameras = [one for one in camera_names(connection) if self._sight.camera(one)]
            if place.camera in cameras:
                return place
            kept = places_kept(connection) if place.region is None else []
        for one in kept:
            if isinstance(one, Region) and one.name == place.camera and one.camera in cameras:
                return replace(place, camera=one.camera, region=one)
        what = "camera" if place.region else "camera or region"
        told = f"cameras: {', '.join(cameras)}" if cameras else ""
        raise NotFound(f"the archive has no {what} {place.camera!r}", told)

    def _interval(self, place: Place) -> Interval:
        """Return when a place is asked about; raises UsageError where that is not certain."""
        told = f"{place.camera} from {place.begins} to {place.ends}"
        begins, ends = place.begins, place.ends
        if isinstance(begins, dt.time):
            begins = self._of_one_day(place, begins, told)
        if isinstance(ends, dt.time):
            ends = _after(begins, ends, self._zone(), told)
        if ends <= begins:
            raise UsageError(f"the time at {told} is empty")
        return Interval(place.camera, to_us(begins), to_us(ends))

    def _zone(self) -> dt.tzinfo | None:
        name = stored_timezone(self._store)
        return parse_zone(name) if name else None

    def _of_one_day(self, place: Place, begins: dt.time, told: str) -> dt.datetime:
        """Return when a time of the day was, on the one day on which the camera has footage."""
        zone = self._zone()
        days: set[dt.date] = set()
        for source in self._sources.get(place.camera, ()):
            ends_us = (
                source.clock.at_us(one) for one in (0 * source.duration_s, source.duration_s)
            )
            first, last = (from_us(at or 0).astimezone(zone) for at in ends_us)
            day = first.date() - dt.timedelta(days=1)
            while day <= last.date():
                if _overlaps(day, place, begins, first, last, zone, told):
                    days.add(day)
                day += dt.timedelta(days=1)
        if len(days) == 1:
            return _at(dt.datetime.combine(days.pop(), begins), zone, told)
        if not days:
            raise UsageError(
                f"no footage of {told} on any day", "write the date too: 2024-05-31T09:00"
            )
        named = ", ".join(f"{day:%Y-%m-%d}" for day in sorted(days)[:_DAYS_NAMED])
        more = f" and {len(days) - _DAYS_NAMED} more" if len(days) > _DAYS_NAMED else ""
        raise UsageError(
            f"{told} may be of several days: {named}{more}", "write the date too: 2024-05-31T09:00"
        )


def _require_apart(intervals: Sequence[Interval]) -> None:
    """Refuse one camera at one time twice: everybody there would be a chain with themselves."""
    for number, one in enumerate(intervals, start=1):
        for other, two in enumerate(intervals[: number - 1], start=1):
            if one.camera == two.camera and one.from_us < two.to_us and two.from_us < one.to_us:
                raise UsageError(
                    f"places {other} and {number} are both camera {one.camera!r}, at times that "
                    "overlap",
                    "give times that do not overlap, or another camera",
                )


def _at(local: dt.datetime, zone: dt.tzinfo | None, told: str) -> dt.datetime:
    try:
        return only_once(at_local(local, zone), told)
    except Refused as refused:
        raise refused.reworded(refused.message, UsageError) from refused


def _after(begins: dt.datetime, ends: dt.time, zone: dt.tzinfo | None, told: str) -> dt.datetime:
    """Return the first such time of the day after another time."""
    local = begins.astimezone(zone)
    found = _at(dt.datetime.combine(local.date(), ends), zone, told)
    if found == begins:
        raise UsageError(f"the time at {told} is empty")
    if found > begins:
        return found
    return _at(dt.datetime.combine(local.date() + dt.timedelta(days=1), ends), zone, told)


def _overlaps(
    day: dt.date,
    place: Place,
    begins: dt.time,
    first: dt.datetime,
    last: dt.datetime,
    zone: dt.tzinfo | None,
    told: str,
) -> bool:
    """Tell whether a recording has anything of a place's time on a day.

    Raises:
        UsageError: the recording is of that day, whose clocks show the time twice or never.
    """
    try:
        start = _at(dt.datetime.combine(day, begins), zone, told)
        ends = place.ends
        end = ends if isinstance(ends, dt.datetime) else _after(start, ends, zone, told)
    except UsageError:
        if day < first.date():  # looked at only because a time may end on the next day
            return False
        raise
    return start < last and first < end and start < end
