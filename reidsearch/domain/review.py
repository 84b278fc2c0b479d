"""A review by a second examiner: what is asked, in which order, and what the answers say.

Pure: no archive is needed to compute an order, a key's digest or an outcome again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reidsearch.domain.decisions import Member
from reidsearch.domain.event_log import canonical

CONFIDENCE = 0.95
FEWEST_FOR_KAPPA = 10
_HALVINGS = 60  # of an interval of 1: far below what is printed


class Part(StrEnum):
    """What an item is in a review."""

    REFERENCE = "reference"  # is shown beside the others, and not asked about
    CANDIDATE = "candidate"  # the first examiner decided on it
    FILLER = "filler"  # known to be somebody else


class First(StrEnum):
    """What the first examiner decided of a candidate."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNSURE = "unsure"


class ReviewAnswer(StrEnum):
    """What the second examiner says of an item: the person of the reference pictures, or not."""

    SAME = "same"
    DIFFERENT = "different"
    CANNOT_TELL = "cannot-tell"


class ReviewChange(StrEnum):
    """What was done with a review."""

    START = "start"
    ANSWER = "answer"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One item of a review.

    Args:
        place: its number, from 1; of a reference -1, -2, ...
        first: of a candidate.
        beside: of a filler: references and confirmed candidates that one camera shows with it.
        answer: the last that was given; None: none yet.
        crop_ids: its best shots; empty: the archive no longer holds it.
    """

    place: int
    part: Part
    member: Member
    first: First | None = None
    beside: tuple[Member, ...] = ()
    answer: ReviewAnswer | None = None
    crop_ids: tuple[int, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether the archive no longer holds it."""
        return not self.crop_ids

    def key(self) -> list[Any]:
        """Return what is hidden of it until the review is finished, as JSON."""
        return [
            self.place,
            self.part.value,
            self.member.kind,
            self.member.number,
            self.first.value if self.first else None,
            [[one.kind, one.number] for one in self.beside],
        ]


@dataclass(frozen=True, slots=True)
class Review:
    """One review.

    Args:
        identity: name of the identity as it is called now.
        key_sha256: of the seed and the key, in hexadecimal; see `key_digest`.
        first_examiners: who took the decisions that are reviewed.
        fillers_wanted: how many were asked for; there may be fewer.
        reviewer: who answers; None: nobody has yet.
        items: in the order of their places, references first.
    """

    review_id: int
    case: str
    identity_id: int
    identity: str
    seed: bytes
    key_sha256: str
    first_examiners: tuple[str, ...]
    fillers_wanted: int
    started_by: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    reviewer: str | None
    items: tuple[ReviewItem, ...] = field(repr=False)

    @property
    def asked(self) -> tuple[ReviewItem, ...]:
        """The items that are asked about, in their order."""
        return tuple(one for one in self.items if one.part is not Part.REFERENCE)

    @property
    def references(self) -> tuple[ReviewItem, ...]:
        """The reference pictures."""
        return tuple(one for one in self.items if one.part is Part.REFERENCE)

    @property
    def open(self) -> tuple[int, ...]:
        """The places without an answer, of what the archive holds."""
        return tuple(one.place for one in self.asked if one.answer is None and not one.gone)

    @property
    def fillers(self) -> int:
        """How many fillers there are."""
        return sum(one.part is Part.FILLER for one in self.items)


def placed(seed: bytes, members: Iterable[Member]) -> list[Member]:
    """Return members in the order of a seed: that of SHA-256 over the seed and each member's name.

    Every process and every other program gets the same order.
    """
    return sorted(members, key=lambda one: hashlib.sha256(seed + one.text.encode()).digest())


def key_digest(seed: bytes, items: Iterable[ReviewItem]) -> bytes:
    """Return SHA-256 of the seed and the canonical JSON of the key: it commits to both."""
    key = [one.key() for one in sorted(items, key=lambda one: one.place)]
    return hashlib.sha256(seed + canonical(key)).digest()


