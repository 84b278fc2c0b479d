"""Decisions and identities: what they leave in force, what is refused, what survives."""

from __future__ import annotations

import getpass

import pytest
from archives import opened, sql

from reidsearch import Archive, restore
from reidsearch.base.errors import ArchiveError, NotFound, UsageError
from reidsearch.domain.decisions import Change, Member, Of
from reidsearch.output.hints import advice
from reidsearch.store.database.lock import writer_lock

T1, T2, T3 = (Member("tracklet", number) for number in (1, 2, 3))


def standing(archive: Archive) -> dict[str, tuple[list[str], list[str]]]:
    """name -> members, rejected."""
    return {
        one.name: ([m.text for m in one.members], [m.text for m in one.rejected])
        for one in archive.identities.all()
        if one.merged_into is None
    }


@pytest.mark.full
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


@pytest.mark.full
def test_a_view_stands_for_its_tracklet_and_a_picture_for_itself(folder):
    with opened(folder) as archive:
        made = archive.identities.new("anna", [2, 9], note="red jacket")
        assert (made.decision_id, made.what, made.note) == (1, "new", "red jacket")
        assert made.changes == (
            Change(Of.NAME, 1, None, None, "anna"),
            Change(Of.MEMBER, None, T1, None, 1, (2,)),
            Change(Of.MEMBER, None, Member("crop", 9), None, 1, (9,)),
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


@pytest.mark.full
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
        with pytest.raises(UsageError, match="later decisions are about it"):
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


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "not a name"),
        (" anna", "not a name"),
        ("a\nb", "not a name"),
        ("\u202ex", "not a name"),
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
        with pytest.raises(UsageError, match=r"crop 2 \(tracklet 1\) is confirmed as anna \("):
            archive.identities.new("bert", [6, 2])
        archive.identities.new("bert", [6])
        with pytest.raises(UsageError) as error:
            archive.identities.confirm("bert", [1])
        assert "identity merge bert anna" in advice(error.value)
        assert "reject CROP --as anna" in advice(error.value)
        assert standing(archive) == {"anna": (["tracklet 1"], []), "bert": (["tracklet 4"], [])}


@pytest.mark.full
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
        with pytest.raises(UsageError, match="no matches to move were named") as refused:
            archive.identities.split("anna", [], "bert")
        assert "identity split IDENTITY CROP" in advice(refused.value)


def test_one_camera_at_one_time_is_two_people_unless_forced(folder):
    with opened(folder) as archive:
        identities = archive.identities
        with pytest.raises(UsageError, match=r"at the same time by gate \(crops 1 and 3\)"):
            identities.new("anna", [1, 3])
        identities.new("anna", [1])
        with pytest.raises(UsageError, match="same time"):
            identities.confirm("anna", [9, 3])
        identities.new("bert", [3])
        with pytest.raises(UsageError, match="same time"):
            identities.merge("anna", ["bert"])
        assert identities.merge("anna", ["bert"], force=True).forced
        assert standing(archive) == {"anna": (["tracklet 1", "tracklet 2"], [])}


@pytest.mark.full
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


@pytest.mark.full
def test_a_view_less_leaves_the_member(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1])
        archive.delete(archive.plan_delete(crop_ids=[1]))
        assert archive.identities.show("anna").members[0].crop_ids == (2,)
        assert archive.check() == []


@pytest.mark.full
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


@pytest.mark.full
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
