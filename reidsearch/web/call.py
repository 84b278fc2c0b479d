"""One request of somebody, as handlers see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reidsearch.base.actor import Author
from reidsearch.domain.crops import Crop
from reidsearch.domain.decisions import Identity
from reidsearch.domain.event_log import Shown
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.services.accounts import AccountService
from reidsearch.services.identities import IdentityService
from reidsearch.services.proposals import ProposalService
from reidsearch.services.sight import Sight
from reidsearch.services.tracklets import TrackletService
from reidsearch.web.chosen import Chosen, chosen_by
from reidsearch.web.person import Person, Role

if TYPE_CHECKING:
    from starlette.requests import Request

    from reidsearch.archive import Archive
    from reidsearch.web.state import State


@dataclass(frozen=True)
class Call:
    """One request.

    Args:
        person: who asks; with the role `ANYBODY` nobody is signed in.
        path: the parts of the path, converted.
        body: of an endpoint that takes no JSON.
    """

    request: Request
    state: State
    person: Person
    path: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""

    @property
    def archive(self) -> Archive:
        """The archive that is served."""
        return self.state.archive

    @property
    def cameras(self) -> frozenset[str] | None:
        """The only cameras that whoever asks may see; None: all."""
        return self.person.cameras

    @cached_property
    def sight(self) -> Sight:
        """What whoever asks may see; handlers that name or list anything ask it."""
        return self.archive.sight(self.cameras)

    @cached_property
    def chosen(self) -> Chosen:
        """The case that whoever asks says they work for. Raises UsageError."""
        return chosen_by(self.request, self.state.sessions)

    @cached_property
    def author(self) -> Author:
        """Who asks, for the case that they work for.

        Raises:
            NotFound: there is no such case.
            UsageError: it is closed, or has expired; the reason is none.
        """
        chosen = self.chosen
        return self.archive.cases.author(self.person.name, chosen.number, chosen.reason)

    def viewed(self, source_id: int) -> None:
        """Record that whoever asks looks at footage of a source, unless it was recorded lately."""
        self.state.views.seen(self.archive, self.author, source_id)

    @cached_property
    def identities(self) -> IdentityService:
        """Decisions by whoever asks."""
        return self.archive.identities.by(self.person.name)

    @cached_property
    def proposals(self) -> ProposalService:
        """Decisions on proposals by whoever asks."""
        return self.archive.proposals.by(self.person.name)

    @cached_property
    def tracklets(self) -> TrackletService:
        """Splits and joins by whoever asks."""
        return self.archive.tracklets.by(self.person.name)

    @cached_property
    def accounts(self) -> AccountService:
        """Accounts, changed by whoever asks."""
        return self.archive.accounts.by(self.person.name)

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client is not None else ""

    @property
    def session(self) -> str | None:
        """The token of the session that the request came with, whether it is one or not."""
        return self.request.cookies.get(self.state.sessions.cookie)

    def still_signed_in(self) -> bool:
        """Whether whoever asked is signed in yet, and is who they were; for what takes long."""
        return self.state.sessions.person(self.session, used=False) == self.person

    def may(self, role: Role) -> bool:
        """Whether whoever asks has a role."""
        return self.person.role >= role

    def open_identities(self) -> list[Identity]:
        """Return the identities that may be seen and stand for themselves: none was merged."""
        found = self.sight.identities(self.identities.all())
        return [one for one in found if one.merged_into is None]

    def faces(self, identities: Sequence[Identity]) -> list[int | None]:
        """Return for each identity the crop that stands for it: the best of its first member."""
        firsts = [one.members[0] for one in identities if one.members]
        crops = self.archive.identities.best_crops(firsts)
        return [crops.get(one.members[0]) if one.members else None for one in identities]

    def looks_at(self, what: Shown, number: int) -> None:
        """Record that whoever asks looks at it, unless they did lately."""
        self.state.views.opened(self.archive, self.author, what, number)

    def crop(self, crop_id: int) -> Crop:
        """Return a crop that whoever asks may see. Raises NotFound."""
        self.sight.require_crops([crop_id])
        return self.archive.crop(crop_id)

    def tracklet(self, tracklet_id: int) -> TrackletSeen:
        """Return a tracklet that whoever asks may see. Raises NotFound."""
        self.sight.require_tracklets([tracklet_id])
        return self.archive.footage.tracklet(tracklet_id)
