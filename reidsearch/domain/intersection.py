"""Who was at several places at given times, as far as looks tell: no picture is asked with."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import AdjustedBy, WhyNotAdjusted
from reidsearch.domain.answers import Logged
from reidsearch.domain.cases import AskedFor
from reidsearch.domain.decisions import Named, Presence
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.places import Region, read_points

MOST_PEOPLE = 3_000
"""At one place: all pairs of two places are compared."""
_KEPT, _AT_ONCE = 20_000, 4_000_000
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Place:
    """A camera, or a region of one, and a time.

    Args:
        camera: its name; or, where no camera has that name, that of a region that is kept.
        begins, ends: aware; or times of a day, which are read in the archive's zone where the
            camera has footage on one such day alone.
        region: of that camera: who was in it while in view counts alone; None: everybody.
    """

    camera: str
    begins: dt.datetime | dt.time
    ends: dt.datetime | dt.time
    region: Region | None = None


def read_where(text: str) -> tuple[str, Region | None]:
    """Read a camera, or a region of one as `CAMERA:x,y x,y x,y`; a kept region by its name.

    Raises:
        UsageError: there are points, and they are no region.
    """
    camera, colon, points = text.rpartition(":")
    if colon and "," in points and not points.strip().strip("0123456789,. +-"):
        return camera, Region(camera, read_points(points))
    return text, None


def read_clock(text: str) -> dt.time | None:
    """Read a time of the day: `9:00`, `09:00:30`; None: it is not of that form.

    Raises:
        ValueError: it is of that form, and no time.
    """
    hour, colon, rest = text.strip().partition(":")
    if not (colon and hour.isascii() and hour.isdigit() and len(hour) <= 2):
        return None
    return dt.time.fromisoformat(f"{hour:0>2}:{rest}")


@dataclass(frozen=True, slots=True)
class PlaceSeen:
    """What was seen at a place.

    Args:
        people: tracklets, and crops of none; one person may have several.
        not_analysed_s: of the time asked about, of which no footage was analysed.
        untimed: sources of the camera whose time is not known; nobody in them was compared.
        region: the only part of the picture that counts; None: all of it.
        unplaced: tracklets and crops of which nobody knows whether they were in the region; they
            were not compared.
    """

    camera: str
    from_us: int
    to_us: int
    people: int
    not_analysed_s: float
    untimed: int
    region: Region | None = None
    unplaced: int = 0

    @property
    def seconds(self) -> float:
        """How long the time asked about is."""
        return (self.to_us - self.from_us) / 1_000_000


@dataclass(frozen=True, slots=True)
class Accidental:
    """How many pairs of different people are expected to reach a score, with a 95 % interval."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Link:
    """How alike two of a chain are.

    Args:
        first, second: numbers of the places.
        accidental: among all pairs of these two places; None: not known.
    """

    first: int
    second: int
    score: float
    accidental: Accidental | None


@dataclass(frozen=True, slots=True)
class Chain:
    """One at each place that may be one person.

    Args:
        seen: in the order of the places.
        identities: what each is confirmed as.
        links: between all of them.
    """

    seen: tuple[Presence, ...]
    identities: tuple[Named | None, ...]
    links: tuple[Link, ...]

    @property
    def weakest(self) -> Link:
        """The two that are least alike: no more than this holds the chain."""
        return min(self.links, key=lambda one: (one.score, one.first, one.second))

    @property
    def crop_ids(self) -> tuple[int, ...]:
        """The best crop of each place."""
        return tuple(one.crop_ids[0] for one in self.seen if one.crop_ids)


@dataclass(frozen=True, slots=True)
class IntersectionStatement:
    """What was asked, how it was compared, and what the answer cannot know.

    Args:
        k: how many chains were asked for.
        adjusted: which camera means scores are without.
        read_by: what tells how often different people reach a score: `calibration` (the archive's
            own), `impostors` (people whom one recording shows at once); None: nothing does.
        impostors: how many such pairs there are.
        whole: every combination was weighed; otherwise the most promising ones were.
        model: whose embeddings were compared; None: the archive has none.
        crops_stored, newest_crop, decision: up to where the archive was asked: how many crops it
            held, the last of them, and the last decision (0: there was none).
        calibration_sha256: of the calibration that `read_by` names; None: of none.
    """

    archive: str
    archive_id: str
    asked_at: dt.datetime
    places: tuple[PlaceSeen, ...]
    k: int
    adjusted: AdjustedBy
    read_by: str | None
    impostors: int
    whole: bool
    model: ModelIdentity | None
    crops_stored: int
    newest_crop: int
    decision: int
    calibration_sha256: str | None = None
    case: AskedFor | None = None
    logged: Logged | None = None

    @property
    def why_plain(self) -> WhyNotAdjusted | None:
        """Why scores are not camera-adjusted; None: they are."""
        return self.adjusted.why_not


@dataclass(frozen=True, slots=True)
class Intersection:
    """An answer: chains, the one with the strongest weakest link first; nobody is in two."""

    statement: IntersectionStatement
    chains: tuple[Chain, ...]


def share_reaching(scores: NDArray[np.floating], score: float) -> tuple[float, float, float]:
    """Return which share of scores reaches one, with its 95 % interval (Wilson).

    Args:
        scores: (n,) of different people, at least one.
    """
    n, reached = len(scores), int((scores >= score).sum())
    share, z2 = reached / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return share, max(middle - half, 0.0) if reached else 0.0, min(middle + half, 1.0)


def best_chains(
    scores: Sequence[Sequence[NDArray[np.floating]]], k: int
) -> tuple[list[tuple[int, ...]], bool]:
    """Return up to k chains, strongest weakest link first, no row of a place in two of them.

    Args:
        scores: by place and place the (n, m) scores of their rows; below -1: never one person.

    Returns:
        Of each chain the row at each place; and whether all combinations were weighed.
    """
    held = np.arange(len(scores[0][1]))[:, None]
    weakest = np.full(len(held), np.inf)
    total = np.zeros(len(held))
    whole = True
    for place in range(1, len(scores)):
        width = scores[0][place].shape[1]
        kept = min(_KEPT, max(_AT_ONCE // max(width, 1), 1))
        if len(held) > kept and place > 1:
            held, weakest, total, whole = held[:kept], weakest[:kept], total[:kept], False
        links = np.stack([scores[i][place][held[:, i]] for i in range(place)])
        low = np.minimum(links.min(axis=0), weakest[:, None])
        sums = links.sum(axis=0) + total[:, None]
        rows, columns = np.nonzero(low >= _least(low))
        order = np.lexsort((columns, rows, -sums[rows, columns], -low[rows, columns]))
        if len(order) > _KEPT:
            order, whole = order[:_KEPT], whole and place == len(scores) - 1
        rows, columns = rows[order], columns[order]
        held = np.column_stack([held[rows], columns])
        weakest, total = low[rows, columns], sums[rows, columns]
    taken: list[set[int]] = [set() for _ in scores]
    found: list[tuple[int, ...]] = []
    for row in held.tolist():
        if len(found) < k and not any(at in taken[place] for place, at in enumerate(row)):
            found.append(tuple(row))
            for place, at in enumerate(row):
                taken[place].add(at)
    return found, whole


def _least(low: NDArray[np.floating]) -> float:
    """Return the score from which about `_KEPT` remain, and none that can never be one person."""
    if low.size <= _KEPT:
        return -1.0
    return max(float(np.partition(low, low.size - _KEPT, axis=None)[low.size - _KEPT]), -1.0)
