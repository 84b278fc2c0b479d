"""A request whose pictures are embedded: what the engine answers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import Vectors
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.domain.request import SearchRequest
from reidsearch.search.feedback import MarkedCrops
from reidsearch.search.query_pictures import fuse


@dataclass(frozen=True, slots=True)
class Query:
    """A request whose pictures are embedded.

    Args:
        views: (n, d) float32, rows of unit length, one a picture or crop; or (d,), of one.
        label: what it was made from, for the statement, e.g. `mean of 2 pictures`.
        request: what is asked for; its pictures, identity and feedback are in the other fields.
        exclude: crops that are no matches, beside those that the filters exclude.
        warnings: what about the query makes the answer less sure, in sentences.
        least_score: crops searched -> the score to reach; None: `request.min_score`.
        feedback: what refines the mean of the views. The liked crops come first, beyond k and
            whatever they score; neither they nor the unliked ones are found any more.
        origins: what the views were made from.
        cameras: n names, None where the camera of a view is not known; empty: of none.
    """

    views: Vectors
    label: str
    request: SearchRequest = SearchRequest()
    exclude: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    least_score: Callable[[int], float] | None = None
    feedback: MarkedCrops | None = None
    origins: tuple[QueryOrigin, ...] = ()
    cameras: tuple[str | None, ...] = ()

    def vector(self, adjust: Adjustment | None) -> Vectors:
        """Return what is searched with, (d,) of unit length, adjusted as scores are.

        Raises:
            UsageError: the views, or these and what is liked, have nothing in common.
        """
        rows = np.atleast_2d(self.views)
        if adjust is not None:
            rows = adjust.queries(rows, self.cameras or (None,) * len(rows))
        mean = fuse(rows)
        return self.feedback.refine(mean, len(rows), adjust) if self.feedback else mean

    @property
    def without(self) -> frozenset[int]:
        """Crops that are no matches."""
        marked = (*self.feedback.liked, *self.feedback.unliked) if self.feedback else ()
        return frozenset((*self.request.filters.exclude_crops, *self.exclude, *marked))

    @property
    def scope_key(self) -> Hashable:
        """Equal for queries that `search_many` can answer together."""
        request = self.request
        ranked = request.reranked, request.adjusted
        return request.filters, request.grouped, request.exact, request.plain_for, *ranked
