"""`query -a A -a B`: one answer of several archives, each match with its archive."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from archives import CommandLine, draw_many, opened
from json_schemas import FOLDER

from reidsearch import Archive, UsageError, search_archives
from reidsearch.domain.cases import Needed

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`north` holds pictures 0 to 5, `south` 4 to 11, `both` all twelve."""
    folder = tmp_path_factory.mktemp("several")
    draw_many(folder / "crops", 12)
    pictures = sorted((folder / "crops").iterdir())
    for name, some in (("north", pictures[:6]), ("south", pictures[4:]), ("both", pictures)):
        with opened(folder / name) as archive:
            archive.index(some)
    with Archive.open(folder / "south") as archive:
        archive.identities.new("anna", [3, 5])
    return folder


@pytest.fixture
def several(run: CommandLine, made_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(made_once, tmp_path / "several")
    return tmp_path / "several"


def asked(run: CommandLine, folder: Path, *arguments: object) -> dict:
    two = ("-a", folder / "north", "-a", folder / "south")
    ran = run("query", *arguments, *two, "--format", "json", "--model", "builtin")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_the_answer_is_that_of_one_archive_of_both(run, several) -> None:
    picture = several / "crops" / "007.png"
    answer = asked(run, several, picture, "--whole", "-k", 14)
    one = run(
        *("query", picture, "--whole", "-k", 12, "-a", several / "both", "--no-adjust"),
        *("--no-rerank", "--format", "json", "--model", "builtin"),
    )
    single = json.loads(one.out)["matches"]
    assert [match["rank"] for match in answer["matches"]] == list(range(1, 15))
    # Two pictures are in both archives: there twice, the second time marked.
    twice = [match for match in answer["matches"] if match["same_as"] is not None]
    assert {Path(match["location"]).name for match in twice} == {"004.png", "005.png"}
    assert {match["archive"] for match in twice} == {str(several / "south")}
    firsts = [match for match in answer["matches"] if match["same_as"] is None]
    assert [match["source"] for match in firsts] == [match["source"] for match in single]
    assert [m["score"] for m in firsts] == pytest.approx([m["score"] for m in single], abs=1e-6)
    held = {Path(one["archive"]).name: one for one in answer["archives"]}
    assert {name: one["crops_searched"] for name, one in held.items()} == {"north": 6, "south": 8}
    assert answer["matches"][0]["own"]
    assert answer["matches"][0]["archive_id"] == (held["south"]["archive_id"])


def test_an_identity_is_that_of_the_archive_that_has_it(run, several) -> None:
    answer = asked(run, several, "--identity", "anna", "--new-only", "-k", 20)
    south = str(several / "south")
    assert answer["pictures_of"] == south
    assert south in answer["query"]
    told = {(Path(match["archive"]).name, match["crop_id"]) for match in answer["matches"]}
    assert {("south", 3), ("south", 5)}.isdisjoint(told)
    # The same numbers are other crops in the other archive, and are searched there.
    assert {("north", 3), ("north", 5)} <= told
    assert len(told) == 12
    origins = answer["archives"][0]["query_pictures"]
    assert [one["crop_id"] for one in origins] == [None, None]


def test_crops_are_those_of_the_first_archive(run, several) -> None:
    answer = asked(run, several, "--crop", 5, "-k", 20)
    assert answer["pictures_of"] == str(several / "north")
    best = answer["matches"][0]  # the same picture, held by the second archive
    assert Path(best["archive"]).name == "south"
    assert best["score"] == pytest.approx(1)
    assert ("north", 5) not in {(Path(m["archive"]).name, m["crop_id"]) for m in answer["matches"]}


def test_only_who_holds_the_picture_is_said_to_hold_it(run, several) -> None:
    for number, held in ((0, {"north"}), (5, {"north", "south"}), (11, {"south"})):
        answer = asked(run, several, several / "crops" / f"{number:03d}.png")
        told = {
            Path(one["archive"]).name
            for one in answer["archives"]
            if one["query_pictures"][0]["detection"] == "stored"
        }
        assert told == held
        assert answer["matches"][0]["score"] == pytest.approx(1), "embedded as it was indexed"


def test_why_it_is_plain_is_said_and_replayed(run, several) -> None:
    answer = asked(run, several, several / "crops" / "007.png")
    for told in answer["archives"]:
        assert told["ranked_by"]["why_not"] == "several archives are asked together"
        assert told["adjusted"]["why_not"] == "several archives are asked together"
        entry = told["logged"]["entry"]
        again = run("replay", entry, "-a", told["archive"], "--model", "builtin")
        assert again.code == 0, again.err
        assert "identical" in again.out


def test_every_form_names_the_archive(run, several, tmp_path) -> None:
    picture = several / "crops" / "007.png"
    asking = ("query", picture, "--whole", "-k", 3, "--model", "builtin")
    two = ("-a", several / "north", "-a", several / "south")
    table = run(*asking, *two)
    assert table.code == 0
    assert "archive" in table.out.splitlines()[0]
    assert f"Archive {several / 'north'}:" in table.out
    assert "plain score" in table.out
    rows = list(csv.DictReader(io.StringIO(run(*asking, *two, "--format", "csv").out)))
    assert {row["archive"] for row in rows} == {str(several / "north"), str(several / "south")}
    lines = [json.loads(one) for one in run(*asking, *two, "--format", "jsonl").out.splitlines()]
    assert [one["kind"] for one in lines] == ["statement", *["match"] * 3]
    page, sheet = tmp_path / "sheet.html", tmp_path / "sheet.png"
    for path in (page, sheet):
        ran = run(*asking, *two, "-o", path)
        assert ran.code == 0, ran.err
    assert sheet.stat().st_size > 1000
    shown = page.read_text("utf-8")
    assert f"archive {several / 'south'}" in shown
    assert shown.count("data:image/jpeg") >= 3


def test_each_archive_logs_its_own_answer(run, several) -> None:
    answer = asked(run, several, several / "crops" / "000.png", "--whole", "-k", 2)
    for statement in answer["archives"]:
        with Archive.open(Path(statement["archive"])) as archive:
            entry = next(iter(archive.log.entries(last=1)))
            assert entry.event == "search"
            assert entry.number == statement["logged"]["entry"]
            assert len(entry.said["matches"]) == 2


def test_a_case_counts_where_it_is(run, several) -> None:
    with Archive.open(several / "south") as archive:
        archive.cases.new("12", title="theft")
        archive.cases.require(Needed.CASE)
    picture = several / "crops" / "000.png"
    two = ("-a", several / "north", "-a", several / "south", "--model", "builtin", "--whole")
    refused = run("query", picture, *two)
    assert refused.code == 2
    assert "for a case only" in refused.err
    assert "south" in refused.err
    answer = asked(run, several, picture, "--whole", "--case", "12")
    assert [one["case"] and one["case"]["number"] for one in answer["archives"]] == [None, "12"]
    unknown = run("query", picture, *two, "--case", "13")
    assert unknown.code != 0
    assert "13" in unknown.err


def test_a_filter_leaves_out_archives_that_have_nothing_of_it(run, several) -> None:
    picture = several / "crops" / "000.png"
    answer = asked(run, several, picture, "--whole", "--source", "011.png")
    assert [one["archive"] for one in answer["not_searched"]] == [str(several / "north")]
    assert [one["crops_searched"] for one in answer["archives"]] == [1]
    two = ("-a", several / "north", "-a", several / "south", "--whole", "--model", "builtin")
    assert "Not searched: " in run("query", picture, *two, "--source", "011.png").out
    for given in (("--camera", "gate"), ("--not-camera", "gate"), ("--source", "nothing.png")):
        ran = run("query", picture, *two, *given)
        assert ran.code == 9, ran.err
        assert given[1] in ran.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--like", 1), "crop ids are of one archive"),
        (("--query-camera", "gate"), "not camera-adjusted"),
        (("--max-false-alarms", 1), "calibration of its own"),
        (("--timeline", "t.png"), "one archive's cameras"),
        (("--explain-plan",), "one archive's index"),
    ],
)
def test_what_is_of_one_archive_is_refused(run, several, given, said) -> None:
    two = ("-a", several / "north", "-a", several / "south")
    ran = run("query", several / "crops" / "000.png", *two, *given)
    assert ran.code == 2
    assert said in ran.err


