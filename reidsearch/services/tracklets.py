"""Tracklets corrected by hand: one that mixes two people is cut, two of one person are joined.

`Archive.tracklets` is a `TrackletService`. Both are decisions like those on identities, in the same
log, and `archive.identities.undo` takes them back: the tracklets are then what they were, under the
ids that they had. A crop that had to be made for a half stays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from reidsearch.base.errors import InputError, Kind, ModelError, UsageError, absent
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.decisions import Change, Decision, Mark, Member, Of, TraceStretch
from reidsearch.domain.edits import TrackletsEdited
from reidsearch.domain.tracklets import BestShot, Trace
from reidsearch.services.clock_times import media_times
from reidsearch.services.cut_places import Cut, TimeReading, cut_at, require_joinable
from reidsearch.services.cut_shots import shot_of
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.presence import conflicts, presences
from reidsearch.store.footage.recordings import of_one_recording
from reidsearch.store.footage.traces import some_of, stretches_of
from reidsearch.store.footage.tracklet_edits import next_tracklet
from reidsearch.store.footage.tracklet_reader import tracklets
from reidsearch.store.footage.view_rows import add_view
from reidsearch.store.footage.whole_tracklets import WholePart, WholeTracklet, whole_tracklet
from reidsearch.store.identities import store as held
from reidsearch.store.identities.ledger import Ledger
from reidsearch.store.identities.proposals import proposing
from reidsearch.store.identities.tracklet_plans import Half, bring_together, hand_on
from reidsearch.store.pictures.putting import stored
from reidsearch.store.timezone import stored_timezone

SPLIT, JOIN = "split-tracklet", "join-tracklets"


class TrackletService:
    """Cuts and joins of one archive's tracklets. They can be made while it is indexed.

    Args:
        embed: gives embeddings of the archive's model, for crops that have to be made.
        actor: who decides, for the log.
    """

    def __init__(
        self, store: Store, embed: Callable[[Sequence[Pixels]], Vectors], actor: str
    ) -> None:
        self._store, self._embed, self._actor = store, embed, actor

    def by(self, actor: str) -> TrackletService:
        """Return the same for another actor, such as the user of a web page.

        Raises:
            UsageError: the name is empty.

        Example:
            >>> archive.tracklets.by("maria").join([4, 9])
        """
        if not actor.strip():
            raise UsageError("the actor of a decision needs a name")
        return TrackletService(self._store, self._embed, actor.strip())

    def split(
        self,
        tracklet_id: int,
        *,
        media_s: Fraction | None = None,
        clock: str | None = None,
        note: str = "",
        verify: bool = False,
    ) -> TrackletsEdited:
        """Split a tracklet in two, before the first detection at or after a time.

        What is before keeps the id; what is after becomes a new tracklet. A confirmation or
        rejection goes with the half whose crops it was made by. A half without a crop gets one out
        of the footage.

        Args:
            media_s: seconds from the first frame of a source.
            clock: a time as answers show it, with its date or of the day alone. Where both readings
                of one text are given, the one that lies in the tracklet counts.
            verify: hash the footage, even if it was hashed before and cannot have changed.

        Raises:
            NotFound: there is no such tracklet.
            UsageError: the time lies outside, or may be several; somebody changed the tracklet
                meanwhile.
            InputError: a half has no crop, and its footage is gone or differs.
            ModelError: a half has no crop, and there is no model to embed one.
            ArchiveLocked: a half has no crop, and another process writes.

        Example:
            >>> edited = archive.tracklets.split(4, media_s=Fraction("12.5"))
            >>> [one.tracklet_id for one in edited.tracklets]
            [4, 9]
        """
        with self._store.one_state(), self._store.read() as connection:
            whole = whole_tracklet(connection, tracklet_id, self._store.location)
            readings = self._readings(whole, media_s, clock)
        split = _Split(self._store.location, whole, cut_at(whole, readings))
        # While a crop is made, nobody may change the model, or the footage that it is made of.
        with self._store.lock() if split.lacking else contextlib.nullcontext():
            split.shots = [self._shot(whole, *one, verify=verify) for one in split.lacking]
            decision = self._decide(SPLIT, split.plan, note)
        halves = [tracklet_id, split.number]
        return self._edited(decision, halves, split.made, split.unsure, split.withdrawn)

    def join(self, tracklet_ids: Sequence[int], *, note: str = "") -> TrackletsEdited:
        """Make one tracklet of several that show one person, under the lowest of their ids.

        Raises:
            NotFound: there is no such tracklet.
            UsageError: fewer than two; they were seen at the same time, are not of one recording,
                or are decided to be different people.

        Example:
            >>> archive.tracklets.join([4, 9]).tracklets[0].tracklet_id
            4
        """
        ids = sorted(set(tracklet_ids))
        if len(ids) < 2:
            raise UsageError("name at least two tracklets to join")
        withdrawn: list[int] = []

        def plan(
            connection: Transaction, ledger: Ledger, decisions: Sequence[Decision]
        ) -> Sequence[Change]:
            whole = [whole_tracklet(connection, one, self._store.location) for one in ids]
            sources = {part.source_id for one in whole for part in one.parts}
            require_joinable(whole, one_recording=of_one_recording(connection, sorted(sources)))
            withdrawn.extend(proposing(connection, ids))
            members = [Member("tracklet", one) for one in ids]
            changes = bring_together(ledger, decisions, members[0], members[1:])
            _require_possible(connection, ledger, members)
            joined = [
                Change(Of.JOINED, None, member, None, ids[0], stretches=_stretches(whole, number))
                for number, member in enumerate(members)
                if number
            ]
            return [*joined, *changes]

        decision = self._decide(JOIN, plan, note)
        return self._edited(decision, ids[:1], withdrawn=withdrawn)

    def _decide(self, what: str, plan: held.Plan, note: str) -> Decision:
        decision = stored(
            self._store, lambda: held.decide(self._store, what, plan, actor=self._actor, note=note)
        )
        if decision is None:  # tracklets are always changed
            raise absent("the decision that was recorded")
        return decision

    def _readings(
        self, whole: WholeTracklet, media_s: Fraction | None, clock: str | None
    ) -> list[TimeReading]:
        """Return all that the given time may mean."""
        zone = stored_timezone(self._store)
        there = parse_zone(zone) if zone else None
        found = []
        for part in whole.parts:
            if media_s is not None:
                found.append(TimeReading(part.source_id, media_s))
            if clock is not None:
                source = footage_store.source(self._store, part.source_id)
                found += [
                    TimeReading(part.source_id, at, part.clock.at_us(at))
                    for at in media_times(source, clock, there)
                ]
        return found

    def _shot(
        self, whole: WholeTracklet, part: WholePart, trace: Trace, *, verify: bool
    ) -> tuple[int, BestShot, Vectors]:
        """Make a shot for a stretch that has none."""
        try:
            shot, vector = shot_of(self._store, part.source_id, trace, self._embed, verify=verify)
        except (InputError, ModelError) as error:
            first_s, last_s = (float(part.info.media_s(int(trace.pts[at]))) for at in (0, -1))
            raise error.reworded(
                f"from {first_s:.3f} to {last_s:.3f} s tracklet {whole.tracklet_id} has no "
                f"crop, and none can be made, so it was not split: {error.message}",
                type(error),
            ) from error
        return part.source_id, shot, vector

    def _edited(
        self,
        decision: Decision,
        ids: Sequence[int],
        made: Sequence[int] = (),
        unsure: str | None = None,
        withdrawn: Sequence[int] = (),
    ) -> TrackletsEdited:
        seen = tracklets(self._store, ids)
        marks = held.marks(self._store, (Member("tracklet", one) for one in ids))
        return TrackletsEdited(
            decision,
            tuple(seen[one] for one in ids if one in seen),
            tuple(marks.get(Member("tracklet", one), Mark()) for one in ids if one in seen),
            tuple(made),
            unsure,
            tuple(withdrawn),
        )


class _Split:
    """One split: what has to be made for it, and what it changes.

    Attributes:
        shots: sources with the shots that were made for `lacking`, and their embeddings.
        number: the id of the second half.
        made, unsure, withdrawn: as in `TrackletsEdited`.
    """

    def __init__(self, location: str, whole: WholeTracklet, cut: Cut) -> None:
        self._location, self._whole, self._cut = location, whole, cut
        self.shots: Sequence[tuple[int, BestShot, Vectors]] = ()
        self.number = 0
        self.made: list[int] = []
        self.unsure: str | None = None
        self.withdrawn: tuple[int, ...] = ()

    @property
    def lacking(self) -> list[tuple[WholePart, Trace]]:
        """The stretches beside the cut that have no crop."""
        part, from_pts = self._whole.parts[self._cut.part], self._cut.from_pts
        views = np.array([pts for _, pts in part.views], np.int64)
        late, shown = part.pts >= from_pts, views >= from_pts
        sides = ((~late, ~shown), (late, shown))
        return [
            (part, some_of(part.trace, rows))
            for rows, seen in sides
            if rows.any() and not seen.any()
        ]

    def plan(
        self, connection: Transaction, ledger: Ledger, decisions: Sequence[Decision]
    ) -> Sequence[Change]:
        """Add the crops that were made, and return the changes."""
        whole, tracklet_id = self._whole, self._whole.tracklet_id
        if not whole_tracklet(connection, tracklet_id, self._location).same_as(whole):
            raise UsageError(
                f"tracklet {tracklet_id} was changed meanwhile, so it was not split",
                kind=Kind.TRACKLET_CHANGED,
            )
        self.made = [add_view(connection, tracklet_id, *shot) for shot in self.shots]
        self.withdrawn = proposing(connection, [tracklet_id])
        self.number = next_tracklet(connection)
        first, second = (Member("tracklet", one) for one in (tracklet_id, self.number))
        early, late = self._cut.crops_of(whole)
        handed, of_both = hand_on(ledger, decisions, Half(first, early), Half(second, late))
        identity = ledger.identity_of(first)
        if of_both and identity is not None:
            self.unsure = ledger.names()[identity]
        stretches = self._cut.stretches(whole)
        return [Change(Of.SPLIT, None, second, None, tracklet_id, stretches=stretches), *handed]


def _stretches(whole: Sequence[WholeTracklet], number: int) -> tuple[TraceStretch, ...]:
    """Return what each source shows of one of several tracklets between the others."""
    found: list[TraceStretch] = []
    for part in whole[number].parts:
        others = [
            one.pts
            for other in (*whole[:number], *whole[number + 1 :])
            for one in other.parts
            if one.source_id == part.source_id
        ]
        between = np.concatenate(others) if others else np.zeros(0, np.int64)
        found += stretches_of(part.source_id, part.pts, between, part.fragments)
    return tuple(found)


def _require_possible(connection: Transaction, ledger: Ledger, members: Sequence[Member]) -> None:
    """Refuse a join by which an identity would be seen twice at once."""
    identities = {ledger.identity_of(one) for one in members} - {None}
    if not identities:
        return
    of = ledger.members()
    others = [one for one, number in of.items() if number in identities and one not in members]
    seen = presences(connection, (*others, *members))
    joining = [seen[one] for one in members if one in seen and one not in of]
    clash = conflicts([seen[one] for one in others if one in seen], joining)
    clash = [(a, b) for a, b in clash if b.member not in members]
    if clash:
        a, b = clash[0]
        name = ledger.names()[next(number for number in identities if number is not None)]
        raise UsageError(
            f"{a.member.text} and {b.member.text}, which is confirmed as {name}, were seen at the "
            f"same time by {a.camera or a.location}, so {a.member.text} was not joined",
            "look at both; a wrong confirmation has to be rejected first",
            kind=Kind.TRACKLETS_AT_ONCE,
        )
