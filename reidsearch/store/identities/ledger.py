"""What decisions leave in force: their replay, from the first to the last.

A decision is a set of changes, each with the value before and after. Replaying them proves the
log: a `before` that is not what the earlier decisions left is damage. Undoing is a new decision
with the inverse changes, which is refused where a later decision changed the same things.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError
from reidsearch.domain.decisions import (
    EDITS,
    Change,
    Decision,
    Member,
    Named,
    Of,
    TraceStretch,
    Value,
    name_key,
)

UNDO = "undo"
ERASE = "erase"
"""Of a decision that takes an identity away for good, with all that it was."""


class Ledger:
    """Names, members and rejections in force. Grows by `apply`."""

    def __init__(self) -> None:
        self._values: dict[tuple[Of, int | None, Member | None], Value] = {}
        self._last_identity = 0

    @classmethod
    def replay(cls, decisions: Iterable[Decision]) -> Ledger:
        """Return the ledger after these decisions, oldest first.

        Raises:
            ArchiveError: a decision starts from something that the ones before did not leave.
        """
        ledger = cls()
        for decision in decisions:
            for change in decision.changes:
                if ledger.value(change) != change.before:
                    raise ArchiveError(
                        f"decision {decision.decision_id} changes {change.of} from "
                        f"{change.before!r}, but the decisions before it left "
                        f"{ledger.value(change)!r}",
                        "the log was altered: restore the archive from a backup",
                    )
            ledger.apply(decision.changes)
        return ledger

    def value(self, change: Change) -> Value:
        """Return the current value of what a change is about."""
        return self._values.get(change.key)

    def apply(self, changes: Iterable[Change]) -> None:
        """Take changes in."""
        for change in changes:
            if change.after is None:
                self._values.pop(change.key, None)
            else:
                self._values[change.key] = change.after
            self._last_identity = max(self._last_identity, change.identity_id or 0)

    @property
    def next_identity(self) -> int:
        """An id that no identity ever had, undone ones included."""
        return self._last_identity + 1

    def names(self) -> dict[int, str]:
        """Return all identities that were not undone, merged ones among them, by id."""
        return {
            identity_id: str(name)
            for (of, identity_id, _), name in self._values.items()
            if of is Of.NAME and identity_id is not None
        }

    def merged(self) -> dict[int, int]:
        """Return which identity was merged into which."""
        return {
            identity_id: int(into)
            for (of, identity_id, _), into in self._values.items()
            if of is Of.MERGED and identity_id is not None and into is not None
        }

    def members(self) -> dict[Member, int]:
        """Return every confirmed member with its identity."""
        return {
            member: int(identity_id)
            for (of, _, member), identity_id in self._values.items()
            if of is Of.MEMBER and member is not None and identity_id is not None
        }

    def rejections(self) -> set[tuple[int, Member]]:
        """Return (identity, member) of all rejections."""
        return {
            (identity_id, member)
            for of, identity_id, member in self._values
            if of is Of.REJECTED and identity_id is not None and member is not None
        }

    def unsure(self) -> set[tuple[int, Member]]:
        """Return (identity, member) wherever somebody could not tell."""
        return {
            (identity_id, member)
            for of, identity_id, member in self._values
            if of is Of.UNSURE and identity_id is not None and member is not None
        }

    def edits(self) -> set[tuple[int, Of, int]]:
        """Return every tracklet that was cut off or joined by hand, how, and off or to which."""
        return {
            (member.number, of, int(other))
            for (of, _, member), other in self._values.items()
            if of in EDITS and member is not None and other is not None
        }

    def identity_of(self, member: Member) -> int | None:
        """Return the identity that a member belongs to."""
        value = self._values.get((Of.MEMBER, None, member))
        return None if value is None else int(value)

    def is_rejected(self, identity_id: int, member: Member) -> bool:
        """Tell whether a member was rejected for an identity."""
        return (Of.REJECTED, identity_id, member) in self._values

    def is_unsure(self, identity_id: int, member: Member) -> bool:
        """Tell whether somebody could not tell if a member is an identity."""
        return (Of.UNSURE, identity_id, member) in self._values

    def rejected_for(self, member: Member) -> list[int]:
        """Return the identities that a member was rejected for."""
        return sorted(identity_id for identity_id, one in self.rejections() if one == member)

    def find(self, text: str, *, merged_too: bool = False) -> Named:
        """Return the identity of that name or number.

        Raises:
            NotFound: there is none; or, unless `merged_too`, it was merged into another.
        """
        names, merged = self.names(), self.merged()
        by_name = {name: identity_id for identity_id, name in names.items()}
        identity_id = by_name.get(text, int(text) if text.isdecimal() else 0)
        if not identity_id:  # archives of version 0.1.0 may hold names that differ in case alone
            alike = [one for one, name in names.items() if name_key(name) == name_key(text)]
            identity_id = alike[0] if len(alike) == 1 else 0
        if identity_id not in names:
            raise _no_such(text, sorted(by_name))
        if identity_id in merged and not merged_too:
            into = Named(merged[identity_id], names[merged[identity_id]])
            raise NotFound(
                f"{names[identity_id]} (identity {identity_id}) was merged into {into.text}",
                f"name {into.name}, or undo the merge",
                kind=Kind.IDENTITY_MERGED,
                into=into.name,
            )
        return Named(identity_id, names[identity_id])

    def require_whole(self, changes: Sequence[Change]) -> None:
        """Refuse changes, already taken in, after which the ledger would contradict itself.

        Raises:
            UsageError: two identities of one name; an identity that is gone still has members; a
                member is rejected for its own identity.
        """
        names, merged = self.names(), self.merged()
        for change in changes:
            if change.unites and change.of in EDITS and change.member in self._decided_on():
                raise UsageError(
                    f"{change.member.text} would be gone, but decisions are about it",
                    "undo the later decisions first",
                    kind=Kind.DECISIONS_STAND,
                )
            if change.of is Of.NAME and change.after is not None:
                key = name_key(str(change.after))
                same = [one for one, name in names.items() if name_key(name) == key]
                if len(same) > 1:
                    raise UsageError(
                        f"there is an identity {change.after!r} already",
                        "rename that one first",
                        kind=Kind.IDENTITY_NAME_TAKEN,
                        identity=str(change.after),
                        renamed=None,
                    )
        touched = {one for change in changes for one in change.identities}
        holding = {*self.members().values(), *(one for one, _ in self.rejections())}
        holding |= {*merged.values(), *merged} - names.keys()  # a merge of what is removed
        for identity_id in sorted(touched & holding):
            if identity_id not in names or identity_id in merged:
                raise UsageError(
                    f"identity {identity_id} would be removed, but later decisions are about it",
                    "undo the later decisions first",
                    kind=Kind.DECISIONS_STAND,
                )
        for identity_id, member in sorted(self.rejections()):
            if identity_id in touched and self.identity_of(member) == identity_id:
                raise UsageError(
                    f"{member.text} would be confirmed and rejected for identity {identity_id}",
                    "undo the later decisions first",
                    kind=Kind.DECISIONS_STAND,
                )

    def _decided_on(self) -> set[Member]:
        return {*self.members(), *(member for _, member in self.rejections())}


def _no_such(text: str, known: list[str]) -> NotFound:
    import difflib

    near = difflib.get_close_matches(text, known, n=3)
    return NotFound(
        f"there is no identity {text!r}",
        f"did you mean {', '.join(near)}?" if near else "",
        kind=Kind.IDENTITY_UNKNOWN,
        identity=text,
        near=near,
    )


def with_undone(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the same decisions, each with the number of the one that undoes it."""
    from dataclasses import replace

    undone: dict[int, int] = {}
    for decision in reversed(decisions):  # the last word first
        if decision.undoes is not None and decision.decision_id not in undone:
            undone.setdefault(decision.undoes, decision.decision_id)
    return [replace(one, undone_by=undone.get(one.decision_id)) for one in decisions]


