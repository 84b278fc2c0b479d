"""Decisions and identities: what they leave in force, what is refused, what survives."""

from __future__ import annotations

import getpass
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from archives import NOON, fill, opened, sql, unit_rows
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tracklets import Seen, write_footage

from reidsearch import Archive, restore
from reidsearch.base.errors import ArchiveError, NotFound, ReidsearchError, UsageError
from reidsearch.domain.decisions import Change, Decision, Member, Named, Of, Presence
from reidsearch.output.hints import advice
from reidsearch.store.database.lock import writer_lock
from reidsearch.store.footage.presence import at_once
from reidsearch.store.identities.ledger import Ledger, from_json, inverse, to_undo, with_undone
from reidsearch.store.identities.plans import confirm, merge, new, reject, split

T1, T2, T3 = (Member("tracklet", number) for number in (1, 2, 3))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracklets 1 to 5 with crops 1 to 8, and crops 9 and 10 of no tracklet."""
    tmp_path = tmp_path_factory.mktemp("made")
    rows = unit_rows(10, seed=3)
    gate = [Seen(1, 5, rows[:2]), Seen(3, 8, rows[2:4]), Seen(60, 65, rows[4:5])]
    write_footage(tmp_path / "a", "gate.mp4", "gate", gate)
    write_footage(
        tmp_path / "a", "yard.mp4", "yard", [Seen(2, 6, rows[5:7]), Seen(9, 12, rows[7:8])]
    )
    fill(tmp_path / "a", rows[8:])
    return tmp_path / "a"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of `made` of one's own."""
    return shutil.copytree(made, tmp_path / "a")


def standing(archive: Archive) -> dict[str, tuple[list[str], list[str]]]:
    """name -> members, rejected."""
    return {
        one.name: ([m.text for m in one.members], [m.text for m in one.rejected])
        for one in archive.identities.all()
        if one.merged_into is None
    }


# -- the plain course ---------------------------------------------------------------------------


def test_who_decides_is_handed_down(folder, monkeypatch):
    monkeypatch.delenv("REIDSEARCH_ACTOR", raising=False)
    with Archive.open(folder) as archive:
        assert archive.identities.new("anna", [2]).who == getpass.getuser()
    monkeypatch.setenv("REIDSEARCH_ACTOR", "night shift")
    with Archive.open(folder) as archive:
        assert archive.identities.confirm("anna", [9]).who == "night shift"
    with Archive.open(folder, actor="maria") as archive:
        assert archive.identities.new("bob", [3]).who == "maria"
        assert archive.identities.by(" lea ").undo().who == "lea"
        with pytest.raises(UsageError, match="name"):
            archive.identities.by("  ")
        logged = [one.who for one in archive.identities.decisions()]
    assert logged == [getpass.getuser(), "night shift", "maria", "lea"]


def test_a_view_stands_for_its_tracklet_and_a_picture_for_itself(folder):
    with opened(folder) as archive:
        made = archive.identities.new("anna", [2, 9], note="red jacket")
        assert (made.decision_id, made.what, made.note) == (1, "new", "red jacket")
        assert made.changes == (
            Change(Of.NAME, 1, None, None, "anna"),
            Change(Of.MEMBER, None, T1, None, 1),
            Change(Of.MEMBER, None, Member("crop", 9), None, 1),
        )
        archive.identities.confirm("anna", [6, 7])  # two views of one tracklet
        archive.identities.reject("1", [10])  # by number
        assert standing(archive) == {"anna": (["crop 9", "tracklet 1", "tracklet 4"], ["crop 10"])}
        assert archive.check() == []


def test_what_is_so_already_is_no_decision(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1])
        archive.identities.reject("anna", [5])
        assert archive.identities.confirm("anna", [2]) is None
        assert archive.identities.reject("anna", [5]) is None
        assert len(archive.identities.decisions()) == 2


