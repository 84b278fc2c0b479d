"""The ground of cameras, by which distances are in metres: set, shown, removed.

archive.ground.set("gate", points, from_time=turned)
ground = archive.ground.at("gate", moment, 1920, 1080)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import from_us
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.ground import CameraGround, GroundPoint, fit_ground
from reidsearch.store import ground as held
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.selection import require_cameras


class GroundService:
    """The grounds of one archive's cameras. Every change has an entry of the event log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, camera: str) -> list[CameraGround]:
        """Return the grounds of a camera in the order in which they were set.

        Raises:
            NotFound: the archive has no such camera.
        """
        with self._store.read() as connection:
            require_cameras(connection, (camera,))
            return held.grounds(connection, camera)

    def set(
        self,
        camera: str,
        points: Sequence[GroundPoint],
        source: SourceCoverage,
        *,
        click_px: float | None = None,
        from_time: dt.datetime | None = None,
        to_time: dt.datetime | None = None,
        note: str = "",
    ) -> CameraGround:
        """Keep the ground of a camera; where it holds, it counts before those that were set before.

        Args:
            points: see `domain.ground.GroundPoint`; 4 to 20.
            source: of the camera, whose picture they were read from.
            click_px: standard deviation of a point in pixels; None: a 360th of the height.
            from_time, to_time: when it holds; None: without an end.
            note: how it was measured, for the record.

        Raises:
            UsageError: the points make no map (see `fit_ground`), the source is of another camera,
                or the time ends before it begins.
            NotFound: the archive has no such camera.
        """
        if source.facts.camera != camera:
            raise UsageError(f"{source.location} is not of camera {camera!r}")
        if from_time is not None and to_time is not None and to_time <= from_time:
            raise UsageError("the time from which it holds is not before its end")
        info = source.info
        ground = fit_ground(points, (info.width_px, info.height_px), click_px)
        with self._store.write() as connection:
            require_cameras(connection, (camera,))
            held.set_ground(connection, camera, ground, from_time, to_time, note)
            return held.grounds(connection, camera)[-1]

    def clear(self, camera: str, number: int | None = None) -> list[CameraGround]:
        """Remove all grounds of a camera, or the one with a number; return what was removed.

        Raises:
            NotFound: there is none.
        """
        with self._store.write() as connection:
            require_cameras(connection, (camera,))
            found = [
                one
                for one in held.grounds(connection, camera)
                if number is None or one.number == number
            ]
            if not found:
                raise none_of(camera, number)
            held.clear_grounds(connection, found)
        return found

    def at(
        self, camera: str | None, at: dt.datetime | None, width_px: int, height_px: int
    ) -> CameraGround | None:
        """Return the ground that holds at a time, in pictures of a size; None: there is none.

        Args:
            at: None: not known, so only one that always holds does.
        """
        if camera is None:
            return None
        with self._store.read() as connection:
            found = held.grounds(connection, camera)
        fitting = [one for one in found if one.holds(at) and one.fits(width_px, height_px)]
        return fitting[-1] if fitting else None

    def source_of(self, camera: str, ground: CameraGround | None = None) -> SourceCoverage:
        """Return the last source of a camera, or the last in whose time and shape a ground holds.

        Raises:
            NotFound: there is none.
        """
        with self._store.read() as connection:
            require_cameras(connection, (camera,))
        found = [
            one
            for one in footage_store.coverage(self._store)
            if one.facts.camera == camera and (ground is None or _shows(one, ground))
        ]
        if not found:
            raise NotFound(
                f"camera {camera!r} has no footage"
                + (" where this ground holds" if ground is not None else "")
            )
        return found[-1]


def none_of(camera: str, number: int | None) -> NotFound:
    """Return the error that a camera has no ground, or not the one with a number."""
    of = "no ground" if number is None else f"no ground {number}"
    return NotFound(f"camera {camera!r} has {of}", kind=Kind.GROUND_MISSING, camera=camera)


def begins(source: SourceCoverage, media_s: Fraction = Fraction(0)) -> dt.datetime | None:
    """Return the wall-clock time of a media time of a source; None: not known."""
    at_us = source.facts.clock.at_us(media_s)
    return None if at_us is None else from_us(at_us)


def _shows(source: SourceCoverage, ground: CameraGround) -> bool:
    info = source.info
    return ground.holds(begins(source)) and ground.fits(info.width_px, info.height_px)
