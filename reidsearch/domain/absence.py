"""What a "no" means: the chance that a search would have shown somebody, had they been there.

The chance is a product of what has to go well: the time was analysed, the person was detected, what
is stored of them ranks among what was shown. Each factor says what it was measured on; one that
nobody measured is not known, and then the product is only bounded from above.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.answers import Answer
from reidsearch.domain.scores import Origin

DRAWS = 4_000
SEED = 20_261_127
LEVELS = (0.025, 0.975)
CONFIDENT = 0.5
"""A match counts as confident whose probability is at least this, at its interval's lower end."""
HOUR_US = 3_600_000_000
STEPS_US = tuple(HOUR_US * hours for hours in (1, 24, 7 * 24, 364 * 24))
MOST_CELLS = 1_000
"""Cells of one camera: six weeks of hours; what is longer is told by day, then by week."""

Interval = tuple[int, int]
"""From and to, microseconds since 1970-01-01 UTC."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability with its 95 % interval.

    Args:
        value: None: not known; `high` is then what it is at most.
    """

    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Factor:
    """One of the things that have to go well.

    Args:
        value: its probability; None: nobody measured it.
        trials: as if it were known from so many independent cases; infinite: it was counted.
        source: what it was measured on, half a sentence.
        cases: of this archive that it was measured on, as `source` calls them; 0: none.
    """

    value: float | None
    trials: float
    source: str
    cases: int = 0

    @property
    def chance(self) -> Chance:
        """The factor alone, with its interval."""
        return product([self])


def product(factors: Sequence[Factor]) -> Chance:
    """Return the probability that all of them go well.

    Its interval is between the 2.5th and the 97.5th hundredth of `DRAWS` products of draws, each
    factor from the Beta distribution that so many cases give (Jeffreys' prior); the seed is fixed.
    A factor that is not known makes the value unknown, and the interval reach down to 0.
    """
    rng = np.random.default_rng(SEED)
    value: float | None = 1.0
    drawn: NDArray[np.float64] = np.ones(DRAWS)
    for one in factors:
        if one.value is None:
            value = None
            continue
        value = None if value is None else value * one.value
        if math.isinf(one.trials):
            drawn *= one.value
        else:
            hits = one.value * one.trials
            drawn *= rng.beta(hits + 0.5, one.trials - hits + 0.5, DRAWS)
    low, high = (float(found) for found in np.quantile(drawn, LEVELS))
    if value is None:
        return Chance(None, 0.0, high)
    return Chance(value, min(low, value), max(high, value))


