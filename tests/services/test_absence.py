"""What a no means, on footage whose coverage, heights and people are known."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from archives import CommandLine
from json_schemas import require_valid
from layouts import IMPRINT, require_apart, words
from tracklets import write_footage

from reidsearch import Archive
from reidsearch.base.weekdays import Weekdays
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, MODEL, Written, write_town
from reidsearch.domain.absence import Absence, CameraAbsence
from reidsearch.domain.footage import Clock
from reidsearch.domain.request import Filters
from reidsearch.output.absence import absence_document, absence_told
from reidsearch.output.absence_picture import absence_picture
from reidsearch.vision.detection.heights import curves

pytestmark = pytest.mark.full

DETECTOR = next(name for name in curves() if name.startswith("person-detection-0201"))
SECOND_HOUR = Filters(
    after=BEGIN + dt.timedelta(hours=1), before=BEGIN + dt.timedelta(hours=2), cameras=("hall",)
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Written]]:
    """Three cameras, two hours in halves; people at the hall are small, and its 9:00 is missing.

    `entrance`: without its third half hour.
    """
    folder = tmp_path_factory.mktemp("town") / "archive"
    town = drawn_town(people=30, cameras=3, hours=2, walks=2, couples=0, seed=3)
    names = [camera.name for camera in town.cameras]
    written = write_town(
        folder,
        town,
        segment_s=1800,
        without=[(names[2], 2), (names[1], 2), (names[1], 3)],
        settings={"detector": DETECTOR},
        tall={names[1]: 0.22},
        uncertainty_s=0.0,
    )
    return folder, written


def of(absence: Absence) -> dict[str | None, CameraAbsence]:
    return {one.camera: one for one in absence.cameras}


def confirm(archive: Archive, written: list[Written], people: int) -> None:
    for person in range(people):
        own = [one.crop_ids[0] for one in written if one.sighting.person == person]
        if own:
            archive.identities.new(f"person {person}", own)


def test_each_factor_is_what_is_known_of_it(made: tuple[Path, list[Written]], tmp_path: Path):
    folder, written = shutil.copytree(made[0], tmp_path / "a"), made[1]
    far, half = "hall", written[-1].sighting.camera
    with Archive.open(folder) as archive:
        query = written[0].crop_ids[0]
        before = archive.absence(archive.search(query, k=3))
        assert before.ranking.value is None  # nobody is confirmed, no reference of this model
        assert all(one.chance.value is None for one in before.cameras)
        everything = archive.absence(archive.search(query, k=1000))
        assert everything.ranking.value == 1.0
        confirm(archive, written, 20)
        told = archive.absence(archive.search(query, k=3))
    assert told.confident is None
    assert "confirmed pairs of this archive" in told.ranking.source
    assert told.ranking.value is not None
    assert 0.2 < told.ranking.value <= 1
    assert told.ranking.cases > 20
    cameras = of(told)
    assert cameras[far].detection.value is not None
    assert cameras[half].detection.value is not None
    # 0201 finds half of people who are 40 pixels tall, and nearly all of tall ones.
    assert cameras[far].detection.value < 0.75 < 0.9 < cameras[half].detection.value
    shares = {name: [cell.covered.share for cell in one.cells] for name, one in cameras.items()}
    assert shares[far] == [1.0, 0.0]
    assert shares[half] == [1.0, 0.5]
    first, second = cameras[far].cells
    assert (second.chance.value, second.chance.high) == (0.0, 0.0)
    assert first.chance.value == pytest.approx(told.ranking.value * cameras[far].detection.value)
    assert first.chance.low < first.chance.value < first.chance.high
    require_valid(absence_document(told))


def test_an_hour_without_footage_has_no_chance_and_says_so(made: tuple[Path, list[Written]]):
    folder, written = made
    with Archive.open(folder) as archive:
        answer = archive.search(written[0].crop_ids[0], filters=SECOND_HOUR)
        told = archive.absences.unless_confident(answer)
    assert told is not None
    (camera,) = told.cameras
    assert (camera.chance.value, camera.chance.high) == (0.0, 0.0)
    assert absence_told(told)[0] == (
        "Had they been at hall between 2024-05-31 09:00:00 UTC and 2024-05-31 10:00:00 UTC, this "
        "search would have shown them with a chance of 0.00 (no footage of it was analysed)."
    )


def test_filters_by_day_and_indexing_and_a_spread_count(made: tuple[Path, list[Written]]):
    folder, written = made
    query = written[0].crop_ids[0]
    friday, other = (Weekdays.read(days, "UTC") for days in ("fri", "sat-thu"))  # 2024-05-31 is one
    with Archive.open(folder) as archive:

        def told(**given: Any) -> Absence:
            return archive.absence(archive.search(query, k=1000, **given))

        hall = of(told())["hall"].chance
        assert of(told(filters=Filters(weekdays=friday)))["hall"].chance == hall
        never = of(told(filters=Filters(weekdays=other)))["hall"].chance
        assert (never.value, never.high) == (0.0, 0.0)
        indexed = told(filters=Filters(indexed_after_run=1))
        spread = told(spread=2)
        assert told(spread=1000).ranking.value == 1.0
    assert all(not one.chance.value for one in indexed.cameras)
    assert "indexed before was not searched" in " ".join(absence_told(indexed))
    assert spread.ranking.value is None
    assert "at most 2 of each camera" in " ".join(absence_told(spread))


def test_a_limited_account_learns_from_its_own_cameras_alone(
    made: tuple[Path, list[Written]], tmp_path: Path
):
    folder, written = shutil.copytree(made[0], tmp_path / "a"), made[1]
    with Archive.open(folder) as archive:
        confirm(archive, written, 20)
        answer = archive.search(written[0].crop_ids[0], k=3, filters=Filters(cameras=("hall",)))
        assert archive.absences.of(answer).ranking.value is not None
        (one,) = archive.absences.of(answer, cameras=["hall"]).cameras
        limited = archive.absences.of(answer, cameras=["hall"]).ranking
    assert one.camera == "hall"
    assert limited.value is None  # pairs of two cameras are not its to know


def test_on_the_command_line(made: tuple[Path, list[Written]], run: CommandLine, tmp_path: Path):
    shutil.copytree(made[0], run.archive)
    crop = made[1][0].crop_ids[0]
    asked = run("query", "--crop", crop, "--camera", "hall", "--after", "2024-05-31 09:00")
    assert "Had they been at hall between" in asked.out
    answer = json.loads(run("query", "--crop", crop, "--format", "json").out)
    require_valid(answer)
    assert [one["camera"] for one in answer["absence"]["cameras"]] == sorted(
        {one.sighting.camera for one in made[1]}
    )
    assert all(one["hours"] == [] for one in answer["absence"]["cameras"])
    picture = tmp_path / "heat.png"
    told = run("explain", "--absence", "--crop", crop, "-k", 3, "--format", "json", "-o", picture)
    document = json.loads(told.out)
    require_valid(document)
    assert document["cameras"][1]["hours"][1]["chance"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert picture.stat().st_size > 1000
    refused = run("explain", "--crop", crop, "7", "--camera", "hall")
    assert (refused.code, "--absence" in refused.err) == (2, True)
    assert run("explain", "--crop", crop, "none").code == 2
    assert run("explain", "--crop", crop, "7", "--weekday", "fri").code == 2
    narrow = run("explain", "--absence", "--crop", crop, "--weekday", "mon", "--no-identity")
    assert "passes these filters: no identity" in " ".join(narrow.out.split())


def test_the_picture_has_a_cell_for_each_hour(made: tuple[Path, list[Written]]):
    folder, written = made
    with Archive.open(folder) as archive:
        told = archive.absence(archive.search(written[0].crop_ids[0], k=1000))
    drawn = absence_picture(told, IMPRINT)
    require_apart(drawn)
    text = words(drawn)
    assert {"hall", "09", "0"} <= set(text.split())


def test_what_is_kept_between_answers_follows_the_footage_and_its_clocks(
    made: tuple[Path, list[Written]], tmp_path: Path
):
    folder, written = shutil.copytree(made[0], tmp_path / "a"), made[1]
    with Archive.open(folder) as archive:
        answer = archive.search(written[0].crop_ids[0], k=3, filters=SECOND_HOUR)
        (before,) = archive.absence(answer).cameras
        (again,) = archive.absence(
            archive.search(written[9].crop_ids[0], k=3, filters=SECOND_HOUR)
        ).cameras
        assert before.covered is not None
        assert before.covered.share == 0.0
        assert again is before  # of another picture: kept
    write_footage(
        folder,
        "hall-late.mp4",
        "hall",
        [],
        start=BEGIN + dt.timedelta(hours=1),
        seconds=900,
        model=MODEL,
    )
    with Archive.open(folder) as archive:
        answer = archive.search(written[0].crop_ids[0], k=3, filters=SECOND_HOUR)
        (added,) = archive.absence(answer).cameras
        assert added.covered is not None
        assert added.covered.share == pytest.approx(0.25)
        (late,) = (
            one for one in archive.footage.coverage() if one.location.endswith("hall-late.mp4")
        )
        archive.footage.set_clock(
            late.source_id, Clock(BEGIN + dt.timedelta(hours=3), "option", 0.0), "wrong hour"
        )
        (moved,) = archive.absence(
            archive.search(written[0].crop_ids[0], k=3, filters=SECOND_HOUR)
        ).cameras
        assert moved.covered is not None
        assert moved.covered.share == 0.0
