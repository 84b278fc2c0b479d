"""Replay: what became of an answer when its question was asked again, and why.

An answer's statement holds all that made it. Asked again of the archive as it was, it has to give
the same matches with the same scores; of the archive as it is, what is new, and what is gone. Every
difference names the changes that were found and can have it as their effect.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from reidsearch.domain.event_log import Event

TOLERANCE = 1e-5
"""Scores are sums of some hundred float32 products; processors add them up in different orders, and
differ by less. Larger differences have another cause."""

Scored: TypeAlias = tuple[int, float]
"""A match: its crop and its score."""
ChainScored: TypeAlias = tuple[tuple[int, ...], float]
"""A chain of people at several places: the best crop of each, and the weakest score."""


class AsIt(StrEnum):
    """What is searched again."""

    WAS = "as-it-was"  # crops up to the newest by then, without what was erased since
    IS = "as-it-is"


class Outcome(StrEnum):
    """What came of it."""

    IDENTICAL = "identical"  # the same matches in the same order, scores within `TOLERANCE`
    DIFFERENT = "different"
    NOT_REPEATED = "not-repeated"  # what was searched with is not there any more


class Cause(StrEnum):
    """What has changed since an answer was given."""

    ERASED = "erased"  # crops were deleted
    FOOTAGE = "new-footage"  # crops were indexed
    DECISIONS = "decisions"  # of identities, or tracklets that were split and joined
    FACTS = "facts"  # clocks were corrected, sources moved or grown
    ATTRIBUTES = "attributes"  # what people wear and carry was recorded
    QUERY = "query"  # an identity has other crops by now
    MODEL = "model"  # embeddings are another model's, or of another preprocessing
    RUNTIME = "runtime"  # the query's pictures were embedded again, and not to the same
    ADJUSTMENT = "adjustment"  # camera means are others
    RANKING = "ranking"  # matches are ordered by something else
    INDEX = "index"  # another kind of index, of answers that are not proven to be the best
    CALIBRATION = "calibration"  # scores are read by another calibration
    UNEXPLAINED = "unexplained"  # nothing was found that has such an effect


OF_SCORES = {Cause.MODEL, Cause.RUNTIME, Cause.ADJUSTMENT, Cause.QUERY}
"""What changes the scores of crops that are found both times."""
OF_ORDER = {Cause.ERASED, Cause.FOOTAGE, Cause.RANKING, Cause.INDEX, Cause.DECISIONS, *OF_SCORES}
OF_TRACKLETS = {Cause.ERASED, Cause.FOOTAGE, Cause.DECISIONS}
"""What changes the scores of whole tracklets, whose embeddings are made of several crops."""
OF_SPACE_TIME = {Cause.ERASED, Cause.FOOTAGE, Cause.DECISIONS, Cause.FACTS}
OF_MATCHES = {Cause.FACTS, Cause.ATTRIBUTES, Cause.CALIBRATION, *OF_ORDER}


class DifferenceKind(StrEnum):
    """How a match differs."""

    MISSING = "missing"  # it was one, and is none any more
    ADDED = "added"
    SCORE = "score"
    ORDER = "order"  # it stands elsewhere among the matches that are found both times
    SPACE_TIME = "space-time"  # its place and time say something else


@dataclass(frozen=True, slots=True)
class Change:
    """Something that has changed since the answer.

    Args:
        what: in a sentence.
    """

    cause: Cause
    what: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One match, or chain of people at several places, that is not as it was.

    Args:
        crop_id: of a match; None: it is a chain.
        crop_ids: of a chain, the best crop of each place; of a match its own alone.
        rank_was, score_was: None where it was no match.
        rank_now, score_now: None where it is none. Of `SPACE_TIME` not scores, but what place and
            time say (log10 likelihood ratios; None: nothing).
        causes: changes that can have this effect; which share each has is not known.
    """

    kind: DifferenceKind
    crop_id: int | None
    crop_ids: tuple[int, ...]
    rank_was: int | None
    rank_now: int | None
    score_was: float | None
    score_now: float | None
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was checked of the record that is replayed.

    Args:
        entry: number of the log's entry; None: the answer has none.
        faults: where the entry, or its links to the two beside it, do not hold. The rest of the log
            is not looked at.
        file: whether the file that was given is what was answered; None: there is no file, or no
            entry to compare it with.
        file_differs: where it is not.
    """

    entry: int | None
    faults: tuple[str, ...] = ()
    file: bool | None = None
    file_differs: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing that was checked speaks against the record."""
        return not self.faults and self.file is not False


