"""Who was at several places, while it is found out: people there, all pairs, the best chains."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError
from reidsearch.base.timecode import now
from reidsearch.calibration.apply import ScoreReader
from reidsearch.domain.adjustment import AdjustedBy, Adjustment, WhyNotAdjusted
from reidsearch.domain.analysed import analysed, not_analysed_s
from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.intersection import (
    MOST_PEOPLE,
    Accidental,
    Chain,
    Intersection,
    IntersectionStatement,
    Link,
    PlaceSeen,
    best_chains,
    share_reaching,
)
from reidsearch.index.gallery import Gallery
from reidsearch.services.intersection_times import Asked, timed_sources
from reidsearch.store.adjustment import crops_up_to
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import around as around_store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.different_people import known_different
from reidsearch.store.footage.instants import Timed
from reidsearch.store.footage.presence import at_once, presences
from reidsearch.store.footage.tracklet_means import means
from reidsearch.store.footage.tracklet_reader import tracklet_ids
from reidsearch.store.footage.vectors import vectors_of
from reidsearch.store.identities.ledger import Ledger
from reidsearch.store.identities.store import last_decision, log, marks

IMPOSTORS = 5_000
LEAST_IMPOSTORS = 100
"""Fewer pairs of people seen at once say nothing of how often different people are alike."""
SEED = 20_261_127
NEVER = -2.0
"""Below every score: they cannot be one person."""

_Scores: TypeAlias = "list[list[NDArray[np.float32]]]"
"""By place and place, (people, people)."""


@dataclass(frozen=True, slots=True)
class Then:
    """Up to where an archive is asked again: its newest crop by then, and its last decision."""

    newest_crop: int
    decision: int


def _decided_until(store: Store, decision: int) -> dict[Member, int]:
    """Return who was confirmed as which identity after a decision."""
    with store.read() as connection:
        return Ledger.replay(
            one for one in log(connection) if one.decision_id <= decision
        ).members()


class Question:
    """One question while it is answered, in one state of the archive.

    Args:
        gallery: whose camera means scores are without.
        cameras: the only ones of which anything may be told; None: all.
        then: up to where the archive is asked; None: all of it.
    """

    def __init__(
        self,
        store: Store,
        gallery: Gallery,
        asked: Sequence[Asked],
        *,
        cameras: Collection[str] | None,
        then: Then | None = None,
    ) -> None:
        self._store, self._asked = store, asked
        self._intervals = [one.interval for one in asked]
        self._cameras, self._then = cameras, then
        adjustment = gallery.adjustment()
        self._adjustment = adjustment if isinstance(adjustment, Adjustment) else None
        why_plain = adjustment if isinstance(adjustment, WhyNotAdjusted) else None
        self._adjusted_by = (
            replace(adjustment.by, query_cameras=())
            if isinstance(adjustment, Adjustment)
            else AdjustedBy(why_not=why_plain)
        )
        self._own = _decided_until(store, then.decision) if then else None

    def answer(self, k: int) -> Intersection:
        """Return the chains, with what they rest on.

        Raises:
            UsageError: too many people were at a place.
        """
        sources = timed_sources(self._store)
        there = [self._members(one, sources) for one in self._asked]
        with self._store.read() as connection:
            every = set[Member]().union(*(inside for inside, _ in there))
            vectors = vectors_of(connection, every)
            seen = presences(connection, every & vectors.keys())
            decision = last_decision(connection)
        newest = self._store.state().last_crop_id
        seen, vectors = self._known_then(seen, vectors)
        at = [
            sorted((seen[one] for one in people if one in seen), key=lambda one: one.member)
            for people, _ in there
        ]
        self._require_few(at)
        chosen, scores, whole = self._best(at, vectors, k)
        reads = _Reads(self._store, self)
        chains = self._chains(chosen, at, scores, reads)
        statement = IntersectionStatement(
            archive=self._store.location,
            archive_id=str(self._store.row.uuid),
            asked_at=now(),
            places=self._places(at, [unplaced for _, unplaced in there]),
            k=k,
            adjusted=self._adjusted_by,
            read_by=reads.by,
            impostors=len(reads.impostors),
            whole=whole,
            model=self._store.model(),
            calibration_sha256=reads.calibration_sha256,
            crops_stored=crops_up_to(self._store, newest),
            newest_crop=newest,
            decision=decision,
        )
        return Intersection(statement, chains)

    def _require_few(self, at: Sequence[Sequence[Presence]]) -> None:
        for one, people in zip(self._intervals, at, strict=True):
            if len(people) > MOST_PEOPLE:
                raise UsageError(
                    f"{len(people):,} people were seen at {one.camera}, more than {MOST_PEOPLE:,}",
                    "ask about a shorter time",
                )

    def _best(
        self, at: Sequence[Sequence[Presence]], vectors: dict[Member, Vectors], k: int
    ) -> tuple[list[tuple[int, ...]], _Scores, bool]:
        """Return of each chain the row at each place, all scores, and whether all were weighed."""
        if not all(at):
            return [], [], True
        scores = self._scores(at, [self._adjusted(people, vectors) for people in at])
        chosen, whole = best_chains(scores, k)
        return chosen, scores, whole

    def _chains(
        self,
        chosen: Sequence[tuple[int, ...]],
        at: Sequence[Sequence[Presence]],
        scores: _Scores,
        reads: _Reads,
    ) -> tuple[Chain, ...]:
        """Return the chains of these rows at the places, with who is in them."""
        rows_seen = [tuple(at[place][row] for place, row in enumerate(rows)) for rows in chosen]
        named = marks(self._store, {one.member for people in rows_seen for one in people})
        chains = []
        for rows, people in zip(chosen, rows_seen, strict=True):
            links = []
            for i, j in combinations(range(len(rows)), 2):
                score = float(scores[i][j][rows[i], rows[j]])
                accidental = reads.accidental(score, len(at[i]) * len(at[j]))
                links.append(Link(i + 1, j + 1, score, accidental))
            identities = tuple(
                mark.identity if (mark := named.get(one.member)) else None for one in people
            )
            chains.append(Chain(people, identities, tuple(links)))
        return tuple(chains)

    def _places(
        self, at: Sequence[Sequence[Presence]], unplaced: Sequence[int]
    ) -> tuple[PlaceSeen, ...]:
        """Return what was seen at each place."""
        looked = analysed(footage_store.coverage(self._store))
        with self._store.read() as connection:
            untimed = around_store.untimed(connection, {one.camera for one in self._intervals})
        return tuple(
            PlaceSeen(
                **asdict(one),
                people=len(people),
                not_analysed_s=not_analysed_s(looked.get(one.camera, ()), one.from_us, one.to_us),
                untimed=untimed.get(one.camera, 0),
                region=asked.region,
                unplaced=unknown,
            )
            for one, people, asked, unknown in zip(
                self._intervals, at, self._asked, unplaced, strict=True
            )
        )

    def _scores(self, at: Sequence[Sequence[Presence]], held: Sequence[Vectors]) -> _Scores:
        """Return by place and place how alike their people are; who cannot be one is below -1."""
        own = self._own
        if own is None:
            named = marks(self._store, {one.member for people in at for one in people})
            own = {
                member: mark.identity.identity_id
                for member, mark in named.items()
                if mark.identity is not None
            }
        whose = [np.array([own.get(one.member, 0) for one in people], np.int64) for people in at]
        found = []
        for i, one in enumerate(held):
            row = []
            for j, other in enumerate(held):
                scores = np.clip(one @ other.T, -1.0, 1.0).astype(np.float32)
                both = (whose[i][:, None] > 0) & (whose[j][None] > 0)
                scores[both & (whose[i][:, None] != whose[j][None])] = NEVER
                if self._intervals[i].camera == self._intervals[j].camera:
                    for a, first in enumerate(at[i]):
                        for b, second in enumerate(at[j]):
                            if first.member != second.member and at_once(first, second):
                                scores[a, b] = NEVER
                row.append(scores)
            found.append(row)
        return found

    def _members(
        self, asked: Asked, sources: Mapping[str, Sequence[Timed]]
    ) -> tuple[set[Member], int]:
        """Return who was there, and of how many it is not known whether they were in the region."""
        with self._store.read() as connection:
            found = around_store.of_camera(connection, asked.interval, sources)
            if asked.region is None:
                return found, 0
            inside, unknown = around_store.in_region(connection, asked.region, found)
        return inside, len(unknown)

    def _known_then(
        self, seen: dict[Member, Presence], vectors: dict[Member, Vectors]
    ) -> tuple[dict[Member, Presence], dict[Member, Vectors]]:
        """Return people as far as the archive knew them then: by the crops that it had of them."""
        if self._then is None:
            return seen, vectors
        newest = self._then.newest_crop
        before = {
            member: replace(one, crop_ids=tuple(each for each in one.crop_ids if each <= newest))
            for member, one in seen.items()
        }
        known = {member: one for member, one in before.items() if one.crop_ids}
        grown = [one.number for one in known if known[one].crop_ids != seen[one].crop_ids]
        held = {member: vectors[member] for member in known}
        model = self._store.state().model_id
        if grown and model is not None:
            with self._store.read() as connection:
                for number, vector in means(connection, model, sorted(grown), newest):
                    held[Member("tracklet", number)] = vector
        return known, held

    def _adjusted(self, people: Sequence[Presence], vectors: dict[Member, Vectors]) -> Vectors:
        rows = [vectors[one.member] for one in people]
        return self.adjusted(np.stack(rows) if rows else np.zeros((0, 1), np.float32), people)

    def adjusted(self, rows: Vectors, people: Sequence[Presence]) -> Vectors:
        """Return (n, d) embeddings less what is common to their cameras, where that is known."""
        if self._adjustment is None or not len(rows):
            return rows
        return self._adjustment.queries(rows, [one.camera for one in people])

    def told(self, camera: str | None) -> bool:
        """Whether anything of a camera may be told."""
        return self._cameras is None or camera in self._cameras

    @property
    def is_adjusted(self) -> bool:
        """Whether scores are camera-adjusted."""
        return self._adjustment is not None


class _Reads:
    """How often different people of an archive reach a score.

    Attributes:
        by, impostors, calibration_sha256: as in `IntersectionStatement`; impostors are their
            scores.
    """

    def __init__(self, store: Store, question: Question) -> None:
        self._calibration = ScoreReader.of(store).fitting(adjusted=question.is_adjusted).calibration
        self.impostors = np.zeros(0, np.float32)
        if self._calibration is None:
            self.impostors = _impostors(store, question)
        self.calibration_sha256 = self._calibration.sha256 if self._calibration else None
        few = len(self.impostors) < LEAST_IMPOSTORS
        self.by = "calibration" if self._calibration else None if few else "impostors"

    def accidental(self, score: float, pairs: int) -> Accidental | None:
        """Return how many of so many pairs of different people reach a score."""
        if self._calibration is not None:
            read = self._calibration.read(score, prior=0.5, comparisons=1)
            low, high = read.false_alarm_rate_interval
            share = read.false_alarm_rate
        elif self.by is not None:
            share, low, high = share_reaching(self.impostors, score)
        else:
            return None
        return Accidental(share * pairs, low * pairs, high * pairs)


def _impostors(store: Store, question: Question) -> NDArray[np.float32]:
    """Return the scores of tracklets that one recording shows at once."""
    pairs = known_different(store, IMPOSTORS, SEED)
    of = tracklet_ids(store, sorted({one for pair in pairs for one in pair}))
    members = {Member("tracklet", number) for number in of.values()}
    with store.read() as connection:
        vectors = vectors_of(connection, members)
        seen = presences(connection, members & vectors.keys())
    sides = [
        (Member("tracklet", of[a]), Member("tracklet", of[b]))
        for a, b in pairs
        if a in of and b in of
    ]
    sides = [(a, b) for a, b in sides if a in seen and b in seen]
    sides = [(a, b) for a, b in sides if all(question.told(seen[one].camera) for one in (a, b))]
    if not sides:
        return np.zeros(0, np.float32)
    rows = [
        question.adjusted(
            np.stack([vectors[pair[side]] for pair in sides]), [seen[pair[side]] for pair in sides]
        )
        for side in (0, 1)
    ]
    scores: NDArray[np.float32] = np.einsum("nd,nd->n", rows[0], rows[1]).astype(np.float32)
    return scores