def to_undo(
    decisions: Sequence[Decision], decision_id: int | None, who: str | None = None
) -> Decision:
    """Return the decision to be reversed: a named one, or the last that is in force.

    Args:
        who: whose last one is meant; None: anybody's.

    Raises:
        NotFound: there is none.
        UsageError: it is undone already.
    """
    if decision_id is None:
        for decision in reversed(decisions):
            mine = who in {None, decision.who} and decision.what not in (UNDO, ERASE)
            if mine and not decision.undone_by:
                return decision
        of = f" of {who}" if who else ""
        raise NotFound(f"there is no decision{of} to undo")
    for decision in decisions:
        if decision.decision_id == decision_id:
            if decision.what == ERASE:
                raise UsageError(f"decision {decision_id} has erased an identity for good")
            if decision.undone_by is not None:
                raise UsageError(
                    f"decision {decision_id} is undone already, by decision {decision.undone_by}",
                    f"undo decision {decision.undone_by} to bring it back",
                    kind=Kind.DECISION_UNDONE,
                    decision=decision.undone_by,
                )
            return decision
    raise NotFound(f"there is no decision {decision_id}", kind=Kind.DECISION_UNKNOWN)


def inverse(ledger: Ledger, decisions: Sequence[Decision], undone: Decision) -> list[Change]:
    """Return the changes that take a decision back.

    Raises:
        UsageError: a later decision changed the same things.
    """
    require_latest(decisions, undone)
    for change in undone.changes:
        if ledger.value(change) != change.after:
            later = [
                one.decision_id
                for one in decisions
                if one.decision_id > undone.decision_id
                and any(each.key == change.key for each in one.changes)
            ]
            raise UsageError(
                f"decision {undone.decision_id} cannot be undone: decision {later[-1]} changed "
                f"{_about(change)} since",
                "undo that one first",
                kind=Kind.DECISION_OVERTAKEN,
                decision=later[-1],
            )
    return [change.inverse for change in reversed(undone.changes)]


