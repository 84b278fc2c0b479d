"""What to fetch next: hours that nobody supplied, by the chance that they show somebody."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from archives import CommandLine, unit_rows
from json_schemas import require_valid
from tracklets import NOON, Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.datasets.synthetic.town import Town, drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, MODEL, write_town
from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event

WITHHELD = ("platform", 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Town]:
    """Two hours of five cameras without the second hour of one; a camera without anybody."""
    folder = tmp_path_factory.mktemp("town") / "archive"
    town = drawn_town(people=24, cameras=5, hours=2, couples=0, walks=2, seed=8)
    crops: dict[int, list[int]] = {}
    for one in write_town(folder, town, without=[WITHHELD]):
        crops.setdefault(one.sighting.person, []).append(one.crop_ids[0])
    write_footage(folder, "roof.mp4", "roof", [], start=BEGIN, seconds=600, model=MODEL)
    with Archive.open(folder) as archive:
        for person, some in crops.items():
            archive.identities.new(f"person {person}", some, force=True)
    return folder, town


@pytest.mark.slow  # asks for everybody
def test_whom_the_withheld_hour_shows_gets_it_as_the_likelier_one(made: tuple[Path, Town]):
    folder, town = made
    camera, hour = WITHHELD
    begin_us = round((BEGIN + dt.timedelta(hours=hour)).timestamp() * 1e6)
    chances: dict[bool, list[float]] = {True: [], False: []}
    with Archive.open(folder) as archive:
        for named in archive.identities.all():
            person = int(named.name.split()[1])
            there = any(
                one.camera == camera and one.first_s >= hour * 3600
                for one in town.of_person(person)
            )
            fetches = archive.next_footage(named.name).fetches
            given = [
                one.chance or 0
                for one in fetches
                if (one.camera, one.from_us) == (camera, begin_us)
            ]
            chances[there].append(max(given, default=0.0))
            unknown = [one.chance is None for one in fetches]
            assert unknown == sorted(unknown)  # those of unknown chance last
            assert {one.camera for one in fetches if one.chance is None} >= {"roof"}
            for one in fetches:
                if one.chance is not None and one.interval is not None:
                    assert 0 <= one.interval[0] <= one.chance <= one.interval[1] <= 1
            # Nothing that was analysed is to be fetched.
            analysed_us = begin_us + 1_000_000
            assert not any(
                one.camera != camera
                and one.camera != "roof"
                and one.from_us < analysed_us < one.to_us
                for one in fetches
            )
    assert all(len(some) >= 5 for some in chances.values())
    assert np.mean(chances[True]) > 1.5 * np.mean(chances[False])


@pytest.mark.full
def test_the_command_marks_what_is_overwritten_and_is_recorded(
    made: tuple[Path, Town], run: CommandLine
):
    folder, _ = made
    ran = run("next", "person 0", "-a", folder, "--keeps", "yard", "36500", "-k", 400)
    assert ran.code == 0, ran.err
    told = " ".join(ran.out.split())
    assert "Overwritten soonest: yard, 2024-05-3" in told
    assert "no journeys to these cameras are confirmed yet" in told
    assert "which nobody measured" in told
    document = json.loads(run("next", "person 0", "-a", folder, "--format", "json").out)
    require_valid(document)
    with Archive.open(folder) as archive:
        *_, entry = archive.log.entries(events=[Event.NEXT])
    assert entry.number == document["logged"]
    said = entry.said or {}
    assert said["identity_id"] == document["identity_id"]
    assert said["first"][0]["camera"] == document["fetches"][0]["camera"]


@pytest.mark.full
def test_it_needs_what_a_search_needs_and_somebody_seen(made: tuple[Path, Town]):
    folder, _ = made
    with Archive.open(folder) as archive:
        archive.identities.new("nobody")
        with pytest.raises(UsageError) as error:
            archive.next_footage("nobody")
        assert error.value.kind is Kind.IDENTITY_EMPTY
        for days in (float("nan"), float("inf"), 1e308):
            with pytest.raises(UsageError, match="cannot keep footage"):
                archive.next_footage("person 0", keeps_days={"yard": days})
        with pytest.raises(NotFound, match="no camera 'nowhere'"):
            archive.next_footage("person 0", keeps_days={"nowhere": 5})
        archive.cases.require(Needed.CASE)
        try:
            with pytest.raises(UsageError) as error:
                archive.next_footage("person 0")
            assert error.value.kind is Kind.CASE_REQUIRED
        finally:
            archive.cases.require(Needed.NOTHING)


@pytest.mark.full
def test_footage_of_unknown_chance_goes_by_its_nearness_to_a_sighting(tmp_path: Path):
    rows = unit_rows(1)
    write_footage(tmp_path / "a", "yard.mp4", "yard", [Seen(5, 10, rows, 100)], seconds=30)
    with Archive.open(tmp_path / "a") as archive:
        archive.identities.new("anna", [1])
        fetches = archive.next_footage("anna").fetches
    assert {one.chance for one in fetches} == {None}
    seen_us = round(NOON.timestamp() * 1e6)
    away = [
        max(seen_us + 5_000_000 - one.to_us, one.from_us - seen_us - 10_000_000) for one in fetches
    ]
    assert len(away) > 10
    assert away == sorted(away)


@pytest.mark.full
def test_what_is_known_of_recorders_dates_footage_until_it_is_forgotten(
    made: tuple[Path, Town], run: CommandLine, tmp_path: Path
):
    folder, _ = made
    run.archive = folder
    assert run("camera", "keeps").out == "Nobody said how long recorders keep footage.\n"
    assert run("camera", "keeps", "nowhere", "7").code == 9
    assert run("camera", "keeps", "nowhere").code == 9
    assert "the recorder of yard keeps footage" in run("camera", "keeps", "yard").out
    assert run("camera", "keeps", "yard", "36501").code == 2
    assert run("camera", "keeps", "yard", "7").code == 0
    assert "keeps footage for 36500 days" in run("camera", "keeps", "yard", "36500").out
    shown = json.loads(run("camera", "keeps", "--format", "json").out)
    require_valid(shown)
    assert [(one["camera"], one["days"]) for one in shown["cameras"]] == [("yard", 36500)]

    def overwritten(*asked: object) -> set[tuple[str, float]]:
        told = json.loads(run("next", "person 0", *asked, "--format", "json").out)
        require_valid(told)
        return {
            (one["camera"], (_time(one["overwritten_at"]) - _time(one["from_time"])).days)
            for one in told["fetches"]
            if one["overwritten_at"]
        }

    assert overwritten() == {("yard", 36500)}
    assert overwritten("--keeps", "yard", "36400") == {("yard", 36400)}, "what is given wins"
    told = " ".join(run("next", "person 0", "-k", 400).out.split())
    assert "Overwritten soonest: yard, 2024-05-3" in told
    assert "The recorder of yard keeps footage for 36500 days." in told
    run.archive = tmp_path / "both"
    for times in ("new", "there already"):
        assert "1 time that a recorder keeps footage" in run("merge", folder, run.archive).out, (
            times
        )
    assert "36500" in run("camera", "keeps", "yard").out
    run.archive = folder
    assert run("camera", "keeps", "yard", "--clear").code == 0
    assert run("camera", "keeps", "yard", "--clear").code == 9
    assert overwritten() == set()
    with Archive.open(folder) as archive:
        said = [entry.said or {} for entry in archive.log.entries(events=[Event.KEEPS])]
        assert archive.check() == []
    assert [(one["change"], one["camera"], one["days"]) for one in said] == [
        ("set", "yard", 7),
        ("set", "yard", 36500),
        ("clear", "yard", 36500),
    ]


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
