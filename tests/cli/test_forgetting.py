"""`reidsearch hold`, `retention`, and `delete` by age and from a backup."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from archives import CommandLine, opened, sql
from json_schemas import require_valid

from reidsearch.domain.event_log import Event

pytestmark = pytest.mark.full


@pytest.fixture
def held(run: CommandLine, tmp_path, indexed_crops) -> CommandLine:
    indexed_crops(tmp_path, 6)
    with opened(run.archive) as archive:
        archive.identities.new("Jane Roe", [1, 2])
    return run


def document(run: CommandLine, *arguments: object, code: int = 0) -> dict[str, Any]:
    ran = run(*arguments, "--format", "json")
    assert ran.code == code, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    require_valid(told)
    return told


def test_a_hold_is_set_listed_and_released(held) -> None:
    assert "No holds yet" in held("hold", "list").out
    made = document(held, "hold", "add", "--identity", "Jane Roe", "--note", "order")["hold"]
    assert (made["hold_id"], made["identity"], made["note"]) == (1, "Jane Roe", "order")
    told = document(held, "delete", "--crop", "1,3", "--yes", code=1)
    assert told["crop_ids"] == [3]
    assert told["on_hold"] == [{"hold_id": 1, "of": "identity 1", "crops": 1}]
    ran = held("delete", "--crop", "1", "--dry-run")
    assert ran.code == 1
    assert "1 crop stays: hold 1 (identity 1)" in ran.out
    assert "identity Jane Roe" in held("hold", "list").out
    assert document(held, "hold", "release", "1", "--note", "over")["hold"]["released_at"]
    assert held("hold", "release", "1").code == 2
    assert held("hold", "release", "9").code == 9
    [listed] = document(held, "hold", "list")["holds"]
    assert listed["released_by"]
    assert held("hold", "add").code == 2
    assert held("hold", "add", "--camera", "gate", "--from", "2024-05-31").code == 9


def test_rules_are_set_shown_run_and_cleared(held) -> None:
    sql(held.archive, "UPDATE crop SET time_us = 1 WHERE id IN (3, 4)")
    assert "nothing is deleted" in held("retention", "show").out
    assert held("retention", "run", "--yes").code == 2
    assert held("retention", "set", "--days", "30").code == 2
    document(held, "retention", "set", "--all", "--days", "30")
    [rule] = document(held, "retention", "show")["rules"]
    assert (rule["camera"], rule["days"]) == (None, 30)
    held("hold", "add", "--source", "003.png")
    told = document(held, "retention", "run", "--dry-run")
    assert (told["deleted"], told["rules"][0]["crop_ids"]) == (False, [3])
    ran = held("retention", "run", "--yes")
    assert ran.code == 0
    assert "all others, 30 days: 1 crop" in ran.out
    assert "1 crop stays: hold 1" in ran.out
    assert "Deleted 1 crop." in ran.out
    assert document(held, "retention", "clear", "--all")["change"] == "clear"
    assert held("retention", "clear", "--all").code == 9


def test_older_than_says_what_went_by_the_time_of_indexing(held) -> None:
    sql(held.archive, "UPDATE crop SET indexed_us = 1 WHERE id IN (3, 4)")
    ran = held("delete", "--older-than", "30d", "--dry-run")
    assert "2 of them by the time of indexing" in ran.out
    told = document(held, "delete", "--older-than", "30d", "--yes")
    assert (told["crop_ids"], told["by_indexing"]) == ([3, 4], 2)


def test_a_backup_loses_what_was_deleted_since(held, tmp_path) -> None:
    copy = tmp_path / "copy"
    held("backup", copy)
    held("delete", "--identity", "Jane Roe", "--yes")
    told = document(held, "delete", "--backup", copy, "--dry-run")
    assert (told["deleted"], told["crops"], told["identities"]) == (False, 2, 1)
    ran = held("delete", "--backup", copy, "--yes")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("2 crops, 1 identity of it were deleted here since\nDeleted; SHA-256")
    assert document(held, "delete", "--backup", copy, "--yes")["sha256"] is None
    with opened(held.archive) as archive:
        said = [one.said for one in archive.log.entries(events=[Event.BACKUP_ERASE])]
    assert [(one["folder"], one["crops"], one["identities"]) for one in said] == [
        (str(copy), 2, 1),
        (str(copy), 0, 0),
    ]
    assert said[0]["was"] != said[0]["sha256"] == said[1]["was"] == said[1]["sha256"]
    assert held("delete", "--backup", copy, "--crop", "3").code == 2


def test_restoring_tells_what_a_backup_does_not_know(held, tmp_path) -> None:
    copy, folder = tmp_path / "copy", tmp_path / "elsewhere" / "restored"
    folder.parent.mkdir()
    held("backup", copy)
    alone = shutil.copytree(copy, tmp_path / "elsewhere" / "copy")
    held("delete", "--crop", "1,2", "--yes")
    beside = str(held.archive)
    ran = held("restore", alone, "-a", folder)
    assert "what its archive deleted later is not deleted in it" in ran.err
    assert f"reidsearch delete --backup {alone}" in ran.err
    ran = held("restore", copy, "-a", tmp_path / "again")
    assert "WARNING: 2 crops that had been deleted there came back." in ran.err
    assert f"reidsearch delete --backup {copy} -a {beside}" in ran.err
    held("delete", "--backup", copy, "--yes")
    told = document(held, "restore", copy, "-a", tmp_path / "treated")["backup"]
    assert (told["archive"], told["deleted_since"]) == (beside, 0)
    with opened(tmp_path / "treated") as archive:
        (entry,) = archive.log.entries(events=[Event.RESTORE])
        before = next(one for one in archive.log.entries() if one.number == entry.number - 1)
    note = json.loads((copy / "backup.json").read_text())
    assert entry.said == {
        "folder": str(copy),
        "made": note["made"],
        "erased": note["erased"],
        "entries": before.number,
        "head": before.digest.hex(),
    }
