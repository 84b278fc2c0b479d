"""An identity is erased: its name, what was decided of it, and what was written of that.

Decisions stay, with their number, time and who took them, because others build on them. The name
becomes `erased N` in all of them, their notes go, and a last decision takes the identity away. The
event log holds the digest of each decision; of those that change, the new one is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select, update

from reidsearch.base.actor import Author
from reidsearch.base.timecode import now
from reidsearch.domain.decisions import Change, Decision, Of
from reidsearch.domain.event_log import Event
from reidsearch.store.database.proofs import intact
from reidsearch.store.event_log import decision_digest, entries_of_decisions, joined
from reidsearch.store.identities.ledger import ERASE, Ledger, to_json
from reidsearch.store.identities.store import append_decision, log
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.identities import decision, identity


@dataclass(frozen=True, slots=True)
class ErasedIdentities:
    """What the event log has to forget with identities.

    Args:
        ids: theirs.
        names: that they had at any time.
        entries: of the event log, of decisions that were changed.
        renewed: what the entry that records the forgetting holds of these decisions.
    """

    ids: frozenset[int]
    names: frozenset[str]
    entries: frozenset[int]
    renewed: dict[str, Any]


def with_merged(ledger: Ledger, identity_id: int) -> tuple[int, ...]:
    """Return an identity and all that were merged into it: names of the same person."""
    found, merged = {identity_id}, ledger.merged()
    while more := {one for one, into in merged.items() if into in found} - found:
        found |= more
    return tuple(sorted(found))


def erase_identities(connection: Connection, ids: Iterable[int]) -> ErasedIdentities:
    """Take identities out of the archive, after their crops are deleted."""
    gone = frozenset(ids)
    before = log(connection)
    names = frozenset(
        str(name)
        for one in before
        for change in one.changes
        if change.of is Of.NAME and change.identity_id in gone
        for name in (change.before, change.after)
        if name is not None
    )
    called = {one: _free_name(before, one) for one in gone}
    changed = [one for one in before if any(change.identities & gone for change in one.changes)]
    for one in changed:
        changes = [_anonymous(change, called) for change in one.changes]
        values = {"changes": to_json(changes), "note": ""}
        connection.execute(update(decision).where(decision.c.id == one.decision_id).values(values))
    for number, name in called.items():
        held = (identity.c.id == number) & identity.c.name.is_not(None)
        connection.execute(update(identity).where(held).values(name=name))
    _take_away(connection, gone)
    numbers = [one.decision_id for one in changed]
    entries = entries_of_decisions(connection, numbers)
    renewed = _renewed(connection, numbers, entries)
    return ErasedIdentities(gone, names, frozenset(entries.values()), renewed)


def _free_name(decisions: Iterable[Decision], identity_id: int) -> str:
    """Return a name that nobody gave to anybody else."""
    taken = {
        name
        for one in decisions
        for change in one.changes
        if change.of is Of.NAME
        for name in (change.before, change.after)
    }
    name = f"erased {identity_id}"
    while name in taken:
        name += "'"
    return name


def _anonymous(change: Change, called: dict[int, str]) -> Change:
    if change.of is not Of.NAME or change.identity_id not in called:
        return change
    name = called[change.identity_id]
    return replace(
        change,
        before=None if change.before is None else name,
        after=None if change.after is None else name,
    )


def _take_away(connection: Connection, gone: frozenset[int]) -> None:
    """Take a last decision: these identities, their members and rejections are no more."""
    ledger = Ledger.replay(log(connection))
    changes = [
        Change(Of.MEMBER, None, member, one, None)
        for member, one in sorted(ledger.members().items())
        if one in gone
    ]
    for of, pairs in ((Of.REJECTED, ledger.rejections()), (Of.UNSURE, ledger.unsure())):
        about = [pair for pair in sorted(pairs) if pair[0] in gone]
        changes += [Change(of, one, member, True, None) for one, member in about]
    changes += [
        Change(Of.MERGED, one, None, into, None)
        for one, into in sorted(ledger.merged().items())
        if one in gone
    ]
    changes += [
        Change(Of.NAME, one, None, name, None)
        for one, name in sorted(ledger.names().items())
        if one in gone
    ]
    if changes:
        author: Author = connection.get_execution_options()["author"]
        made = Decision(0, now(), author.name, ERASE, "", False, None, tuple(changes))
        append_decision(connection, made)


def _renewed(
    connection: Connection, numbers: Iterable[int], entries: dict[int, int]
) -> dict[str, Any]:
    """Return the digests of changed decisions, for the event log.

    Those from before the log are bound by its first entry, all in one digest.
    """
    rows = select(decision).where(intact(decision)).order_by(decision.c.id)
    digests = {row.id: decision_digest(row) for row in connection.execute(rows)}
    told: dict[str, Any] = {
        "decisions": [
            {"decision": number, "sha256": digests[number]}
            for number in numbers
            if number in entries
        ]
    }
    if any(number not in entries for number in numbers):
        c = log_entry.c
        again = (c.event == Event.FORGET) & c.detail.contains('"before":')
        binds = select(func.max(c.id)).where((c.event == Event.BEGIN) | again)
        first = connection.scalar(binds)
        if first is not None:
            bound = entries_of_decisions(connection, list(digests))
            before = [digest for number, digest in digests.items() if number not in bound]
            told["before"] = {"decisions": len(before), "decisions_sha256": joined(before)}
            entries[0] = first
    return told
