"""The options that say what a search ranks, and what it leaves out of its ranking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any, TypeVar

import click

from reidsearch.cli.grouped import option

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class RankingGiven:
    """What the options of `ranking_options` say."""

    min_score: float | None
    max_false_alarms: float | None
    ungrouped: bool
    no_rerank: bool
    spread: int | None
    exact: bool

    @property
    def limited(self) -> bool:
        """Whether a score has to be reached."""
        return self.min_score is not None or self.max_false_alarms is not None

    def of_request(self) -> dict[str, Any]:
        """Return fields of a `SearchRequest`."""
        return {
            "min_score": self.min_score,
            "max_false_alarms": self.max_false_alarms,
            "grouped": not self.ungrouped,
            "reranked": not self.no_rerank,
            "spread": self.spread,
            "exact": self.exact,
        }


def ranking_options(group: str) -> Callable[[F], F]:
    """Declare them, gathered and passed as `ranking`, a `RankingGiven`."""
    names = [field.name for field in fields(RankingGiven)]
    options = (
        option(
            "--min-score",
            group=group,
            type=click.FloatRange(-1, 1),
            metavar="SCORE",
            help="Exclude lower scores.",
        ),
        option(
            "--max-false-alarms",
            group=group,
            type=float,
            metavar="N",
            help="Exclude scores with more expected (`calibrate`).",
        ),
        option("--ungrouped", group=group, is_flag=True, help="List every crop of a tracklet."),
        option("--no-rerank", group=group, is_flag=True, help="Rank by score only."),
        option(
            "--spread",
            group=group,
            type=click.IntRange(1),
            metavar="N",
            help="At most N matches of each camera.",
        ),
        option(
            "--exact", group=group, is_flag=True, help="Guarantee that no better match is missed."
        ),
    )

    def declared(function: F) -> F:
        @wraps(function)
        def gathered(*args: Any, **given: Any) -> Any:
            ranking = RankingGiven(**{name: given.pop(name) for name in names})
            return function(*args, ranking=ranking, **given)

        made: Any = gathered
        for declare in reversed(options):
            made = declare(made)
        return made  # type: ignore[no-any-return]

    return declared
