"""The ground that a camera shows: points of its picture <-> metres, with how sure that is.

Four or more points of the picture whose places on the ground were measured give a homography. It
holds for what stands on that one flat ground, in a picture without lens distortion. Two things make
a place uncertain: the points were read from the picture with an error of some pixels (`click_px`),
which moves the whole map, and the point asked for has an error of its own. Both are carried through
the map by its derivatives.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]

LEAST_POINTS, MOST_POINTS = 4, 20
LARGEST_M = 100_000.0
THIN = 0.02
"""Three points are in a line when the triangle is lower than this share of its longest side."""
CLICK_SHARE = 1 / 360
"""How exactly a point is read from a picture, a share of its height: 3 pixels of 1080."""
SHAPE = 0.01
"""Pictures whose ratios of width and height differ by less have one shape."""
_STEPS, _SETTLED = 60, 1e-12


@dataclass(frozen=True, slots=True)
class GroundPoint:
    """One point of the ground.

    Args:
        x, y: where the picture shows it, as shares of its width and height, from the top left.
        east_m, north_m: where it is, in metres, along two axes at right angles.
    """

    x: float
    y: float
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Points of the picture on the ground; each array has n rows.

    Args:
        metres: (n, 2); not a number where the picture shows no ground.
        own: (n, 2, 2) square metres: the covariance from the error of the point itself.
        of_map: (n, 2, 8): how a place moves with the entries of the map, which all places share.
        inside: (n,) bool: between the points that were measured; elsewhere the map goes on beyond
            what was measured.
    """

    metres: Floats
    own: Floats
    of_map: Floats
    inside: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The map of one camera's ground, made by `fit_ground`.

    Args:
        points: that were measured.
        size_px: width and height of the picture that they were read from.
        click_px: standard deviation of a point, in pixels of that picture, as it was stated.
        error_px: the same as it counts: where more than four points disagree by more, that.
        matrix: (3, 3) metres less `centre_m`, over `scale_m`, -> pixels.
        covariance: (8, 8) of its entries but the last, which is 1.
        misses_px: (n,) how far from its point in the picture the map puts each.
        left_out_m: (n,) by how many metres a point is missed when the others make the map; None
            with four points, which fit whatever was typed.
    """

    points: tuple[GroundPoint, ...]
    size_px: tuple[int, int]
    click_px: float
    error_px: float
    matrix: Floats
    covariance: Floats
    centre_m: Floats
    scale_m: float
    misses_px: Floats
    left_out_m: Floats | None

    def pixels(self, metres: Floats) -> Floats:
        """Return (n, 2) pixels of places (n, 2) in metres; not a number behind the camera."""
        shown = _homogeneous((metres - self.centre_m) / self.scale_m) @ self.matrix.T
        depth = np.where(shown[:, 2] > 0, shown[:, 2], np.nan)
        return np.asarray(shown[:, :2] / depth[:, None])

    def places(self, pixels: Floats, sd_px: Floats) -> Places:
        """Return points of the picture on the ground.

        Args:
            pixels: (n, 2) in a picture of `size_px`.
            sd_px: (n, 2) standard deviations across and down.
        """
        inverse = np.linalg.inv(self.matrix)
        back = _homogeneous(pixels) @ inverse.T
        # The ground ends at the horizon, where the sign of the last entry changes.
        middle = np.append(self._clicked().mean(axis=0), 1.0) @ inverse.T
        seen = back[:, 2] * np.sign(middle[2]) > abs(middle[2]) * 1e-6
        unit = np.where(seen[:, None], back[:, :2] / np.where(seen, back[:, 2], 1.0)[:, None], 0.0)
        by_place, by_map = _derivatives(self.matrix, unit)
        turned = np.linalg.inv(by_place) * self.scale_m
        own = turned @ (sd_px[:, :, None] ** 2 * np.swapaxes(turned, 1, 2))
        metres = unit * self.scale_m + self.centre_m
        metres[~seen] = np.nan
        return Places(metres, own, -turned @ by_map, _inside(self._clicked(), pixels))

    def spread_m(self, pixels: Floats, sd_px: Floats) -> Floats:
        """Return (n,) standard deviations of places in metres, in their worst direction."""
        found = self.places(pixels, sd_px)
        whole = found.own + found.of_map @ self.covariance @ np.swapaxes(found.of_map, 1, 2)
        return np.asarray(np.sqrt(np.linalg.eigvalsh(whole)[:, -1]))

    def _clicked(self) -> Floats:
        return _clicked(self.points, self.size_px)


@dataclass(frozen=True, slots=True)
class CameraGround:
    """A ground as it is kept with its camera.

    Args:
        from_time, to_time: when it holds, the end not included; None: without an end. A camera
            that was turned has several.
        note: how it was measured.
    """

    number: int
    camera: str
    ground: Ground
    from_time: dt.datetime | None
    to_time: dt.datetime | None
    note: str
    set_by: str
    set_at: dt.datetime

    def holds(self, at: dt.datetime | None) -> bool:
        """Tell whether it holds at a time; at one that is not known only one without ends does."""
        if at is None:
            return self.from_time is None and self.to_time is None
        began = self.from_time is None or self.from_time <= at
        return began and (self.to_time is None or at < self.to_time)

    def fits(self, width_px: int, height_px: int) -> bool:
        """Tell whether pictures of a size have the shape of the one that it was read from."""
        width, height = self.ground.size_px
        return abs(width_px * height / (height_px * width) - 1) < SHAPE


def fit_ground(
    points: Sequence[GroundPoint], size_px: tuple[int, int], click_px: float | None = None
) -> Ground:
    """Return the map that fits points of the ground best.

    Args:
        size_px: width and height of the picture that they were read from.
        click_px: standard deviation of a point in its pixels; None: `CLICK_SHARE` of its height.

    Raises:
        UsageError: there are too few points, they lie outside the picture, no four
            of them are without three in a line, or they cross: no camera shows them so.
    """
    click = size_px[1] * CLICK_SHARE if click_px is None else click_px
    _require_points(points, size_px, click)
    pixels = _clicked(points, size_px)
    metres = np.array([(one.east_m, one.north_m) for one in points], np.float64)
    _require_spread(pixels, metres)
    centre = metres.mean(axis=0)
    scale = float(np.sqrt(np.mean(np.sum((metres - centre) ** 2, axis=1))))
    units = (metres - centre) / scale
    matrix = _fitted(units, pixels)
    by_map = _derivatives(matrix, units)[1].reshape(-1, 8)
    misses = _shown(matrix, units) - pixels
    error = click
    if len(points) > LEAST_POINTS:
        error = max(click, math.sqrt(np.sum(misses**2) / (misses.size - 8)))
    return Ground(
        points=tuple(points),
        size_px=size_px,
        click_px=click,
        error_px=error,
        matrix=matrix,
        covariance=np.asarray(error**2 * np.linalg.inv(by_map.T @ by_map), np.float64),
        centre_m=centre,
        scale_m=scale,
        misses_px=np.hypot(*misses.T),
        left_out_m=_left_out(units, pixels) * scale if len(points) > LEAST_POINTS else None,
    )


def _left_out(units: Floats, pixels: Floats) -> Floats:
    """Return (n,) by how much each point is missed on the ground when the others make the map."""
    found = np.full(len(pixels), np.nan)
    for row in range(len(pixels)):
        others = np.arange(len(pixels)) != row
        try:
            _require_spread(pixels[others], units[others])
            matrix = _fitted(units[others], pixels[others])
        except UsageError:  # without it the others make no map
            continue
        back = np.linalg.inv(matrix) @ np.append(pixels[row], 1.0)
        found[row] = np.hypot(*(back[:2] / back[2] - units[row]))
    return found


def _fitted(units: Floats, pixels: Floats) -> Floats:
    """Return the (3, 3) map by which the sum of squared misses in the picture is least.

    Raises:
        UsageError: no camera shows the points so.
    """
    matrix = _first_map(units, pixels)
    for _ in range(_STEPS if len(pixels) > LEAST_POINTS else 0):
        by_map = _derivatives(matrix, units)[1].reshape(-1, 8)
        step = np.linalg.lstsq(by_map, (pixels - _shown(matrix, units)).ravel(), rcond=None)[0]
        matrix = (matrix.ravel() + np.append(step, 0.0)).reshape(3, 3)
        if np.abs(step).max() < _SETTLED * np.abs(matrix).max():
            break
    if not (_homogeneous(units) @ matrix.T)[:, 2].min() > 0:  # some would lie behind the camera
        raise UsageError(
            "the points cross: no camera sees such places at such points of its picture",
            "give each point of the picture its own place; go round in the same sense in both",
        )
    return matrix


def _first_map(units: Floats, pixels: Floats) -> Floats:
    """Return the map that solves the linear equations of all points best; its last entry is 1."""
    middle, spread = pixels.mean(axis=0), pixels.std()
    rows = []
    for (u, v), (x, y) in zip(units, (pixels - middle) / spread, strict=True):
        rows.append([u, v, 1, 0, 0, 0, -x * u, -x * v, -x])
        rows.append([0, 0, 0, u, v, 1, -y * u, -y * v, -y])
    plain = np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3)
    matrix = np.array([[spread, 0, middle[0]], [0, spread, middle[1]], [0, 0, 1]]) @ plain
    if abs(matrix[2, 2]) < 1e-9 * np.abs(matrix[2]).max():
        raise UsageError("the points make no map of the ground", "measure others")
    return np.asarray(matrix / matrix[2, 2])


def _homogeneous(points: Floats) -> Floats:
    return np.column_stack((points, np.ones(len(points))))


def _shown(matrix: Floats, units: Floats) -> Floats:
    shown = _homogeneous(units) @ matrix.T
    return np.asarray(shown[:, :2] / shown[:, 2:])


def _derivatives(matrix: Floats, units: Floats) -> tuple[Floats, Floats]:
    """Return how the pixels of places move: with the place (n, 2, 2), with the map (n, 2, 8)."""
    places = _homogeneous(units)
    depth = (places @ matrix.T)[:, 2]
    shown = _shown(matrix, units)
    by_place = matrix[None, :2, :2] - shown[:, :, None] * matrix[None, None, 2, :2]
    by_map = np.zeros((len(units), 2, 8))
    by_map[:, 0, 0:3] = by_map[:, 1, 3:6] = places
    by_map[:, :, 6:8] = -shown[:, :, None] * units[:, None, :]
    return by_place / depth[:, None, None], by_map / depth[:, None, None]


def _clicked(points: Sequence[GroundPoint], size_px: tuple[int, int]) -> Floats:
    return np.array([(one.x * size_px[0], one.y * size_px[1]) for one in points], np.float64)


def _inside(corners: Floats, points: Floats) -> NDArray[np.bool_]:
    """Tell which points lie in the convex hull of some corners."""
    hull = _hull(corners)
    sides = np.roll(hull, -1, axis=0) - hull
    away = points[:, None, :] - hull[None]
    return np.asarray((sides[:, 0] * away[..., 1] - sides[:, 1] * away[..., 0] >= 0).all(axis=1))


def _hull(points: Floats) -> Floats:
    """Return the corners of the convex hull, in one sense."""

    def half(ordered: list[list[float]]) -> list[list[float]]:
        kept: list[list[float]] = []
        for x, y in ordered:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                kept.pop()
            kept.append([x, y])
        return kept[:-1]

    ordered = sorted(points.tolist())
    return np.array(half(ordered) + half(ordered[::-1]), np.float64)


def _require_points(
    points: Sequence[GroundPoint], size_px: tuple[int, int], click_px: float
) -> None:
    if not LEAST_POINTS <= len(points) <= MOST_POINTS:
        raise UsageError(
            f"{len(points)} points were given",
            f"the ground needs {LEAST_POINTS} to {MOST_POINTS} points, no three of them in a line",
        )
    if min(size_px) < 1:
        raise UsageError("a picture has a width and a height")
    if not 0 < click_px < size_px[1] / 4:
        raise UsageError(
            f"the error of a point is more than 0 pixels and less than {size_px[1] / 4:g}"
        )
    for one in points:
        if not (0 <= one.x <= 1 and 0 <= one.y <= 1):
            raise UsageError("a point lies outside the picture")
        if not (abs(one.east_m) <= LARGEST_M and abs(one.north_m) <= LARGEST_M):
            raise UsageError(f"a place is more than {LARGEST_M / 1000:g} km away")


def _require_spread(pixels: Floats, metres: Floats) -> None:
    """Refuse points of which no four are without three in a line, in the picture or in metres."""
    rows = range(len(pixels))
    flat = {
        triple
        for triple in combinations(rows, 3)
        if _flat(pixels[list(triple)]) or _flat(metres[list(triple)])
    }
    for four in combinations(rows, 4):
        if not flat.intersection(combinations(four, 3)):
            return
    numbers = ", ".join(str(row + 1) for row in min(flat))
    raise UsageError(
        f"three points are in a line, or two are one: {numbers}",
        "four points are needed of which no three are in a line, in the picture and on the ground",
    )


def _flat(corners: Floats) -> bool:
    """Tell whether a triangle is hardly more than a line."""
    sides = np.roll(corners, -1, axis=0) - corners
    area = abs(sides[0, 0] * sides[1, 1] - sides[0, 1] * sides[1, 0])
    longest = float(np.sum(sides**2, axis=1).max())
    return bool(area <= THIN * longest)