def require_latest(decisions: Sequence[Decision], undone: Decision) -> None:
    """Refuse to undo what a later decision in force builds on, where tracklets were cut or joined.

    Raises:
        UsageError: a tracklet that would be gone, or would show less, was decided on since; or what
            was decided on a tracklet was handed on to what was cut off it or joined with it.
    """
    for later in reversed(decisions):
        if later.decision_id <= undone.decision_id or later.what == UNDO or later.undone_by:
            continue
        edited = {number for change in later.changes for number in change.edited}
        handed_on = {one for change in later.changes for one in change.identities}
        about = {
            change.member.number
            for change in later.changes
            if change.member is not None and change.member.kind == "tracklet"
        }
        for change in undone.changes:
            if change.member is None or change.member.kind != "tracklet":
                continue
            if change.of not in EDITS:
                again = change.after is None  # a decision on what the tracklet no longer is
                shared = bool(change.identities & handed_on)
                clash = change.member.number in edited and (again or shared)
            elif change.inverse.unites:
                clash = change.member.number in about or bool(change.edited & edited)
            else:
                clash = bool(change.edited & (about | edited))
            if clash:
                raise UsageError(
                    f"decision {undone.decision_id} cannot be undone: decision "
                    f"{later.decision_id} builds on what it made of {change.member.text}",
                    "undo that one first",
                    kind=Kind.DECISION_OVERTAKEN,
                    decision=later.decision_id,
                )


def _about(change: Change) -> str:
    if change.member is not None:
        return change.member.text
    return f"identity {change.identity_id}"


def to_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Return changes as the log keeps them."""
    return [
        {
            "of": change.of.value,
            "identity": change.identity_id,
            "member": [change.member.kind, change.member.number] if change.member else None,
            "before": change.before,
            "after": change.after,
            **({"crops": list(change.crops)} if change.crops else {}),
            **_stretches(change),
        }
        for change in changes
    ]


def _stretches(change: Change) -> dict[str, Any]:
    told = [list(astuple(one)) for one in change.stretches]
    return {"stretches": told} if told else {}


def from_json(rows: Sequence[dict[str, Any]]) -> tuple[Change, ...]:
    """Read what `to_json` made.

    Raises:
        ArchiveError: it was altered.
    """
    try:
        return tuple(
            Change(
                Of(row["of"]),
                row["identity"],
                Member(*row["member"]) if row["member"] else None,
                row["before"],
                row["after"],
                tuple(map(int, row.get("crops", ()))),
                tuple(TraceStretch(*one) for one in row.get("stretches", ())),
            )
            for row in rows
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveError(
            f"the log of decisions cannot be read: {error!r}", "restore it from a backup"
        ) from error
