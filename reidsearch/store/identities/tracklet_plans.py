"""What becomes of decisions on a tracklet that is cut or joined; nothing here touches the database.

A confirmation or rejection was made by looking at crops, and goes with the half that shows them.
Where nobody knows which crops those were, it stands for both halves: nothing that was decided is
lost, and the output says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.decisions import Change, Decision, Member, Of
from reidsearch.store.identities.ledger import UNDO, Ledger


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a cut.

    Args:
        crops: that show it.
    """

    member: Member
    crops: frozenset[int]


def crops_named(decisions: Sequence[Decision], member: Member, of: Of) -> frozenset[int]:
    """Return the crops by which decisions that stand were about a member."""
    return frozenset(
        crop_id
        for one in decisions
        if one.what != UNDO and one.undone_by is None
        for change in one.changes
        if change.member == member and change.of is of
        for crop_id in change.crops
    )


def hand_on(
    ledger: Ledger, decisions: Sequence[Decision], early: Half, late: Half
) -> tuple[list[Change], bool]:
    """Plan what the half that is cut off takes along of the decisions on the whole.

    Args:
        early: goes on as the whole did.

    Returns:
        Changes, and whether a confirmation stands for both halves because nobody knows by which
        crops it was made.
    """
    changes: list[Change] = []
    unsure = False
    held = ledger.identity_of(early.member)
    if held is not None:
        named = crops_named(decisions, early.member, Of.MEMBER)
        stays, goes, unknown = _sides(named, early, late)
        unsure = unknown
        if not stays:
            changes.append(Change(Of.MEMBER, None, early.member, held, None, _sorted(named, late)))
        if goes:
            changes.append(Change(Of.MEMBER, None, late.member, None, held, _sorted(named, late)))
    named = crops_named(decisions, early.member, Of.REJECTED)
    for identity_id in ledger.rejected_for(early.member):
        stays, goes, _ = _sides(named, early, late)
        crops = _sorted(named, late)
        if not stays:
            changes.append(Change(Of.REJECTED, identity_id, early.member, True, None, crops))
        if goes:
            changes.append(Change(Of.REJECTED, identity_id, late.member, None, True, crops))
    return changes, unsure


def _sides(named: frozenset[int], early: Half, late: Half) -> tuple[bool, bool, bool]:
    """Return whether a decision stays with the early half, goes with the late, is of unknown crops.

    Crops that were deleted since tell nothing.
    """
    stays, goes = bool(named & early.crops), bool(named & late.crops)
    return (stays, goes, False) if stays or goes else (True, True, True)


def _sorted(named: frozenset[int], half: Half) -> tuple[int, ...]:
    return tuple(sorted(named & half.crops))


def bring_together(
    ledger: Ledger, decisions: Sequence[Decision], kept: Member, others: Sequence[Member]
) -> list[Change]:
    """Plan what a joined tracklet is of the decisions on those that it is made of.

    Raises:
        UsageError: they are confirmed as two identities, or one is confirmed as what another was
            rejected for.
    """
    every = [kept, *others]
    held = {one: identity for one in every if (identity := ledger.identity_of(one)) is not None}
    names = ledger.names()
    if len(set(held.values())) > 1:
        (a, first), *rest = sorted(held.items())
        b, second = next(one for one in rest if one[1] != first)
        raise UsageError(
            f"{a.text} is confirmed as {names[first]}, {b.text} as {names[second]}, so they were "
            "not joined",
            "merge the two identities if they are one person",
            kind=Kind.TRACKLETS_OF_TWO,
            identity=names[first],
            other=names[second],
        )
    for one in every:
        clash = sorted(set(ledger.rejected_for(one)) & set(held.values()))
        if clash:
            confirmed = next(iter(held))
            raise UsageError(
                f"{one.text} was rejected for {names[clash[0]]}, as whom {confirmed.text} is "
                "confirmed, so they were not joined",
                "undo one of the two decisions first",
                kind=Kind.TRACKLETS_DISAGREE,
            )
    changes: list[Change] = []
    for one in others:
        crops = tuple(sorted(crops_named(decisions, one, Of.MEMBER)))
        if one in held:
            changes.append(Change(Of.MEMBER, None, one, held[one], None, crops))
            if kept not in held:
                held[kept] = held[one]
                changes.append(Change(Of.MEMBER, None, kept, None, held[one], crops))
    rejected = set(ledger.rejected_for(kept))
    for one in others:
        crops = tuple(sorted(crops_named(decisions, one, Of.REJECTED)))
        for identity_id in ledger.rejected_for(one):
            changes.append(Change(Of.REJECTED, identity_id, one, True, None, crops))
            if identity_id not in rejected:
                rejected.add(identity_id)
                changes.append(Change(Of.REJECTED, identity_id, kept, None, True, crops))
    return changes
