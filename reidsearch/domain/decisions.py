"""The nouns of decisions: who was said to be whom, by whom, and what that leaves in force."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.photos import ReferencePhoto
from reidsearch.domain.tracklets import Purity, SourceInterval

Given: TypeAlias = "Mapping[Member, tuple[int, ...]]"
"""Members that a decision is about, each with the crops by which it was named."""

Value: TypeAlias = int | str | bool | None
"""From or to what a decision changes something: a name, an identity, whether rejected."""


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """What can belong to an identity: a tracklet, a crop of none, or a reference photograph.

    Args:
        kind: `tracklet`, `crop` or `photo`.
        number: its id.
    """

    kind: str
    number: int

    @property
    def text(self) -> str:
        """`tracklet 17`, `crop 4711`."""
        return f"{self.kind} {self.number}"

    def named_by(self, crops: Sequence[int]) -> str:
        """Return it by the crops that somebody gave: `crop 4711 (tracklet 17)`."""
        if self.kind == "crop" or not crops:
            return self.text
        noun = "crop" if len(crops) == 1 else "crops"
        return f"{noun} {', '.join(map(str, crops))} ({self.text})"


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """An identity as it is spoken of. Its id is never used again, its name can change."""

    identity_id: int
    name: str

    @property
    def text(self) -> str:
        """`anna (identity 3)`."""
        return f"{self.name} (identity {self.identity_id})"


def name_key(name: str) -> str:
    """Return what is equal for names that people take for one: letter case, composition, spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class Of(StrEnum):
    """What a change is about."""

    NAME = "name"  # of an identity; None: there is no such identity (yet, or any more)
    MERGED = "merged"  # the identity that it has become a part of; None: it stands for itself
    MEMBER = "member"  # the identity that a member belongs to; None: to none
    REJECTED = "rejected"  # whether a member was said not to be an identity
    UNSURE = "unsure"  # whether somebody could not tell if a member is an identity
    SPLIT = "split"  # the tracklet that one was split from; None: it is no tracklet (any more)
    JOINED = "joined"  # the tracklet that a tracklet was joined to; None: it stands for itself


PHOTO = "photo"
"""The kind of member that is no part of the gallery; see `domain.photos`."""

EDITS = frozenset({Of.SPLIT, Of.JOINED})
"""Changes of what a tracklet shows."""