def test_minds_change_and_both_stand_in_the_log(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 6])
        archive.identities.reject("anna", [6])
        assert standing(archive) == {"anna": (["tracklet 1"], ["tracklet 4"])}
        archive.identities.confirm("anna", [6])
        assert standing(archive) == {"anna": (["tracklet 1", "tracklet 4"], [])}
        assert [one.what for one in archive.identities.show("anna").decisions] == [
            "new",
            "reject",
            "confirm",
        ]


def test_merge_split_and_back(folder):
    with opened(folder) as archive:
        identities = archive.identities
        identities.new("anna", [1])
        identities.new("bert", [6, 8])
        identities.reject("bert", [5])
        identities.merge("anna", ["bert"])
        assert standing(archive) == {
            "anna": (["tracklet 1", "tracklet 4", "tracklet 5"], ["tracklet 3"])
        }
        with pytest.raises(NotFound, match="merged into anna") as error:
            identities.confirm("bert", [9])
        assert "name anna" in advice(error.value)
        identities.split("anna", [8], "carl")
        assert standing(archive) == {
            "anna": (["tracklet 1", "tracklet 4"], ["tracklet 3", "tracklet 5"]),
            "carl": (["tracklet 5"], []),
        }
        with pytest.raises(UsageError, match="confirmed for one of them and rejected"):
            identities.merge("anna", ["carl"])
        identities.undo()  # the split
        identities.undo()  # the merge: undoing does not undo the undoing
        assert standing(archive) == {
            "anna": (["tracklet 1"], []),
            "bert": (["tracklet 4", "tracklet 5"], ["tracklet 3"]),
        }
        assert archive.check() == []


def test_ids_are_never_used_again(folder):
    with opened(folder) as archive:
        archive.identities.new("anna")
        archive.identities.undo()
        archive.identities.new("anna")
        assert [one.identity_id for one in archive.identities.all()] == [2]
        with pytest.raises(UsageError, match="identity 'anna' already"):
            archive.identities.undo(2)  # would bring the first anna back
        archive.identities.rename("anna", "other")
        archive.identities.undo(2)
        assert [(one.identity_id, one.name) for one in archive.identities.all()] == [
            (1, "anna"),
            (2, "other"),
        ]


def test_undo_is_refused_while_something_builds_on_it(folder):
    with opened(folder) as archive:
        identities = archive.identities
        identities.new("anna")
        identities.confirm("anna", [1])
        with pytest.raises(UsageError, match="decisions about it stand"):
            identities.undo(1)
        identities.reject("anna", [1])
        with pytest.raises(UsageError, match="decision 3 changed tracklet 1 since") as error:
            identities.undo(2)
        assert advice(error.value).endswith("reidsearch undo 3")
        identities.undo(3)
        identities.undo(2)
        with pytest.raises(UsageError, match="undone already, by decision 5"):
            identities.undo(2)
        identities.undo(5)  # an undo can be undone
        assert standing(archive) == {"anna": (["tracklet 1"], [])}
        with pytest.raises(NotFound, match="no decision 77"):
            identities.undo(77)


def test_undo_never_leaves_a_member_rejected_for_its_own_identity(folder):
    with opened(folder) as archive:
        identities = archive.identities
        identities.new("anna")
        identities.reject("anna", [1])
        identities.undo(2)
        identities.confirm("anna", [1])
        with pytest.raises(UsageError, match="confirmed and rejected for identity 1"):
            identities.undo(3)


def test_nothing_to_undo(folder):
    with opened(folder) as archive, pytest.raises(NotFound, match="no decision to undo"):
        archive.identities.undo()


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "no name"),
        (" anna", "no name"),
        ("a\nb", "no name"),
        ("\u202ex", "no name"),
        ("7", "taken for an identity's number"),
        ("x" * 201, "201 characters"),
        ("bert", "'bert' already"),
        ("BERT", "'bert' already"),
        ("\uff42ert", "'bert' already"),  # full width
        ("jose\u0301  maria", "'Jos\u00e9 Maria' already"),  # composed and decomposed, two spaces
    ],
)
def test_names(folder, name, text):
    with opened(folder) as archive:
        archive.identities.new("bert")
        archive.identities.new("anna")
        archive.identities.new("Jos\u00e9 Maria")
        with pytest.raises(UsageError, match=text):
            archive.identities.new(name)
        with pytest.raises(UsageError, match=text):
            archive.identities.rename("anna", name)
        assert len(archive.identities.decisions()) == 3


