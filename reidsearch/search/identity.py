"""Searches for an identity, and the identities of matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.answers import IdentitySearched, Match
from reidsearch.domain.decisions import Identity, Mark, Member, Presence
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.store import marks


@dataclass(frozen=True, slots=True)
class IdentityQuery:
    """What a search for an identity is made of; without one, of nothing.

    Args:
        crop_ids: of its members: all its confirmed crops.
        rejected: crops of what was rejected for it.
        searched: what the statement tells of it.
    """

    crop_ids: tuple[int, ...] = ()
    rejected: tuple[int, ...] = ()
    searched: IdentitySearched | None = None

    def label(self, query: str, *, further: int) -> str:
        """Return what was searched with: the query as it is, or the identity and how much more."""
        if self.searched is None:
            return query
        label = f"all confirmed crops of {self.searched.named.text}"
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
        UsageError: nothing is confirmed of it.
    """
    if not identity.members:
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
        identity.named, len(identity.members), len(own), len(identity.rejected), new_only
    )
    return IdentityQuery(own, _crops(seen, identity.rejected), searched)


def with_identities(store: Store, matches: tuple[Match, ...]) -> tuple[Match, ...]:
    """Return the matches, each with the identity it was confirmed as or rejected for."""
    found = marks(store, [_member(match) for match in matches])
    if not found:
        return matches
    return tuple(_marked(match, found.get(_member(match))) for match in matches)


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
