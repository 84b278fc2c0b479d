"""`camera ground` and `distance` on drawn footage, whose truth is known in metres."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from archives import CommandLine
from PIL import Image
from strolls import ANNA, BEN, points, write_yard

pytestmark = pytest.mark.full  # draws and indexes a video


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_yard(tmp_path_factory.mktemp("yard"))


@pytest.fixture
def run(run: CommandLine, yard: Path) -> CommandLine:
    shutil.copytree(yard, run.archive)
    return run


def test_distances_are_the_truth_within_their_intervals(run: CommandLine, tmp_path: Path) -> None:
    assert run("camera", "ground", "yard", *points(), "--note", "slabs").code == 0
    told = json.loads(run("distance", 1, 2, "--closer-than", "2m", "--format", "json").out)
    assert (told["unit"], told["grounds"], told["camera"]) == ("metres", [1], "yard")
    seconds = np.array([row["media_s"] for row in told["times"]])
    truth = np.hypot(*(ANNA.at(seconds) - BEN.at(seconds)).T)
    low, found, high = (
        np.array([row[name] for row in told["times"]]) for name in ("low", "distance", "high")
    )
    assert ((low <= truth) & (truth <= high)).mean() > 0.9
    assert np.abs(found - truth).max() < 0.6
    assert told["closer"]["certain_s"] > 2.5  # they stand 1.3 m apart for three seconds
    assert told["closer"]["possible_s"] < 5
    picture = tmp_path / "distance.png"
    assert run("distance", 1, 2, "-o", picture).code == 0
    assert Image.open(picture).text["Title"] == "Distance between tracklets 1 and 2"
    rows = list(csv.DictReader(io.StringIO(run("distance", 1, 2, "--format", "csv").out)))
    assert len(rows) == len(told["times"])
    (entry,) = json.loads(
        run("log", "list", "--event", "distance", "--last", 1, "--format", "json").out
    )["entries"]
    assert json.loads(entry["detail"])["tracklets"] == [1, 2]


def test_without_a_ground_it_is_one_in_the_picture_and_says_so(run: CommandLine) -> None:
    told = run("distance", 1, 2)
    assert "It is no distance on the ground" in " ".join(told.out.split())
    refused = run("distance", 1, 2, "--closer-than", "2m")
    assert (refused.code, "no ground of camera 'yard'" in refused.err) == (9, True)
    assert "camera ground yard" in refused.err
    assert run("distance", 1, 2, "--closer-than", "2m", "--in", "heights").code == 2
    assert run("distance", 1, 1).code == 2
    beyond = 10**23  # more than a database has for a number
    for command in (["distance", 1, 99], ["distance", beyond, 1], ["nearby", f"tracklet:{beyond}"]):
        assert run(*command).code == 9


def test_a_ground_is_set_shown_drawn_and_cleared(run: CommandLine, tmp_path: Path) -> None:
    assert "has no ground" in run("camera", "ground", "yard").out
    assert run("camera", "ground", "gate").code == 9
    crossed = [points()[row] for row in (0, 1)] + [
        f"{points()[3].partition('=')[0]}=4,14", f"{points()[2].partition('=')[0]}=-4,14"
    ]  # fmt: skip
    assert "cross" in run("camera", "ground", "yard", *crossed).err
    assert "is no point" in run("camera", "ground", "yard", "1,2,3,4").err
    drawn = tmp_path / "grid.png"
    missing = run("camera", "ground", "yard", "--number", 99)
    assert (missing.code, "no ground 99" in missing.err) == (9, True)
    assert run("camera", "ground", "yard", *points(), "--to", "2024-05-31T11:00Z").code == 0
    assert run("camera", "ground", "yard", *points(), "-o", drawn).code == 0
    picture = np.asarray(Image.open(drawn).convert("RGB"))
    assert (picture[:360] == (0x22, 0xD3, 0xEE)).all(axis=2).sum() > 2000  # the grid
    shown = json.loads(run("camera", "ground", "yard", "--format", "json").out)["grounds"]
    assert [one["number"] for one in shown] == [1, 2]
    assert shown[0]["to_time"] == "2024-05-31T11:00:00Z"
    assert json.loads(run("distance", 1, 2, "--format", "json").out)["grounds"] == [2]
    assert run("camera", "ground", "yard", "--clear", "--number", 2).code == 0
    assert json.loads(run("distance", 1, 2, "--format", "json").out)["unit"] == "heights"
    assert run("camera", "ground", "yard", "--clear").code == 0
    assert run("camera", "ground", "yard", "--clear").code == 9
    assert run("check").code == 0


def test_nearby_tells_who_was_certainly_possibly_and_not_so_near(run: CommandLine) -> None:
    def near(*options: str) -> tuple[dict[int, str], dict[str, int]]:
        told = json.loads(run("nearby", "tracklet:1", *options, "--format", "json").out)
        people = {one["member"]["number"]: one["beside"]["verdict"] for one in told["people"]}
        return people, told["statement"]

    undecided, _ = near("--closer-than", "2m")
    assert undecided == {2: "undecided", 3: "undecided"}  # no ground: no metres
    assert near("--closer-than", "2m", "--for", "7.5s")[0] == {2: "undecided"}  # 3 is seen for 7 s
    assert "no ground of the camera" in run("nearby", "tracklet:1", "--closer-than", "2m").out
    assert run("camera", "ground", "yard", *points()).code == 0
    people, statement = near("--closer-than", "2m", "--for", "2s")
    assert (people, statement["not_closer"]) == ({2: "certain"}, 1)
    assert statement["closer_than"] == {"value": 2.0, "unit": "metres", "for_s": 2.0}
    assert near("--closer-than", "1.35m", "--for", "2s")[0] == {2: "possible"}
    assert near("--closer-than", "2m", "--for", "20s")[0] == {}
    nobody = run("nearby", "tracklet:1", "--closer-than", "2m", "--for", "20s").out
    assert "2 tracklets were seen within" in nobody
    assert "2 tracklets that were not, and 0" in nobody
    assert "certain" in run("nearby", "tracklet:1", "--closer-than", "2m").out
    assert near("--closer-than", "1.5heights", "--for", "2s")[0][2] == "certain"
    assert run("nearby", "tracklet:1", "--for", "2s").code == 2
    assert run("nearby", "tracklet:1", "--closer-than", "2").code == 2


def test_a_merged_archive_takes_its_grounds_along(run: CommandLine, tmp_path: Path) -> None:
    assert run("camera", "ground", "yard", *points()).code == 0
    source = run.archive
    run.archive = tmp_path / "both"
    for times in ("new", "there already"):
        told = run("merge", source, run.archive)
        assert told.code == 0
        assert "1 ground of a camera" in told.out, times
    (ground,) = json.loads(run("camera", "ground", "yard", "--format", "json").out)["grounds"]
    assert [one["east_m"] for one in ground["points"]] == [-3, 3, 4, -4]
    assert run("check").code == 0
