"""Cameras that were turned or have gone dark, told from where people stand and how bright they are.

All is compared with the camera's own past. People walk elsewhere at other hours, so where they
stand says little; but how tall they are at a place of the picture is the camera's, not theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LEAST_EACH = 30
"""Sightings before and after a change: of fewer nothing is told."""
TALLER = 0.5
"""Largest difference of the two distributions (Kolmogorov and Smirnov) of heights at one place."""
ELSEWHERE = 0.75
"""The same of places: people walk elsewhere in the evening, so it takes nearly all of them."""
DARKER = 0.5
DARK = 60.0
"""Grey levels, and share of what was usual, below which crops are dark."""
LEAST_EXPECTED = 10
"""People at the same hours of earlier days, without whom a silence tells nothing."""
_PLACES = 40


def turned(feet: Values, middle: Values, height: Values) -> tuple[int, str, float] | None:
    """Return from which sighting on a camera looks elsewhere, what shows it, and how much.

    Args:
        feet, middle: (n,) where the feet are, and the middle across, as shares of the picture.
        height: (n,) of the box, as a share of the picture; all in order of time.
    """
    count = len(feet)
    best: tuple[float, int, str, float] | None = None
    if count < 2 * LEAST_EACH:
        return None
    for cut in np.unique(np.linspace(LEAST_EACH, count - LEAST_EACH, _PLACES).astype(int)).tolist():
        before, after = slice(max(0, cut - 300), cut), slice(cut, cut + 300)
        line = np.polynomial.Polynomial.fit(feet[before], height[before], 1)
        rest = height - line(feet)
        for what, values, least in (
            ("height", rest, TALLER),
            ("feet", feet, ELSEWHERE),
            ("across", middle, ELSEWHERE),
        ):
            apart = distance(values[before], values[after])
            if what == "height":
                spread = max(float(np.std(rest[before])), 0.02)
                moved = abs(float(np.median(rest[after]) - np.median(rest[before])))
                apart = apart if moved > spread else 0.0
            if apart >= least and (best is None or apart / least > best[0]):
                best = apart / least, cut, what, apart
    return None if best is None else best[1:]


def distance(a: Values, b: Values) -> float:
    """Return the largest difference of two empirical distributions, 0 to 1."""
    every = np.sort(np.concatenate([a, b]))
    of_a = np.searchsorted(np.sort(a), every, "right") / len(a)
    of_b = np.searchsorted(np.sort(b), every, "right") / len(b)
    return float(np.abs(of_a - of_b).max())


def darkened(brightness: Values, at_s: Values) -> tuple[int, float, float] | None:
    """Return from which crop on all are dark to the end, and the levels before and after.

    Dark hours that other days have as well are no change.

    Args:
        brightness: (n,) mean grey level of crops in order of time.
        at_s: (n,) when, in seconds since midnight of any day.
    """
    dark = brightness < DARK
    lasting = int(np.argmin(dark[::-1])) if not dark.all() else len(dark)
    cut = len(dark) - lasting
    if cut < LEAST_EACH or lasting < LEAST_EACH // 3:
        return None
    before, after = float(np.median(brightness[:cut])), float(np.median(brightness[cut:]))
    if after > DARKER * before:
        return None
    hours = set((at_s[cut:] % 86_400 // 3600).astype(int).tolist())
    earlier = np.isin((at_s[:cut] % 86_400 // 3600).astype(int), list(hours))
    earlier &= at_s[:cut] < at_s[cut] - 12 * 3600
    if earlier.sum() >= LEAST_EACH // 3 and np.median(brightness[:cut][earlier]) < DARK:
        return None
    return cut, before, after


def silent_since(seen_s: Values, covered: list[tuple[float, float]]) -> tuple[float, float] | None:
    """Return since when nobody is seen to the end of coverage, and how many were expected.

    Expected is what the same hours of earlier days had, by their coverage. A night is quiet each
    day, and of one day alone nothing is told.

    Args:
        seen_s: (n,) times of sightings, increasing, in seconds.
        covered: stretches of coverage, in the same seconds, in order.
    """
    if not len(seen_s) or not covered:
        return None
    last = float(seen_s[-1])
    quiet = [(max(begin, last), end) for begin, end in covered if end > last]
    expected = 0.0
    for begin, end in quiet:
        at = begin
        while at < end:
            until = min(end, (at // 3600 + 1) * 3600)
            expected += _usual(seen_s, covered, at, until, last)
            at = until
    if expected < LEAST_EXPECTED:
        return None
    return last, expected


def _usual(
    seen_s: Values, covered: list[tuple[float, float]], begin: float, end: float, last: float
) -> float:
    """Return how many an hour of earlier days had in this time of day; the fewest of them."""
    rates = []
    for day in range(1, 15):
        a, b = begin - day * 86_400, end - day * 86_400
        had = sum(max(0.0, min(b, until) - max(a, since)) for since, until in covered)
        if b <= last and had > 0.5 * (b - a):
            count = np.searchsorted(seen_s, b) - np.searchsorted(seen_s, a)
            rates.append(float(count) / had * (b - a))
    return min(rates, default=0.0)
