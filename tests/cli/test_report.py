"""`reidsearch report` of real archives: what it says, and that it is logged."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from archives import CommandLine, opened
from json_schemas import require_valid
from pages import require_alone

pytestmark = pytest.mark.full


@pytest.fixture
def held(run: CommandLine, tmp_path, indexed_crops) -> CommandLine:
    indexed_crops(tmp_path, 4)
    for arguments in (
        ("case", "new", "<b>7", "--title", "Theft", "--authority-kind", "warrant"),
        ("query", "--crop", 1, "--case", "<b>7", "--reason", "missing: since Monday"),
        ("identity", "new", "anna", 2, "--note", "the bag", "--case", "<b>7"),
    ):
        ran = run(*arguments)
        assert ran.code == 0, ran.err
    return run


def told(run: CommandLine, folder: Path, *subject: object) -> dict[str, Any]:
    made = folder / "report.json"
    ran = run("report", *subject, "-o", made, "--force", "--format", "json")
    assert ran.code == 0, ran.err
    require_valid(json.loads(ran.out))
    document: dict[str, Any] = json.loads(made.read_text("utf-8"))
    require_valid(document)
    return document


def texts(document: dict[str, Any]) -> str:
    return json.dumps(document["sections"], ensure_ascii=False)


def test_a_report_of_a_case_is_written_in_all_forms_and_logged(held, tmp_path) -> None:
    pdf, page = tmp_path / "case.pdf", tmp_path / "case.html"
    ran = held("report", "case", "<b>7", "-o", pdf, "-o", page, "--case", "<b>7")
    assert ran.code == 0, ran.err
    read = require_alone(page.read_text("utf-8"))
    assert "Report on case <b>7" in read.text
    assert "warrant" in read.text
    with pikepdf.open(io.BytesIO(pdf.read_bytes())) as opened_:
        attached = json.loads(opened_.Root.AF[0].EF.F.read_bytes())
    assert attached["report_id"] in read.text
    with opened(held.archive) as archive:
        logged = [one.said for one in archive.log.entries(case="<b>7") if one.event == "export"]
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (pdf, page)}
    assert {one["sha256"] for one in logged if one} == digests


def test_what_a_report_of_a_case_says(held, tmp_path) -> None:
    document = told(held, tmp_path, "case", "<b>7")
    said = texts(document)
    assert document["case"] == "<b>7"
    assert len(document["data"]["answers"]) == 1
    for one in (
        "No likelihood ratio",
        "the bag",
        "similarity, not of identity",
        "confirmed as anna",
    ):
        assert one in said, one
    assert [one["heading"][0] for one in document["sections"] if one["level"] == 1][:3] == [
        "1", "2", "3",
    ]  # fmt: skip


def test_an_answer_is_told_by_its_file_as_by_its_entry(held, tmp_path) -> None:
    kept = tmp_path / "answer.json"
    kept.write_text(held("query", "--crop", 1, "--format", "json").out)
    entry = json.loads(kept.read_text())["statement"]["logged"]["entry"]
    by_file = told(held, tmp_path, "answer", kept)
    by_entry = told(held, tmp_path, "answer", entry)
    cards = [
        [
            block
            for one in document["sections"]
            for block in one["blocks"]
            if block["kind"] == "card"
        ]
        for document in (by_file, by_entry)
    ]
    assert cards[0] == cards[1]
    assert "confirmed as anna" in texts(by_file)
    assert "no authority is on record" in texts(by_file)


def test_an_identity_and_an_empty_case_have_reports(held, tmp_path) -> None:
    assert "the bag" in texts(told(held, tmp_path, "identity", "anna"))
    assert "Sighting 1" in texts(told(held, tmp_path, "journey", "anna"))
    assert held("case", "new", "empty").code == 0
    said = texts(told(held, tmp_path, "case", "empty"))
    assert "No search of the case is on record" in said
    assert "Nothing was decided" in said


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (("case", "none"), "none"),
        (("answer", "999"), "no entry 999"),
        (("answer", "1"), "is of no search"),
        (("answer", "gone.json"), "neither a file nor"),
        (("identity", "nobody"), "nobody"),
    ],
)
def test_what_is_not_there_is_said(held, tmp_path, subject, message) -> None:
    ran = held("report", *subject, "-o", tmp_path / "x.pdf")
    assert ran.code not in (0, 1)
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "x.pdf").exists()
