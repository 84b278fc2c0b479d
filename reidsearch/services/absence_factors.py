"""What else than coverage and detection decides whether somebody would have been shown."""

from __future__ import annotations

import math
from collections import Counter

from reidsearch.domain.absence import Factor
from reidsearch.domain.answers import Answer, Statement
from reidsearch.domain.attributes import FOUND_AGAIN
from reidsearch.domain.scores import Calibration, Origin

CERTAIN = math.inf


def by_calibration(calibration: Calibration | None, cut: float) -> Factor:
    """Return the chance that one person's score reaches a cut-off, by a calibration."""
    if calibration is None:
        return Factor(
            None,
            0,
            "nothing is known of what the same person scores: neither enough people are confirmed, "
            "nor are scores calibrated, nor is there a reference of the model",
        )
    by = calibration.provenance
    share = 1.0 - calibration.same_below(cut)
    told = f"scores of {by.people:,} people in {by.source} against the cut-off {cut:.3f}"
    if by.origin is Origin.REFERENCE:
        told = f"default of the model, measured on {told}, fitted to this archive's other people"
    elif by.origin is Origin.SET:
        told = f"measured on other footage: {told}"
    else:
        told = f"measured on this archive: {told}"
    return Factor(min(max(share, 0.0), 1.0), by.people, told)


def cut_off(answer: Answer) -> float | None:
    """Return the score that a match had to reach to be shown; None: all that was searched is.

    Of a re-ranked answer that of the last by score which is shown: what scored higher and went
    down makes the cut-off no higher.
    """
    statement = answer.statement
    k = statement.k if statement.requested is None else statement.requested.k
    found = [match for match in answer.matches if not match.liked]
    if k is None or len(found) < k:
        return statement.min_score
    by_score = [
        match.score for match in found if match.rank_before is None or match.rank_before <= k
    ]
    lowest = min(by_score or [match.score for match in found])
    return lowest if statement.min_score is None else max(lowest, statement.min_score)


def spread_out(answer: Answer) -> Factor | None:
    """Return the factor of an answer that shows so many of each camera; None: all were few enough.

    Of a camera with as many as may be shown, nobody knows what else there would have been.
    """
    asked = answer.statement.requested
    if asked is None or asked.spread is None:
        return None
    shown = Counter(match.crop.facts.camera for match in answer.matches if not match.liked)
    if max(shown.values(), default=0) < asked.spread:
        return None
    return Factor(
        None,
        0,
        f"at most {asked.spread:,} of each camera are shown, and what that leaves out is not "
        "measured",
    )


def other_factors(statement: Statement) -> list[tuple[str, Factor]]:
    """Return the further factors of a search: its index, and filters by what people wear."""
    found = []
    if not statement.exact and statement.recall is not None:
        source = "recall of the index, measured on the archive's own embeddings"
        found.append(("index", Factor(statement.recall, CERTAIN, source)))
    filters = statement.filters
    if filters.indexed_after is not None or filters.indexed_after_run is not None:
        source = "what was indexed before was not searched, and which part of the time that is of"
        found.append(("filter by indexing", Factor(None, 0, f"{source} is not told")))
    for name in filters.attributes.about():
        low, high = FOUND_AGAIN[name]
        middle = (low + high) / 2
        # As many cases as give an interval of this width.
        spread = max((high - low) / 4, 0.01)
        trials = max(middle * (1 - middle) / spread**2 - 1, 2)
        source = f"of people found at one camera, a filter by {name} finds so many at another"
        found.append((f"filter by {name}", Factor(middle, trials, f"default, measured: {source}")))
    return found
