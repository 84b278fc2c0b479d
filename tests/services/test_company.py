"""Who was repeatedly seen where and when somebody was, in a made-up town with known couples."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from archives import CommandLine

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import Look, write_town
from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event

pytestmark = pytest.mark.full
PEOPLE = 14


@dataclass(frozen=True)
class Made:
    folder: Path
    crops: dict[int, list[int]]
    """Person -> a crop of each sighting. 0 and 1 walk together, all others alone."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Identities `p0`, `p1`, `p2`; of the others nobody has confirmed anything."""
    town = drawn_town(people=PEOPLE, cameras=3, hours=3, couples=1, walks=3, seed=3)
    folder = tmp_path_factory.mktemp("made") / "archive"
    look = Look(alike=0.0, own=1.0, visit=0.2, camera=0.1)  # recognised nearly without error
    written = write_town(folder, town, look=look, views=2)
    crops = {
        person: [one.crop_ids[0] for one in written if one.sighting.person == person]
        for person in range(PEOPLE)
    }
    with Archive.open(folder, offline=True) as archive:
        for person in (0, 2):
            archive.identities.new(f"p{person}", crops[person])
        archive.identities.new("p1", crops[1])
    return Made(folder, crops)


@pytest.fixture
def archive(made: Made, tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(shutil.copytree(made.folder, tmp_path / "a"), offline=True) as opened:
        yield opened


def test_who_walks_with_them_is_met_beyond_chance(archive, made):
    found = archive.company("p0")
    first = found.companions[0]
    assert first.identity is not None
    assert (first.identity.name, first.beyond_chance, first.certain) == ("p1", True, True)
    assert len(first.meetings) == len(found.sightings) == len(made.crops[0])
    assert first.chance.high < first.chance.observed
    assert first.p_corrected == pytest.approx(first.chance.p * 2)  # p1 and p2 were compared
    assert found.statement.compared == 2
    assert all(one.at_once for one in first.meetings)
    for met in first.meetings:
        assert met.frame_crop is not None
        both = {*found.sightings[met.sighting - 1].crop_ids, *met.seen.crop_ids}
        assert met.frame_crop in both
    assert [one.identity.name for one in archive.company("p1").companions][:1] == ["p0"]
    assert not any(one.beyond_chance for one in archive.company("p2").companions)


def test_whom_nobody_confirmed_is_compared_as_link_put_them_together(archive, made):
    assert archive.company("p0").statement.linked_at is None
    archive.identities.undo()  # p1 is nobody's again
    assert not any(one.beyond_chance for one in archive.company("p0").companions)
    archive.proposals.link(join_above=0.5)
    found = archive.company("p0")
    assert found.statement.identities == 1
    assert found.statement.proposals >= PEOPLE - 3
    first = found.companions[0]
    assert first.identity is None
    assert first.beyond_chance
    assert first.certain
    assert {one.seen.crop_ids[0] for one in first.meetings} <= set(made.crops[1])


def test_a_limited_account_is_told_of_its_cameras_alone(archive):
    camera = archive.company("p0").sightings[0].camera
    found = archive.company("p0", sight=archive.sight([camera]))
    assert {one.camera for one in found.sightings} == {camera}
    assert {met.seen.camera for one in found.companions for met in one.meetings} <= {camera}
    with pytest.raises(NotFound):
        archive.company("p0", sight=archive.sight(["elsewhere"]))


def test_it_is_asked_for_a_case_and_logged(archive):
    archive.company("p0")
    (entry,) = archive.log.entries(last=1)
    assert entry.event is Event.COMPANY
    assert entry.said["statement"]["identity"]["name"] == "p0"
    archive.cases.require(Needed.CASE)
    with pytest.raises(UsageError) as error:
        archive.company("p0")
    assert error.value.kind == Kind.CASE_REQUIRED


def test_the_command_as_json_table_and_sheet(made, run: CommandLine, tmp_path):
    shutil.copytree(made.folder, run.archive)
    told = json.loads(run("company", "p0", "--within", "30s", "--format", "json").out)
    assert told["companions"][0]["identity"]["name"] == "p1"
    # Printed is what is compared with chance: a sighting met on two occasions counts twice.
    often = json.loads(run("company", "p0", "--within", "1h", "--format", "json").out)["companions"]
    counted = [one["chance"]["observed"] for one in often]
    assert counted != [one["met"] for one in often]
    table = run("company", "p0", "--within", "1h").out.splitlines()[3 : 3 + len(often)]
    assert [int(row.split()[2]) for row in table] == counted
    sheet = tmp_path / "company.html"
    ran = run("company", "p0", "-o", sheet)
    assert "more often than chance" in ran.out
    assert "Nothing was linked" in ran.out
    drawn = sheet.read_text()
    assert "sighting 1" in drawn
    assert "at once" in drawn
    assert "within 1:00" in drawn  # who was met, and not in sight at once
    assert run("company", "eve").code == 9
    assert run("company", "identity:1").out == run("company", "1").out
    assert run("company", "tracklet:1").code == 2
