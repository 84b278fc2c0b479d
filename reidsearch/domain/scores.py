"""What a score says: a calibration, where it comes from, and one score read by it.

A calibration maps the score of one crop against one crop to a log-likelihood ratio, and to the
rate at which different people reach that score. Everything here is per comparison; how many
comparisons were made, and how likely the person was there at all, belongs to the search.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import astuple, dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.event_log import canonical

Values = NDArray[np.float64]
"""(n,) or (n, m) float64."""

UNCALIBRATED = "uncalibrated"
# The score that 1 in 1 000 wrong crops reach is reached by 0.2 to 5.6 once a query is refined
# (docs/accuracy.md, by benchmarks/feedback.py): no reading is better than that one.
REFINED = f"{UNCALIBRATED} for a query that feedback refined"
"""How a statement's `calibration` begins while there is none in force."""

BINS = 800
STEP = 2.0 / BINS
"""Width of a bin of scores. Of a score's bin the lower edge counts, so that a rate is never told
too low; 0.0025 moves a log-likelihood ratio by less than its interval."""
LOWER: Values = np.arange(BINS, dtype=np.float64) * STEP - 1.0
"""(BINS,) lower edges of the bins of scores."""


class Origin(StrEnum):
    """Whose footage a calibration was made from."""

    SET = "set"  # a labelled set of pictures: other footage than the archive's
    LABELS = "labels"  # the archive's own person labels
    IDENTITIES = "identities"  # what was confirmed in the archive
    REFERENCE = "reference"  # shipped with the program: other footage, its own scores' spread


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a calibration comes from.

    Args:
        origin: whose footage.
        source: its name, as text: the set's folder or table, or what of the archive was taken.
        sha256: over the pictures and labels used, hexadecimal; None for the archive's own.
        people: that were compared; `crops` of them by `cameras` cameras.
        same_pairs, different_pairs: crops that were compared, all of them by different cameras.
        people_pairs: pairs of different people among these.
        seed, replicates: of the bootstrap over people.
        version: of this program.
        notes: what of a set was left out, in sentences.
        adjusted: made from camera-adjusted scores, and says nothing of plain ones.
    """

    origin: Origin
    source: str
    sha256: str | None
    people: int
    cameras: int
    crops: int
    same_pairs: int
    different_pairs: int
    people_pairs: int
    seed: int
    replicates: int
    version: str
    at: dt.datetime
    notes: tuple[str, ...] = ()
    adjusted: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One score, read by a calibration.

    Args:
        log10_lr: log-likelihood ratio to base 10: how many times likelier the score is between
            two crops of one person than between crops of two people, as a power of ten. Intervals
            are 95 %, by bootstrap over people: (low, high).
        probability: of the same person, for the prior that the statement names.
        false_alarm_rate: how often two different people score this or more.
        at_most: the rate was not measured so far out; it is below `false_alarm_rate`.
        false_alarms: wrong matches to be expected at this score or above in the gallery searched.
        limited: the score lies outside the range that the calibration saw, or its log-likelihood
            ratio beyond what so many people can show; the nearest value is given.
    """

    log10_lr: float
    log10_lr_interval: tuple[float, float]
    probability: float
    probability_interval: tuple[float, float]
    false_alarm_rate: float
    false_alarm_rate_interval: tuple[float, float]
    at_most: bool
    false_alarms: float
    limited: bool


