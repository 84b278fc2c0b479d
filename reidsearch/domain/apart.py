"""From the boxes of two people to how far apart they were, time by time.

A person stands where the middle of the lower edge of their box is. That place has an error, a share
of the box's height (`FOOT_SHARE`, measured: docs/accuracy.md); so has the map of the ground, which
both people share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.distance import UNEVEN, Apart, Undecided, Unit
from reidsearch.domain.footage import Clock, VideoInfo
from reidsearch.domain.ground import Floats, Ground
from reidsearch.domain.tracklets import Trace
from reidsearch.domain.tracks import INTERPOLATED_S

FOOT_SHARE = (0.03, 0.04)
"""Standard deviation of a foot point across and down, as a share of the height of its box."""
HEIGHT_SHARE = 0.05
"""The same of the box's height itself: strides, bent knees, the detector."""
HIDDEN = 3.0
"""So many times as much down, where the other person stands in front of the feet."""
TURNS = 0.3
"""Heights a second squared by which somebody speeds up or turns between two detections."""
EDGE_SHARE = 0.005
"""A box that comes so near to an edge of the picture may go on beyond it."""
_Z = 1.959964
_CERTAIN2 = 5.991465  # chi squared of two dimensions, 95 %


def apart(
    first: Trace,
    second: Trace,
    info: VideoInfo,
    ground: Ground | None,
    *,
    source_id: int,
    location: str,
    clock: Clock,
) -> Apart | None:
    """Return how far apart two people of one source were; None: never in sight at once.

    Args:
        ground: of the camera at that time; None: the distance is one in the picture.
        source_id, location, clock: of the source, for whoever reads the result.
    """
    from_pts = max(first.pts[0], second.pts[0])
    to_pts = min(first.pts[-1], second.pts[-1])
    pts = np.union1d(first.pts, second.pts)
    pts = pts[(pts >= from_pts) & (pts <= to_pts)]
    if not len(pts):
        return None
    people = [_Person.of(one, pts, info) for one in (first, second)]
    undecided = np.full(len(pts), None, np.object_)
    for person in people:
        undecided[person.edge(info, ground is None)] = Undecided.EDGE
    for person in people:
        undecided[person.unseen] = Undecided.UNSEEN
    if ground is None:
        distance, spread, beyond = _in_picture(*people)
        low, high = np.maximum(distance - _Z * spread, 0), distance + _Z * spread
    else:
        distance, low, high, beyond = _on_ground(ground, info, *people)
        undecided[np.isnan(distance) & (undecided == None)] = Undecided.HORIZON  # noqa: E711
    unknown = undecided != None  # noqa: E711
    for values in (distance, low, high):
        values[unknown] = np.nan
    return Apart(
        source_id=source_id,
        location=location,
        clock=clock,
        unit=Unit.HEIGHTS if ground is None else Unit.METRES,
        pts=pts,
        seconds=np.array([float(info.media_s(int(at))) for at in pts]),
        distance=distance,
        low=low,
        high=high,
        undecided=undecided,
        interpolated=people[0].waited_s + people[1].waited_s > 0,
        beyond=beyond & ~unknown,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """One person at common times.

    Args:
        xyxy: (n, 4) float64.
        waited_s: (n,) to the nearest detection.
        unseen: (n,) there is none near enough on one side.
    """

    xyxy: Floats
    waited_s: Floats
    unseen: NDArray[np.bool_]

    @classmethod
    def of(cls, trace: Trace, pts: NDArray[np.int64], info: VideoInfo) -> _Person:
        after = np.searchsorted(trace.pts, pts)
        before = np.maximum(np.searchsorted(trace.pts, pts, "right") - 1, 0)
        base = float(info.time_base)
        since, until = (pts - trace.pts[before]) * base, (trace.pts[after] - pts) * base
        sides = [np.interp(pts, trace.pts, side) for side in trace.xyxy.T.astype(np.float64)]
        return cls(
            np.column_stack(sides), np.minimum(since, until), since + until > float(INTERPOLATED_S)
        )

    @property
    def foot(self) -> Floats:
        left, _, right, bottom = self.xyxy.T
        return np.column_stack(((left + right) / 2, bottom))

    @property
    def height(self) -> Floats:
        return np.asarray(self.xyxy[:, 3] - self.xyxy[:, 1])

    def edge(self, info: VideoInfo, whole: bool) -> NDArray[np.bool_]:
        """Tell where the box may go on beyond the picture; `whole`: at its upper edge too."""
        width, height = info.width_px, info.height_px
        x_px, y_px = max(1.0, EDGE_SHARE * width), max(1.0, EDGE_SHARE * height)
        left, top, right, bottom = self.xyxy.T
        cut = (left <= x_px) | (right >= width - x_px) | (bottom >= height - y_px)
        return np.asarray(cut | (top <= y_px) if whole else cut)

    def spread(self, other: _Person) -> Floats:
        """Return (n, 2) standard deviations of the foot point across and down, in pixels."""
        turned = TURNS * self.waited_s**2
        shares = np.column_stack([np.hypot(share, turned) for share in FOOT_SHARE])
        shares[self._behind(other), 1] *= HIDDEN
        return np.asarray(shares * self.height[:, None])

    def _behind(self, other: _Person) -> NDArray[np.bool_]:
        """Tell where the other person's box, nearer to the camera, covers the foot point."""
        x, y = self.foot.T
        left, top, right, bottom = other.xyxy.T
        return np.asarray((x >= left) & (x <= right) & (y >= top) & (y < bottom))


def _in_picture(first: _Person, second: _Person) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return distance, its standard deviation and where depth is seen to matter, in heights."""
    apart_px = first.foot - second.foot
    height = (first.height + second.height) / 2
    distance = np.hypot(*apart_px.T) / height
    towards = apart_px / np.maximum(np.hypot(*apart_px.T), 1e-9)[:, None]
    of_feet = (first.spread(second) ** 2 + second.spread(first) ** 2) * towards**2
    of_height = HEIGHT_SHARE * np.hypot(first.height, second.height) / 2 / height
    spread = np.sqrt(of_feet.sum(axis=1) / height**2 + (distance * of_height) ** 2)
    ratio = first.height / second.height
    return distance, spread, np.asarray(np.maximum(ratio, 1 / ratio) > UNEVEN)


def _on_ground(
    ground: Ground, info: VideoInfo, first: _Person, second: _Person
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Return distance, both ends of its interval and where the map is extended, in metres."""
    scale = np.array(ground.size_px) / (info.width_px, info.height_px)
    here = ground.places(first.foot * scale, first.spread(second) * scale)
    there = ground.places(second.foot * scale, second.spread(first) * scale)
    between = here.metres - there.metres
    of_map = here.of_map - there.of_map  # an error that moves both alike changes no distance
    spread = here.own + there.own + of_map @ ground.covariance @ np.swapaxes(of_map, 1, 2)
    return *_interval(between, spread), ~(here.inside & there.inside)


def _interval(between: Floats, spread: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the length of each vector and the ends of its 95 % interval.

    Where the vector itself may be zero its direction says nothing: the interval then begins at zero
    and ends by the worst direction.

    Args:
        between: (n, 2).
        spread: (n, 2, 2) its covariance.
    """
    distance = np.hypot(*between.T)
    towards = between / np.maximum(distance, 1e-9)[:, None]
    along = np.sqrt(np.einsum("ni,nij,nj->n", towards, spread, towards))
    solved = np.linalg.solve(spread, np.nan_to_num(between)[..., None])[..., 0]
    may_be_zero = np.einsum("ni,ni->n", np.nan_to_num(between), solved) < _CERTAIN2
    worst = np.sqrt(np.linalg.eigvalsh(spread)[:, -1])
    low = np.where(may_be_zero, 0.0, np.maximum(distance - _Z * along, 0.0))
    return distance, low, distance + _Z * np.where(may_be_zero, worst, along)
