"""The commands on an archive: exit codes, outputs, and what a user is told when it goes wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from archives import CommandLine, draw, draw_many, opened, read_only, sql, start
from jsonschema import Draft202012Validator
from PIL import Image

import reidsearch
from reidsearch import Archive
from reidsearch.cli.commands import COMMANDS
from reidsearch.cli.main import cli
from reidsearch.cli.times import parse_duration
from reidsearch.domain.request import Filters
from reidsearch.media.naming.patterns import Naming, compile_pattern
from reidsearch.store.database.lock import writer_lock

MINE = ("index", "query", "show", "crop", "failures", "check", "delete")
MINE += ("backup", "restore", "migrate", "reembed")
PATTERN = r"(?P<camera>[^/_]+)_(?P<time>\d{8}T\d{2}Z)"


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    """Eight crops of two cameras, two of them without a time; and one more of neither."""
    folder = tmp_path_factory.mktemp("crops") / "crops"
    for number in range(8):
        camera = ("gate", "door")[number % 2]
        draw(folder / f"{camera}_20240531T{10 + number}Z.png", number)
    draw(folder / "unknown.png", 8)
    return folder


@pytest.fixture(scope="module")
def made_once(tmp_path_factory, crops):
    folder = tmp_path_factory.mktemp("once") / "archive"
    naming = Naming(pattern=compile_pattern(PATTERN), time_format="%Y%m%dT%H%z")
    with opened(folder) as archive:
        report = archive.index([crops], naming=naming)
        assert (report.indexed, report.failed) == (9, 0)
    return folder


@pytest.fixture
def held(run: CommandLine, made_once) -> CommandLine:
    """The command line on an archive of those nine crops, by name: doors 1-4, gates 5-8, 9."""
    shutil.copytree(made_once, run.archive)
    return run


def query_ids(run: CommandLine, *arguments: object) -> list[int]:
    ran = run("query", *arguments, "--format", "json", "-k", 100)
    assert ran.code == 0, ran.err
    return [match["crop_id"] for match in json.loads(ran.out)["matches"]]


@pytest.mark.parametrize("name", MINE)
def test_help_is_the_one_of_the_command_list(name, run):
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS[name]
    assert run(name, "--help").code == 0


# -- exit codes -----------------------------------------------------------------------------


def newer(run):
    sql(run.archive, "UPDATE alembic_version SET version_num = '9999'")


def older(run):
    sql(run.archive, "UPDATE alembic_version SET version_num = '0000'")


def foreign_model(run):
    sql(run.archive, "UPDATE model SET name = 'foreign', digest = 'ab'")


def damaged_picture(run):
    sql(run.archive, "UPDATE picture SET jpeg = x'00' WHERE crop_id = 1")


def not_an_archive(run):
    (run.archive / "archive.db").write_bytes(b"no database" * 1000)


def nothing(run):
    pass


CODES = [
    (nothing, ["show"], 0, ""),
    (nothing, ["check"], 0, ""),
    (nothing, ["index", "{tmp}/bad.png", "--model", "builtin"], 1, ""),
    (damaged_picture, ["check"], 1, ""),
    (nothing, ["query"], 2, "say whom to look for"),
    (nothing, ["query", "x.png", "-k", "0"], 2, "-k"),
    (nothing, ["query", "--crop", "1", "-k", "200000"], 2, "100000"),
    (nothing, ["query", "--crop", "1", "--after", "2024-05-31T10:00:00"], 0, ""),
    (nothing, ["query", "--crop", "1", "--after", "soon", "--timezone", "UTC"], 2, "--after"),
    (nothing, ["query", "--crop", "1", "--timezone", "Mars", "--after", "2024"], 2, "Mars"),
    (nothing, ["query", "--nonsense"], 2, "--nonsense"),
    (nothing, ["nonsense"], 2, "nonsense"),
    (nothing, ["index"], 2, "PATHS"),
    (nothing, ["index", "x", "--pattern", "(?P<nonsense>x)"], 2, "nonsense"),
    (nothing, ["index", "x", "--time-format", "%Y"], 2, "--time-format"),
    (nothing, ["show", "crop"], 2, "show crop CROP"),
    (nothing, ["delete", "--yes"], 2, "nothing was named that is to be deleted"),
    (nothing, ["reembed"], 2, "--model"),
    (nothing, ["query", "{tmp}/missing.png"], 3, "missing.png"),
    (nothing, ["query", "{tmp}/bad.png"], 3, "bad.png"),
    (nothing, ["query", "{tmp}"], 3, "not a file"),
    (nothing, ["restore", "{tmp}", "-a", "{tmp}/new"], 3, "not a backup"),
    (nothing, ["backup", "{tmp}"], 3, "exists already"),
    (nothing, ["query", "--crop", "1", "--model", "nosuchmodel"], 0, ""),  # none is needed
    (nothing, ["query", "{tmp}/good.png", "--model", "nosuchmodel"], 4, "nosuchmodel"),
    (foreign_model, ["index", "{tmp}/good.png", "--model", "builtin"], 4, "reidsearch reembed"),
    (foreign_model, ["query", "{tmp}/good.png", "--model", "builtin"], 4, "builtin"),
    (not_an_archive, ["show"], 5, "archive.db"),
    (nothing, ["show", "-a", "{tmp}"], 5, "is not an archive"),
    (nothing, ["query", "--crop", "1", "-a", "{tmp}/none"], 5, "there is no archive"),
    (
        nothing,
        ["index", "{tmp}/good.png", "-a", "{tmp}", "--model", "builtin"],
        5,
        "not an archive",
    ),
    (damaged_picture, ["crop", "1", "-o", "{tmp}/x.jpg"], 5, "damaged"),
    (newer, ["show"], 7, "upgrade reidsearch"),
    (newer, ["migrate"], 7, "upgrade reidsearch"),
    (older, ["query", "--crop", "1"], 7, "reidsearch migrate -a"),
    (nothing, ["crop", "1", "-o", "{tmp}/no/such/folder.jpg"], 8, "folder.jpg"),
    (nothing, ["query", "--crop", "1", "-o", "{tmp}/no/sheet.png"], 8, "sheet.png"),
    (nothing, ["query", "--crop", "99"], 9, "no crop 99"),
    (nothing, ["query", "--crop", str(10**25)], 9, "no crop 1000"),
    (nothing, ["query", "--crop", "1", "--camera", "gaet"], 9, "did you mean gate"),
    (nothing, ["query", "--crop", "1", "--source", "nowhere"], 9, "nowhere"),
    (nothing, ["show", "crop", "99"], 9, "no crop 99"),
    (nothing, ["crop", "99", "-o", "{tmp}/x.jpg"], 9, "no crop 99"),
    (nothing, ["delete", "--crop", "99", "--yes"], 9, "no crop 99"),
    (nothing, ["delete", "--crop", "1"], 130, ""),  # asked, and nobody answers
]


@pytest.mark.full
@pytest.mark.parametrize(
    ("before", "arguments", "code", "said"),
    CODES,
    ids=[f"{c[2]} {' '.join(c[1])} {c[0].__name__}" for c in CODES],
)
def test_exit_codes(held, tmp_path, monkeypatch, before, arguments, code, said):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setenv("REIDSEARCH_OFFLINE", "1")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    draw(tmp_path / "good.png", 50)
    before(held)
    ran = held(*(text.replace("{tmp}", str(tmp_path)) for text in arguments))
    assert (ran.code, said in ran.err) == (code, True), ran.err


def test_a_writer_is_refused_while_another_writes_and_a_reader_is_not(held, crops, tmp_path):
    with writer_lock(held.archive):
        for command in (
            ("index", crops, "--model", "builtin"),
            ("delete", "--crop", 1, "--yes"),
            ("reembed", "--model", "builtin"),
            ("migrate",),
        ):
            ran = held(*command)
            assert ran.code == 6
            assert f"process {os.getpid()} of" in ran.err
        assert held("show").code == 0
        assert held("check").code == 0
        assert held("query", "--crop", 1).code == 0
        assert held("backup", tmp_path / "backup").code == 0


def test_a_read_only_archive_answers_and_refuses_to_change(held, crops):
    with read_only(held.archive):
        assert len(query_ids(held, "--crop", 1)) == 8
        assert held("show").code == 0
        assert held("check").code == 0
        ran = held("index", crops, "--model", "builtin")
        assert ran.code == 8
        assert str(held.archive) in ran.err
        assert held("delete", "--crop", 1, "--yes").code == 8


def test_debug_shows_a_traceback_and_keeps_the_code(held):
    ran = held("--debug", "show", "crop", "99")
    assert ran.code == 9
    assert "Traceback" in ran.err
    assert "no crop 99" in ran.err.splitlines()[-2]


def test_an_error_that_nobody_foresaw_asks_to_be_reported(held, monkeypatch):
    def broken(*_):
        raise RuntimeError("what nobody foresaw")

    monkeypatch.setattr("reidsearch.archive.Archive.show", broken)
    ran = held("show")
    assert ran.code == 70
    assert "what nobody foresaw" in ran.err
    assert "--debug" in ran.err


# -- index ----------------------------------------------------------------------------------


def test_index_reports_and_progress_are_json(run, crops):
    ran = run("index", crops, "--model", "builtin", "--format", "json")
    assert ran.code == 0
    report = json.loads(ran.out)
    assert (report["offered"], report["indexed"], report["interrupted"]) == (9, 9, False)
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert [lines[0]["event"], lines[-1]["event"]] == ["begin", "end"]
    size_bytes = sum(path.stat().st_size for path in crops.iterdir())
    assert (lines[-1]["done"], lines[-1]["unit"]) == (size_bytes, "bytes")
    assert lines[-1]["counts"]["indexed"] == 9
    again = run("index", crops, "--model", "builtin")
    assert again.code == 0
    assert "9 unchanged" in again.out
    assert again.err == ""  # no bar where nobody watches


def test_index_options_give_facts(run, tmp_path):
    draw_many(tmp_path / "crops", 2)
    ran = run("index", tmp_path / "crops", "--model", "builtin", "--camera", "gate", "--time")
    assert ran.code == 2
    options = ["--camera", "gate", "--time", "2024-05-31 14:00", "--timezone", "Europe/Berlin"]
    assert run("index", tmp_path / "crops", "--model", "builtin", *options).code == 0
    crop = json.loads(run("show", "crop", "1", "--format", "json").out)
    assert (crop["camera"], crop["time"]) == ("gate", "2024-05-31T12:00:00Z")


@pytest.mark.full
def test_limits_are_settings_of_the_archive_or_the_environment(run, tmp_path, monkeypatch):
    draw_many(tmp_path / "crops", 1)
    run.archive.mkdir()
    command = ("index", tmp_path / "crops", "--model", "builtin")
    settings = run.archive / "reidsearch.toml"
    for key, value in (("max_pixels", 511), ("min_width_px", 17), ("min_height_px", 33)):
        settings.write_text(f"[pictures]\n{key} = {value}\n")
        assert run(*command).code == 1
    monkeypatch.setenv("REIDSEARCH_MIN_HEIGHT_PX", "32")  # beats the file's 33
    assert run(*command).code == 0
    settings.write_text("[pictures]\nmin_heigth_px = 1\n")
    ran = run(*command)
    assert ran.code == 3
    assert f"{settings}: [pictures] has no setting 'min_heigth_px'" in ran.err
    assert "did you mean min_height_px?" in ran.err
    settings.unlink()
    ran = run(*command, "--min-height", 32)
    assert (ran.code, "REIDSEARCH_MIN_HEIGHT_PX" in ran.err) == (2, True)
    assert json.loads(run("failures", "--format", "json").out)["failures"] == []


# -- query ----------------------------------------------------------------------------------


@pytest.mark.full
def test_json_keeps_the_schema(held, crops):
    schema_file = Path(reidsearch.__file__).parent / "output" / "schemas" / "answer-3.json"
    validator = Draft202012Validator(json.loads(schema_file.read_text()))
    picture = crops / "gate_20240531T12Z.png"
    for more in ([], ["--camera", "gate", "--after", "2024-05-31T12:00:00Z"], ["--min-score", "1"]):
        document = json.loads(held("query", picture, "--format", "json", *more).out)
        validator.validate(document)
    document = json.loads(held("query", picture, "--format", "json", "-k", 3).out)
    best = document["matches"][0]
    assert best["location"] == str(picture)
    assert (best["camera"], best["time"]) == ("gate", "2024-05-31T12:00:00Z")
    assert len(document["matches"]) == 3
    assert document["statement"]["crops_stored"] == 9


def test_csv_and_jsonl_tell_the_same(held, crops):
    picture = crops / "gate_20240531T12Z.png"
    document = json.loads(held("query", picture, "--format", "json", "-k", 4).out)
    expected = [(match["crop_id"], match["camera"]) for match in document["matches"]]
    lines = [
        json.loads(line)
        for line in held("query", picture, "--format", "jsonl", "-k", 4).out.splitlines()
    ]
    assert [line["kind"] for line in lines] == ["statement"] + ["match"] * 4
    assert [(line["crop_id"], line["camera"]) for line in lines[1:]] == expected
    rows = list(csv.DictReader(io.StringIO(held("query", picture, "--format", "csv", "-k", 4).out)))
    assert [(int(row["crop_id"]), row["camera"] or None) for row in rows] == expected


def test_filters_reach_the_search(held):
    assert sorted(query_ids(held, "--crop", 1)) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert sorted(query_ids(held, "--crop", 1, "--camera", "gate")) == [5, 6, 7, 8]
    assert sorted(query_ids(held, "--crop", 1, "--not-camera", "gate")) == [2, 3, 4]
    both = ["--camera", "gate", "--camera", "door"]
    assert sorted(query_ids(held, "--crop", 1, *both)) == [2, 3, 4, 5, 6, 7, 8]
    span = ["--after", "2024-05-31 12:00", "--before", "2024-05-31 14:00", "--timezone", "UTC"]
    assert sorted(query_ids(held, "--crop", 1, *span)) == [2, 6]
    assert query_ids(held, "--crop", 1, "--source", "unknown.png") == [9]
    ran = held("query", "--crop", 1, "--camera", "gate", "--format", "json")
    statement = json.loads(ran.out)["statement"]
    assert statement["left_out_unknown_camera"] == 1
    assert statement["crops_searched"] == 4


def test_a_table_with_its_statement(held, crops):
    ran = held("query", crops / "gate_20240531T12Z.png", "-k", 2)
    assert ran.code == 0
    assert "Searched 9 of 9 crops, exactly" in " ".join(ran.out.split())
    assert "uncalibrated" in ran.out


def test_several_views_are_fused_and_a_sheet_is_written(held, crops, tmp_path):
    sheet = tmp_path / "sheet.png"
    picture = crops / "gate_20240531T12Z.png"
    ran = held("query", picture, "--crop", 9, "-o", sheet, "--format", "json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["statement"]["query"] == "mean of 1 picture and crop 9"
    assert 9 not in [match["crop_id"] for match in document["matches"]]
    with Image.open(sheet) as image:
        assert image.format == "PNG"
        assert min(image.size) > 200
    assert str(sheet) in ran.err


# -- the others -----------------------------------------------------------------------------


def test_crop_writes_the_picture(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    with Image.open(tmp_path / "one.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (16, 32))


@pytest.mark.full
def test_crop_writes_the_picture_to_a_pipe(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    command = [sys.executable, "-m", "reidsearch", "crop", "1", "-o", "-", "-a", held.archive]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert piped.stderr == b""
    assert piped.stdout == (tmp_path / "one.jpg").read_bytes()


def test_show_in_both_forms(held):
    summary = json.loads(held("show", "--format", "json").out)
    assert (summary["crops"], summary["crops_without_time"]) == (9, 1)
    assert {c["camera"]: c["crops"] for c in summary["cameras"]} == {"gate": 4, "door": 4, None: 1}
    crop = json.loads(held("show", "crop", "9", "--format", "json").out)
    assert (crop["camera"], crop["time"], crop["box"]) == (None, None, [0, 0, 16, 32])
    assert "9" in held("show").out
    assert "unknown.png" in held("show", "crop", "9").out


def test_check_repairs_what_is_derived(held):
    (index,) = (held.archive / "index").iterdir()
    index.write_bytes(b"garbage")
    (held.archive / "index" / "stray").touch()
    ran = held("check", "--format", "json")
    assert ran.code == 1
    assert {f["code"] for f in json.loads(ran.out)["findings"]} == {"index", "stray"}
    assert all(f["repairable"] for f in json.loads(ran.out)["findings"])
    assert held("check").code == 1
    assert held("check", "--repair").code == 0
    assert json.loads(held("check", "--format", "json").out)["findings"] == []


def test_delete_counts_asks_and_deletes(held, monkeypatch):
    ran = held("delete", "--camera", "gate", "--dry-run")
    assert ran.code == 0
    assert "4 crops, and 4 sources" in ran.out
    assert "1 crop stays because the camera is not known" in ran.out
    document = json.loads(held("delete", "--camera", "gate", "--dry-run", "--format", "json").out)
    assert (document["crop_ids"], document["deleted"]) == ([5, 6, 7, 8], False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert held("delete", "--camera", "gate").code == 130
    assert sorted(query_ids(held, "--crop", 1)) == [2, 3, 4, 5, 6, 7, 8, 9]
    ran = held("delete", "--camera", "gate", "--yes")
    assert ran.code == 0
    assert "Deleted 4 crops." in ran.out
    assert sorted(query_ids(held, "--crop", 1)) == [2, 3, 4, 9]
    assert held("query", "--crop", 1, "--camera", "gate").code == 9
    assert held("check").code == 0


def test_backup_and_restore(held, tmp_path):
    ran = held("backup", tmp_path / "backup")
    assert ran.code == 0
    assert ran.out.startswith("9 crops, ")
    before = query_ids(held, "--crop", 1)
    shutil.rmtree(held.archive)
    assert held("restore", tmp_path / "backup").out == f"Restored 9 crops to {held.archive}.\n"
    assert query_ids(held, "--crop", 1) == before


def test_migrate_of_an_archive_of_this_version(held):
    ran = held("migrate")
    assert ran.code == 0
    assert "is up to date" in ran.out


def test_reembed(held, crops):
    foreign_model(held)
    ran = held("reembed", "--model", "builtin")
    assert ran.code == 0
    assert ran.out.startswith("Re-embedded 9 crops; the archive's model is now builtin")
    assert query_ids(held, crops / "unknown.png")[0] == 9
    assert held("check").code == 0


@pytest.mark.full
def test_flip_averaging_is_said_wherever_the_model_is(held, crops):
    assert ", flip averaging" not in held("show").out
    ran = held("index", crops, "--model", "builtin", "--flip")
    assert (ran.code, "reidsearch reembed --flip" in ran.err) == (4, True)
    ran = held("reembed", "--flip")
    assert ran.code == 0
    assert ran.out.rstrip().endswith(", flip averaging.")
    assert ", flip averaging" in held("show").out
    shown = held("query", crops / "unknown.png", "--statement")
    assert "Model builtin FP32, flip averaging." in shown.out
    assert query_ids(held, crops / "unknown.png")[0] == 9
    told = json.loads(held("show", "--format", "json").out)["model"]["preprocessing"]
    assert told == "bilinear-antialias-bgr-256x128/1+flip/1"
    assert held("reembed", "--no-flip").code == 0
    assert ", flip averaging" not in held("show").out


def test_failures_in_both_forms(held, tmp_path):
    (tmp_path / "bad\nname.png").write_bytes(b"x")
    assert held("index", tmp_path / "bad\nname.png", "--model", "builtin").code == 1
    (failure,) = json.loads(held("failures", "--format", "json").out)["failures"]
    assert failure["location"].endswith("bad\nname.png")
    assert failure["reason"] == "not-an-image"
    assert "not-an-image" in held("failures").out


# -- in a process of its own ----------------------------------------------------------------


@pytest.mark.full
def test_a_pipe_that_closes_early_is_quiet(held):
    command = f"{sys.executable} -m reidsearch query --crop 1 --format jsonl -a {held.archive}"
    ran = subprocess.run(
        f"{command} | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout)["kind"] == "statement"


@pytest.mark.full
def test_names_that_are_not_utf8_from_end_to_end(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    shutil.copy(draw(tmp_path / "x.png", 1), folder + b"/m\xfcller.png")
    archive = tmp_path / "archive"
    indexed = start("index", folder, "-a", archive, "--model", "builtin")
    assert (indexed.communicate()[1], indexed.returncode) == ("", 0)
    asked = start("query", folder + b"/m\xfcller.png", "-a", archive, "--format", "json")
    out, err = asked.communicate()
    assert (err, asked.returncode) == ("", 0)
    assert json.loads(out)["matches"][0]["location"].endswith(r"caf\xe9/m\xfcller.png")
    table = start("query", "--crop", "1", "-a", archive, env=os.environ | {"LC_ALL": "C"})
    assert (table.communicate()[1], table.returncode) == ("", 0)


@pytest.mark.full
def test_stopped_while_it_waits_for_an_answer(held):
    asking = start("delete", "--crop", "1", "-a", held.archive, stdin=subprocess.PIPE)
    assert asking.stdout is not None
    assert asking.stdout.readline().startswith("1 crop,")
    asking.send_signal(signal.SIGTERM)
    _, err = asking.communicate()
    assert asking.returncode == 130
    assert "Traceback" not in err
    assert held("show", "crop", "1").code == 0


# -- with the real model --------------------------------------------------------------------


@pytest.mark.full
def test_real_people_are_found_by_the_real_model(run, shared, tmp_path):
    """20 people of CUHK03 seen by two cameras: the other camera's picture is found first."""
    dev = shared / "reid" / "cuhk03-dev"
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    asked: dict[str, Path] = {}
    for picture in sorted((dev / "query").glob("*_c1*.jpg")):
        person = picture.name[:4]
        of_both = [
            sorted((dev / "bounding_box_test").glob(f"{person}_{camera}*.jpg"))
            for camera in ("c1", "c2")
        ]
        if all(of_both) and len(asked) < 20:
            asked[person] = picture
            for pictures in of_both:
                shutil.copy(pictures[0], gallery)
    models = ["--model-path", shared / "models", "--offline"]
    ran = run("index", gallery, "--names", "market1501", *models, "--format", "json")
    assert ran.code == 0
    assert json.loads(ran.out)["indexed"] == 40
    person, picture = next(iter(asked.items()))
    ran = run("query", picture, "--camera", "c2", "-k", 20, "--format", "json", *models)
    document = json.loads(ran.out)
    assert document["statement"]["model"]["name"] == "person-reidentification-retail-0286"
    assert document["statement"]["crops_searched"] == 20
    assert len({match["person"] for match in document["matches"]}) == 20
    filters = Filters(cameras=("c2",))
    with Archive.open(run.archive, model_path=[shared / "models"], offline=True) as archive:
        first = {
            person: archive.search(picture, k=1, filters=filters).matches[0].crop.facts.person
            for person, picture in asked.items()
        }
    assert first[person] == document["matches"][0]["person"]
    assert sum(person == found for person, found in first.items()) >= 12  # by chance: 1


