"""Who else was seen around somebody: by which camera, when, and what cannot be known."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from archives import NOON, CommandLine, fill, opened, unit_rows
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.around import Around
from reidsearch.domain.cases import Needed
from reidsearch.domain.crops import Facts
from reidsearch.domain.decisions import Member
from reidsearch.domain.event_log import Event
from reidsearch.domain.nearby import Nearby
from reidsearch.linking.transits import transits_of

ROWS = unit_rows(12, seed=7)
MINUTE = dt.timedelta(minutes=1)
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracklets by their crops' ids. Gate, from noon for two minutes: 1 (0:10 to 0:20),

    2 (0:15 to 0:30), 3 (0:55 to 1:00), 4 (1:51 to 1:59). Yard, from 12:00:30, clock unknown to
    within 2 s: 5 (12:00:40 to 12:00:50). Door, no clock: 6 and 7, 3 s apart. Picture 8 of the gate
    at 12:00:05, picture 9 without a camera. A second recording of the gate without a clock.
    """
    folder = tmp_path_factory.mktemp("made") / "archive"
    seen = [(10, 20), (15, 30), (55, 60), (111, 119)]
    gate = [Seen(a, b, ROWS[n : n + 1]) for n, (a, b) in enumerate(seen)]
    write_footage(folder, "gate.mp4", "gate", gate, seconds=120)
    yard = [Seen(10, 20, ROWS[4:5])]
    write_footage(
        folder, "yard.mp4", "yard", yard, start=NOON + MINUTE / 2, uncertainty_s=2, seconds=60
    )
    door = [Seen(1, 2, ROWS[5:6]), Seen(5, 6, ROWS[6:7])]
    write_footage(folder, "door.mp4", "door", door, start=None, seconds=30)
    facts = [Facts(camera="gate", time=NOON + MINUTE / 12), Facts(time=NOON)]
    fill(folder, ROWS[7:9], facts, first=50)
    write_footage(folder, "late.mp4", "gate", [], start=None, seconds=30)
    return folder


@pytest.fixture
def archive(made: Path, tmp_path: Path):
    with opened(shutil.copytree(made, tmp_path / "a")) as archive:
        yield archive


def crops(found: Nearby) -> list[tuple[int, float, float]]:
    return [(one.seen.crop_ids[0], one.gap_s, one.overlap_s) for one in found.people]


def last_detail(archive: Archive) -> dict:
    (entry,) = archive.log.entries(last=1)
    assert entry.event is Event.NEARBY
    return entry.said


def test_the_same_camera_nearest_first_with_what_is_certain(archive):
    found = archive.nearby(1, within_s=40)
    assert crops(found) == [(2, 0.0, 5.0), (8, -5.0, 0.0), (3, 35.0, 0.0)]
    assert [one.at_once for one in found.people] == [True, False, False]
    # Within one recording its own time counts; the picture's clock came without a word on it.
    assert [one.doubt_s for one in found.people] == [0.0, None, 0.0]
    assert crops(archive.nearby(1, within_s=0)) == [(2, 0.0, 5.0)]
    assert crops(archive.nearby(Member("tracklet", 1), within_s=0)) == [(2, 0.0, 5.0)]


def test_neighbours_are_those_to_which_a_short_enough_way_is_on_record(archive):
    assert 5 not in [row[0] for row in crops(archive.nearby(1, within_s=40))]
    archive.proposals.link(join_above=0.99, transits=transits_of([("yard", "gate", 30.0)]))
    found = archive.nearby(1, within_s=40)
    (yard,) = [one for one in found.people if one.seen.camera == "yard"]
    assert (yard.gap_s, yard.doubt_s, yard.at_once) == (20.0, 3.0, False)
    at = {(one.camera, one.transit_s): one.not_analysed_s for one in found.statement.watched}
    # From 11:59:30 to 12:01:00; the gate's footage begins at noon, the yard's half a minute later.
    assert at == {("gate", None): 30.0, ("yard", 30.0): 60.0}
    assert found.statement.untimed_sources == {"gate": 1}
    assert "yard" not in {one.seen.camera for one in archive.nearby(1, within_s=29).people}
    same = archive.nearby(1, within_s=40, around=Around.SAME)
    assert {one.camera for one in same.statement.watched} == {"gate"}


