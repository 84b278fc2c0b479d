"""Many questions at once, all matches of one, and how a search would go."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from reidsearch.domain.answers import Answer, Match, Statement
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search import engine
from reidsearch.search.query_pictures import Shown
from reidsearch.store.crops.store import Store

QUERIES_AT_ONCE = 256  # their shortlists are held in memory
MATCHES_AT_ONCE = 500  # read and marked together


@dataclass(frozen=True, slots=True)
class Asking:
    """What all questions have in common.

    Args:
        text: the runtime, for the statement.
        read: (an answer, of how many views) -> the same with its scores read and matches marked.
    """

    store: Store
    gallery: Gallery
    neighbours: Neighbours
    text: Callable[[], str]
    read: Callable[[Answer, int], Answer]

    def many(self, shown: Sequence[Shown], like: engine.Query) -> Iterator[Answer]:
        """Answers in the order of the questions; `like` gives everything but who is shown."""
        for start in range(0, len(shown), QUERIES_AT_ONCE):
            part = shown[start : start + QUERIES_AT_ONCE]
            questions = [question(like, one) for one in part]
            answers = engine.search_many(
                self.store, self.gallery, questions, self.text(), self.neighbours
            )
            for one, answer in zip(part, answers, strict=True):
                yield self.read(answer, one.views)

    def all(self, shown: Shown, like: engine.Query) -> tuple[Statement, Iterator[Match]]:
        """Everything that reaches `like.min_score`, best first, and what was searched."""
        statement, matches = engine.search_all(
            self.store, self.gallery, question(like, shown), self.text()
        )

        def read() -> Iterator[Match]:
            while part := tuple(itertools.islice(matches, MATCHES_AT_ONCE)):
                yield from self.read(Answer(statement, part), shown.views).matches

        return self.read(Answer(statement, ()), shown.views).statement, read()


def question(like: engine.Query, shown: Shown) -> engine.Query:
    """The same question about somebody else, whose own crops are no matches."""
    filters = like.filters
    out = (*filters.exclude_crops, *shown.crop_ids)
    return replace(
        like,
        vector=shown.vector,
        text=shown.text,
        doubts=shown.doubts,
        filters=replace(filters, exclude_crops=out),
    )


def in_general(
    k: int,
    filters: Filters,
    min_score: float | None,
    *,
    grouped: bool,
    exact: bool,
    reranked: bool,
) -> engine.Query:
    """A question that shows nobody yet."""
    import numpy as np

    nobody = np.empty(0, dtype=np.float32)
    return engine.Query(
        nobody,
        "",
        k=k,
        min_score=min_score,
        filters=filters,
        grouped=grouped,
        exact=exact,
        reranked=reranked,
    )
