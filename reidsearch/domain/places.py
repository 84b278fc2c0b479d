"""Regions and lines in the picture of a camera, and where in it people went.

Points are fractions of the picture's width and height, from the upper left corner: so they hold for
every resolution that a camera records in. Where a person stands is the middle of the lower edge of
the box. Between two detections a straight way is taken, unless they lie further apart than
`domain.tracks.INTERPOLATED_S`: then nobody knows, and what depends on it is undecided.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError
from reidsearch.base.locations import composed
from reidsearch.domain.tracks import INTERPOLATED_S

Point: TypeAlias = tuple[float, float]
Points: TypeAlias = NDArray[np.float64]
"""(n, 2): x and y as fractions."""

MOST_POINTS = 100
LONGEST_NAME = 100
ROUNDING_S = 1e-6  # of seconds that are added up
_POINT = re.compile(r"([+-]?\d*\.?\d+),([+-]?\d*\.?\d+)")
_FORM = "points are fractions of the picture's width and height: gate:'0.1,0.5 0.9,0.5 0.9,1 0.1,1'"


class Direction(StrEnum):
    """Which way a line is crossed, by who faces along it from its first point to its second."""

    IN = "in"  # from the left to the right: of a line drawn from left to right, downwards
    OUT = "out"


class Decided(StrEnum):
    """What a way says of a region or line."""

    YES = "yes"
    NO = "no"
    OPEN = "open"  # where it matters, nobody knows where the person went


@dataclass(frozen=True, slots=True)
class Region:
    """A polygon in the picture of a camera; its border belongs to it.

    Args:
        camera: exact name.
        points: 3 to 100 corners, from 0 to 1; the last is joined to the first.
        name: that it is kept under; None: it was given for one question.

    Raises:
        UsageError: it is no polygon: a point lies outside of the picture, or edges cross.
    """

    camera: str
    points: tuple[Point, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        _settle(self, 3, "a region")
        if any(one == other for one, other in combinations(self.points, 2)):
            raise UsageError("a corner of the region is there twice", "give each corner once")
        ends = [*self.points, self.points[0]]
        for (i, one), (j, other) in combinations(enumerate(pairwise(ends)), 2):
            near = j - i == 1 or (i == 0 and j == len(self.points) - 1)
            if not near and _meet(*one, *other):
                raise UsageError(
                    "edges of the region cross, so what lies inside is not clear",
                    "give its corners in the order in which they follow each other",
                )
        if abs(_area(self.points)) < 1e-9:
            raise UsageError("the region has no area: its corners lie on a line")

    @staticmethod
    def read(text: str) -> Region | str:
        """Read `CAMERA:x,y x,y x,y`; a text without points is the name of a kept one."""
        return _read(Region, text)

    @property
    def text(self) -> str:
        """As it can be read again."""
        return _text(self.camera, self.points)

    @property
    def kind(self) -> str:
        """What it is."""
        return "region"


@dataclass(frozen=True, slots=True)
class Line:
    """A line in the picture of a camera, from its first point to its second.

    Args: as of `Region`, with two points.

    Raises:
        UsageError: it is no line.
    """

    camera: str
    points: tuple[Point, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        _settle(self, 2, "a line", most=2)
        if self.points[0] == self.points[1]:
            raise UsageError("the line has no length: its points are the same")

    @staticmethod
    def read(text: str) -> Line | str:
        """Read `CAMERA:x1,y1 x2,y2`; a text without points is the name of a kept one."""
        return _read(Line, text)

    @property
    def text(self) -> str:
        """As it can be read again."""
        return _text(self.camera, self.points)

    @property
    def kind(self) -> str:
        """What it is."""
        return "line"


Place: TypeAlias = Region | Line
P = TypeVar("P", Region, Line)


def read_place(text: str, name: str) -> Place:
    """Read `CAMERA:x,y x,y ...` as what is kept under a name: two points are a line.

    Raises:
        UsageError: it is neither a region nor a line, or the name is none.
    """
    camera, _, rest = text.rpartition(":")
    points = read_points(rest)
    return (Line if len(points) == 2 else Region)(camera, points, name)


def _settle(place: Place, least: int, what: str, most: int = MOST_POINTS) -> None:
    if not place.camera.strip():
        raise UsageError(f"{what} needs the name of a camera", _FORM)
    points = tuple((float(x), float(y)) for x, y in place.points)
    if not least <= len(points) <= most:
        needed = f"{least} points" if most == least else f"{least} to {most} points"
        raise UsageError(f"{what} has {needed}, not {len(points)}", _FORM)
    for x, y in points:
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0):
            raise UsageError(
                f"the point {x:g},{y:g} lies outside of the picture",
                "give fractions from 0 to 1, of pixels: x by the picture's width, y by its height",
            )
    if place.name is not None:
        require_name(place.name)
        object.__setattr__(place, "name", composed(place.name))
    object.__setattr__(place, "camera", composed(place.camera))
    object.__setattr__(place, "points", points)


def require_name(name: str) -> None:
    """Refuse what is no name of a kept region or line.

    Raises:
        UsageError: it is empty, too long, or has a colon, which sets a camera apart from points.
    """
    if not name.strip() or len(name) > LONGEST_NAME or ":" in name:
        raise UsageError(
            f"{name!r} is no name of a region or line", f"1 to {LONGEST_NAME} characters, no colon"
        )


def _read(kind: type[P], text: str) -> P | str:
    camera, colon, rest = text.rpartition(":")
    if not colon:
        require_name(text)
        return composed(text)
    return kind(camera, read_points(rest))


def read_points(text: str) -> tuple[Point, ...]:
    """Read `x,y x,y`.

    Raises:
        UsageError: it is something else.
    """
    found = [_POINT.fullmatch(part) for part in text.split()]
    if not found or None in found:
        raise UsageError(f"{text!r} are no points", _FORM)
    return tuple((float(one[1]), float(one[2])) for one in found if one)


def points_text(points: Sequence[Point]) -> str:
    """Return points as `read_points` reads them."""
    return " ".join(f"{x:.6g},{y:.6g}" for x, y in points)


def _text(camera: str, points: Sequence[Point]) -> str:
    return f"{camera}:{points_text(points)}"


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Where somebody stood in the picture of one camera, from detection to detection.

    Args:
        steps_s: (n - 1,) seconds from each detection to the next; infinite: nobody knows.
        points: (n, 2) fractions.
    """

    steps_s: NDArray[np.float64]
    points: Points

    @property
    def known(self) -> NDArray[np.bool_]:
        """(n - 1,) whether a straight way is taken from a detection to the next."""
        return self.steps_s <= float(INTERPOLATED_S)


