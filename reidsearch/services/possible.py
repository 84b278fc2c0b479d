"""Whether what is to be one person can be: nobody is seen twice at once by one camera."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.decisions import Change, Given, Member, Named
from reidsearch.store.contract import Transaction
from reidsearch.store.footage.presence import conflicts, presences
from reidsearch.store.identities import plans
from reidsearch.store.identities.ledger import Ledger


def confirmed(
    connection: Transaction,
    ledger: Ledger,
    named: Named,
    members: Given,
    *,
    force: bool,
) -> list[Change]:
    """Plan to confirm members, where one person can have been seen as all of them.

    Raises:
        UsageError: one belongs to another identity; one camera shows two of them at once (unless
            `force`).
    """
    changes = plans.confirm(ledger, named, members)
    of = ledger.members()
    staying = [member for member, identity_id in of.items() if identity_id == named.identity_id]
    joining = [member for member in members if member not in staying]
    require_possible(connection, named, staying, joining, force=force)
    return changes


def require_possible(
    connection: Transaction,
    named: Named,
    staying: Iterable[Member],
    joining: Sequence[Member],
    *,
    force: bool,
) -> None:
    """Refuse to call two people one whom a camera showed at once."""
    if force or not joining:
        return
    seen = presences(connection, (*staying, *joining))
    new = [seen[member] for member in joining if member in seen]
    clash = conflicts([one for one in seen.values() if one not in new], new)
    if clash:
        a, b = clash[0]
        where = a.camera or a.location
        raise UsageError(
            f"{a.member.text} and {b.member.text} were seen at the same time by {where} (crops "
            f"{a.crop_ids[0]} and {b.crop_ids[0]}), so they were not both confirmed as "
            f"{named.name}",
            "two people, a doubled detection, or the same footage in two files: look at both, and "
            "confirm by force if they are one person",
            kind=Kind.SEEN_AT_ONCE,
        )