def test_a_name_is_found_however_it_is_written_and_can_change_its_case(folder):
    with opened(folder) as archive:
        archive.identities.new("anna")
        assert archive.identities.show("Anna").identity.named.identity_id == 1
        archive.identities.rename("ANNA", "Anna")
        assert [one.name for one in archive.identities.all()] == ["Anna"]


def test_nobody_belongs_to_two(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1])
        with pytest.raises(UsageError, match=r"tracklet 1 is confirmed as anna \(identity 1\)"):
            archive.identities.new("bert", [6, 2])
        archive.identities.new("bert", [6])
        with pytest.raises(UsageError) as error:
            archive.identities.confirm("bert", [1])
        assert "identity merge bert anna" in advice(error.value)
        assert "reject CROP --as anna" in advice(error.value)
        assert standing(archive) == {"anna": (["tracklet 1"], []), "bert": (["tracklet 4"], [])}


@pytest.mark.parametrize(
    "call",
    [
        lambda i: i.confirm("nobody", [1]),
        lambda i: i.confirm("anna", [999]),
        lambda i: i.reject("9", [1]),
        lambda i: i.merge("anna", ["nobody"]),
        lambda i: i.split("nobody", [1], "x"),
        lambda i: i.show("nobody"),
        lambda i: i.new("x", [1, 999]),
        lambda i: i.confirm("anna", [2**70]),
    ],
)
def test_what_is_not_there(folder, call):
    with opened(folder) as archive:
        archive.identities.new("anna", [1])
        with pytest.raises(NotFound):
            call(archive.identities)
        assert len(archive.identities.decisions()) == 1


def test_a_typo_is_not_a_new_identity(folder):
    with opened(folder) as archive:
        archive.identities.new("anna")
        with pytest.raises(NotFound) as error:
            archive.identities.confirm("anan", [1])
        assert "did you mean anna?" in advice(error.value)


def test_split_needs_something_to_leave_and_to_stay(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 6])
        with pytest.raises(UsageError, match="would stay"):
            archive.identities.split("anna", [1, 2, 6], "bert")
        with pytest.raises(UsageError, match="does not belong"):
            archive.identities.split("anna", [9], "bert")
        with pytest.raises(UsageError, match="no matches were named") as refused:
            archive.identities.split("anna", [], "bert")
        assert "identity split IDENTITY CROP" in advice(refused.value)


def test_one_camera_at_one_time_is_two_people_unless_forced(folder):
    with opened(folder) as archive:
        identities = archive.identities
        with pytest.raises(UsageError, match=r"gate shows them at the same time \(crops 1 and 3\)"):
            identities.new("anna", [1, 3])
        identities.new("anna", [1])
        with pytest.raises(UsageError, match="same time"):
            identities.confirm("anna", [9, 3])
        identities.new("bert", [3])
        with pytest.raises(UsageError, match="same time"):
            identities.merge("anna", ["bert"])
        assert identities.merge("anna", ["bert"], force=True).forced
        assert standing(archive) == {"anna": (["tracklet 1", "tracklet 2"], [])}


def presence(
    source: int,
    first_s: float,
    last_s: float,
    camera: str | None,
    start_s: float | None = 0.0,
    uncertainty_s: float | None = 1.0,
) -> Presence:
    media = round(first_s * 1e6), round(last_s * 1e6)
    wall = (None, None) if start_s is None else tuple(round(start_s * 1e6) + one for one in media)
    return Presence(T1, source, camera, "", *wall, *media, uncertainty_s, (1,))


