"""What somebody may see who is limited to some cameras; the one place that decides it.

`Archive.sight(cameras)` is a `Sight`. What may not be seen is refused as what is not there is, so
that nobody learns of it by asking. What has no camera is seen by those alone who may see all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.audit import Audit
from reidsearch.domain.decisions import (
    Change,
    Decision,
    Identity,
    Member,
    Of,
    Presence,
    Story,
    Transits,
)
from reidsearch.domain.request import Filters, PlainFor, SearchRequest
from reidsearch.services.identities import IdentityService
from reidsearch.store import seen_by
from reidsearch.store.crops.store import Store
from reidsearch.store.places import resolved
from reidsearch.store.selection import no_source, select_crops


class Sight:
    """What may be seen of one archive.

    Args:
        cameras: the only ones; None: everything may be seen.
    """

    def __init__(
        self, store: Store, identities: IdentityService, cameras: Collection[str] | None
    ) -> None:
        self._store, self._identities = store, identities
        self.cameras = None if cameras is None else frozenset(cameras)

    @property
    def limited(self) -> bool:
        """Whether there is anything that may not be seen."""
        return self.cameras is not None

    def camera(self, name: str | None) -> bool:
        """Tell whether what comes from this camera may be seen; None: from no known one."""
        return self.cameras is None or name in self.cameras

    # -- by number ----------------------------------------------------------------------------

    def crops(self, ids: Iterable[int]) -> set[int]:
        """Return those of these crops that are there and may be seen."""
        if self.cameras is None:
            return set(ids)
        with self._store.read() as connection:
            return seen_by.crops_seen(connection, ids, self.cameras)

    def tracklets(self, ids: Iterable[int]) -> set[int]:
        """Return those of these tracklets that are there and may be seen."""
        if self.cameras is None:
            return set(ids)
        with self._store.read() as connection:
            return seen_by.tracklets_seen(connection, ids, self.cameras)

    def sources(self, ids: Iterable[int]) -> set[int]:
        """Return those of these sources that are there and may be seen."""
        if self.cameras is None:
            return set(ids)
        with self._store.read() as connection:
            return seen_by.sources_seen(connection, ids, self.cameras)

    def require_crops(self, ids: Iterable[int]) -> None:
        """Refuse crops that may not be seen.

        Raises:
            NotFound: naming the first one.
        """
        asked = list(ids)
        self._require("crop", asked, self.crops(asked))

    def require_tracklets(self, ids: Iterable[int]) -> None:
        """Refuse tracklets that may not be seen; raises as `require_crops`."""
        asked = list(ids)
        self._require("tracklet", asked, self.tracklets(asked))

    def require_sources(self, ids: Iterable[int]) -> None:
        """Refuse sources that may not be seen; raises as `require_crops`."""
        asked = list(ids)
        self._require("source", asked, self.sources(asked))

    def newer(self, crop_id: int) -> bool:
        """Tell whether a crop that may be seen was stored after this one."""
        if self.cameras is None:
            return self._store.state().last_crop_id > crop_id
        with self._store.read() as connection:
            return seen_by.newer_crop(connection, crop_id, self.cameras)

    def _require(self, what: str, asked: Iterable[int], seen: set[int]) -> None:
        for number in asked:
            if number not in seen:
                raise NotFound(f"{self._store.location} holds no {what} {number}")

    # -- searching ----------------------------------------------------------------------------

    def filters(self, filters: Filters = Filters()) -> Filters:
        """Return filters that let through only what may be seen; the statement tells them.

        Raises:
            NotFound: a camera or source was asked for that may not be seen, or the archive has no
                camera that may.
        """
        if self.cameras is None:
            return filters
        filters = resolved(self._store, filters, self.cameras)
        for name in (*filters.cameras, *filters.not_cameras):
            if name not in self.cameras:
                raise NotFound(f"the archive has no camera {name!r}")
        known = self._known()
        with self._store.read() as connection:
            for text in filters.sources:  # otherwise an empty list would tell that there is one
                passing = select_crops(connection, Filters(cameras=known, sources=(text,)))
                if not len(passing.ids):
                    raise no_source(text)
        if filters.indexed_after_run is not None:
            # Its number would tell how often the archive was added to.
            raise UsageError("index runs are of all cameras: name a time of indexing instead")
        return filters if filters.cameras else replace(filters, cameras=known)

    def _known(self) -> tuple[str, ...]:
        """Return the cameras of the archive that may be seen, of an account that is limited.

        Raises:
            NotFound: there is none.
        """
        with self._store.read() as connection:
            known = seen_by.known_cameras(connection, self.cameras or ())
        if not known:
            raise NotFound("the archive has no camera that this account may see")
        return known

    def request(self, request: SearchRequest) -> SearchRequest:
        """Return a request that searches, and searches with, only what may be seen.

        It is not re-ranked: that compares with who else is in the archive, so the order would tell
        of crops that may not be seen. The answer says by what it is ordered. Place and time are
        read by the journeys between the cameras that may be seen.

        Raises:
            NotFound: it names what may not be seen.
        """
        if self.cameras is None:
            return request
        crops = [one for one in request.pictures if isinstance(one, int)]
        self.require_crops([*crops, *request.likes, *request.unlikes])
        if request.query_camera is not None and not self.camera(request.query_camera):
            raise NotFound(f"the archive has no camera {request.query_camera!r}")
        if request.identity is not None:
            self.require_whole(request.identity)
        why = PlainFor.SOME_CAMERAS if request.reranked else request.plain_for
        return replace(
            request,
            filters=self.filters(request.filters),
            reranked=False,
            plain_for=why,
            journeys_by=self._known() if request.space_time else None,
        )

    def transits(self, transits: Transits) -> Transits:
        """Return the ways between cameras both of which may be seen."""
        ways = [(a, b, s) for a, b, s in transits.minima if self.camera(a) and self.camera(b)]
        return replace(transits, minima=tuple(ways))

    def audit(self, found: Audit) -> Audit:
        """Return what an audit says of the cameras that may be seen, each by itself."""
        if self.cameras is None:
            return found
        return replace(
            found,
            cameras=tuple(one for one in found.cameras if self.camera(one.camera)),
            rows=tuple(one for one in found.rows if self.camera(one.camera)),
            refused=tuple(one for one in found.refused if self.camera(one.camera)),
            changes=tuple(one for one in found.changes if self.camera(one.camera)),
        )

    # -- identities ---------------------------------------------------------------------------

    def members(self, members: Iterable[Member]) -> set[Member]:
        """Return those of these members of identities that may be seen."""
        asked = set(members)
        if self.cameras is None:
            return asked
        by_kind = {"crop": self.crops, "tracklet": self.tracklets}
        return {
            Member(kind, number)
            for kind, seen in by_kind.items()
            for number in seen([one.number for one in asked if one.kind == kind])
        }

    def presences(self, presences: Sequence[Presence]) -> tuple[Presence, ...]:
        """Return those that may be seen."""
        return tuple(one for one in presences if self.camera(one.camera))

    def identities(self, identities: Sequence[Identity]) -> list[Identity]:
        """Return identities with those of their members that may be seen.

        One all of whose members may not be seen is left out.
        """
        if self.cameras is None:
            return list(identities)
        every = [member for one in identities for member in (*one.members, *one.rejected)]
        seen = self.members(every)
        shown = []
        for one in identities:
            members = tuple(member for member in one.members if member in seen)
            rejected = tuple(member for member in one.rejected if member in seen)
            if members or rejected or not (one.members or one.rejected or one.photos):
                shown.append(replace(one, members=members, rejected=rejected, photos=()))
        return shown

    def names(self) -> dict[int, str]:
        """Return the names of the identities of which something may be seen, by number."""
        if self.cameras is None:
            return self._identities.names()
        return {one.identity_id: one.name for one in self.identities(self._identities.all())}

    def story(self, story: Story) -> Story:
        """Return what may be seen of an identity.

        Raises:
            NotFound: nothing of it.
        """
        if self.cameras is None:
            return story
        found = self.identities([story.identity])
        if not found:
            raise _no_identity(story.identity.name)
        return replace(
            story,
            identity=found[0],
            members=self.presences(story.members),
            rejected=self.presences(story.rejected),
            decisions=tuple(self.decisions(story.decisions)),
            deleted=0,
            photos=(),  # they are of no camera
        )

    def decisions(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Return the decisions of which everything may be seen."""
        if self.cameras is None:
            return list(decisions)
        changes = [change for one in decisions for change in one.changes]
        seen = self.members(change.member for change in changes if change.member is not None)
        named = {one.identity_id for one in self.identities(self._identities.all())}
        return [one for one in decisions if all(_shown(it, seen, named) for it in one.changes)]

    def require_identity(self, name: str) -> Identity:
        """Return an identity of which something may be seen, as `identities` would.

        Raises:
            NotFound: there is none.
        """
        if self.cameras is None:
            return self._identities.find(name)
        try:
            found = self.identities([self._identities.find(name)])
        except NotFound as error:
            raise _no_identity(name) from error  # which would suggest names like it
        if not found:
            raise _no_identity(name)
        return found[0]

    def require_whole(self, name: str) -> Identity:
        """Return an identity all of whose members may be seen: who changes or uses it as a whole.

        Raises:
            NotFound: nothing of it may be seen.
            UsageError: something of it may not.
        """
        seen = self.require_identity(name)
        identity = self._identities.find(name)
        if len(seen.members) < len(identity.members) or seen.photos != identity.photos:
            raise UsageError(
                f"identity {identity.name!r} has members or photographs that this account may not "
                "see",
                kind=Kind.CAMERAS_HIDDEN,
            )
        return seen

    def require_decision(self, decision_id: int) -> None:
        """Refuse a decision of which something may not be seen.

        Raises:
            NotFound: as if there were none.
        """
        if self.cameras is None:
            return
        every = self._identities.decisions()
        if decision_id not in {one.decision_id for one in self.decisions(every)}:
            raise NotFound(f"there is no decision {decision_id}", kind=Kind.DECISION_UNKNOWN)


def _shown(change: Change, members: set[Member], identities: set[int]) -> bool:
    if change.member is not None:
        return change.member in members
    return change.of in {Of.NAME, Of.MERGED} and change.identity_id in identities


def _no_identity(name: str) -> NotFound:
    return NotFound(
        f"there is no identity {name!r}", kind=Kind.IDENTITY_UNKNOWN, identity=name, near=[]
    )