@dataclass(frozen=True, slots=True)
class Soundness:
    """How good a map from scores to log-likelihood ratios is, on pairs it was not made from.

    Args:
        cllr: its cost in bits: 0 is perfect, 1 says nothing, above 1 misleads.
        cllr_min: the cost of the best monotone map, made from these very pairs: what is lost
            because people look alike; `cllr - cllr_min` is lost because the map is wrong.
        ece: expected calibration error at a prior of 1/2: by how much, on average, a probability
            differs from the share of pairs that are of one person.
        reliability: ((probability told, share found, weight), ...) by tenths of probability.
    """

    cllr: float
    cllr_min: float
    ece: float
    reliability: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What is known of every bin of scores; (BINS,) float64 each.

    Args:
        same, different: share of pairs in the bin; every person counts the same. Sum to 1.
        rate, rate_low, rate_high: of different people at the bin's lower edge or above.
        lr_low, lr_high: interval of the log-likelihood ratio (to base 10) at that edge.
    """

    same: Values
    different: Values
    rate: Values
    rate_low: Values
    rate_high: Values
    lr_low: Values
    lr_high: Values


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How to read the scores of one model.

    Args:
        digest, preprocessing: of the model, as in `ModelIdentity`.
        intercept, slope: log10 likelihood ratio = intercept + slope x score.
        lowest, highest: the range of scores seen.
        soundness: measured over people that were left out in turn.
    """

    provenance: Provenance
    digest: str
    preprocessing: str
    intercept: float
    slope: float
    lowest: float
    highest: float
    soundness: Soundness
    curves: Curves

    @property
    def sha256(self) -> str:
        """SHA-256, in hexadecimal, of all that a score is read by; where it is from is not in it.

        Of canonical JSON of the numbers below, followed by the curves as float64, little-endian.
        """
        return _sha256_of(self)

    @property
    def floor(self) -> float:
        """The lowest false-alarm rate that was measured: the last whose interval is above 0.

        That takes eight pairs of people or so who reach the score; crops of the same two people
        are no independent comparisons.
        """
        known = np.flatnonzero(self.curves.rate_low > 0)
        return float(self.curves.rate[known[-1]])

    def log10_lr(self, scores: Values) -> tuple[Values, NDArray[np.bool_]]:
        """(n,) log-likelihood ratios to base 10, and which of them were limited."""
        wide = np.asarray(scores, np.float64)
        seen = np.clip(wide, self.lowest, self.highest)
        raw = self.intercept + self.slope * seen
        bounded = np.clip(raw, *self._bounds)
        return bounded, (seen != wide) | (bounded != raw)

    @property
    def _bounds(self) -> tuple[float, float]:
        """No log-likelihood ratio says more than so many people can show.

        Of different people at most one in ten comes to a likelihood ratio of 10 or more, and so on
        (Turing's rule): a higher ratio than the lowest rate measured allows cannot be shown.
        """
        return -float(np.log10(self.provenance.people)), -float(np.log10(self.floor))

    def read(self, score: float, *, prior: float, comparisons: int) -> Reading:
        """Read one score.

        Args:
            prior: probability, before the score is known, that the match is the person.
            comparisons: with how many crops the query was compared.

        Raises:
            UsageError: the score is no number, or the prior no probability.
        """
        if not np.isfinite(score):
            raise UsageError(f"a score of {score} cannot be read")
        if not 0.0 < prior < 1.0:
            raise UsageError(f"a prior lies between 0 and 1, {prior} does not")
        (ratio,), (limited,) = self.log10_lr(np.array([score]))
        curves, bounds = self.curves, self._bounds
        seen, at = bins_of(np.array([np.clip(score, self.lowest, self.highest), score]))
        low = float(np.clip(min(curves.lr_low[seen], ratio), *bounds))
        high = float(np.clip(max(curves.lr_high[seen], ratio), *bounds))
        measured = float(curves.rate[at])
        rate = max(measured, self.floor)
        return Reading(
            log10_lr=float(ratio),
            log10_lr_interval=(low, high),
            probability=posterior(float(ratio), prior),
            probability_interval=(posterior(low, prior), posterior(high, prior)),
            false_alarm_rate=rate,
            false_alarm_rate_interval=(
                min(float(curves.rate_low[at]), rate),
                max(float(curves.rate_high[at]), rate),
            ),
            at_most=measured < self.floor,
            false_alarms=rate * comparisons,
            limited=bool(limited),
        )

    def same_below(self, score: float) -> float:
        """The share of pairs of one person that score less."""
        return float(self.curves.same[: bins_of(np.array([score]))[0]].sum())

    def score_for(self, false_alarms: float, comparisons: int) -> float:
        """The lowest score above which at most `false_alarms` wrong matches are expected.

        Raises:
            UsageError: that would need a lower false-alarm rate than was measured.
        """
        if not false_alarms > 0:
            raise UsageError(f"expected false alarms must be above 0, {false_alarms} is not")
        wanted = false_alarms / max(comparisons, 1)
        if wanted < self.floor:
            raise UsageError(
                f"{false_alarms:g} false alarms among {comparisons:,} crops are 1 in "
                f"{1 / wanted:,.0f}; the calibration was measured down to 1 in "
                f"{1 / self.floor:,.0f}",
                f"allow {least(self.floor * comparisons)} or more, filter to fewer crops, or "
                "calibrate on more people",
                kind=Kind.FALSE_ALARMS_NOT_MEASURED,
                least=least(self.floor * comparisons),
            )
        # The last bin holds nothing above it but scores of 1, so there is always one.
        fits = np.flatnonzero(self.curves.rate <= wanted)
        return float(LOWER[fits[0]]) if len(fits) else 1.0


def posterior(log10_lr: float, prior: float) -> float:
    """Probability after a log-likelihood ratio (to base 10), by Bayes."""
    odds = prior / (1.0 - prior) * 10.0**log10_lr
    return float(odds / (1.0 + odds))


def least(value: float) -> str:
    """A number in three digits, rounded up so that it is still enough."""
    step = 10.0 ** (np.floor(np.log10(value)) - 2)
    return f"{np.ceil(value / step) * step:.3g}"


def bins_of(scores: Values) -> NDArray[np.int64]:
    """(n,) the bin of each score."""
    # The smallest amount more: 0.3 is an edge, and must not fall below it by rounding.
    found = np.floor((np.asarray(scores, np.float64) + 1.0) / STEP + 1e-6)
    return np.clip(found, 0, BINS - 1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Tested:
    """How the archive's calibration does on a labelled set that it was not made from."""

    source: str
    people: int
    same_pairs: int
    different_pairs: int
    soundness: Soundness


@lru_cache(maxsize=16)  # each answer names it, and it is of kilobytes that never change
def _sha256_of(of: Calibration) -> str:
    told = {
        "model": of.digest,
        "preprocessing": of.preprocessing,
        "adjusted": of.provenance.adjusted,
        "people": of.provenance.people,
        "intercept": of.intercept,
        "slope": of.slope,
        "lowest": of.lowest,
        "highest": of.highest,
    }
    curves = (np.asarray(one, "<f8").tobytes() for one in astuple(of.curves))
    return hashlib.sha256(canonical(told) + b"".join(curves)).hexdigest()