def same_actor(one: str, other: str) -> bool:
    """Tell whether two names are written alike, but for case and space around them."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


# -- what the answers say -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """A share, with the exact (Clopper-Pearson) 95 % confidence interval.

    Args:
        share, low, high: None: of none, nothing can be said.
    """

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None

    @classmethod
    def counted(cls, count: int, of: int) -> Share:
        """Return the share of a count.

        Example:
            >>> Share.counted(0, 10).high
            0.308...
        """
        if not of:
            return cls(0, 0, None, None, None)
        return cls(count, of, count / of, *interval(count, of))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished review says.

    Args:
        agreement: of the candidates that both decided.
        kappa: Cohen's; None: it says nothing here, for few candidates or one answer alone.
        false_same: fillers called `same`, of those that were decided and are sure.
        counts: first decision -> answer -> candidates.
        cannot_tell: of candidates, of fillers.
        unsure_fillers: fillers that were seen only beside candidates that the second examiner did
            not call `same`: not counted in `false_same`.
        disagreements: places of candidates that one called the same and the other different.
        unanswered: items that were erased before they were answered.
        erased: items that the archive no longer holds.
    """

    agreement: Share
    kappa: float | None
    false_same: Share
    counts: Mapping[First, Mapping[ReviewAnswer, int]]
    cannot_tell_candidates: int
    cannot_tell_fillers: int
    unsure_fillers: int
    disagreements: tuple[int, ...]
    called_same: tuple[int, ...]
    unanswered: int
    erased: int


_AS_ANSWER = {First.CONFIRMED: ReviewAnswer.SAME, First.REJECTED: ReviewAnswer.DIFFERENT}
_DECIDED = frozenset(_AS_ANSWER.values())


def outcome(items: Sequence[ReviewItem]) -> Outcome:
    """Return what the answers say.

    Args:
        items: of one review, references among them.
    """
    candidates = [one for one in items if one.part is Part.CANDIDATE]
    fillers = [one for one in items if one.part is Part.FILLER]
    counts = {
        first: {
            answer: sum(one.first is first and one.answer is answer for one in candidates)
            for answer in ReviewAnswer
        }
        for first in First
    }
    pairs = [
        (one.place, _AS_ANSWER[one.first], one.answer)
        for one in candidates
        if one.first in _AS_ANSWER and one.answer is not None and one.answer in _DECIDED
    ]
    agreed = sum(first is second for _, first, second in pairs)
    certain = {one.member for one in items if one.part is Part.REFERENCE}
    certain |= {one.member for one in candidates if one.answer is ReviewAnswer.SAME}
    sure = [one for one in fillers if certain.intersection(one.beside)]
    decided = [one for one in sure if one.answer in _DECIDED]
    called_same = tuple(one.place for one in decided if one.answer is ReviewAnswer.SAME)
    asked = [*candidates, *fillers]
    return Outcome(
        agreement=Share.counted(agreed, len(pairs)),
        kappa=kappa([(first, second) for _, first, second in pairs]),
        false_same=Share.counted(len(called_same), len(decided)),
        counts=counts,
        cannot_tell_candidates=_cannot_tell(candidates),
        cannot_tell_fillers=_cannot_tell(fillers),
        unsure_fillers=len(fillers) - len(sure),
        disagreements=tuple(sorted(place for place, first, second in pairs if first is not second)),
        called_same=tuple(sorted(called_same)),
        unanswered=sum(one.answer is None for one in asked),
        erased=sum(one.gone for one in asked),
    )


def _cannot_tell(items: Iterable[ReviewItem]) -> int:
    return sum(one.answer is ReviewAnswer.CANNOT_TELL for one in items)


def kappa(pairs: Sequence[tuple[ReviewAnswer, ReviewAnswer]]) -> float | None:
    """Return Cohen's kappa: agreement beyond what chance would give.

    None for fewer than ten pairs, or where one of the two gave one answer alone: it is then
    zero or undefined whatever they agree on.
    """
    count = len(pairs)
    firsts, seconds = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    if count < FEWEST_FOR_KAPPA or len(firsts) < 2 or len(seconds) < 2:
        return None
    seen = sum(one is other for one, other in pairs) / count
    chance = sum(firsts[each] * seconds[each] for each in ReviewAnswer) / count**2
    return (seen - chance) / (1 - chance)


def interval(count: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact (Clopper-Pearson) interval of a share, which is never too narrow.

    Example:
        >>> interval(0, 10)
        (0.0, 0.308...)
    """
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _where(lambda p: at_least(count, of, p) < tail)
    high = 1.0 if count == of else _where(lambda p: 1 - at_least(count + 1, of, p) > tail)
    return low, high


def _where(below: Any) -> float:
    """Return the probability at which a condition that holds for small ones ends to hold."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


def at_least(count: int, of: int, probability: float) -> float:
    """Return how probable at least `count` hits of `of` are."""
    if not 0 < probability < 1:
        return 1.0 if count <= 0 or probability == 1 else 0.0
    yes, no = math.log(probability), math.log1p(-probability)
    return math.fsum(
        math.exp(
            math.lgamma(of + 1)
            - math.lgamma(hits + 1)
            - math.lgamma(of - hits + 1)
            + hits * yes
            + (of - hits) * no
        )
        for hits in range(count, of + 1)
    )