@dataclass(frozen=True, slots=True)
class Covered:
    """Which share of a time was analysed.

    Args:
        share: 0 to 1.
        low, high: what it may be, as the clocks are off by as much as they say.
    """

    share: float
    low: float
    high: float

    def times(self, chance: Chance) -> Chance:
        """Return the chance of somebody who came at some moment of that time."""
        if self.high == 0.0:
            return Chance(0.0, 0.0, 0.0)
        value = None if chance.value is None else chance.value * self.share
        return Chance(value, chance.low * self.low, chance.high * self.high)


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of one camera (or longer, see `Absence.step_us`), as far as it was asked for.

    Args:
        asked_us: how much of it was asked for.
    """

    from_us: int
    to_us: int
    asked_us: int
    covered: Covered
    chance: Chance


@dataclass(frozen=True, slots=True)
class CameraAbsence:
    """One camera.

    Args:
        camera: None: of sources whose camera is not known.
        covered: over all the time that was asked for; None: there is no footage that tells.
        detection: a person who is in the picture is detected.
        chance: that somebody who was there at some moment of that time would have been shown.
        cells: in order of time; empty where the clocks of its footage are not known.
        notes: what limits this, in sentences.
    """

    camera: str | None
    covered: Covered | None
    detection: Factor
    chance: Chance
    cells: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """With which chance a search would have shown somebody, by camera and hour.

    Args:
        answer: that it is about.
        confident: whether the answer has a match that is confidently of the person; None: nobody
            can tell, since scores are not calibrated.
        from_us, to_us: the time asked for: of the filters, or that from the first to the last
            footage; None: there is no footage with a known clock.
        step_us: how long a cell is.
        ranking: what is stored of the person ranks among what was shown.
        others: further factors of this search, by name.
        cameras: by name; None: the archive holds no footage that passes the filters.
        notes: what limits all of it, in sentences.
        narrowed: of whom it is, in sentences: filters are by what no factor is about.
    """

    answer: Answer = field(repr=False)
    confident: bool | None
    from_us: int | None
    to_us: int | None
    step_us: int
    ranking: Factor
    others: tuple[tuple[str, Factor], ...]
    cameras: tuple[CameraAbsence, ...]
    notes: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()


def confident(answer: Answer, searched_as: int | None = None) -> bool | None:
    """Tell whether an answer has a match that is confidently of the person searched for.

    One that somebody confirmed of the identity searched for is; what was searched with is not. Of
    the others the archive's own calibration decides; a reference from elsewhere does not count.

    Args:
        searched_as: the identity that the crops searched with are confirmed as; None: of none.
    """
    statement = answer.statement
    found = [match for match in answer.matches if match.own is None and not match.liked]
    named = statement.identity.named.identity_id if statement.identity else searched_as
    if named is not None and any(
        one.identity is not None and one.identity.identity_id == named for one in found
    ):
        return True
    by = statement.calibrated_by
    if not found:
        return False
    if by is None or by.origin is Origin.REFERENCE:
        return None
    return any(
        one.reading is not None and one.reading.probability_interval[0] >= CONFIDENT
        for one in found
    )


def merged(stretches: Iterable[Interval]) -> list[Interval]:
    """Return stretches in order, those that meet as one, none empty."""
    found: list[Interval] = []
    for first, last in sorted(stretches):
        if last <= first:
            continue
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def common_us(one: Sequence[Interval], other: Sequence[Interval]) -> int:
    """Return how long both last together; each as `merged` returns them."""
    at, found = 0, 0
    for first, last in one:
        while at < len(other) and other[at][1] <= first:
            at += 1
        place = at
        while place < len(other) and other[place][0] < last:
            found += min(last, other[place][1]) - max(first, other[place][0])
            place += 1
    return found


def common(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """Return when both last; each as `merged` returns them."""
    return merged(
        (max(first, begins), min(last, ends)) for first, last in one for begins, ends in other
    )


def covered(
    analysed: Sequence[Interval], asked: Sequence[Interval], uncertainty_us: int = 0
) -> Covered:
    """Return which share of what is asked for was analysed.

    Args:
        analysed, asked: as `merged` returns them; of no time at all, nothing was analysed.
        uncertainty_us: by how much the clock of the footage may be off, to either side.
    """
    total = sum(last - first for first, last in asked)
    if not total:
        return Covered(0.0, 0.0, 0.0)
    shares = [
        common_us([(first + by, last + by) for first, last in analysed], asked) / total
        for by in (0, -uncertainty_us, uncertainty_us)
    ]
    return Covered(shares[0], min(shares), max(shares))


def cells_of(
    asked: Sequence[Interval], offset_us: int = 0
) -> tuple[int, list[tuple[Interval, list[Interval]]]]:
    """Cut what is asked for into hours, or longer where there would be too many.

    Args:
        asked: as `merged` returns it.
        offset_us: by how much the clocks on the wall are ahead of UTC, so that hours are theirs.

    Returns:
        How long a cell is; the whole cells, each with what of it is asked for.
    """
    if not asked:
        return STEPS_US[0], []
    first, last = asked[0][0], asked[-1][1]
    step = next((one for one in STEPS_US if (last - first) // one < MOST_CELLS), STEPS_US[-1])
    found: dict[int, list[Interval]] = {}
    for begins, ends in asked:
        at = begins
        while at < ends:
            cell = (at + offset_us) // step * step - offset_us
            until = min(ends, cell + step)
            found.setdefault(cell, []).append((at, until))
            at = until
    return step, [((cell, cell + step), parts) for cell, parts in sorted(found.items())]
