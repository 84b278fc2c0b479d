"""What a decision on tracklets did: one was cut, or several were joined by hand."""

from __future__ import annotations

from dataclasses import dataclass

from reidsearch.domain.decisions import Decision, Mark
from reidsearch.domain.tracklets import TrackletSeen


@dataclass(frozen=True, slots=True)
class TrackletsEdited:
    """What there is after a cut or a join.

    Args:
        tracklets: both halves, the earlier one first; or the one that was joined.
        marks: what is decided of each now, in the same order.
        made: crops that were cut out of the footage for a half that had none.
        unsure: the identity that both halves stay confirmed as, because nobody knows by which
            crops the whole was confirmed; None: there is none.
        withdrawn: proposals that lost a member, because they rest on what it was before.
    """

    decision: Decision
    tracklets: tuple[TrackletSeen, ...]
    marks: tuple[Mark, ...]
    made: tuple[int, ...] = ()
    unsure: str | None = None
    withdrawn: tuple[int, ...] = ()