@pytest.mark.parametrize(("zone", "found"), [("+02:00", 3), ("UTC", 1)])
def test_local_times_are_in_the_archives_zone(held, zone, found):
    with Archive.open(held.archive) as archive:
        assert archive.timezone is None
        archive.timezone = zone
    ran = held("query", "--crop", 9, "--after", "2024-05-31 17:00", "--format", "json")
    assert len(json.loads(ran.out)["matches"]) == found
    shown = held("query", "--crop", 9, "--after", "2024-05-31 17:00").out
    assert f"from 2024-05-31 17:00:00 UTC{zone if zone != 'UTC' else ''}" in shown


def test_index_keeps_the_first_zone_that_it_is_given(run, crops):
    for zone in ("Europe/Berlin", "UTC"):
        assert run("index", crops, "--timezone", zone, "--model", "builtin").code == 0
    with Archive.open(run.archive) as archive:
        assert archive.timezone == "Europe/Berlin"


def test_a_file_that_exists_is_only_overwritten_with_force(held, tmp_path):
    picture = tmp_path / "sheet.jpg"
    assert held("query", "--crop", 1, "-o", picture).code == 0
    first = picture.read_bytes()
    ran = held("query", "--crop", 1, "-o", picture)
    assert (ran.code, "--force overwrites it" in ran.err) == (2, True)
    assert picture.read_bytes() == first
    assert held("query", "--crop", 2, "-o", picture, "--force").code == 0
    assert picture.read_bytes() != first
    wrong = held("query", "--crop", 1, "-o", tmp_path / "sheet.bmp")
    assert (wrong.code, ".png, .jpg, .jpeg, .pdf, .html" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("2h", 7200), ("-1:13:00", -4380), ("1:15.5", Fraction(151, 2))],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "1:99", "soon", "1 2", "h", "nan"])
def test_what_is_no_duration(text):
    assert parse_duration(text) is None


def test_csv_where_the_encoding_lacks_letters_shows_escapes(tmp_path):
    archive = tmp_path / "archive"
    pictures = [draw(tmp_path / f"{seed}.png", seed) for seed in (1, 2)]
    indexed = start(
        *("index", *pictures, "-a", archive, "--camera", "Вход", "--model", "builtin"),
    )
    assert (indexed.communicate()[1], indexed.returncode) == ("", 0)
    for form in ("csv", "table"):
        asked = start(
            *("query", "--crop", "1", "-a", archive, "--format", form),
            env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        )
        out, err = asked.communicate()
        assert (err, asked.returncode) == ("", 0)
        assert r"\u0412\u0445\u043e\u0434" in out
