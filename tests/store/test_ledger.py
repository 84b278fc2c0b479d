"""The log of decisions by itself: replay, undo, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from archives import NOON
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reidsearch.base.errors import ArchiveError, ReidsearchError
from reidsearch.domain.decisions import Change, Decision, Member, Of
from reidsearch.store.identities.ledger import Ledger, from_json, inverse, to_undo, with_undone
from reidsearch.store.identities.plans import confirm, merge, new, reject, split

T1, T2, T3 = (Member("tracklet", number) for number in (1, 2, 3))


def decisions(*changes: Sequence[Change]) -> list[Decision]:
    return [
        Decision(number, NOON, "me", "x", "", False, None, tuple(each))
        for number, each in enumerate(changes, start=1)
    ]


def test_replay_refuses_what_does_not_follow():
    made = Change(Of.NAME, 1, None, None, "anna")
    with pytest.raises(ArchiveError, match="decision 2 changes name from None"):
        Ledger.replay(decisions([made], [made]))


def test_an_unreadable_log_is_refused():
    with pytest.raises(ArchiveError, match="cannot be read"):
        from_json([{"of": "colour", "identity": 1, "member": None, "before": 1, "after": 2}])


class Deciding(RuleBasedStateMachine):
    """Random decisions and undos against a plain model that copies everything each time."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Decision] = []
        self.states: list[tuple[object, ...]] = [self.state(Ledger())]

    @staticmethod
    def state(ledger: Ledger) -> tuple[object, ...]:
        return (
            dict(ledger.names()),
            dict(ledger.merged()),
            dict(ledger.members()),
            set(ledger.rejections()),
        )

    def take(self, changes: Sequence[Change], undoes: int | None = None) -> None:
        ledger = Ledger.replay(self.log)
        ledger.apply(changes)
        ledger.require_whole(changes)
        if changes:
            number = len(self.log) + 1
            one = Decision(
                number, NOON, "me", "undo" if undoes else "x", "", False, undoes, tuple(changes)
            )
            self.log = with_undone([*self.log, one])
            self.states.append(self.state(ledger))

    members = st.lists(st.sampled_from([T1, T2, T3, Member("crop", 1)]), min_size=1, max_size=3)
    numbers = st.integers(1, 4)

    @rule(
        what=st.sampled_from(["new", "confirm", "reject", "merge", "split"]),
        a=numbers,
        b=numbers,
        members=members,
    )
    def decide(self, what: str, a: int, b: int, members: list[Member]) -> None:
        ledger = Ledger.replay(self.log)
        name = f"name-{ledger.next_identity}"
        try:
            if what == "new":
                return self.take(new(ledger, name)[1])
            one = ledger.find(str(a))
            if what == "confirm":
                return self.take(confirm(ledger, one, members))
            if what == "reject":
                return self.take(reject(ledger, one, members))
            if what == "merge":
                return self.take(merge(ledger, one, [ledger.find(str(b))], force=True))
            return self.take(split(ledger, one, members, name)[1])
        except ReidsearchError:
            return None

    @rule(which=st.one_of(st.none(), st.integers(1, 12)))
    def undo(self, which: int | None) -> None:
        ledger = Ledger.replay(self.log)
        try:
            undone = to_undo(self.log, which)
            self.take(inverse(ledger, self.log, undone), undone.decision_id)
        except ReidsearchError:
            return
        if undone.decision_id == len(self.log) - 1:  # the very last: all is as before it
            assert self.states[-1] == self.states[undone.decision_id - 1]

    @invariant()
    def whole(self) -> None:
        ledger = Ledger.replay(self.log)
        assert self.state(ledger) == self.states[-1]
        names, merged = ledger.names(), ledger.merged()
        assert len(set(names.values())) == len(names)
        for member, identity_id in ledger.members().items():
            assert identity_id in names
            assert identity_id not in merged
            assert not ledger.is_rejected(identity_id, member)
        assert json.dumps([one.undone_by for one in self.log])


TestDeciding = Deciding.TestCase


TestDeciding.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
