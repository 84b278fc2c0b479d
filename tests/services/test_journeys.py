"""Journeys: order, what lies between, what was looked at, haste; as text, JSON and picture."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from archives import NOON, CommandLine, fill, opened, unit_rows
from layouts import IMPRINT, require_apart, words
from PIL import Image
from tracklets import Seen, write_footage

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.domain.crops import Facts
from reidsearch.linking.transits import transits_of
from reidsearch.output.timeline import journey_timeline

ROWS = unit_rows(6, seed=7)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracklets by their crops' ids: gate 12:00:10 (1) and 12:05:00 (2); yard 12:02:00 (3);

    a clock that nobody knows (4); pictures 5 (13:00, camera hall) and 6.
    Gate: noon to 12:10; yard: 12:01 to 12:03; roof: 12:04 to 12:20, without anybody.
    """
    folder = tmp_path_factory.mktemp("made") / "archive"
    minute = dt.timedelta(minutes=1)
    gate = [Seen(10, 20, ROWS[:1]), Seen(300, 310, ROWS[1:2])]
    write_footage(folder, "gate.mp4", "gate", gate)
    yard = [Seen(60, 70, ROWS[2:3])]
    write_footage(folder, "yard.mp4", "yard", yard, start=NOON + minute, seconds=120)
    write_footage(folder, "loose.mp4", "door", [Seen(1, 2, ROWS[3:4])], start=None)
    write_footage(folder, "roof.mp4", "roof", [], start=NOON + 4 * minute, seconds=960)
    hour = NOON + 60 * minute
    fill(folder, ROWS[4:], [Facts(camera="hall", time=hour), Facts()], first=50)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "a")


@pytest.mark.full
def test_in_order_of_time_with_what_was_without_footage_at(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 2, 3, 4, 5])
        found = archive.journey("anna")
        assert [(stop.number, stop.seen.crop_ids[0]) for stop in found.stops] == [
            (1, 1),
            (2, 3),
            (3, 2),
            (4, 5),
            (5, 4),  # nobody knows when
        ]
        assert all(stop.confirmed for stop in found.stops)
        assert found.cameras == 3  # those with known clocks
        assert [(one.after, one.before, one.seconds, one.unseen_s) for one in found.between] == [
            (1, 2, 100.0, {"roof": 100.0, "yard": 40.0}),
            (2, 3, 170.0, {"roof": 110.0, "yard": 120.0}),
            (3, 4, 3290.0, {"gate": 3000.0, "roof": 2400.0, "yard": 3290.0}),
        ]


@pytest.mark.full
def test_one_within_another_leaves_no_stretch(folder):
    write_footage(folder, "wide.mp4", "wide", [Seen(0, 590, ROWS[:1])])
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 3, 7])  # 7: noon to 12:09:50
        assert archive.journey("anna").between == ()


@pytest.mark.full
def test_haste_is_flagged_with_what_was_given_or_linked_last(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 3])
        assert archive.journey("anna").too_fast == ()
        (pair,) = archive.journey("anna", transits=transits_of([("gate", "yard", 103.0)])).too_fast
        assert (pair.gap_s, pair.certain) == (100.0, True)
        archive.proposals.link(join_above=0.9, transits=transits_of([("yard", "gate", 101.0)]))
        (pair,) = archive.journey("1").too_fast
        assert (pair.minimum_s, pair.certain) == (101.0, False)


@pytest.mark.full
def test_proposed_sightings_are_told_apart(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1])
        archive.proposals.link(join_above=0.1)
        (adding,) = [one for one in archive.proposals.last().proposals if one.adds_to]
        stops = archive.journey("anna").stops
        assert len(stops) == 1 + len(adding.members)
        assert {stop.proposal_id for stop in stops} == {None, adding.proposal_id}


def test_nobody_and_nothing(folder):
    with opened(folder) as archive:
        with pytest.raises(NotFound):
            archive.journey("anna")
        archive.identities.new("anna")
        with pytest.raises(UsageError, match="nothing is confirmed"):
            archive.journey("anna")


@pytest.mark.full
def test_the_command(run: CommandLine, made: Path, tmp_path: Path):
    shutil.copytree(made, run.archive)
    run("identity", "new", "anna", 1, 2, 3, 4, 5)
    picture = tmp_path / "way.png"
    ran = run("journey", "anna", "--min-transit", "gate", "yard", "103", "-o", picture)
    assert ran.code == 0, ran.err
    for part in (
        "Journey of anna (identity 1)",
        "2024-05-31 12:00:10 ±1 s",
        "1 and 2",
        "roof at all, yard for 40.0 s",
        "100.0 s apart; the minimum travel time given is 103 s",
        "5 sightings are confirmed.",
        "1 sighting without a known time is listed last",
        "Times may be off by up to 1 s.",
        "3 intervals without a sighting; in 3 of them footage of some camera was not analysed",
        "Shorter than the minimum travel time: 1 transit, 1 of them by more than the stated",
    ):
        assert part in ran.out
    # What was seen is told, and what may be the reason: nobody knows which it is.
    for reason in ("a wrong clock", "wrong confirmation", "wrong minimum travel", "two people"):
        assert reason in ran.out
    assert "another person" not in ran.out
    with Image.open(picture) as drawn:
        assert drawn.width == 1200
    document = json.loads(run("journey", "anna", "--format", "json").out)
    assert document["stops"][1]["first_time"] == "2024-05-31T12:02:00Z"
    assert document["between"][0]["unseen_s"] == {"roof": 100.0, "yard": 40.0}
    assert run("journey", "eve").code == 9


def test_pictures_are_said_not_to_be_drawn(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [1, 5])
        found, sources = archive.journey("anna"), archive.footage.coverage()
        assert "Not drawn: 1 sighting in pictures" in words(
            journey_timeline(sources, found, IMPRINT)
        )
        archive.identities.reject("anna", [5])
        layout = journey_timeline(sources, archive.journey("anna"), IMPRINT)
        assert "Not drawn" not in words(layout)
        require_apart(layout)
