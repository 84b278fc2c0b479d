"""Who may be whom: identities proposed for a whole archive, nothing until somebody confirms them.

`Archive.proposals` is a `ProposalService`.
"""

from __future__ import annotations

from dataclasses import replace

from reidsearch.base.errors import Kind, NotFound, UsageError, absent
from reidsearch.base.progress import NO_PROGRESS, Progress, parts
from reidsearch.domain.decisions import (
    Decision,
    Linking,
    Member,
    Presence,
    Proposal,
    Seen,
    Transits,
)
from reidsearch.services.identities import IdentityService
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities import proposals as proposal_store
from reidsearch.store.identities.store import identities


class ProposalService:
    """Proposals of one archive.

    Args:
        identities: takes the decisions on proposals.
    """

    def __init__(self, store: Store, identities: IdentityService) -> None:
        self._store, self._identities = store, identities

    def by(self, actor: str) -> ProposalService:
        """Return the same for another actor, such as the user of a web page.

        Raises:
            UsageError: the name is empty.

        Example:
            >>> archive.proposals.by("maria").new(3, "anna")
        """
        return ProposalService(self._store, self._identities.by(actor))

    def link(
        self,
        *,
        join_above: float | None = None,
        transits: Transits = Transits(),
        progress: Progress = NO_PROGRESS,
    ) -> Linking:
        """Propose identities over all cameras and times; earlier proposals are replaced.

        Tracklets (and crops of none) are joined while what they have in common beyond their
        camera reaches `join_above`. Confirmed identities stay whole and apart; what was rejected
        for one does not join it; one camera never shows one person twice at once.

        Args:
            join_above: adjusted score; None: the documented default, for the catalogue's models.
            transits: the least seconds between cameras; proposals that beat them are flagged.

        Raises:
            ArchiveError: the archive holds no crops.
            NotFound: a transit names a camera that is not in the archive.
            UsageError: the threshold makes no sense, or none is known for the archive's model.
        """
        from reidsearch.linking.run import link

        # Reading, comparing (which grows faster than all else), joining and keeping.
        with parts(progress, "linking", [5, 70, 20, 5]) as whole:
            link(self._store, join_above=join_above, transits=transits, progress=whole)
            return self.last()

    def last(self) -> Linking:
        """The last `link`, with the proposals that are still to be decided.

        Raises:
            NotFound: there was none.
        """
        from reidsearch.linking.constraints import too_fast

        with self._store.read() as connection:
            held = proposal_store.last_linking(connection)
            if held is None:
                raise NotFound("nothing has been linked yet", kind=Kind.NOTHING_LINKED)
            of = {one.identity_id: one.members for one in identities(connection)}
            every = {one.proposal_id: _all(one, of) for one in held.proposals}
            if not held.transits.minima:
                return held
            seen = presences(connection, (member for part in every.values() for member in part))
        flagged = [
            replace(
                one,
                too_fast=tuple(
                    too_fast([seen[member] for member in every[one.proposal_id]], held.transits)
                ),
            )
            for one in held.proposals
        ]
        return replace(held, proposals=tuple(flagged))

    def pictured(
        self, linking: Linking
    ) -> tuple[dict[Member, Presence], dict[int, tuple[Member, ...]]]:
        """Return where and when all of its proposals were seen, and what they would be added to.

        The second are the members of those identities, by number; the first has theirs too. What
        the archive no longer holds is left out.

        Example:
            >>> seen, held = archive.proposals.pictured(archive.proposals.last())
        """
        with self._store.one_state(), self._store.read() as connection:
            of = {one.identity_id: one.members for one in identities(connection)}
            every = {member for one in linking.proposals for member in _all(one, of)}
            return presences(connection, every), of

    def find(self, proposal_id: int) -> Seen:
        """One proposal that is still to be decided. Raises NotFound."""
        with self._store.one_state():
            return self._find(proposal_id)

    def _find(self, proposal_id: int) -> Seen:
        found = {one.proposal_id: one for one in self.last().proposals}
        if proposal_id not in found:
            raise NotFound(
                f"there is no proposal {proposal_id}",
                "linking again replaces proposals; look at the list",
                kind=Kind.PROPOSAL_UNKNOWN,
            )
        proposal = found[proposal_id]
        with self._store.read() as connection:
            of = {one.identity_id: one.members for one in identities(connection)}
            every = _all(proposal, of)
            seen = presences(connection, every)
        members = tuple(seen[member] for member in proposal.members)
        held = tuple(seen[member] for member in every if member not in proposal.members)
        return Seen(proposal, members, held)

    def confirm(
        self, proposal_id: int, name: str | None = None, *, note: str = "", force: bool = False
    ) -> Decision | None:
        """Confirm a whole proposal as an identity; None for the name: the one it would add to.

        Raises:
            NotFound: there is no such proposal or identity.
            UsageError: it would add to none and none was named; or as `IdentityService.confirm`.
        """
        seen = self.find(proposal_id)
        adds_to = seen.proposal.adds_to
        if name is None and adds_to is None:
            raise UsageError(
                f"proposal {proposal_id} is for a person without an identity",
                "name a new identity for it",
                kind=Kind.PROPOSAL_OF_NOBODY,
                proposal=proposal_id,
            )
        of = name if name is not None or adds_to is None else str(adds_to.identity_id)
        if of is None:
            raise absent("the identity to confirm")
        return self._identities.confirm(of, _crops(seen), note=note, force=force)

    def new(self, proposal_id: int, name: str, *, note: str = "", force: bool = False) -> Decision:
        """Confirm a whole proposal as a new identity.

        Raises:
            NotFound: there is no such proposal.
            UsageError: as `IdentityService.new`.
        """
        crops = _crops(self.find(proposal_id))
        return self._identities.new(name, crops, note=note, force=force)


def _all(proposal: Proposal, of: dict[int, tuple[Member, ...]]) -> tuple[Member, ...]:
    """What is proposed, and what the identity has already."""
    held = of[proposal.adds_to.identity_id] if proposal.adds_to else ()
    return (*held, *proposal.members)


def _crops(seen: Seen) -> list[int]:
    return [one.crop_ids[0] for one in seen.members]
