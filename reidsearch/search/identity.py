"""Searches for an identity, and the identities of matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.answers import IdentitySearched, Match
from reidsearch.domain.decisions import Identity, Mark, Member, Presence
from reidsearch.domain.query_origins import EmbeddedPicture
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.photos import embedded_photos
from reidsearch.store.identities.store import marks


@dataclass(frozen=True, slots=True)
class IdentityQuery:
    """What a search for an identity is made of; without one, of nothing.

    Args:
        crop_ids: of its members: all its confirmed crops.
        rejected: crops of what was rejected for it.
        searched: what the statement tells of it.
        photos: its reference photographs.
    """

    crop_ids: tuple[int, ...] = ()
    rejected: tuple[int, ...] = ()
    searched: IdentitySearched | None = None
    photos: tuple[EmbeddedPicture, ...] = ()

    def label(self, query: str, *, further: int) -> str:
        """Return what was searched with: the query as it is, or the identity and how much more."""
        if self.searched is None:
            return query
        photos = count_of_photos(len(self.photos)) if self.photos else ""
        parts = ["all confirmed crops"] if self.crop_ids or not photos else []
        with_what = " and ".join([*parts, *([photos] if photos else [])])
        label = f"{with_what} of {self.searched.named.text}"
        return f"{label} and {further} further" if further else label

    def excluded(self, query_crops: tuple[int, ...]) -> tuple[int, ...]:
        """Return which crops may not be matches.

        Args:
            query_crops: those that were searched with, the identity's own last.
        """
        if self.searched is None or self.searched.new_only:
            return (*query_crops, *self.rejected)
        return (*query_crops[: len(query_crops) - len(self.crop_ids)], *self.rejected)


def identity_query(store: Store, identity: Identity, *, new_only: bool) -> IdentityQuery:
    """Return what a search for an identity is made of.

    Raises:
        UsageError: nothing is confirmed of it, and it has no reference photograph.
    """
    photos = embedded_photos(store, identity.identity_id) if identity.photos else ()
    if not identity.members and not photos:
        raise UsageError(
            f"nothing is confirmed of {identity.named.text}: there is nothing to search with",
            "confirm a match first",
            kind=Kind.IDENTITY_EMPTY,
            identity=identity.name,
        )
    with store.read() as connection:
        seen = presences(connection, (*identity.members, *identity.rejected))
    own = _crops(seen, identity.members)
    searched = IdentitySearched(
        identity.named,
        len(identity.members),
        len(own),
        len(identity.rejected),
        new_only,
        len(photos),
    )
    return IdentityQuery(own, _crops(seen, identity.rejected), searched, photos)


def count_of_photos(photos: int) -> str:
    """`1 reference photograph`, `2 reference photographs`."""
    return f"{photos} reference photograph{'' if photos == 1 else 's'}"


def with_identities(store: Store, answers: Sequence[tuple[Match, ...]]) -> list[tuple[Match, ...]]:
    """Return the matches of answers, each with the identity it was confirmed as or rejected for."""
    found = marks(store, {_member(match) for matches in answers for match in matches})
    if not found:
        return [*answers]
    return [
        tuple(_marked(match, found.get(_member(match))) for match in matches) for matches in answers
    ]


def _member(match: Match) -> Member:
    """Return what a decision about this match is about."""
    crop = match.crop
    if crop.moment is not None:
        return Member("tracklet", crop.moment.tracklet_id)
    return Member("crop", crop.crop_id)


def _marked(match: Match, mark: Mark | None) -> Match:
    if mark is None:
        return match
    return replace(match, identity=mark.identity, rejected_for=mark.rejected_for)


def _crops(seen: Mapping[Member, Presence], members: Iterable[Member]) -> tuple[int, ...]:
    return tuple(crop_id for member in members for crop_id in seen[member].crop_ids)