@pytest.mark.parametrize(
    ("a", "b", "two_people"),
    [
        (presence(1, 0, 5, "gate"), presence(1, 5, 9, "gate"), True),  # on one frame
        (presence(1, 0, 5, "gate"), presence(1, 5.1, 9, "gate"), False),
        (presence(1, 0, 5, None, None), presence(1, 4, 9, None, None), True),  # media time knows
        (presence(1, 0, 5, "gate"), presence(2, 0, 5, "yard"), False),  # views may overlap
        (presence(1, 0, 5, "gate"), presence(2, 0, 5, None), False),
        # Two recordings of one camera that overlap both show everybody who was there.
        (presence(1, 0, 9, "gate"), presence(2, 0, 9, "gate"), False),
        (presence(1, 0, 9, "gate"), presence(2, 0, 9, "gate", 0, None), False),
    ],
)
def test_when_two_people_are_certainly_seen(a, b, two_people):
    assert at_once(a, b) is two_people
    assert at_once(b, a) is two_people


# -- what survives ------------------------------------------------------------------------------


def test_decisions_outlive_what_they_are_about(folder):
    with opened(folder) as archive:
        identities = archive.identities
        identities.new("anna", [1, 6, 9])
        identities.reject("anna", [10, 5])
        archive.delete(archive.plan_delete(crop_ids=[1, 2, 9, 10]))
        story = identities.show("anna")
        assert [one.member.text for one in story.members] == ["tracklet 4"]
        assert [one.member.text for one in story.rejected] == ["tracklet 3"]
        assert story.deleted == 3
        assert len(story.decisions) == 2
        assert archive.check() == []
        identities.undo(2)
        identities.undo(3)  # brings back what can be brought back
        assert standing(archive) == {"anna": (["tracklet 4"], ["tracklet 3"])}
        assert archive.check() == []


def test_a_view_less_leaves_the_member(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1])
        archive.delete(archive.plan_delete(crop_ids=[1]))
        assert archive.identities.show("anna").members[0].crop_ids == (2,)
        assert archive.check() == []


def test_backup_and_restore_keep_everything(folder, tmp_path):
    with opened(folder) as archive:
        archive.identities.new("anna", [1])
        archive.identities.reject("anna", [5])
        archive.backup(tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "b")
    with opened(tmp_path / "b") as archive:
        assert standing(archive) == {"anna": (["tracklet 1"], ["tracklet 3"])}
        assert [one.what for one in archive.identities.decisions()] == ["new", "reject"]
        assert archive.check() == []


def test_deciding_does_not_wait_for_indexing(folder):
    with opened(folder) as archive, writer_lock(folder):
        archive.identities.new("anna", [1])
        assert standing(archive) == {"anna": (["tracklet 1"], [])}


@pytest.mark.full
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM identity_member WHERE tracklet_id = 1", "identity"),
        ("UPDATE identity_member SET identity_id = 2", "identity"),
        ("INSERT INTO identity_member (identity_id, tracklet_id) VALUES (2, 2)", "identity"),
        ("DELETE FROM identity_rejection", "identity"),
        ("UPDATE identity SET name = 'eve' WHERE id = 2", "identity"),
        ("UPDATE identity SET merged_into = 1 WHERE id = 2", "identity"),
    ],
)
def test_check_finds_what_differs_from_the_decisions_and_mends_it(folder, statement, code):
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 6])
        archive.identities.new("bert", [8])
        archive.identities.reject("anna", [5])
        before = standing(archive)
        sql(folder, statement)
        found = archive.check()
        assert [(one.code, one.repairable) for one in found] == [(code, True)]
        assert archive.check(repair=True) == []
        assert standing(archive) == before


def test_an_identity_that_is_not_as_decided_is_named(folder):
    with opened(folder) as archive:
        archive.identities.new("anna")
        sql(folder, "UPDATE identity SET name = NULL")
        with pytest.raises(ArchiveError, match="is not as it was decided"):
            archive.identities.show("anna")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("DELETE FROM decision WHERE id = 2", "missing from the log: 2"),
        ("DELETE FROM decision WHERE id = 1", "changes member from 1"),
        ("UPDATE decision SET changes = '[{}]' WHERE id = 3", "cannot be read"),
        ("UPDATE decision SET changes = replace(changes, 'anna', 'eve') WHERE id = 1", "differ"),
    ],
)
def test_check_finds_an_altered_log(folder, statement, text):
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 6])
        archive.identities.reject("anna", [5])
        archive.identities.reject("anna", [6])
        sql(folder, statement)
        assert any(text in one.message for one in archive.check())


