"""Why one match scores what it scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import PLAIN, AdjustedBy
from reidsearch.domain.answers import Own
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.domain.scores import Calibration, Reading


@dataclass(frozen=True, slots=True)
class Stripe:
    """A horizontal stripe of both pictures, and how far the score falls when it is masked.

    Args:
        top, bottom: shares of the picture's height, from the top.
        query_fall, match_fall: the score less that with the stripe of the query, of the match,
            filled with that picture's mean colour. Below 0: the stripe speaks against the match.
    """

    top: float
    bottom: float
    query_fall: float
    match_fall: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody else near the query or the match.

    `known` says why it is surely another person; empty: nobody knows, it may be the same.
    """

    crop: Crop
    score: float
    known: str


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Scores of pairs of this archive that surely show different people.

    Args:
        how: how that is known.
        scores: (n,) float32, increasing.
        at_or_above: how many reach the match's score.
    """

    how: str
    scores: NDArray[np.float32]
    at_or_above: int


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Everything that can be said of one score.

    Args:
        query: what was shown, as text.
        origin: the file, box and digests of it.
        score: as a search gives it.
        score_of_pictures: by the pictures at hand, from which the falls count; the match's
            picture is its stored JPEG, so that it may differ by some thousandths.
        query_picture, match_picture: (h, w, 3) uint8 BGR.
        stripes: from head to foot.
        near_query, near_match: the nearest others, best first, one a tracklet and one a
            person known by label or decision; who is known to be the query or match is left out.
        calibration: in force, with the `reading` of the score; None: `status` says why.
        same_below: by the calibration, the share of pairs of one person that score less.
        observed: empty where nothing is known of different people in this archive.
        own: what the match shares with the query, as an answer marks it; None: nothing is known.
        adjusted: which camera means all scores here are without.
    """

    query: str
    origin: QueryOrigin
    match: Crop
    model: ModelIdentity
    score: float
    score_of_pictures: float
    query_picture: Pixels
    match_picture: Pixels
    stripes: tuple[Stripe, ...]
    near_query: tuple[Neighbour, ...]
    near_match: tuple[Neighbour, ...]
    status: str
    calibration: Calibration | None
    reading: Reading | None
    same_below: float | None
    observed: tuple[Observed, ...]
    own: Own | None = None
    adjusted: AdjustedBy = PLAIN
