"""Merging: all that two archives hold is in one, once, with what was decided in both."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from archives import NOON, draw, draw_many, opened, sql, unit_rows
from merged import content
from tracklets import FPS, Seen, write_footage

from reidsearch import Archive, UsageError
from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.base.progress import Progress
from reidsearch.domain.decisions import Member
from reidsearch.domain.holds import HoldOf
from reidsearch.domain.merging import Merged
from reidsearch.store.log_proof import prove

pytestmark = pytest.mark.full

ROWS = unit_rows(40, seed=7)
GATE = [Seen(1, 5, ROWS[:5]), Seen(3, 8, ROWS[5:10]), Seen(10, 15, ROWS[10:15])]
YARD = [Seen(2, 6, ROWS[15:20]), Seen(20, 22, ROWS[20:23])]


def write(folder: Path, *names: str) -> Path:
    """An archive of the gate, the yard, or both."""
    for name in names:
        seen = {"gate": GATE, "yard": YARD}[name]
        write_footage(folder, f"{name}.mp4", name, seen, seconds=60)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`north` shows the gate, `south` the yard, `both` the two, `empty` nothing."""
    folder = tmp_path_factory.mktemp("merged")
    write(folder / "north", "gate")
    write(folder / "south", "yard")
    write(folder / "both", "gate", "yard")
    with Archive.open(folder / "south") as archive:  # a first tracklet with the ids of the north's
        archive.identities.new("anna", [1])
        archive.identities.reject("anna", [6], note="taller")
        archive.cases.new("7", title="theft")
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "m")


def merge(target: Path, *sources: Path, progress: Progress | None = None) -> list[Merged]:
    with Archive.open(target, create=True) as archive:
        given = {"progress": progress} if progress else {}
        return archive.merging.merge(sources, **given)


def whole(folder: Path) -> Archive:
    """The archive, after a check that found nothing."""
    archive = Archive.open(folder)
    assert archive.maintenance.check() == []
    assert prove(archive._store).faults == []
    return archive


def test_merged_is_what_one_archive_of_all_holds(place):
    merged = merge(place / "all", place / "north", place / "south")
    assert [one.new["crops"] for one in merged] == [15, 8]
    assert content(place / "all") == content(place / "both")
    with whole(place / "all") as archive, Archive.open(place / "both") as both:
        for crop_id in (1, 18):
            one = archive.search(crop_id, k=30)
            other = both.search(crop_id, k=30)
            assert [m.score for m in one.matches] == [m.score for m in other.matches]
            places = [[m.crop.place for m in answer.matches] for answer in (one, other)]
            assert places[0] == places[1]
            assert one.statement.adjusted.cameras == 2


def test_what_was_decided_is_there_in_order_and_can_be_undone(place):
    with Archive.open(place / "north") as archive:
        archive.identities.new("bert", [6])
    _, south = merge(place / "all", place / "north", place / "south")
    assert south.ids["decision"] == {1: 2, 2: 3}
    new = south.ids["tracklet"]
    with whole(place / "all") as archive:
        story = archive.identities.show("anna")
        assert [one.member for one in story.members] == [Member("tracklet", new[1])]
        assert [one.member for one in story.rejected] == [Member("tracklet", new[2])]
        assert [(one.what, one.note) for one in story.decisions] == [
            ("new", ""),
            ("reject", "taller"),
        ]
        with Archive.open(place / "south") as other:
            there = other.identities.show("anna").decisions
            assert [(d.at, d.who) for d in there] == [(d.at, d.who) for d in story.decisions]
        archive.identities.undo(3)
        assert archive.identities.show("anna").rejected == ()
        assert archive.cases.find("7").title == "theft"
    whole(place / "all").close()


def test_an_identity_of_a_taken_name_gets_a_number_and_can_be_merged(place):
    for name in ("north", "both"):
        with Archive.open(place / name) as archive:
            archive.identities.new("Anna", [1])
    (south,) = merge(place / "north", place / "south")
    assert south.renamed == {2: ("anna", "anna (2)")}
    with whole(place / "north") as archive:
        archive.identities.merge("Anna", ["anna (2)"])
        members = {one.member for one in archive.identities.show("Anna").members}
        assert members == {Member("tracklet", 1), Member("tracklet", south.ids["tracklet"][1])}
    whole(place / "north").close()


def test_the_same_footage_is_there_once_and_what_the_target_says_stays(place):
    with Archive.open(place / "north") as archive:
        archive.identities.new("anna", [1])
    with Archive.open(place / "both") as archive:
        archive.identities.new("maria", [1, 11])
        archive.identities.new("carl", [16])
    before = content(place / "both")
    (report,) = merge(place / "north", place / "both")
    assert (report.held["sources"], report.new["sources"]) == (1, 1)
    assert (report.held["tracklets"], report.new["tracklets"]) == (3, 2)
    assert report.differing == []
    assert [(one.held_as, one.left_as) for one in report.clashes] == [("anna", "maria")]
    assert content(place / "north") == before
    with whole(place / "north") as archive:
        assert {m.member.number for m in archive.identities.show("maria").members} == {3}
        assert {m.member.number for m in archive.identities.show("anna").members} == {1}
        assert len(archive.identities.show("carl").members) == 1