def test_archives_that_cannot_be_compared_are_refused_by_name(run, several) -> None:
    picture = several / "crops" / "000.png"
    shutil.copytree(several / "north", several / "copy")
    ran = run("query", picture, "-a", several / "north", "-a", several / "copy")
    assert ran.code == 2
    assert "copy" in ran.err
    assert "same archive" in ran.err
    with Archive.open(several / "south", model="builtin", flip=True) as archive:
        archive.reembed()
    ran = run("query", picture, "-a", several / "north", "-a", several / "south")
    assert ran.code == 2
    assert "cannot be compared" in ran.err
    assert f"reidsearch reembed --model builtin --no-flip -a {several / 'south'}" in ran.err
    missing = run("query", picture, "-a", several / "north", "-a", several / "nowhere")
    assert missing.code != 0
    assert "nowhere" in missing.err


def test_probabilities_only_where_every_archive_is_calibrated(several) -> None:
    picture = several / "crops" / "000.png"
    with Archive.open(several / "north") as north, Archive.open(several / "south") as south:
        answer = search_archives([north, south], picture, k=3)
        assert answer.uncalibrated == (north.location, south.location)
        assert all(found.match.reading is None for found in answer.matches)
        assert all(one.calibration.startswith("uncalibrated") for one in answer.statements)
        with pytest.raises(UsageError, match="no archive"):
            search_archives([], picture)


def test_the_parts_of_both_schemas_are_the_same() -> None:
    one, joint = (
        json.loads((FOLDER / name).read_text("utf-8"))["$defs"]
        for name in ("answer-3.json", "joint-answer-1.json")
    )
    match = joint.pop("match")
    own = one.pop("match")
    for absence in ("chance", "analysed", "factor", "camera_absence"):  # is of one archive
        one.pop(absence)
    assert one == joint
    added = {"archive", "archive_id", "same_as"}
    assert {k: v for k, v in match["properties"].items() if k not in added} == own["properties"]