@dataclass(frozen=True, slots=True)
class Compared:
    """Matches as they were and are.

    Args:
        exact: all scores are equal to the last bit.
        largest: difference of the scores of a crop that is found both times.
    """

    outcome: Outcome
    exact: bool = False
    largest: float = 0.0
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """The report of a replay.

    Args:
        of: what was asked: a search, or who was at several places, whose matches are chains.
        asked_at: when the answer was given.
        replayed_at: when it was asked for again.
        query: what was searched with, in the words of the statement.
        why_not: why the request could not be repeated; empty where it was.
        same_query: whether the embedding that was searched with is the same to the last bit; None:
            nothing was searched, or not with pictures.
        matches_was, matches_now: how many.
        changes: what was found to have changed since, with or without an effect.
        not_rebuilt: what of the archive as it was could not be had any more, in sentences.
        logged: the entry that this replay has; None: it has none.
    """

    as_it: AsIt
    evidence: Evidence
    asked_at: dt.datetime
    replayed_at: dt.datetime
    query: str
    compared: Compared
    matches_was: int
    matches_now: int = 0
    why_not: str = ""
    same_query: bool | None = None
    changes: tuple[Change, ...] = ()
    not_rebuilt: tuple[str, ...] = ()
    logged: int | None = None
    of: Event = Event.SEARCH

    @property
    def identical(self) -> bool:
        """Whether the answer is the same, and nothing speaks against its record."""
        return self.compared.outcome is Outcome.IDENTICAL and self.evidence.holds


def compare(
    was: Sequence[Scored] | Sequence[ChainScored],
    now: Sequence[Scored] | Sequence[ChainScored],
    *,
    found: Set[Cause],
    erased: Set[int],
    newest_crop: int,
    decided: bool = False,
    timed: bool = False,
    of_tracklets: bool = False,
) -> Compared:
    """Compare matches or chains, best first, and give each difference its causes.

    Args:
        found: what has changed since.
        erased: crops of `was` that the archive does not hold any more.
        newest_crop: the last that there was.
        decided: what was searched with comes from decisions, so that they can change scores.
        timed: place and time have a part in the order.
        of_tracklets: scores are those of whole tracklets.
    """
    of_order = OF_ORDER | {Cause.FACTS, Cause.CALIBRATION} if timed else OF_ORDER
    of_scores = OF_SCORES | {Cause.DECISIONS} if decided else OF_SCORES
    of_scores = of_scores | OF_TRACKLETS if of_tracklets else of_scores
    then, since = dict[_Key, float](was), dict[_Key, float](now)
    common = then.keys() & since.keys()
    apart = {key: abs(then[key] - since[key]) for key in common}
    largest = max(apart.values(), default=0.0)
    if list(then) == list(since) and largest <= TOLERANCE:
        return Compared(Outcome.IDENTICAL, largest == 0.0, largest)
    # Where the scores of crops that are found both times stand, nothing has changed any score.
    unmoved = set(OF_SCORES) if common and largest <= TOLERANCE else set()
    unmoved -= {Cause.QUERY}  # ... but perhaps who may be found
    told = found - unmoved

    def causes(kind: DifferenceKind, key: _Key) -> tuple[Cause, ...]:
        if kind is DifferenceKind.MISSING and not erased.isdisjoint(_crops(key)):
            return (Cause.ERASED,)
        if kind is DifferenceKind.ADDED and max(_crops(key), default=0) > newest_crop:
            return (Cause.FOOTAGE,)
        if kind is DifferenceKind.SCORE:
            fitting = found & of_scores
        else:
            fitting = told & (of_order if kind is DifferenceKind.ORDER else OF_MATCHES)
        return tuple(sorted(fitting)) or (Cause.UNEXPLAINED,)

    ranks_was = {key: rank for rank, key in enumerate(then, start=1)}
    ranks_now = {key: rank for rank, key in enumerate(since, start=1)}
    kept_was = [key for key in then if key in common]
    kept_now = [key for key in since if key in common]
    kinds = [(DifferenceKind.MISSING, one) for one in then if one not in common]
    kinds += [(DifferenceKind.ADDED, one) for one in since if one not in common]
    kinds += [(DifferenceKind.SCORE, one) for one in kept_was if apart[one] > TOLERANCE]
    kinds += [
        (DifferenceKind.ORDER, one)
        for one, other in zip(kept_was, kept_now, strict=True)
        if one != other
    ]
    differences = tuple(
        Difference(
            kind,
            one if isinstance(one, int) else None,
            _crops(one),
            ranks_was.get(one),
            ranks_now.get(one),
            then.get(one),
            since.get(one),
            causes(kind, one),
        )
        for kind, one in kinds
    )
    return Compared(Outcome.DIFFERENT, largest=largest, differences=differences)


_Key: TypeAlias = int | tuple[int, ...]


def _crops(key: _Key) -> tuple[int, ...]:
    return (key,) if isinstance(key, int) else key


Told: TypeAlias = "Mapping[int, tuple[int, float | None]]"
"""Of each match its rank, and what its place and time say."""


def with_space_time(compared: Compared, was: Told, now: Told, found: Set[Cause]) -> Compared:
    """Return what was compared, with what place and time of the matches say, then and now."""

    def differs(one: float | None, other: float | None) -> bool:
        return one != other if one is None or other is None else abs(one - other) > TOLERANCE

    causes = tuple(sorted(found & OF_SPACE_TIME)) or (Cause.UNEXPLAINED,)
    further = tuple(
        Difference(
            DifferenceKind.SPACE_TIME,
            crop,
            (crop,),
            was[crop][0],
            now[crop][0],
            was[crop][1],
            now[crop][1],
            causes,
        )
        for crop in was
        if crop in now and differs(was[crop][1], now[crop][1])
    )
    if not further:
        return compared
    differences = (*compared.differences, *further)
    return replace(compared, outcome=Outcome.DIFFERENT, differences=differences)
