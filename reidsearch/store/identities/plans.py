"""What a decision changes, worked out from what is in force; nothing here touches the database."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.decisions import Change, Given, Named, Of, name_key
from reidsearch.store.identities.ledger import Ledger

LONGEST_NAME = 200


def new(ledger: Ledger, name: str) -> tuple[Named, list[Change]]:
    """Plan a new identity.

    Raises:
        UsageError: the name is none, or taken.
    """
    named = Named(ledger.next_identity, _usable(ledger, name))
    return named, [Change(Of.NAME, named.identity_id, None, None, named.name)]


def rename(ledger: Ledger, named: Named, name: str) -> list[Change]:
    """Plan another name for the same identity; its id stays."""
    usable = _usable(ledger, name, but=named)
    return [Change(Of.NAME, named.identity_id, None, named.name, usable)]


def _usable(ledger: Ledger, name: str, but: Named | None = None) -> str:
    name = unicodedata.normalize("NFC", name)
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise UsageError(f"{name!r} is not a name for an identity", "give printable text")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"the name has {len(name)} characters; at most {LONGEST_NAME} are allowed")
    if name.isdecimal():
        raise UsageError(f"{name!r} would be taken for an identity's number", "add a letter")
    own = but.identity_id if but else None
    taken = {name_key(other): other for one, other in ledger.names().items() if one != own}
    if name_key(name) in taken or name in ledger.names().values():
        other = taken.get(name_key(name), name)
        alike = "" if other == name else f", and {name!r} differs in letter case or spaces only"
        raise UsageError(
            f"there is an identity {other!r} already{alike}",
            "confirm matches as that one, or choose another name",
            kind=Kind.IDENTITY_NAME_TAKEN,
            identity=other,
            renamed=but.name if but else None,
        )
    return name


def confirm(ledger: Ledger, named: Named, members: Given) -> list[Change]:
    """Plan to confirm members; an earlier rejection of theirs for it is taken back.

    Raises:
        UsageError: one belongs to another identity.
    """
    changes = []
    for member, crops in members.items():
        held = ledger.identity_of(member)
        if held is not None and held != named.identity_id:
            other = ledger.names()[held]
            raise UsageError(
                f"{member.named_by(crops)} is confirmed as {other} (identity {held})",
                f"merge the two if they are one person; else reject it as {other} first",
                kind=Kind.CONFIRMED_AS_ANOTHER,
                identity=named.name,
                other=other,
            )
        if ledger.is_rejected(named.identity_id, member):
            changes.append(Change(Of.REJECTED, named.identity_id, member, True, None, crops))
        if held is None:
            changes.append(Change(Of.MEMBER, None, member, None, named.identity_id, crops))
    return [*changes, *_told(ledger, named, members)]


def reject(ledger: Ledger, named: Named, members: Given) -> list[Change]:
    """Plan to reject members; those that were confirmed as this identity leave it."""
    changes = []
    for member, crops in members.items():
        if ledger.identity_of(member) == named.identity_id:
            changes.append(Change(Of.MEMBER, None, member, named.identity_id, None, crops))
        if not ledger.is_rejected(named.identity_id, member):
            changes.append(Change(Of.REJECTED, named.identity_id, member, None, True, crops))
    return [*changes, *_told(ledger, named, members)]


def unsure(ledger: Ledger, named: Named, members: Given) -> list[Change]:
    """Plan to say that nobody could tell; what was decided of members stays."""
    return [
        Change(Of.UNSURE, named.identity_id, member, None, True, crops)
        for member, crops in members.items()
        if not ledger.is_unsure(named.identity_id, member)
    ]


def _told(ledger: Ledger, named: Named, members: Given) -> list[Change]:
    """Plan that members are told now for an identity."""
    return [
        Change(Of.UNSURE, named.identity_id, member, True, None, crops)
        for member, crops in members.items()
        if ledger.is_unsure(named.identity_id, member)
    ]


def merge(ledger: Ledger, into: Named, others: Sequence[Named], *, force: bool) -> list[Change]:
    """Plan a merge: members and rejections of the others become those of `into`.

    Raises:
        UsageError: an identity with itself; or one rejected what the other confirmed, unless
            `force`, which lets the confirmation stand.
    """
    merging = [into.identity_id, *(other.identity_id for other in others)]
    if len(set(merging)) != len(merging):
        raise UsageError("an identity cannot be merged with itself")
    confirmed = {member for member, held in ledger.members().items() if held in merging}
    rejected = {
        member: [one for one in merging if ledger.is_rejected(one, member)]
        for member in sorted({m for one, m in ledger.rejections() if one in merging})
    }
    clash = sorted(confirmed & set(rejected))
    if clash and not force:
        raise UsageError(
            f"{', '.join(member.text for member in clash)} was confirmed for one of them and "
            "rejected for another",
            "if it is one person all the same, say so",
            kind=Kind.CONFIRMED_AND_REJECTED,
        )
    changes: list[Change] = []
    for member, held in sorted(ledger.members().items()):
        if held in merging[1:]:
            changes.append(Change(Of.MEMBER, None, member, held, into.identity_id))
    for member, by in rejected.items():
        kept = into.identity_id if member not in confirmed else None
        changes += [Change(Of.REJECTED, one, member, True, None) for one in by if one != kept]
        if kept is not None and kept not in by:
            changes.append(Change(Of.REJECTED, kept, member, None, True))
    changes += [
        Change(Of.MERGED, other.identity_id, None, None, into.identity_id) for other in others
    ]
    return changes


def split(ledger: Ledger, named: Named, members: Given, name: str) -> tuple[Named, list[Change]]:
    """Plan a split: members become a new identity, and are rejected for the old one.

    Raises:
        UsageError: one does not belong to it, or none would stay.
    """
    fresh, changes = new(ledger, name)
    for member, crops in members.items():
        if ledger.identity_of(member) != named.identity_id:
            raise UsageError(
                f"{member.named_by(crops)} does not belong to {named.text}",
                kind=Kind.NOT_A_MEMBER,
                identity=named.name,
            )
    if len(members) == sum(one == named.identity_id for one in ledger.members().values()):
        raise UsageError(
            f"no members of {named.text} would stay",
            "rename it instead",
            kind=Kind.NOTHING_WOULD_STAY,
            identity=named.name,
        )
    for member, crops in members.items():
        whose = named.identity_id, fresh.identity_id
        changes.append(Change(Of.MEMBER, None, member, *whose, crops))
        changes.append(Change(Of.REJECTED, named.identity_id, member, None, True, crops))
    return fresh, changes
