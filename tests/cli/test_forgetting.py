"""`reidsearch hold`, `retention`, and `delete` with a certificate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from archives import CommandLine, draw_many, opened, sql
from json_schemas import require_valid

from reidsearch.output.certificate import certificate_lines

pytestmark = pytest.mark.full


@pytest.fixture
def held(run: CommandLine, tmp_path) -> CommandLine:
    draw_many(tmp_path / "crops", 6)
    with opened(run.archive) as archive:
        archive.index([tmp_path / "crops"])
        archive.identities.new("Jane Roe", [1, 2])
    return run


def document(run: CommandLine, *arguments: object, code: int = 0) -> dict[str, Any]:
    ran = run(*arguments, "--format", "json")
    assert ran.code == code, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    require_valid(told)
    return told


def test_a_certificate_says_what_is_gone_and_not_who(held, tmp_path) -> None:
    held("backup", tmp_path / "copy")
    held("crop", "1", "-o", tmp_path / "one.jpg")
    file = tmp_path / "certificate.json"
    ran = held("delete", "--identity", "Jane Roe", "--yes", "--certificate", file)
    assert ran.code == 0, ran.err
    assert ": 0 sequences found." in ran.out
    assert "holds 2 pictures of it" in ran.out
    told = json.loads(file.read_text())
    require_valid(told)
    assert "Jane" not in file.read_text()
    assert told["asked"] == ["identity"]
    assert (told["erased"]["crops"], told["erased"]["identities"]) == (2, 1)
    assert (told["kept_out"], told["finished"], told["case"]) == (True, True, None)
    search = told["byte_search"]
    assert (search["pictures"], search["embeddings"], search["found"]) == (2, 2, [])
    assert search["files"] > 1
    assert search["patterns"] >= 12
    assert [(one["name"], one["crops"]) for one in told["backups"]] == [(str(tmp_path / "copy"), 2)]
    assert [one["name"] for one in told["exports"]] == ["(erased)"]  # its digest told of the crop
    with opened(held.archive) as archive:
        seal = archive.log.seals()[-1]
        entry = next(one for one in archive.log.entries() if one.number == told["log"]["entry"])
    assert told["seal"] == seal.document()
    assert entry.digest.hex() == told["log"]["digest"]


def test_a_certificate_finds_what_was_left(held, tmp_path) -> None:
    with opened(held.archive) as archive:
        (held.archive / "left").write_bytes(b"x" * 1000 + archive.picture(3) + b"y")
        planned = archive.plan_delete(crop_ids=[3])
        proof = archive.maintenance.delete_certified(planned, ["crops"])
    assert list(proof.search.found) == [str(held.archive / "left")]
    assert "left" in "\n".join(certificate_lines(proof, tmp_path / "c.json"))


@pytest.mark.parametrize(("name", "code"), [("c.pdf", 2), ("crops", 2), ("none/c.json", 3)])
def test_a_certificate_that_cannot_be_written_is_refused_first(held, tmp_path, name, code) -> None:
    ran = held("delete", "--crop", "1", "--yes", "--certificate", tmp_path / name)
    assert ran.code == code
    assert held("show", "crop", "1").code == 0


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
    assert held("delete", "--backup", copy, "--crop", "3").code == 2