def test_another_analysis_of_the_same_footage_is_told_and_left(place, tmp_path):
    other = tmp_path / "other"
    write_footage(other, "gate.mp4", "gate", [Seen(1, 6, ROWS[30:34])], seconds=60)
    with Archive.open(other) as archive:
        archive.identities.new("dora", [1])
    before = content(place / "north")
    (report,) = merge(place / "north", other)
    assert report.differing == ["/footage/gate.mp4"]
    assert any("tracklets or crops" in one for one in report.left)
    assert content(place / "north") == before
    with whole(place / "north") as archive:
        assert archive.identities.show("dora").members == ()
        assert [one.what for one in archive.identities.show("dora").decisions] == ["new"]


def test_cut_and_joined_tracklets_stay_so_and_can_be_taken_back(place):
    with Archive.open(place / "south") as archive:
        archive.tracklets.split(1, media_s=2 + 2 / FPS)
    (report,) = merge(place / "north", place / "south")
    with whole(place / "north") as archive:
        cut = [d for d in archive.identities.decisions() if d.what == "split-tracklet"]
        assert len(cut) == 1
        archive.identities.undo(cut[0].decision_id)
        shown = archive.footage.tracklet(report.ids["tracklet"][1])
        assert len(shown.crop_ids) == 5
    whole(place / "north").close()
    assert content(place / "north")["tracklets"] == content(place / "both")["tracklets"]


def test_the_same_merge_again_changes_nothing(place):
    merge(place / "all", place / "north", place / "south")
    before, numbers = content(place / "all"), sql(place / "all", "SELECT count(*) FROM decision")
    again = merge(place / "all", place / "north", place / "south")
    assert [one.new for one in again] == [{}, {}]
    assert content(place / "all") == before
    assert sql(place / "all", "SELECT count(*) FROM decision") == numbers
    assert again[1].decisions == "merged before"
    with Archive.open(place / "south") as archive:
        archive.identities.new("late", [6])
    assert merge(place / "all", place / "south")[0].decisions_left == 1
    whole(place / "all").close()


def test_an_archive_that_came_with_another_is_known(place):
    merge(place / "middle", place / "north", place / "south")
    merge(place / "city", place / "middle")
    (again,) = merge(place / "city", place / "south")
    assert (again.decisions, again.new) == ("merged before", {})
    assert again.ids["decision"] == {1: 1, 2: 2}
    assert content(place / "city") == content(place / "both")
    with whole(place / "city") as archive:
        assert [one.name for one in archive.identities.all()] == ["anna"]
    (back,) = merge(place / "south", place / "middle")
    assert any("here already" in one for one in back.left)
    assert content(place / "south") == content(place / "both")
    whole(place / "south").close()


def test_a_tracklet_that_goes_on_from_a_file_that_is_there_becomes_its_own(tmp_path):
    later = NOON + dt.timedelta(seconds=60)
    first, second = [Seen(55, 60, ROWS[:3])], [Seen(0, 4, ROWS[3:6])]
    for name in ("a", "b"):
        write_footage(tmp_path / name, "1.mp4", "gate", first, seconds=60)
    write_footage(tmp_path / "b", "2.mp4", "gate", second, seconds=60, start=later)
    with Archive.open(tmp_path / "b") as archive:
        archive.tracklets.join([1, 2], note="goes on")
        archive.identities.new("anna", [1])
    (report,) = merge(tmp_path / "a", tmp_path / "b")
    assert (report.cut, report.new["crops"], report.new["tracklets"]) == (1, 3, 1)
    with whole(tmp_path / "a") as archive:
        assert archive.show().crops == 6
        (member,) = archive.identities.show("anna").members
        assert member.member.number == report.ids["tracklet"][1]
        assert len(member.crop_ids) == 3
        with pytest.raises(UsageError):
            archive.identities.undo(1)


class Cut(Exception):
    """What ends a merge in between."""


