"""Identity decisions, and the identities that they leave in force.

`Archive.identities` is an `IdentityService`. Matches are named by crop id, as every answer shows
them; a crop of a tracklet stands for the whole tracklet. Every change is a decision in a log that
is only appended to; `undo` reverses one by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from reidsearch.base.errors import ArchiveError, Kind, UsageError, absent
from reidsearch.domain.decisions import (
    Change,
    Decision,
    Identity,
    Mark,
    Member,
    Of,
    Pairs,
    Presence,
    Story,
)
from reidsearch.services.possible import confirmed, require_possible
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities import plans
from reidsearch.store.identities import store as held
from reidsearch.store.identities.ledger import UNDO, Ledger, inverse, to_undo
from reidsearch.store.identities.pairs import pairs_of
from reidsearch.store.identities.photos import photos_of, require_held_once

if TYPE_CHECKING:
    from reidsearch.services.photos import PhotoService
    from reidsearch.vision.engines import Engines


class IdentityService:
    """Decisions and identities of one archive. Decisions can be taken while it is indexed.

    Args:
        actor: who decides, for the log.
        engines: detects and embeds the person in a reference photograph.
    """

    def __init__(self, store: Store, actor: str, engines: Engines) -> None:
        self._store, self._actor, self._engines = store, actor, engines

    def by(self, actor: str) -> IdentityService:
        """Return the same for another actor, such as the user of a web page.

        Raises:
            UsageError: the name is empty.

        Example:
            >>> archive.identities.by("maria").confirm("anna", [7])
        """
        if not actor.strip():
            raise UsageError("the actor of a decision needs a name")
        return IdentityService(self._store, actor.strip(), self._engines)

    @cached_property
    def photos(self) -> PhotoService:
        """Reference photographs: `archive.identities.photos.add("anna", "passport.jpg")`."""
        from reidsearch.services.photos import PhotoService

        return PhotoService(self._store, self._actor, self._engines)

    # -- deciding ---------------------------------------------------------------------------

    def new(
        self, name: str, crop_ids: Sequence[int] = (), *, note: str = "", force: bool = False
    ) -> Decision:
        """Make an identity, with these matches confirmed.

        Raises:
            UsageError: the name is taken or none; a match belongs to another identity; one camera
                shows two of them at once (unless `force`).
            NotFound: there is no such crop.
        """

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            named, changes = plans.new(ledger, name)
            members = held.given_by(connection, crop_ids)
            changes += confirmed(connection, ledger, named, members, force=force)
            return changes

        decision = self._decide("new", plan, note=note, forced=force)
        if decision is None:  # a new identity is always a change
            raise absent("the decision that was recorded")
        return decision

    def confirm(
        self, name: str, crop_ids: Sequence[int], *, note: str = "", force: bool = False
    ) -> Decision | None:
        """These matches are that identity; None when all were confirmed already.

        An earlier rejection of theirs for it is taken back.

        Raises:
            NotFound: there is no such identity or crop.
            UsageError: a match belongs to another identity; one camera shows two of its members
                at once (unless `force`).
        """

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            members = held.given_by(connection, crop_ids)
            return confirmed(connection, ledger, ledger.find(name), members, force=force)

        return self._decide("confirm", plan, note=note, forced=force)

    def reject(self, name: str, crop_ids: Sequence[int], *, note: str = "") -> Decision | None:
        """These matches are not that identity; None when all were rejected already.

        What was confirmed as it leaves it. Searches for the identity leave them out from now on.

        Raises:
            NotFound: there is no such identity or crop.
        """

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            members = held.given_by(connection, crop_ids)
            return plans.reject(ledger, ledger.find(name), members)

        return self._decide("reject", plan, note=note)

    def unsure(self, name: str, crop_ids: Sequence[int], *, note: str = "") -> Decision | None:
        """Nobody could tell whether these matches are that identity; None when that was said.

        It takes nothing back, and searches do not look at it: whoever reviews after sees that
        somebody has looked. Confirming or rejecting ends it.

        Raises:
            NotFound: there is no such identity or crop.
        """

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            members = held.given_by(connection, crop_ids)
            return plans.unsure(ledger, ledger.find(name), members)

        return self._decide(held.UNSURE, plan, note=note)

    def merge(
        self, into: str, others: Sequence[str], *, note: str = "", force: bool = False
    ) -> Decision:
        """The others become a part of `into`; their names stay taken, their ids theirs.

        Raises:
            NotFound: there is no such identity.
            UsageError: with itself; one rejected what another confirmed, or one camera shows
                members of both at once (both unless `force`).
        """

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            target, merging = ledger.find(into), [ledger.find(other) for other in others]
            changes = plans.merge(ledger, target, merging, force=force)
            ids = {other.identity_id for other in merging}
            of = ledger.members()
            joining = [member for member, identity_id in of.items() if identity_id in ids]
            staying = [one for one, identity_id in of.items() if identity_id == target.identity_id]
            require_possible(connection, target, staying, joining, force=force)
            return changes

        decision = self._decide("merge", plan, note=note, forced=force)
        if decision is None:
            raise UsageError("name at least two identities to merge")
        return decision

    def split(self, name: str, crop_ids: Sequence[int], new: str, *, note: str = "") -> Decision:
        """These matches leave an identity for a new one, and are said not to be the old one.

        Raises:
            NotFound: there is no such identity or crop.
            UsageError: a match does not belong to it, none was named, or none would stay.
        """
        if not crop_ids:
            raise UsageError("no matches to move were named", kind=Kind.SPLIT_OF_NOTHING)

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            members = held.given_by(connection, crop_ids)
            return plans.split(ledger, ledger.find(name), members, new)[1]

        decision = self._decide("split", plan, note=note)
        if decision is None:
            raise absent("the decision that was recorded")
        return decision

    def rename(self, name: str, new: str, *, note: str = "") -> Decision:
        """Another name for the same identity.

        Raises:
            NotFound: there is no such identity.
            UsageError: the new name is taken or none.
        """

        def plan(_: Transaction, ledger: Ledger, __: Sequence[Decision]) -> Sequence[Change]:
            return plans.rename(ledger, ledger.find(name), new)

        decision = self._decide("rename", plan, note=note)
        if decision is None:
            raise absent("the decision that was recorded")
        return decision

    def undo(self, decision_id: int | None = None, *, note: str = "") -> Decision:
        """Reverse a decision by a new one; None: the last that stands. An undo can be undone.

        Raises:
            NotFound: there is no such decision.
            UsageError: it is undone already, or a later one builds on it.
        """

        def plan(
            connection: Transaction, ledger: Ledger, decisions: Sequence[Decision]
        ) -> Sequence[Change]:
            undone = to_undo(decisions, decision_id)
            changes = inverse(ledger, decisions, undone)
            require_held_once(connection, changes, undone.at)
            return changes

        decision = self._decide(
            UNDO,
            plan,
            note=note,
            undoes=lambda decisions: to_undo(decisions, decision_id).decision_id,
        )
        if decision is None:
            raise absent("the decision that was recorded")
        return decision

    def _decide(
        self,
        what: str,
        plan: held.Plan,
        *,
        note: str,
        forced: bool = False,
        undoes: Callable[[Sequence[Decision]], int] | None = None,
    ) -> Decision | None:
        return held.decide(
            self._store, what, plan, actor=self._actor, note=note, forced=forced, undoes=undoes
        )

    # -- looking up -------------------------------------------------------------------------

    def all(self) -> list[Identity]:
        """Every identity that was not undone, by id; merged ones among them."""
        with self._store.read() as connection:
            return held.identities(connection)

    def names(self) -> dict[int, str]:
        """The last name of every identity that ever was, by id; undone ones among them."""
        return {
            change.identity_id: str(change.after)
            for decision in self.decisions()
            for change in decision.changes
            if change.of is Of.NAME and change.identity_id is not None and change.after is not None
        }

    def find(self, name: str, *, merged_too: bool = False) -> Identity:
        """One identity, by name or number.

        Raises:
            NotFound: there is none; or, unless `merged_too`, it was merged into another.
            ArchiveError: what is in force differs from the log.
        """
        with self._store.read() as connection:
            named = Ledger.replay(held.log(connection)).find(name, merged_too=merged_too)
            found = {one.identity_id: one for one in held.identities(connection)}
        if named.identity_id not in found:
            raise ArchiveError(
                f"{named.text} is not as it was decided",
                "repair the archive",
                kind=Kind.ARCHIVE_NEEDS_REPAIR,
                archive=self._store.location,
            )
        return found[named.identity_id]

    def decisions(self) -> list[Decision]:
        """The whole log, oldest first."""
        with self._store.read() as connection:
            return held.log(connection)

    def show(self, name: str) -> Story:
        """One identity with its whole story, a merged one too. Raises NotFound."""
        with self._store.one_state(), self._store.read() as connection:
            identity = self.find(name, merged_too=True)
            seen = presences(connection, (*identity.members, *identity.rejected))
            decisions = held.log(connection)
            photos = photos_of(connection, [identity.identity_id])
        seen = held.with_given(seen, decisions)
        ledger = Ledger.replay(decisions)
        number = identity.identity_id
        in_force = sum(one == number for one in ledger.members().values())
        in_force += sum(one == number for one, _ in ledger.rejections())
        return Story(
            identity,
            _in_time(seen, identity.members),
            _in_time(seen, identity.rejected),
            tuple(
                one
                for one in decisions
                if any(number in change.identities for change in one.changes)
            ),
            in_force - len(identity.members) - len(identity.rejected) - len(photos),
            tuple(photos),
        )

    def seen(self, members: Iterable[Member]) -> dict[Member, Presence]:
        """Where and when each of these was seen; what the archive no longer holds is left out."""
        with self._store.read() as connection:
            return presences(connection, members)

    def to_undo(self, decision_id: int | None = None, *, own: bool = False) -> Decision:
        """Return the decision that `undo` would reverse; own: the last one of this actor.

        Raises:
            NotFound: there is none.
            UsageError: it is undone already.
        """
        return to_undo(self.decisions(), decision_id, self._actor if own else None)

    def last_decision(self) -> int:
        """The number of the last decision in the log; 0: there is none."""
        with self._store.read() as connection:
            return held.last_decision(connection)

    def marks_of_crops(self, crop_ids: Iterable[int]) -> dict[int, Mark]:
        """What was decided of what each of these crops is a view of.

        Raises:
            NotFound: there is no such crop.
        """
        with self._store.one_state():
            with self._store.read() as connection:
                members = held.members_of_crops(connection, crop_ids)
            found = held.marks(self._store, members.values())
        return {crop_id: found.get(member, Mark()) for crop_id, member in members.items()}

    def best_crops(self, members: Iterable[Member]) -> dict[Member, int]:
        """The best crop of each of these members that the archive holds."""
        seen = self.seen(members)
        return {member: one.crop_ids[0] for member, one in seen.items() if one.crop_ids}

    def marks(self, members: Iterable[Member]) -> dict[Member, Mark]:
        """What was decided of these members; of those left out nothing was."""
        return held.marks(self._store, members)

    def pairs(self) -> Pairs:
        """What the decisions in force say of pairs of crops, for calibration."""
        with self._store.read() as connection:
            identities = held.identities(connection)
            every = [m for one in identities for m in (*one.members, *one.rejected)]
            seen = presences(connection, every)
        return pairs_of(self._store, identities, seen)


def _in_time(seen: dict[Member, Presence], members: Iterable[Member]) -> tuple[Presence, ...]:
    found = [seen[member] for member in members if member in seen]
    return tuple(
        sorted(found, key=lambda one: (one.first_us is None, one.first_us or 0, one.member))
    )