@dataclass(frozen=True, slots=True)
class TraceStretch:
    """A stretch of one source's trace that goes from one tracklet to another.

    Args:
        from_pts: its first frame; None: from the beginning of what the source shows.
        until_pts: the first frame after it; None: to the end.
        pieces: how many of the tracker's pieces go with it.
    """

    source_id: int
    from_pts: int | None
    until_pts: int | None
    pieces: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a decision changes.

    Args:
        identity_id: None for `Of.MEMBER`, whose values are identities, and for tracklets.
        member: None for `Of.NAME` and `Of.MERGED`.
        crops: ids of its crops by which it was named; empty: by none, or by an older version.
        stretches: what was split off, or joined; only for `EDITS`.
    """

    of: Of
    identity_id: int | None
    member: Member | None
    before: Value
    after: Value
    crops: tuple[int, ...] = ()
    stretches: tuple[TraceStretch, ...] = ()

    @property
    def key(self) -> tuple[Of, int | None, Member | None]:
        """What is changed, without its values."""
        return self.of, self.identity_id, self.member

    @property
    def inverse(self) -> Change:
        """The change that takes this one back."""
        return replace(self, before=self.after, after=self.before)

    @property
    def identities(self) -> frozenset[int]:
        """The identities whose story this is a part of."""
        if self.of in EDITS:
            return frozenset()
        if self.of is Of.MEMBER:
            told = (self.before, self.after)
        else:
            told = (self.identity_id, self.after if self.of is Of.MERGED else None)
        return frozenset(one for one in told if isinstance(one, int))

    @property
    def edited(self) -> frozenset[int]:
        """The tracklets of which this changes what they show."""
        if self.of not in EDITS or self.member is None:
            return frozenset()
        told = (self.member.number, self.before, self.after)
        return frozenset(one for one in told if isinstance(one, int))

    @property
    def unites(self) -> bool:
        """Whether two tracklets become one: a join, or a split that is taken back."""
        return (self.of is Of.JOINED) == (self.after is not None)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; never changed, only reversed by a later one.

    Args:
        who: the operating system's user.
        what: `new`, `confirm`, `reject`, `unsure`, `merge`, `split`, `rename`, `split-tracklet`,
            `join-tracklets`, `add-photo`, `remove-photo`, `undo`, `erase`.
        note: why, in the decider's words.
        forced: it may contradict an earlier one, or what is possible.
        undoes: the decision that it reverses.
        undone_by: the decision that reverses it and is in force.
    """

    decision_id: int
    at: dt.datetime
    who: str
    what: str
    note: str
    forced: bool
    undoes: int | None
    changes: tuple[Change, ...]
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity as it stands.

    Args:
        members: confirmed: what shows this person.
        rejected: what was said not to show them.
        merged_into: what it has become a part of; it then has no members of its own.
        photos: numbers of its reference photographs, which are not among its members.
    """

    identity_id: int
    name: str
    members: tuple[Member, ...] = ()
    rejected: tuple[Member, ...] = ()
    merged_into: int | None = None
    photos: tuple[int, ...] = ()

    @property
    def named(self) -> Named:
        """Id and name."""
        return Named(self.identity_id, self.name)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was decided of one member: the identity it belongs to, those it was rejected for.

    Args:
        unsure_for: identities that somebody could not tell it to be, or not to be.
    """

    identity: Named | None = None
    rejected_for: tuple[Named, ...] = ()
    unsure_for: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Presence:
    """Where and when a member was seen.

    Args:
        parts: where it was seen, in order of time, one stretch of each source; of a crop that was
            offered as a picture, no time of that picture.
        first_us, last_us: wall clock, microseconds since 1970-01-01 UTC; None: not known.
        uncertainty_s: of the wall clock; None: not known.
        crop_ids: its views, best first.
        correction_s: by how much its times differ from what the recorder said.
        named_by: those by which decisions named it, where that is known.
        purity: how far a tracklet is known to show one person; None: nobody knows, or it is a crop.
    """

    member: Member
    camera: str | None
    parts: tuple[SourceInterval, ...]
    first_us: int | None
    last_us: int | None
    uncertainty_s: float | None
    crop_ids: tuple[int, ...]
    correction_s: float = 0.0
    named_by: tuple[int, ...] = ()
    purity: Purity | None = None

    @property
    def location(self) -> str:
        """Return where it was seen first."""
        return self.parts[0].location

    @property
    def seen_s(self) -> float:
        """Return for how long it was seen; over several sources by the wall clock."""
        if len(self.parts) > 1 and self.first_us is not None and self.last_us is not None:
            return (self.last_us - self.first_us) / 1e6
        return sum(part.last_us - part.first_us for part in self.parts) / 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What decisions say of pairs of crops; for calibration.

    Members of one identity are pairs of the same person, a rejected member and each member of the
    identity are a pair of different ones. For each view of the one side there is one pair: with
    the best-scoring view of the other, as in an answer. Pairs were found by searching, so
    different people among them look more alike than chance would have it.

    Args:
        scores: (n,) float32 inner products.
        same: (n,) bool.
        identity_ids: (n,) int64, whose decision it is: resample these, not the pairs.
        query_crops, match_crops: (n,) int64.
    """

    scores: NDArray[np.float32]
    same: NDArray[np.bool_]
    identity_ids: NDArray[np.int64]
    query_crops: NDArray[np.int64]
    match_crops: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True)
class Transits:
    """The least seconds in which anybody gets from one camera to another, in either direction."""

    minima: tuple[tuple[str, str, float], ...] = ()

    def between(self, a: str | None, b: str | None) -> float | None:
        """The minimum between two cameras; None: none is known."""
        for one, other, seconds in self.minima:
            if {one, other} == {a, b}:
                return seconds
        return None


@dataclass(frozen=True, slots=True)
class TooFast:
    """Two sightings that lie closer in time than the least time given for the way between them.

    Args:
        gap_s: from the end of the first to the beginning of the second; negative: at once.
        certain: even if both clocks are off by all they may be off.
    """

    first: Member
    second: Member
    gap_s: float
    minimum_s: float
    certain: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """Tracklets and crops that may show one person; nothing until somebody confirms it.

    Args:
        adds_to: the identity that they may belong to; None: somebody who has none yet.
        members: what is proposed; those that the identity has already are not repeated.
        scores: for each member its mean inner product with all the others of the cluster.
        score: adjusted score at the weakest joint (see `linking/adjust.py`).
        too_fast: transits shorter than the least times given, among all of the cluster.
    """

    proposal_id: int
    adds_to: Named | None
    members: tuple[Member, ...]
    scores: tuple[float, ...]
    score: float
    too_fast: tuple[TooFast, ...] = ()


@dataclass(frozen=True, slots=True)
class Linking:
    """One run of `link`.

    Args:
        join_above: clusters were joined while their adjusted score reached this.
        transits: the minima that were given.
        linked: tracklets and crops that were compared.
        capped: of these, how many had more neighbours than could be followed up.
        model: whose embeddings were compared.
    """

    linking_id: int
    at: dt.datetime
    join_above: float
    transits: Transits
    linked: int
    capped: int
    model: str
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one identity.

    Args:
        members, rejected: where and when each was seen, in order of time.
        decisions: those that made it what it is, oldest first.
        deleted: members and rejections in force whose crops the archive no longer holds.
        photos: its reference photographs, by their number.
    """

    identity: Identity
    members: tuple[Presence, ...]
    rejected: tuple[Presence, ...]
    decisions: tuple[Decision, ...]
    deleted: int = 0
    photos: tuple[ReferencePhoto, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A proposal with where and when each was seen.

    Args:
        members: in the order of `proposal.members`.
        held: those that the identity it adds to has already.
    """

    proposal: Proposal
    members: tuple[Presence, ...]
    held: tuple[Presence, ...]
