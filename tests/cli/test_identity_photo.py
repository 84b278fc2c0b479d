"""`identity photo`, and what reports, bundles and deletions make of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from archives import CommandLine, draw, draw_many, opened
from json_schemas import require_valid

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Four crops, a case, and an identity with one of the crops."""
    folder = tmp_path_factory.mktemp("made")
    draw_many(folder / "crops", 4)
    with opened(folder / "archive") as archive:
        archive.index([folder / "crops"])
        archive.cases.new("7")
        archive.identities.new("anna", [2])
    return folder / "archive"


@pytest.fixture
def held(run: CommandLine, made: Path, tmp_path: Path) -> CommandLine:
    shutil.copytree(made, run.archive)
    draw(tmp_path / "passport.png", 50)
    return run


def test_a_photograph_is_added_listed_shown_and_removed(held, tmp_path) -> None:
    file = (tmp_path / "passport.png").rename(tmp_path / "\x1b[31mpassport.png")
    ran = held("identity", "photo", "add", "anna", file, "--note", "red", "--case", "7")
    assert ran.code == 0
    assert "Decision 2: photo 1: reference photograph of anna (1)." in ran.out
    assert "\x1b" not in ran.out
    again = held("identity", "photo", "add", "anna", file)
    assert (again.code, "has this very picture already" in again.err) == (2, True)
    listed = json.loads(held("identity", "photo", "list", "anna", "--format", "json").out)
    require_valid(listed)
    assert listed["photos"][0]["case"] == "7"
    for command in ("list", "show anna", "list --decisions"):
        document = json.loads(held("identity", *command.split(), "--format", "json").out)
        require_valid(document)
    shown = held("identity", "show", "anna").out
    assert "Reference photographs:" in shown
    assert "passport.png" in shown
    answer = json.loads(held("query", "--identity", "anna", "--format", "json").out)
    require_valid(answer)
    assert answer["statement"]["identity"]["photos"] == 1
    told = held("query", "--identity", "anna").out
    assert "1 confirmed tracklet or crop as 1 query picture, 1 reference photograph." in told
    sheet = tmp_path / "sheet.png"
    assert held("query", "--identity", "anna", "-o", sheet).code == 0
    removed = held("identity", "photo", "remove", "1", "--format", "json")
    require_valid(json.loads(removed.out))
    assert "No reference photographs." in held("identity", "photo", "list", "anna").out


def test_restoring_warns_of_an_erased_photograph(held, tmp_path) -> None:
    held("identity", "new", "bert")
    held("identity", "photo", "add", "bert", tmp_path / "passport.png")
    held("backup", tmp_path / "backup")
    assert "Deleted 1 identity." in held("delete", "--identity", "bert", "--yes").out
    ran = held("restore", tmp_path / "backup", "-a", tmp_path / "again", "--format", "json")
    assert "WARNING: 1 reference photograph that had been deleted there came back." in ran.err
    require_valid(json.loads(ran.out))
    assert json.loads(ran.out)["backup"]["photos_since"] == 1


def test_a_box_is_checked_and_the_document_of_an_addition_is_published(held, tmp_path) -> None:
    file = tmp_path / "passport.png"
    wrong = held("identity", "photo", "add", "anna", file, "--box", "0,0,99,99")
    assert (wrong.code, "--box" in wrong.err) == (2, True)
    both = held("identity", "photo", "add", "anna", file, "--box", "0,0,9,20", "--whole")
    assert both.code == 2
    ran = held("identity", "photo", "add", "anna", file, "--box", "1,2,12,24", "--format", "json")
    document = json.loads(ran.out)
    require_valid(document)
    assert document["photo"]["box"] == [1, 2, 13, 26]
    assert document["photo"]["detection"] is None


def test_reports_and_bundles_show_it_but_for_redacted_ones(held, tmp_path) -> None:
    file = tmp_path / "passport.png"
    assert held("identity", "photo", "add", "anna", file, "--note", "why", "--case", "7").code == 0
    bundle = tmp_path / "bundle"
    asked = ("--identity", "anna", "--case", "7")
    assert held("export", "evidence", *asked, "-o", bundle).code == 0
    assert (bundle / "photographs" / "photo-1.png").read_bytes() == file.read_bytes()
    require_valid(json.loads((bundle / "manifest.json").read_text("utf-8")))
    assert held("export", "verify", bundle).code == 0
    lines = (bundle / "log" / "entries.jsonl").read_text("utf-8").splitlines()
    entries = [json.loads(one) for one in lines]
    assert [one["state"] for one in entries if one["event"] == "photo"] == ["here"]
    for name in ("identity", "case"):
        html = (bundle / "report" / f"{name}.html").read_text("utf-8")
        assert "Reference photograph 1" in html
        assert "passport.png" in html
    elsewhere = tmp_path / "elsewhere"
    held("export", "evidence", "--identity", "anna", "--sources", "none", "-o", elsewhere)
    assert not (elsewhere / "photographs").exists(), "it was added for another case"
    assert "passport.png" not in (elsewhere / "report" / "identity.json").read_text("utf-8")
    redacted = tmp_path / "redacted"
    held("export", "evidence", "--identity", "anna", "--redact", "others", "-o", redacted)
    assert not (redacted / "photographs").exists()
    held_bytes = b"".join(one.read_bytes() for one in redacted.rglob("*") if one.is_file())
    assert file.read_bytes()[200:232] not in held_bytes


def test_a_deletion_tells_how_many_photographs_go(held, tmp_path) -> None:
    assert held("identity", "photo", "add", "anna", tmp_path / "passport.png").code == 0
    certificate = tmp_path / "erased.json"
    ran = held(
        "delete", "--identity", "anna", "-y", "--certificate", certificate, "--format", "json"
    )
    document = json.loads(ran.out)
    require_valid(document)
    assert document["photos"] == [1]
    proof = json.loads(certificate.read_text("utf-8"))
    require_valid(proof)
    assert proof["erased"]["photos"] == 1
