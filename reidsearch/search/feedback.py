"""Feedback: what a user says of matches moves the query towards the liked, away from the unliked.

Liked matches are further views of the person: query and likes become their mean direction m. Then
it is asked to score low with the unliked ones, rows U: w = (I + c U'U)^-1 m minimises
|w - m|^2 + c |U w|^2. c is 1, or less where there are more unliked ones than views of the person:
together they weigh no more than those. An unliked match that has nothing in common with m changes
nothing. Chosen on synthetic people (benchmarks/feedback.py): better than Rocchio's rule (1971),
which subtracts the mean of the unliked; c = 1 throughout gains more where the whole page was
marked, but loses right matches where only wrong ones were.

A mark is about what a decision is about (`archive.identities`): a crop stands for its tracklet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Feedback
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.domain.decisions import Member
from reidsearch.domain.embeddings import robust_mean
from reidsearch.search.ranking import Row
from reidsearch.store.crops.embeddings import crops_with_embeddings, embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.store import members_of_crops

SHORTEST = 1e-6  # of a mean direction, as in `query_pictures.fuse`


def refined(query: Vectors, likes: Vectors, unlikes: Vectors, views: int = 1) -> Vectors:
    """The query as feedback moves it.

    Args:
        query: (d,) float32 of unit length, made of so many `views`, which it counts for.
        likes: (l, d) float32, rows of unit length; l may be 0.
        unlikes: (u, d) float32, rows of unit length; u may be 0.

    Returns:
        (d,) float32 of unit length.

    Raises:
        UsageError: query and likes point against each other and have no mean.
    """
    toward = views * query.astype(np.float64) + likes.sum(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(toward))
    if length < SHORTEST:
        raise UsageError(
            "the liked matches have nothing in common with the query",
            "leave some of them out",
            kind=Kind.LIKES_OPPOSE_QUERY,
        )
    if len(unlikes):
        balance = min(1.0, (views + len(likes)) / len(unlikes))
        away = unlikes.astype(np.float64)
        toward = np.linalg.solve(np.eye(len(toward)) + balance * away.T @ away, toward)
    return np.asarray(toward / np.linalg.norm(toward), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class MarkedCrops:
    """What was liked and unliked, as the archive holds it.

    Args:
        likes, unlikes: (l, d) and (u, d) float32 unit rows, one a tracklet or single crop.
        liked, unliked: ids of all their views, less what the query is made of.
        summary: for the statement.
        like_cameras, unlike_cameras: l and u names, None where it is not known.
    """

    likes: Vectors
    unlikes: Vectors
    liked: tuple[int, ...]
    unliked: tuple[int, ...]
    summary: Feedback
    like_cameras: tuple[str | None, ...]
    unlike_cameras: tuple[str | None, ...]

    def refine(self, query: Vectors, pictures: int, adjust: Adjustment | None) -> Vectors:
        """Return the query, made of so many pictures, refined by these; adjusted as it is."""
        likes, unlikes = self.likes, self.unlikes
        if adjust is not None:
            likes = adjust.queries(likes, self.like_cameras)
            unlikes = adjust.queries(unlikes, self.unlike_cameras)
        return refined(query, likes, unlikes, pictures)


def marked_crops(
    store: Store,
    likes: Sequence[int],
    unlikes: Sequence[int],
    query_crops: Collection[int],
    rejected: Collection[int] = (),
) -> MarkedCrops | None:
    """Look up what was marked; None: nothing was.

    Args:
        likes, unlikes: crop ids, as answers show them.
        query_crops: crops that the query is made of.
        rejected: crops of what was decided not to be whom the query is for.

    Raises:
        NotFound: there is no such crop, or not any more.
        UsageError: one thing is marked both ways, is what is searched with, or is liked against
            a decision.
        ArchiveError: nothing is embedded of one by the archive's model.
    """
    if not likes and not unlikes:
        return None
    members, views, cameras = _members(store, (*likes, *unlikes))
    _require_apart(members, views, likes, unlikes, query_crops)
    _require_undecided(members, views, likes, rejected)
    rows = embeddings_of(store, (crop_id for ids in views.values() for crop_id in ids))
    means = {
        one: _mean(store, one, [rows[i] for i in ids if i in rows]) for one, ids in views.items()
    }
    nobody = np.empty((0, len(next(iter(means.values())))), np.float32)

    def side(crop_ids: Sequence[int]) -> tuple[list[Member], Vectors, tuple[int, ...]]:
        marked = sorted({members[crop_id] for crop_id in crop_ids})
        others = tuple(i for one in marked for i in views[one] if i not in query_crops)
        return marked, np.stack([means[one] for one in marked]) if marked else nobody, others

    (liked_members, like_rows, liked), (unliked_members, unlike_rows, unliked) = map(
        side, (likes, unlikes)
    )
    summary = Feedback(
        tuple(dict.fromkeys(likes)),
        tuple(dict.fromkeys(unlikes)),
        len(liked_members),
        len(unliked_members),
        len(unliked),
    )
    return MarkedCrops(
        like_rows,
        unlike_rows,
        liked,
        unliked,
        summary,
        tuple(cameras[one] for one in liked_members),
        tuple(cameras[one] for one in unliked_members),
    )


def liked_rows(
    store: Store,
    vector: Vectors,
    liked: Sequence[int],
    allowed: CropIds | None,
    adjust: Adjustment | None,
    *,
    grouped: bool,
) -> tuple[list[Row], int]:
    """What is liked as rows of an answer, best first.

    Args:
        vector: (d,) float32, the refined query, adjusted as the scores are.
        allowed: ids of the crops that the filters let be shown; None: all.
        grouped: of a tracklet its best view alone.

    Returns:
        The rows, and of how many tracklets and single crops they are.
    """
    shown = liked if allowed is None else np.intersect1d(liked, allowed).tolist()
    held = list(crops_with_embeddings(store, shown).values())
    rows = [embedding for _, embedding in held]
    if adjust is not None and held:
        rows = [*adjust.vectors(np.array([crop.crop_id for crop, _ in held]), np.stack(rows))]
    found = [
        Row(crop, float(row @ vector), None) for (crop, _), row in zip(held, rows, strict=True)
    ]
    found.sort(key=lambda row: (-row.score, row.crop.crop_id))
    first: dict[tuple[str, int], Row] = {}
    for row in found:
        moment = row.crop.moment
        key = ("tracklet", moment.tracklet_id) if moment else ("crop", row.crop.crop_id)
        first.setdefault(key, row)
    return list(first.values()) if grouped else found, len(first)


def _members(
    store: Store, crop_ids: Sequence[int]
) -> tuple[dict[int, Member], dict[Member, tuple[int, ...]], dict[Member, str | None]]:
    """What each crop is a view of, all views of that, and its camera."""
    try:
        with store.read() as connection:
            members = members_of_crops(connection, crop_ids)
            seen = presences(connection, members.values())
        views = {member: one.crop_ids for member, one in seen.items()}
        return members, views, {member: one.camera for member, one in seen.items()}
    except NotFound:
        lost = next(i for i in crop_ids if not store.crops([i]))
        if 0 < lost <= store.state().last_crop_id:
            raise NotFound(
                f"crop {lost} was marked, but deleted from the archive since", "leave it out"
            ) from None
        raise


def _require_apart(
    members: Mapping[int, Member],
    views: Mapping[Member, Sequence[int]],
    likes: Sequence[int],
    unlikes: Sequence[int],
    query_crops: Collection[int],
) -> None:
    liked = {members[crop_id]: crop_id for crop_id in likes}
    for crop_id in unlikes:
        member = members[crop_id]
        if member in liked:
            one = (
                f"crop {crop_id} is"
                if liked[member] == crop_id
                else f"crops {liked[member]} and {crop_id} show one {member.text} which is"
            )
            raise UsageError(
                f"{one} liked and unliked", "leave one of them out", kind=Kind.LIKED_AND_UNLIKED
            )
        if any(view in query_crops for view in views[member]):
            raise UsageError(
                f"crop {crop_id} is unliked, but {member.text} is what is searched with",
                "do not unlike it, or search with another picture",
                kind=Kind.QUERY_UNLIKED,
            )
    for crop_id in likes:
        if crop_id in query_crops:
            raise UsageError(
                f"crop {crop_id} is searched with already",
                "do not like it as well",
                kind=Kind.QUERY_LIKED,
                crop=crop_id,
            )


def _require_undecided(
    members: Mapping[int, Member],
    views: Mapping[Member, Sequence[int]],
    likes: Sequence[int],
    rejected: Collection[int],
) -> None:
    for crop_id in likes:
        member = members[crop_id]
        if any(view in rejected for view in views[member]):
            raise UsageError(
                f"crop {crop_id} is liked, but {member.text} was rejected for the identity that "
                "is searched for",
                "do not like it, or undo the decision",
                kind=Kind.REJECTED_LIKED,
                crop=crop_id,
            )


def _mean(store: Store, member: Member, rows: Sequence[Vectors]) -> Vectors:
    if not rows:
        raise ArchiveError(
            f"{member.text} was marked, but has no embedding by the archive's model",
            kind=Kind.ARCHIVE_DAMAGED,
            archive=store.location,
        )
    return robust_mean(np.stack(rows))