class CutAfter:
    """Progress that ends the work at its n-th step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def begin(self, *_: object) -> None:
        """Nothing."""

    working_on = end = begin

    def advance(self, *_: object, **__: int) -> None:
        """Count down."""
        self.left -= 1
        if self.left == 0:
            raise Cut


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_merge_that_was_cut_off_goes_on(place, steps):
    draw_many(place / "crops", 3)
    for name in ("south", "both"):
        with Archive.open(place / name) as archive:
            assert archive.model is not None
    with pytest.raises(Cut):
        merge(place / "all", place / "north", place / "south", progress=CutAfter(steps))
    merge(place / "all", place / "north", place / "south")
    assert content(place / "all") == content(place / "both")
    with whole(place / "all") as archive:
        assert [one.name for one in archive.identities.all()] == ["anna"]


def test_photographs_and_holds_come_along(tmp_path):
    draw_many(tmp_path / "crops", 6)
    for name, some in (("a", range(3)), ("b", range(3, 6))):
        with opened(tmp_path / name) as archive:
            archive.index([tmp_path / "crops" / f"{one:03d}.png" for one in some])
    photo = draw(tmp_path / "passport.png", 100)
    with Archive.open(tmp_path / "b") as archive:
        archive.identities.new("anna", [1])
        archive.identities.photos.add("anna", photo)
        archive.holds.add(HoldOf(identity="anna"), note="appeal")
        best = archive.search(identity="anna", k=1).matches[0]
    (report,) = merge(tmp_path / "a", tmp_path / "b")
    assert (report.new["photos"], report.new["holds"]) == (1, 1)
    with whole(tmp_path / "a") as archive:
        assert len(archive.identities.show("anna").photos) == 1
        found = archive.search(identity="anna", k=6, adjusted=False).matches
        mine = {m.crop.crop_id: m.score for m in found}
        assert report.ids["crop"][best.crop.crop_id] in mine
        held = archive.plan_delete(crop_ids=[report.ids["crop"][1]])
        assert len(held.ids) == 0
    assert merge(tmp_path / "a", tmp_path / "b")[0].held["holds"] == 1


def test_what_a_case_holds_there_is_held_here(place):
    with Archive.open(place / "south", case="7") as archive:
        found = archive.search(1, k=1).matches[0].crop.crop_id
        archive.holds.add(HoldOf(case="7"), note="appeal")
        kept = archive.plan_delete(crop_ids=range(1, 9))
        assert found not in kept.ids.tolist()
        assert len(kept.ids) > 0
    (report,) = merge(place / "north", place / "south")
    assert report.new["holds"] == 2  # the case's, and what its log says, by source
    with whole(place / "north") as archive:
        new = report.ids["crop"]
        plan = archive.plan_delete(crop_ids=[new[crop] for crop in range(1, 9)])
        assert len(plan.ids) == 0  # the source as a whole
        assert any("appeal" in one.note for one in archive.holds.all())
    assert merge(place / "north", place / "south")[0].new == {}


def test_what_was_erased_for_good_stays_out(tmp_path):
    draw_many(tmp_path / "crops", 4)
    pictures = sorted((tmp_path / "crops").iterdir())
    for name, some in (("a", pictures[:3]), ("b", pictures)):
        with opened(tmp_path / name) as archive:
            archive.index(some)
    with Archive.open(tmp_path / "a") as archive:
        archive.delete(archive.plan_delete(crop_ids=[2], permanent=True))
    (report,) = merge(tmp_path / "a", tmp_path / "b")
    assert (report.kept_out, report.new["crops"], report.held["crops"]) == (1, 1, 2)
    with whole(tmp_path / "a") as archive:
        assert archive.show().crops == 3


def test_what_cannot_be_merged_is_refused_before_anything_is_written(place, tmp_path):
    before = content(place / "north")
    with pytest.raises(UsageError, match="same archive"):
        merge(place / "north", place / "south", place / "north")
    with pytest.raises(UsageError, match="twice"):
        merge(place / "north", place / "south", place / "south")
    sql(place / "both", "UPDATE footage SET state = 'running' WHERE source_id = 2")
    with pytest.raises(
        UsageError, match=r"not analysed to its end: /footage/yard.mp4"
    ) as unfinished:
        merge(place / "north", place / "south", place / "both")
    assert unfinished.value.kind == Kind.MERGE_UNFINISHED
    draw_many(tmp_path / "crops", 2)
    with opened(tmp_path / "builtin") as archive:
        archive.index([tmp_path / "crops"])
    with pytest.raises(UsageError) as models:
        merge(place / "north", tmp_path / "builtin")
    assert models.value.kind == Kind.ARCHIVES_OF_TWO_MODELS
    with pytest.raises(ArchiveError, match="nowhere"):
        merge(place / "north", place / "nowhere")
    assert content(place / "north") == before


def test_damage_in_a_source_stops_it_by_name(place):
    sql(place / "south", "UPDATE picture SET jpeg = :bad WHERE crop_id = 2", bad=b"turned")
    told = r"south: the picture of crop 2 is damaged or missing"
    with pytest.raises(ArchiveError, match=told):
        merge(place / "north", place / "south")
    with whole(place / "north") as archive:
        assert archive.show().crops == 15