def test_an_identity_is_asked_by_all_its_sightings_and_left_out_itself(archive):
    archive.identities.new("anna", [1, 4])
    archive.identities.new("bert", [2])
    found = archive.nearby("anna", within_s=60)
    assert [one.crop_ids[0] for one in found.sightings] == [1, 4]
    told = {one.seen.crop_ids[0]: (one.sighting, one.near, one.gap_s) for one in found.people}
    assert told == {2: (1, (1,), 0.0), 3: (1, (1, 2), 35.0), 8: (1, (1,), -5.0)}
    assert found.people[0].identity.name == "bert"
    by_crop = archive.nearby(1, within_s=120)
    assert 4 not in [row[0] for row in crops(by_crop)]
    assert by_crop.statement.own == 1


def test_without_a_clock_only_its_own_recording_is_looked_through(archive):
    found = archive.nearby(6, within_s=10)
    assert crops(found) == [(7, 3.0, 0.0)]
    assert (found.statement.without_time, found.statement.watched) == ((1,), ())
    blind = archive.nearby(9)
    assert (blind.people, blind.statement.without_footage) == ((), (1,))


def test_a_limited_account_learns_nothing_of_other_cameras(archive):
    archive.proposals.link(join_above=0.99, transits=transits_of([("yard", "gate", 30.0)]))
    archive.identities.new("anna", [1, 5])
    sight = archive.sight(["gate"])
    found = archive.nearby("anna", within_s=40, sight=sight)
    assert [one.camera for one in found.sightings] == ["gate"]
    assert {one.camera for one in found.statement.watched} == {"gate"}
    assert not found.statement.ways_known
    assert archive.nearby(1, within_s=40, sight=sight).statement.own == 0
    for whom in (5, Member("tracklet", 5), 9):
        with pytest.raises(NotFound):
            archive.nearby(whom, sight=sight)


def test_it_is_asked_for_a_case_and_logged_until_who_was_asked_for_is_deleted(archive):
    with pytest.raises(NotFound):
        archive.nearby(99)
    with pytest.raises(NotFound):
        archive.nearby(Member("tracklet", 99))
    with pytest.raises(UsageError):
        archive.nearby(1, within_s=float("nan"))
    found = archive.nearby(2, within_s=20)
    said = last_detail(archive)
    assert said["statement"]["crops"] == [2]
    assert sorted(said["crops"]) == [1, 8]
    number = found.statement.logged.entry
    archive.delete(archive.plan_delete(crop_ids=[1]))  # was only found
    assert [one.detail is None for one in archive.log.entries() if one.number == number] == [False]
    archive.delete(archive.plan_delete(crop_ids=[2]))
    assert [one.detail is None for one in archive.log.entries() if one.number == number] == [True]
    archive.cases.require(Needed.CASE)
    with pytest.raises(UsageError) as error:
        archive.nearby(3)
    assert error.value.kind == Kind.CASE_REQUIRED


def test_the_command_as_json_table_and_sheet(made, run: CommandLine, tmp_path):
    shutil.copytree(made, run.archive)
    assert run("identity", "new", "anna", "1", "4").code == 0
    told = json.loads(run("nearby", "anna", "--within", "40s", "--format", "json").out)
    assert [one["crop_ids"][0] for one in told["people"]] == [2, 8, 3]
    assert told["people"][0]["at_once"] is True
    sheet = tmp_path / "near.html"
    ran = run("nearby", "1", "--within", "0", "-o", sheet)
    assert "tracklet 2" in ran.out
    assert 'not "together"' in ran.out
    assert "tracklet 2" in sheet.read_text()
    assert "link --min-transit" in run("nearby", "tracklet:1").out
    assert run("nearby", "identity:1", "--cameras", "same", "--format", "csv").out.count("\n") == 4
    assert run("nearby", "eve").code == 9
    assert run("nearby", "tracklet:x").code == 2
