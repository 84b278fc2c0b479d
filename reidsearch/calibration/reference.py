"""A calibration on day one: how scores of a catalogue model read elsewhere, fitted to the archive.

A camera-adjusted score means nearly the same everywhere, but for the spread of different people's
scores. That spread an archive shows without a label: almost all random pairs of crops by two
cameras are of different people. So a reference is kept in units of that spread, and is brought into
the archive's own. Middle and ninth decile are taken: with P people about one pair in P is of one
person, which moves neither much, and moves readings towards less, never towards more.

`reference.npz` holds for each `NAME/PRECISION/first 16 of its digest` what `Reference` says; it is
made by `benchmarks/reference.py` from labelled sets that are not shipped, and has nothing of a
single picture in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import IO

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.timecode import from_us
from reidsearch.domain.crops import Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.scores import (
    BINS,
    LOWER,
    Calibration,
    Curves,
    Origin,
    Provenance,
    Soundness,
    Values,
    bins_of,
)

FILE = "reference.npz"
SPREAD = 0.12
"""From the middle to the ninth decile of different people's scores, in a reference's own units."""
CROPS = 400
"""Of the archive, that are compared with each other; the spread is then known to a few per cent."""
LEAST_CROPS = 20
LEAST_PAIRS = 100
SEED = 20_261_126


@dataclass(frozen=True, slots=True)
class Impostors:
    """What different people score in some footage.

    Args:
        middle, spread: median, and from there to the ninth decile.
        pairs: how many this is of.
    """

    middle: float
    spread: float
    pairs: int

    @classmethod
    def of(cls, scores: Values) -> Impostors:
        """Return that of (n,) scores of pairs by different cameras, at least one."""
        middle, high = np.quantile(scores, [0.5, 0.9])
        return cls(float(middle), float(max(high - middle, 1e-3)), len(scores))

    def standard(self, scores: Values) -> Values:
        """Return (n,) scores in a reference's own units."""
        moved: Values = (np.asarray(scores, np.float64) - self.middle) * (SPREAD / self.spread)
        return moved

    def own(self, standard: float) -> float:
        """Return what `standard` made of a score, in this footage's units."""
        return self.middle + standard * self.spread / SPREAD


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """How scores of one model read on the sets that it was made from.

    Args:
        calibration: in units of `Impostors.standard`; its soundness is that on people of these
            sets who were left out in turn.
        ece_elsewhere: the largest error of its probabilities, on average, when it is made from one
            set and judged on another; between 0 and 1.
    """

    calibration: Calibration
    ece_elsewhere: float

    def fitted(self, impostors: Impostors) -> Calibration:
        """Return the calibration of an archive in which different people score like this."""
        made = self.calibration
        scale = SPREAD / impostors.spread
        # Of each of the archive's bins the reference's at its lower edge: never told too low.
        at = bins_of(np.clip(impostors.standard(LOWER), -1.0, 1.0))
        curves = made.curves
        notes = (
            f"of a reference made from one of these sets the probabilities were off by "
            f"{100 * self.ece_elsewhere:.1f} points on average in the other; calibrate to know it "
            "for this footage",
            f"the reference is fitted to the scores of {impostors.pairs:,} random pairs of this "
            "archive's crops by different cameras",
        )
        return replace(
            made,
            provenance=replace(made.provenance, notes=notes),
            intercept=made.intercept - made.slope * impostors.middle * scale,
            slope=made.slope * scale,
            lowest=max(impostors.own(made.lowest), -1.0),
            highest=min(impostors.own(made.highest), 1.0),
            curves=Curves(
                same=_moved(curves.same, at),
                different=_moved(curves.different, at),
                rate=curves.rate[at],
                rate_low=curves.rate_low[at],
                rate_high=curves.rate_high[at],
                lr_low=curves.lr_low[at],
                lr_high=curves.lr_high[at],
            ),
        )


def _moved(histogram: Values, at: NDArray[np.int64]) -> Values:
    """The shares of bins that begin at the bins `at` of this histogram, the first at the lowest."""
    above = np.append(np.cumsum(histogram[::-1])[::-1], 0.0)
    edges = above[at]
    edges[0] = above[0]
    shares: Values = edges - np.append(edges[1:], 0.0)
    return shares


def impostors(vectors: Vectors, cameras: NDArray[np.integer]) -> Impostors | None:
    """Return what random pairs by different cameras score; None: there are too few.

    Args:
        vectors: (n, d) float32 of unit length, drawn at random.
        cameras: (n,) a number for each.
    """
    if len(vectors) < LEAST_CROPS:
        return None
    one, other = np.triu_indices(len(vectors), 1)
    apart = cameras[one] != cameras[other]
    scores = (vectors @ vectors.T)[one[apart], other[apart]]
    return Impostors.of(scores) if len(scores) >= LEAST_PAIRS else None


def drawn(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the increasing ids of the crops that are compared, always the same of the same."""
    rng = np.random.default_rng(SEED)
    return np.sort(rng.choice(ids, min(CROPS, len(ids)), replace=False))


def key(model: ModelIdentity, *, adjusted: bool) -> str:
    """A model's name in the file, and the kind of its scores."""
    kind = "adjusted" if adjusted else "plain"
    return f"{model.name}/{model.precision}/{model.digest[:16]}/{model.preprocessing}/{kind}"


def reference_of(model: ModelIdentity, *, adjusted: bool) -> Reference | None:
    """Return the reference of a model's scores; None: there is none of it."""
    wanted = key(model, adjusted=adjusted)
    return _read(wanted, model) if wanted in _keys() else None


@cache
def _keys() -> frozenset[str]:
    with _file() as file, np.load(file, allow_pickle=False) as held:
        return frozenset(name.rpartition(":")[0] for name in held.files)


def _read(name: str, model: ModelIdentity) -> Reference:
    with _file() as file, np.load(file, allow_pickle=False) as held:
        facts = json.loads(held[f"{name}:facts"].tobytes())
        rows = held[f"{name}:curves"].astype(np.float64)
    made, sound = facts["provenance"], facts["soundness"]
    calibration = Calibration(
        provenance=Provenance(**{**made, "origin": Origin.REFERENCE, "at": from_us(made["at"])}),
        digest=model.digest,
        preprocessing=model.preprocessing,
        intercept=facts["intercept"],
        slope=facts["slope"],
        lowest=facts["lowest"],
        highest=facts["highest"],
        soundness=Soundness(**{**sound, "reliability": tuple(map(tuple, sound["reliability"]))}),
        curves=Curves(*rows.reshape(-1, BINS)),
    )
    return Reference(calibration, facts["ece_elsewhere"])


def _file() -> IO[bytes]:
    return resources.files("reidsearch.calibration").joinpath(FILE).open("rb")