def in_region(region: Region, way: Way, least_s: float = 0.0) -> Decided:
    """Tell whether somebody was in a region, for so many seconds together at least."""
    least_s = max(least_s - ROUNDING_S, 0.0)
    inside = contains(np.array(region.points), way.points)
    if not least_s and inside.any():
        return Decided.YES
    shares = _shares_inside(region, way)
    known, steps = way.known, way.steps_s
    sure = float((shares[known] * steps[known]).sum())
    if (inside.any() or (shares[known] > 0).any()) and sure >= least_s:
        return Decided.YES
    open_steps = ~known & (shares > 0)
    possible = sure + float((shares[open_steps] * steps[open_steps]).sum())
    return Decided.OPEN if open_steps.any() and possible >= least_s else Decided.NO


def _shares_inside(region: Region, way: Way) -> NDArray[np.float64]:
    """Return what share of each straight step lies in a region."""
    corners, points = np.array(region.points), way.points
    shares = np.zeros(max(len(points) - 1, 0))
    low, high = corners.min(axis=0), corners.max(axis=0)
    begins, ends = points[:-1], points[1:]
    near = (np.minimum(begins, ends) <= high).all(axis=1)
    near &= (np.maximum(begins, ends) >= low).all(axis=1)
    shares[near] = _shares(corners, begins[near], ends[near])
    return shares


