"""Commands that show, check, delete, back up and change a whole archive."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import tracemalloc

import pytest
from archives import query_ids, sql

from reidsearch import Archive
from reidsearch.cli.commands import COMMANDS
from reidsearch.cli.main import cli
from reidsearch.output.emit import lines as lines_of
from reidsearch.output.reports_json import failures_json

MINE = ("index", "query", "show", "crop", "failures", "check", "delete")
MINE += ("backup", "restore", "migrate", "reembed")


@pytest.mark.parametrize("name", MINE)
def test_help_is_the_one_of_the_command_list(name, run):
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS[name]
    assert run(name, "--help").code == 0


@pytest.mark.full
def test_show_in_both_forms(held):
    summary = json.loads(held("show", "--format", "json").out)
    assert (summary["crops"], summary["crops_without_time"]) == (9, 1)
    assert {c["camera"]: c["crops"] for c in summary["cameras"]} == {"gate": 4, "door": 4, None: 1}
    crop = json.loads(held("show", "crop", "9", "--format", "json").out)
    assert (crop["camera"], crop["time"], crop["box"]) == (None, None, [0, 0, 16, 32])
    assert "9" in held("show").out
    assert "unknown.png" in held("show", "crop", "9").out


@pytest.mark.full
def test_check_repairs_what_is_derived(held):
    (index,) = (held.archive / "index").iterdir()
    index.write_bytes(b"garbage")
    ran = held("check", "--format", "json")
    assert ran.code == 1
    assert {f["code"] for f in json.loads(ran.out)["findings"]} == {"index"}
    assert all(f["repairable"] for f in json.loads(ran.out)["findings"])
    assert held("check").code == 1
    assert held("check", "--repair").code == 0
    assert json.loads(held("check", "--format", "json").out)["findings"] == []


@pytest.mark.full
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


@pytest.mark.full
def test_backup_and_restore(held, tmp_path):
    ran = held("backup", tmp_path / "backup")
    assert ran.code == 0
    assert ran.out.startswith("9 crops, ")
    before = query_ids(held, "--crop", 1)
    shutil.rmtree(held.archive)
    assert held("restore", tmp_path / "backup").out == f"Restored 9 crops to {held.archive}.\n"
    assert query_ids(held, "--crop", 1) == before


@pytest.mark.full
def test_migrate_of_an_archive_of_this_version(held):
    ran = held("migrate")
    assert ran.code == 0
    assert "is up to date" in ran.out


@pytest.mark.full
def test_reembed(held, crops):
    sql(held.archive, "UPDATE model SET name = 'foreign', digest = 'ab'")
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


@pytest.mark.full
def test_a_ledger_of_any_length_is_read_row_by_row(held):
    """The statement that reads it holds some rows at a time, and so does every format."""
    sql(
        held.archive,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
        " INSERT INTO failure (key, text, reason, message, run_id, at_us)"
        " SELECT CAST('k' || i AS BLOB), 'f/' || i, 'empty', 'it is empty', 1, i FROM n",
    )
    names = [f"f/{number}" for number in range(1, 12_001)]
    document = json.loads(held("failures", "--format", "json").out)
    assert [one["location"] for one in document["failures"]] == names
    rows = list(csv.DictReader(io.StringIO(held("failures", "--format", "csv").out)))
    assert [row["location"] for row in rows] == names
    first, *lines = held("failures", "--format", "jsonl").out.splitlines()
    assert json.loads(first) == {"kind": "document", "schema": "reidsearch/failures/1"}
    assert [json.loads(line)["location"] for line in lines] == names
    assert "11,000 more" in held("failures").out
    with Archive.open(held.archive) as archive:
        tracemalloc.start()
        most = 0
        for _ in lines_of("csv", failures_json(archive.maintenance.each_failure()), "failures"):
            most = max(most, tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert most < 4_000_000, "a whole ledger would be some 10 MB"
