"""Tracklets cut and joined by hand: what goes where, what is refused, and how it is taken back."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from archives import CommandLine, sql, unit_rows
from footage_dump import dump
from json_schemas import require_valid
from tracklets import FPS, Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import InputError, Kind, NotFound, UsageError
from reidsearch.domain.decisions import Member, Transits
from reidsearch.output.emit import dumps
from reidsearch.output.hints import advice
from reidsearch.output.tracklets import edited_json
from reidsearch.services import tracklets
from reidsearch.store.footage import tracklet_edits
from reidsearch.store.identities.proposals import Proposed, replace_proposals


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """At the gate tracklets 1 (1 to 5 s), 2 (3 to 8 s), 3 (10 to 15 s), in the yard 4.

    Each has five views, on its first five frames: crops 1 to 5 of tracklet 1, and so on.
    """
    folder = tmp_path_factory.mktemp("made") / "a"
    rows = unit_rows(20, seed=5)
    gate = [(1, 5), (3, 8), (10, 15)]
    seen = [Seen(*times, rows[5 * n : 5 * n + 5]) for n, times in enumerate(gate)]
    write_footage(folder, "gate.mp4", "gate", seen, seconds=60)
    write_footage(folder, "yard.mp4", "yard", [Seen(2, 6, rows[15:])], seconds=60)
    return folder


@pytest.fixture
def place(made_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_once, tmp_path / "a")


def frame(number: int, first_s: int = 1) -> Fraction:
    """The media time of a frame of tracklet 1, by its number in it."""
    return first_s + Fraction(number, FPS)


def crops(archive: Archive, tracklet_id: int) -> list[int]:
    return sorted(archive.footage.tracklet(tracklet_id).crop_ids)


@pytest.mark.full
def test_a_cut_parts_detections_and_views_by_time_and_undo_puts_them_together(place):
    before = dump(place)
    with Archive.open(place) as archive:
        edited = archive.tracklets.split(1, media_s=frame(2), note="two people")
        assert [one.tracklet_id for one in edited.tracklets] == [1, 5]
        assert [one.detections for one in edited.tracklets] == [2, 39]
        assert (crops(archive, 1), crops(archive, 5)) == ([1, 2], [3, 4, 5])
        trace = archive.footage.trace(5, archive.crop(3).source_id)
        assert trace.pts[0] == 12
        assert archive.check() == []
        assert (edited.decision.what, edited.decision.note) == ("split-tracklet", "two people")
        require_valid(json.loads(dumps(edited_json(edited))))
        archive.identities.undo()
        assert archive.check() == []
        with pytest.raises(NotFound):
            archive.footage.tracklet(5)
    assert dump(place) == before
    with Archive.open(place) as archive:
        again = archive.tracklets.split(1, media_s=frame(2))
        assert again.tracklets[1].tracklet_id == 6, "no id is used twice"
        archive.identities.undo()
        archive.identities.undo(2)  # taking back the first undo brings the first cut back
        assert (crops(archive, 1), crops(archive, 5)) == ([1, 2], [3, 4, 5])


@pytest.mark.full
def test_the_mean_of_each_half_is_of_its_own_views(place):
    with Archive.open(place) as archive:
        archive.tracklets.split(1, media_s=frame(1))
        assert archive.check() == [], "which compares the means with the views"
    vectors = sql(place, "SELECT count(DISTINCT sha256) FROM tracklet_embedding")
    assert vectors == [(5,)]


@pytest.mark.full
@pytest.mark.parametrize(
    ("named", "early", "late"),
    [([1], "anna", None), ([4], None, "anna"), ([1, 4], "anna", "anna")],
)
def test_a_confirmation_goes_with_the_crops_it_was_made_by(place, named, early, late):
    with Archive.open(place) as archive:
        archive.identities.new("anna", named)
        edited = archive.tracklets.split(1, media_s=frame(2))
        told = [mark.identity.name if mark.identity else None for mark in edited.marks]
        assert told == [early, late]
        assert edited.unsure is None
        members = {m for m, name in zip((1, 5), told, strict=True) if name}
        story = archive.identities.show("anna")
        assert {one.member.number for one in story.members} == members
        assert all(set(one.named_by) <= set(one.crop_ids) for one in story.members)
        assert archive.check() == []
        archive.identities.undo()
        assert archive.identities.find("anna").members == (Member("tracklet", 1),)
        assert archive.check() == []


@pytest.mark.full
def test_a_rejection_goes_with_the_crops_it_was_made_by(place):
    with Archive.open(place) as archive:
        archive.identities.new("anna")
        archive.identities.reject("anna", [5])
        edited = archive.tracklets.split(1, media_s=frame(2))
        assert [len(mark.rejected_for) for mark in edited.marks] == [0, 1]


@pytest.mark.full
def test_where_nobody_knows_the_crops_both_halves_stay_and_it_is_said(place, run: CommandLine):
    run.archive = place
    with Archive.open(place) as archive:
        archive.identities.new("anna", [1])
        archive.identities.new("bert", [16])
        archive.identities.merge("bert", ["anna"])
    # As an archive of version 0.1.0, whose decisions keep no crops, and which has no log.
    sql(place, "DELETE FROM log_entry")
    changes = "replace(replace(changes, ', \"crops\": [1]', ''), ', \"crops\": [16]', '')"
    sql(place, f"UPDATE decision SET changes = {changes}")
    ran = run("tracklet", "split", 1, "--at", "1.2s")
    assert "Both stay confirmed as bert" in ran.out
    with Archive.open(place) as archive:
        assert [one.number for one in archive.identities.find("bert").members] == [1, 4, 5]
        assert archive.check() == []


@pytest.mark.full
def test_what_later_decisions_build_on_is_not_undone(place):
    with Archive.open(place) as archive:
        archive.identities.new("anna", [1, 4])
        archive.tracklets.split(1, media_s=frame(2))
        archive.identities.new("bert")
        archive.identities.reject("anna", [4])
        archive.identities.confirm("bert", [4])
        for earlier, later in ((2, 5), (1, 2)):
            with pytest.raises(UsageError) as error:
                archive.identities.undo(earlier)
            assert error.value.kind == Kind.DECISION_OVERTAKEN
            assert f"undo {later}" in advice(error.value)
        archive.identities.undo()
        archive.identities.undo()
        with pytest.raises(UsageError) as error:
            archive.identities.undo(1)  # its confirmation was handed on to the half cut off
        assert advice(error.value).endswith("undo 2")
        archive.tracklets.split(5, media_s=frame(3))
        with pytest.raises(UsageError) as error:
            archive.identities.undo(2)
        assert error.value.kind == Kind.DECISION_OVERTAKEN
        assert archive.check() == []


def test_a_confirmation_is_not_restored_on_what_shows_something_else_now(place):
    with Archive.open(place) as archive:
        archive.identities.new("anna")
        archive.identities.confirm("anna", [4])
        archive.identities.undo()
        archive.tracklets.split(1, media_s=frame(2))  # crop 4 is of tracklet 5 now
        with pytest.raises(UsageError) as error:
            archive.identities.undo(3)
        assert error.value.kind == Kind.DECISION_OVERTAKEN
        archive.identities.confirm("anna", [4])
        assert archive.identities.find("anna").members == (Member("tracklet", 5),)


def test_a_time_outside_is_refused_with_the_times_of_the_tracklet(place):
    with Archive.open(place) as archive:
        for at in (Fraction(0), Fraction(1), Fraction(51, 10), Fraction(30)):
            with pytest.raises(UsageError, match=r"from 1\.000 to 5\.000 s of /footage/gate\.mp4"):
                archive.tracklets.split(1, media_s=at)
        with pytest.raises(NotFound):
            archive.tracklets.split(99, media_s=Fraction(1))
        assert archive.identities.decisions() == []


@pytest.mark.full
def test_the_clock_and_the_media_time_are_both_understood(place, run: CommandLine):
    run.archive = place
    run.monkeypatch.setenv("TZ", "UTC")
    for at in ("1.2", "1.2s", "0:01.2", "12:00:01.2", "2024-05-31 12:00:01.2",
               "31.05.2024 12:00:01.2", "2024-05-31T12:00:01.2Z"):  # fmt: skip
        ran = run("tracklet", "split", 1, "--at", at)
        assert "2 detections, crops 1, 2" in ran.out, (at, ran.err)
        assert run("undo").code == 0
    assert run("tracklet", "split", 1, "--at", "soon").code == 2


def test_a_half_without_a_crop_is_refused_where_the_footage_is_gone(place):
    with Archive.open(place) as archive:
        told = r"from 1\.500 to 5\.000 s tracklet 1 has no crop"
        with pytest.raises(InputError, match=told) as error:
            archive.tracklets.split(1, media_s=frame(5))
        assert error.value.kind == Kind.FOOTAGE_MISSING
        assert archive.identities.decisions() == []


@pytest.mark.full
def test_tracklets_of_one_person_are_joined_and_parted_again(place):
    before = dump(place)
    with Archive.open(place) as archive:
        archive.identities.new("anna", [11])
        edited = archive.tracklets.join([3, 1])
        (one,) = edited.tracklets
        assert (one.tracklet_id, one.detections) == (1, 92)
        assert edited.marks[0].identity is not None
        assert edited.marks[0].identity.name == "anna"
        assert archive.identities.show("anna").members[0].named_by == (11,)
        assert archive.check() == []
        assert archive.crop(11).moment is not None
        assert archive.crop(11).moment.tracklet_id == 1
        archive.identities.undo()
        assert archive.identities.find("anna").members == (Member("tracklet", 3),)
        archive.identities.undo()
        assert archive.check() == []
    assert dump(place) == before


@pytest.mark.full
def test_halves_that_are_joined_again_are_the_whole(place):
    before = dump(place)
    with Archive.open(place) as archive:
        archive.tracklets.split(1, media_s=frame(1))
        archive.tracklets.split(5, media_s=frame(3))
        archive.tracklets.join([6, 1])
        assert sorted(crops(archive, 1)) == [1, 4, 5]
        archive.tracklets.join([1, 5])
        assert crops(archive, 1) == [1, 2, 3, 4, 5]
        assert archive.check() == []
        for _ in range(4):
            archive.identities.undo()
            assert archive.check() == []
    assert dump(place) == before


@pytest.mark.full
@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        ((1, 2), Kind.TRACKLETS_AT_ONCE),  # in one frame
        ((1, 4), Kind.TRACKLETS_APART),  # another camera
        ((1,), Kind.USAGE),
        ((1, 1), Kind.USAGE),
        ((1, 99), Kind.NOT_FOUND),
    ],
)
def test_what_cannot_be_one_tracklet_is_not_joined(place, ids, kind):
    before = dump(place)
    with Archive.open(place) as archive, pytest.raises((UsageError, NotFound)) as error:
        archive.tracklets.join(ids)
    assert error.value.kind == kind
    assert dump(place) == before


def test_people_who_are_decided_to_be_two_are_not_joined(place):
    with Archive.open(place) as archive:
        archive.identities.new("anna", [1])
        archive.identities.new("bert", [11])
        with pytest.raises(UsageError, match="confirmed as anna, tracklet 3 as bert") as error:
            archive.tracklets.join([1, 3])
        assert advice(error.value) == "one person: reidsearch identity merge anna bert"
        archive.identities.undo()
        archive.identities.reject("anna", [11])
        with pytest.raises(UsageError, match="rejected for anna") as error:
            archive.tracklets.join([1, 3])
        assert error.value.kind == Kind.TRACKLETS_DISAGREE


def test_nobody_becomes_somebody_who_is_seen_elsewhere_at_that_time(place):
    with Archive.open(place) as archive:
        archive.identities.new("anna", [6, 11])  # tracklets 2 and 3
        with pytest.raises(UsageError, match="tracklet 1 and tracklet 2") as error:
            archive.tracklets.join([1, 3])
        assert error.value.kind == Kind.TRACKLETS_AT_ONCE


@pytest.mark.full
def test_proposals_lose_what_was_cut(place):
    with Archive.open(place) as archive:
        proposed = Proposed(None, (Member("tracklet", 1), Member("tracklet", 4)), (0.9, 0.9), 0.9)
        replace_proposals(
            archive._store,
            [proposed],
            join_above=0.5,
            transits=Transits(),
            linked=4,
            capped=0,
            model="drawn",
        )
        edited = archive.tracklets.split(1, media_s=frame(2))
        assert edited.withdrawn == (1,)
        assert archive.proposals.last().proposals == (), "of two members one is left"
        assert archive.check() == []


@pytest.mark.full
def test_what_was_deleted_since_cannot_be_parted_or_put_together(place):
    with Archive.open(place) as archive:
        archive.tracklets.join([1, 3])
        archive.delete(archive.plan_delete(crop_ids=range(11, 16)))
        with pytest.raises(UsageError, match="deleted since") as error:
            archive.identities.undo()
        assert error.value.kind == Kind.TRACKLET_GONE
        archive.tracklets.split(1, media_s=frame(2))
        archive.delete(archive.plan_delete(crop_ids=[1, 2]))
        with pytest.raises(UsageError, match="crops of tracklet 1 were deleted since"):
            archive.identities.undo()
        assert archive.check() == []


@pytest.mark.full
def test_an_error_on_the_way_leaves_nothing_behind(place, monkeypatch):
    before = dump(place)
    with Archive.open(place) as archive:
        archive.identities.new("anna", [4])
        for name in ("_separate", "_place", "renew_means"):
            with monkeypatch.context() as patch:
                patch.setattr(tracklet_edits, name, _cut_off)
                with pytest.raises(OSError, match="cut off"):
                    archive.tracklets.split(1, media_s=frame(2))
        assert len(archive.identities.decisions()) == 1
        assert archive.check() == []
        assert archive.tracklets.split(1, media_s=frame(2)).tracklets[1].tracklet_id == 5
        archive.identities.undo()
    assert dump(place) == before


def _cut_off(*_: object) -> None:
    raise OSError("cut off")


@pytest.mark.full
def test_check_tells_of_an_edit_that_was_not_decided(place):
    with Archive.open(place) as archive:
        archive.tracklets.split(1, media_s=frame(2))
        archive.tracklets.join([1, 3])
    sql(place, "DELETE FROM tracklet_edit WHERE kind = 'joined'")
    with Archive.open(place) as archive:
        (finding,) = archive.check()
    assert "not split or joined as was decided: 3" in finding.message


@pytest.mark.full
def test_the_log_tells_of_cuts_and_joins(place, run: CommandLine):
    run.archive = place
    run("tracklet", "split", 1, "--at", "1.2s", "--note", "crossing")
    assert "joined to tracklet 1" in run("tracklet", "join", 1, 5).out
    assert "separate again from tracklet 1" in run("undo").out
    log = " ".join(run("identity", "list", "--decisions").out.split())
    assert "split from tracklet 1" in log
    assert run("identity", "list", "--decisions", "--format", "json").code == 0
    told = run("tracklet", "join", 1, 5, "--format", "json")
    assert '"tracklets"' in told.out


@pytest.mark.full
def test_somebody_who_changes_the_tracklet_meanwhile_is_noticed(place, monkeypatch):
    with Archive.open(place) as archive, Archive.open(place) as other:
        real = tracklets.cut_at

        def late(*told):
            monkeypatch.setattr(tracklets, "cut_at", real)
            other.tracklets.split(1, media_s=frame(3))
            return real(*told)

        monkeypatch.setattr(tracklets, "cut_at", late)
        with pytest.raises(UsageError, match="changed meanwhile") as error:
            archive.tracklets.split(1, media_s=frame(2))
        assert error.value.kind == Kind.TRACKLET_CHANGED
        assert len(archive.identities.decisions()) == 1
        assert archive.check() == []


@pytest.mark.full
def test_the_sides_of_a_split_are_not_proposed_as_one_person(tmp_path):
    folder = tmp_path / "a"
    alike = unit_rows(1, seed=1).repeat(5, axis=0)
    write_footage(folder, "gate.mp4", "gate", [Seen(1, 5, alike), Seen(30, 35, alike)])
    write_footage(folder, "yard.mp4", "yard", [Seen(2, 6, unit_rows(5, seed=2))])
    with Archive.open(folder) as archive:
        archive.tracklets.split(1, media_s=frame(3))
        archive.tracklets.split(1, media_s=frame(1))
        archive.proposals.link(join_above=0.1)
        proposed = [{m.number for m in one.members} for one in archive.proposals.last().proposals]
        assert proposed, "the tracklet of half a minute later is like all of them"
        for pair in ({1, 5}, {5, 4}):  # before, between and after
            assert not any(pair <= members for members in proposed)
        archive.identities.undo()
        archive.identities.undo()
        archive.proposals.link(join_above=0.1)
        (one,) = archive.proposals.last().proposals
        assert {member.number for member in one.members} == {1, 2}


@pytest.mark.full
def test_doubts_go_with_the_detections_that_they_are_about(place):
    at = {pts: round(Fraction(pts, FPS) * 1_000_000) for pts in (11, 12, 30)}
    doubts = [[pts - 10, at[pts]] for pts in at]
    sql(place, "UPDATE tracklet_part SET doubts = :d WHERE tracklet_id = 1", d=json.dumps(doubts))
    sql(place, "UPDATE tracklet_part SET doubts = '[]' WHERE tracklet_id = 3")
    before = dump(place), sql(place, "SELECT tracklet_id, doubts FROM tracklet_part ORDER BY 1")

    def told(archive: Archive, tracklet_id: int) -> list[int] | None:
        purity = archive.footage.tracklet(tracklet_id).purity
        return None if purity is None else [doubt.position for doubt in purity.doubts]

    with Archive.open(place) as archive:
        assert told(archive, 1) == [1, 2, 20]
        archive.tracklets.split(1, media_s=frame(2))
        assert told(archive, 1) == [1]
        assert told(archive, 5) == [18], "the split answers the doubt that it is at"
        archive.tracklets.join([1, 3])
        assert told(archive, 1) == [1]
        archive.tracklets.join([1, 5])
        assert told(archive, 1) == [1, 2, 20]
        for _ in range(3):
            archive.identities.undo()
            assert archive.check() == []
    after = dump(place), sql(place, "SELECT tracklet_id, doubts FROM tracklet_part ORDER BY 1")
    assert after == before


def test_of_a_join_with_a_tracklet_of_unknown_doubts_nobody_knows(place):
    sql(place, "UPDATE tracklet_part SET doubts = NULL WHERE tracklet_id = 3")
    with Archive.open(place) as archive:
        assert archive.tracklets.join([1, 3]).tracklets[0].purity is None