def contains(corners: Points, points: Points) -> NDArray[np.bool_]:
    """Tell which points lie in a polygon, its border included; concave ones too."""
    a, b = corners, np.roll(corners, -1, axis=0)
    x, y = points[:, None, 0], points[:, None, 1]
    cross = (b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])
    along = (np.minimum(a, b)[:, 0] <= x) & (x <= np.maximum(a, b)[:, 0])
    along &= (np.minimum(a, b)[:, 1] <= y) & (y <= np.maximum(a, b)[:, 1])
    border = (np.abs(cross) < 1e-12) & along
    # A ray to the right meets an edge whose ends lie above and below it, to the right of the point.
    spans = (a[:, 1] > y) != (b[:, 1] > y)
    meets = np.where(b[:, 1] > a[:, 1], cross > 0, cross < 0)
    odd = (spans & meets).sum(axis=1) % 2 == 1
    return np.asarray(border.any(axis=1) | odd)


def _shares(corners: Points, begins: Points, ends: Points) -> NDArray[np.float64]:
    """Return what share of each straight step lies in a polygon."""
    a, edges = corners, np.roll(corners, -1, axis=0) - corners
    ways = ends - begins
    across = ways[:, None, 0] * edges[:, 1] - ways[:, None, 1] * edges[:, 0]
    x, y = (a[:, axis] - begins[:, None, axis] for axis in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (x * edges[:, 1] - y * edges[:, 0]) / across
        u = (x * ways[:, None, 1] - y * ways[:, None, 0]) / across
        cuts = np.where((t > 0) & (t < 1) & (u >= 0) & (u <= 1), t, 0.0)
    count = len(begins)
    cuts = np.sort(np.hstack([cuts, np.zeros((count, 1)), np.ones((count, 1))]), axis=1)
    middles = (cuts[:, :-1] + cuts[:, 1:]) / 2
    points = begins[:, None] + middles[..., None] * ways[:, None]
    inside = contains(corners, points.reshape(-1, 2)).reshape(middles.shape)
    return np.asarray((np.diff(cuts, axis=1) * inside).sum(axis=1))


def crosses(line: Line, way: Way, direction: Direction | None = None) -> Decided:
    """Tell whether somebody went from one side of a line to the other, between its ends.

    To touch it and turn back is no crossing. A way over its very end is one.

    Args:
        direction: the only one that counts; None: both.
    """
    first, second = (np.array(one) for one in line.points)
    along, points, known = second - first, way.points, way.known
    side = along[0] * (points[:, 1] - first[1]) - along[1] * (points[:, 0] - first[0])
    side = np.sign(np.where(np.abs(side) < 1e-12, 0.0, side))
    apart = np.flatnonzero(side)
    found = Decided.NO
    for here, there in pairwise(apart.tolist()):
        if side[here] == side[there] or not _as_asked(side[there], direction):
            continue
        if not _meets(line, points[here : there + 1], side[here : there + 1]):
            continue
        if known[here:there].all():
            return Decided.YES
        found = Decided.OPEN
    return found


def _as_asked(side: float, direction: Direction | None) -> bool:
    """Tell whether who comes to this side of a line goes the way asked for.

    With y downwards, what lies to the right of who faces along a line has a positive side.
    """
    return direction is None or (side > 0) == (direction is Direction.IN)


def _meets(line: Line, points: Points, side: NDArray[np.float64]) -> bool:
    """Tell whether a way that changes sides meets the line between its ends.

    Where it goes along the line for a while, where it leaves it counts.
    """
    first, second = (np.array(one) for one in line.points)
    along = second - first
    if len(points) > 2:  # all between the first and the last lie on the line
        at = points[-2]
    else:
        begin, end = points
        s = [along[0] * (p[1] - first[1]) - along[1] * (p[0] - first[0]) for p in (begin, end)]
        at = begin + s[0] / (s[0] - s[1]) * (end - begin)
    share = float((at - first) @ along / (along @ along))
    return -1e-9 <= share <= 1 + 1e-9


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Tell whether two closed stretches have a point in common."""

    def turn(p: Point, q: Point, r: Point) -> int:
        value = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        return 0 if abs(value) < 1e-12 else 1 if value > 0 else -1

    def on(p: Point, q: Point, r: Point) -> bool:
        return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and (
            min(p[1], q[1]) <= r[1] <= max(p[1], q[1])
        )

    t = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)]
    if t[0] != t[1] and t[2] != t[3]:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(one == 0 and on(*end) for one, end in zip(t, ends, strict=True))


def _area(points: Sequence[Point]) -> float:
    ends = [*points, points[0]]
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ends)) / 2
