"""How sure a mean over queries is, when its queries belong to people.

Queries of one person rise and fall together, so people are drawn anew, not queries; the gallery
stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.figures import LEAST_PEOPLE, Interval

DRAWS = 2000

_SHARE = 0.95


def intervals_of_means(
    values: Mapping[str, NDArray[np.float64]], persons: NDArray[np.int64]
) -> dict[str, Interval]:
    """The 95 % percentile interval of the mean of each row of values.

    Args:
        values: name -> (v,) one value a query.
        persons: (v,) whose query it is.

    Returns:
        Name -> (low, high), the same at every call; empty for fewer than `LEAST_PEOPLE`.
    """
    _, person = np.unique(persons, return_inverse=True)
    people = int(person.max(initial=-1)) + 1
    if people < LEAST_PEOPLE:
        return {}
    drawn = np.random.default_rng(0).multinomial(people, np.full(people, 1 / people), size=DRAWS)
    queries = drawn @ np.bincount(person, minlength=people)
    ends = [50 * (1 - _SHARE), 50 * (1 + _SHARE)]
    found = {}
    for name, each in values.items():
        means = drawn @ np.bincount(person, weights=each, minlength=people) / queries
        low, high = np.percentile(means, ends)
        found[name] = float(low), float(high)
    return found