# -- searching ----------------------------------------------------------------------------------


def test_a_search_for_an_identity(folder):
    with opened(folder) as archive:
        identities = archive.identities
        identities.new("anna", [1, 6])
        identities.new("bert", [8])
        identities.reject("anna", [5, 10])
        identities.reject("bert", [9])
        answer = archive.search(identity="anna", k=20)
        asked = answer.statement.identity
        assert asked is not None
        assert (asked.named, asked.members, asked.views) == (Named(1, "anna"), 2, 4)
        assert (asked.rejected, asked.new_only) == (2, False)
        told = {
            (match.crop.moment.tracklet_id if match.crop.moment else -match.crop.crop_id): (
                match.identity and match.identity.name,
                [one.name for one in match.rejected_for],
            )
            for match in answer.matches
        }
        assert told == {
            1: ("anna", []),
            2: (None, []),
            4: ("anna", []),
            5: ("bert", []),
            -9: (None, ["bert"]),
        }
        views = np.stack([unit_rows(10, seed=3)[row] for row in (0, 1, 5, 6)])
        mean = views.mean(axis=0) / np.linalg.norm(views.mean(axis=0))
        own = next(
            match
            for match in answer.matches
            if match.crop.moment is not None and match.crop.moment.tracklet_id == 1
        )
        assert own.score == pytest.approx(float((views[:2] @ mean).max()), abs=1e-5)
        fresh = archive.search(identity="anna", new_only=True, k=20)
        assert {m.crop.moment.tracklet_id for m in fresh.matches if m.crop.moment} == {2, 5}
        with_view = archive.search(1, identity="bert", k=20)  # crop 1 is asked with: no match
        assert 1 not in {match.crop.crop_id for match in with_view.matches}
        with pytest.raises(UsageError, match="identity"):
            archive.search(1, new_only=True)


def test_nobody_can_be_searched_for_without_a_view(folder):
    with opened(folder) as archive:
        archive.identities.new("anna")
        with pytest.raises(UsageError, match="nothing is confirmed") as error:
            archive.search(identity="anna")
        assert advice(error.value) == "reidsearch confirm CROP --as anna"


def test_pairs_are_those_of_a_plain_count(folder):
    rows = unit_rows(10, seed=3)
    crops = {1: [1, 2], 3: [5], 4: [6, 7], 5: [8]}
    with opened(folder) as archive:
        assert len(archive.identities.pairs()) == 0
        archive.identities.new("anna", [1, 6, 9])
        archive.identities.reject("anna", [5])
        archive.identities.reject("anna", [8])
        pairs = archive.identities.pairs()
    members, rejected = [crops[1], crops[4], [9]], [crops[3], crops[5]]
    expected = set()
    sides = [(a, b, True) for a in members for b in members if a != b]
    sides += [(a, b, False) for a in members for b in rejected]
    sides += [(b, a, False) for a in members for b in rejected]
    for query, match, same in sides:
        for crop in query:
            scores = {other: float(rows[crop - 1] @ rows[other - 1]) for other in match}
            best = max(scores, key=lambda other: scores[other])
            expected.add((crop, best, same, round(scores[best], 4)))
    found = {
        (int(q), int(m), bool(same), round(float(score), 4))
        for q, m, same, score in zip(
            pairs.query_crops, pairs.match_crops, pairs.same, pairs.scores, strict=True
        )
    }
    assert found == expected
    assert len(pairs) == len(expected)
    assert set(pairs.identity_ids.tolist()) == {1}
    assert (pairs.scores.dtype, pairs.same.dtype) == (np.float32, np.bool_)


# -- the log by itself --------------------------------------------------------------------------


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
