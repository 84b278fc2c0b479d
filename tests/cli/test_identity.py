"""`confirm`, `reject`, `identity` and `query --identity`, as an investigator types them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from archives import CommandLine, fill, unit_rows
from PIL import Image
from present_samples import NASTY, answer, answer_csv, crop
from tracklets import Seen, write_footage

from reidsearch.base.timecode import now
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answers import IdentitySearched
from reidsearch.domain.decisions import Change, Decision, Member, Named, Of
from reidsearch.output.identities import decision_text
from reidsearch.output.statement import decided_text, gist


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracklets 1 and 2 (crops 1, 2 and 3) at the gate, 3 (crop 4) in the yard; picture 5."""
    folder = tmp_path_factory.mktemp("made") / "archive"
    rows = unit_rows(5, seed=5)
    write_footage(folder, "gate.mp4", "gate", [Seen(1, 5, rows[:2]), Seen(3, 8, rows[2:3])])
    write_footage(folder, "yard.mp4", "yard", [Seen(2, 6, rows[3:4])])
    fill(folder, rows[4:])
    return folder


@pytest.fixture
def held(run: CommandLine, made: Path) -> CommandLine:
    shutil.copytree(made, run.archive)
    return run


def told(run: CommandLine, *arguments: object) -> str:
    ran = run(*arguments)
    assert ran.code == 0, ran.err
    return ran.out


@pytest.mark.full
def test_the_course_of_an_investigation(held):
    out = told(held, "identity", "new", "anna", 2, "--note", "the red jacket")
    assert out == "Decision 1: new identity anna (1); crop 2 (tracklet 1): confirmed as anna (1).\n"
    assert told(held, "confirm", 4, "--as", "anna") == (
        "Decision 2: crop 4 (tracklet 3): confirmed as anna (1).\n"
    )
    assert told(held, "confirm", 1, "--as", "anna") == ("No change: already recorded.\n")
    assert told(held, "reject", 5, "--as", "1") == "Decision 3: crop 5: rejected for anna (1).\n"
    out = told(held, "query", "--identity", "anna", "--statement")
    assert "identity" in out.splitlines()[0]
    assert (
        "Identity anna (1): 2 confirmed tracklets or crops as 3 query pictures; excluded: "
        "the 1 rejected for it." in out
    )
    assert "all confirmed crops of anna (identity 1)" in out
    assert "rejected for anna" in told(held, "query", "--crop", 1)
    shown = told(held, "identity", "show", "anna")
    for part in ("tracklet 1", "gate", "2024-05-31 12:00:01", "the red jacket", "crop 5"):
        assert part in shown
    assert told(held, "undo") == (
        "Decision 4: undid decision 3: crop 5: no longer rejected for anna (1).\n"
    )
    log = told(held, "identity", "list", "--decisions")
    assert "[undone by 4]" in log
    assert "anna" in told(held, "identity", "list")
    assert told(held, "check") == "No problems found.\n"


@pytest.mark.full
def test_merge_split_rename(held):
    told(held, "identity", "new", "anna", 1)
    told(held, "identity", "new", "bert", 4, 5)
    assert "bert (2) was merged into anna (1)" in told(held, "identity", "merge", "anna", "bert")
    listed = told(held, "identity", "list").splitlines()
    assert listed[0].endswith("merged into")
    assert listed[-1].endswith("anna (1)")
    assert told(held, "identity", "show", "bert").startswith(
        "bert (identity 2), merged into anna (1)\n0 confirmed members:"
    )
    assert "crop 4 (tracklet 3): carl (3), no longer anna (1)" in told(
        held, "identity", "split", "anna", 4, "--as", "carl"
    )
    assert told(held, "identity", "rename", "carl", "Émile") == ("Decision 5: carl is now Émile.\n")


@pytest.mark.full
def test_the_empty_archive_of_identities(held):
    assert told(held, "identity", "list").startswith("No identities yet: reidsearch identity new")
    assert told(held, "identity", "list", "--decisions") == "No decisions yet.\n"


@pytest.mark.full
@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["confirm", 1, "--as", "nobody"], 9, "make it: reidsearch identity new nobody"),
        (["confirm", 1, "--as", "no body"], 9, "reidsearch identity new 'no body' CROP..., or see"),
        (["confirm", 1, "--as", "77"], 9, "reidsearch identity list shows names and numbers"),
        (["confirm", 99, "--as", "anna"], 9, "holds no crop 99"),
        (["confirm", 3, "--as", "anna"], 2, "at the same time"),
        (["confirm", 1, "--as", "a\x1b[31m"], 2, "not printable text"),
        (["confirm", 1, "--as", "anna", "--note", "a\nb"], 2, "not printable text"),
        (["confirm", 1], 2, "--as"),
        (["confirm", "--as", "anna"], 2, "CROP"),
        (["identity", "new", "anna"], 2, "there is an identity 'anna' already"),
        (["identity", "new", "ANNA", 2], 2, "'ANNA' differs in letter case or spaces only"),
        (["identity", "new", "ANNA", 2], 2, "reidsearch confirm CROP --as anna; else another name"),
        (["identity", "rename", "Jo Li", "Anna"], 2, "reidsearch identity merge anna 'Jo Li'"),
        (["identity", "merge", "anna", "anna"], 2, "with itself"),
        (["undo", 9], 9, "no decision 9"),
        (["query", "--new-only", "--crop", 1], 2, "--identity"),
        (["query", "--identity", "eve"], 9, "there is no identity 'eve'"),
        (["query"], 2, "--identity NAME"),
    ],
)
def test_what_is_refused_says_what_to_do(held, arguments, code, text):
    told(held, "identity", "new", "anna", 1)
    told(held, "identity", "new", "Jo Li")
    ran = held(*arguments)
    assert ran.code == code
    assert text in ran.err


def test_your_own_last_decision_is_undone_whoever_decided_since(held, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_ACTOR", "lea")
    told(held, "identity", "new", "anna", 1)
    monkeypatch.setenv("REIDSEARCH_ACTOR", "max")
    told(held, "identity", "new", "bob", 5)
    monkeypatch.setenv("REIDSEARCH_ACTOR", "lea")
    assert "undid decision 1" in told(held, "undo", "--mine")
    ran = held("undo", "--mine")
    assert (ran.code, ran.out) == (9, "")
    assert "there is no decision of lea to undo" in ran.err
    assert held("undo", "--mine", 2).code == 2


def test_undoing_a_decision_of_somebody_else_asks(held, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_ACTOR", "lea")
    told(held, "identity", "new", "anna", 1)
    monkeypatch.setenv("REIDSEARCH_ACTOR", "max")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = held("undo", 1)
    assert ran.code != 0
    assert "lea decided this at " in ran.err
    assert "confirmed as anna (1)" in ran.err
    assert "undid" not in ran.out
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "undid decision 1" in told(held, "undo")
    told(held, "identity", "new", "bob", 5)
    monkeypatch.setenv("REIDSEARCH_ACTOR", "lea")
    assert "undid decision 3" in told(held, "undo", "--yes")


@pytest.mark.full
def test_force_is_recorded(held):
    told(held, "identity", "new", "anna", 1)
    assert told(held, "confirm", 3, "--as", "anna", "--ignore-conflicts").endswith(
        "(conflicts ignored).\n"
    )


@pytest.mark.full
def test_json(held):
    made = json.loads(told(held, "identity", "new", "anna", 2, "--format", "json"))["decision"]
    assert (made["decision_id"], made["what"], made["undone_by"]) == (1, "new", None)
    assert made["changes"][1] == {
        "of": "member",
        "identity_id": None,
        "member": {"kind": "tracklet", "number": 1},
        "before": None,
        "after": 1,
        "crops": [2],
        "stretches": [],
    }
    assert (
        json.loads(told(held, "confirm", 1, "--as", "anna", "--format", "json"))["decision"] is None
    )
    (listed,) = json.loads(told(held, "identity", "list", "--format", "json"))["identities"]
    assert listed["members"] == [{"kind": "tracklet", "number": 1}]
    assert json.loads(told(held, "identity", "list", "--decisions", "--format", "json"))[
        "decisions"
    ] == [made]
    shown = json.loads(told(held, "identity", "show", "anna", "--format", "json"))
    assert shown["members"][0]["crop_ids"] == [1, 2]
    assert shown["members"][0]["first_time"] == "2024-05-31T12:00:01Z"
    assert shown["decisions"] == [made]
    found = json.loads(told(held, "query", "--identity", "anna", "--new-only", "--format", "json"))
    assert found["statement"]["identity"] == {
        "identity_id": 1,
        "name": "anna",
        "members": 1,
        "query_pictures": 2,
        "photos": 0,
        "rejected": 0,
        "new_only": True,
    }
    assert {match["crop_id"] for match in found["matches"]} == {3, 4, 5}


def decided():
    """A match of an identity with a hostile name, rejected for two others."""
    from dataclasses import replace

    base = answer(crop(7), identity=IdentitySearched(Named(3, NASTY), 2, 9, 1, True))
    marked = replace(
        base.matches[0], identity=Named(3, NASTY), rejected_for=(Named(4, "=bert"), Named(5, "c"))
    )
    return replace(base, matches=(marked,))


@pytest.mark.full
def test_decided_matches_in_every_form(tmp_path):
    schema = json.loads(
        (Path(__file__).parents[2] / "reidsearch/output/schemas/answer-3.json").read_text()
    )
    document = answer_json(decided())
    jsonschema.validate(json.loads(json.dumps(document)), schema)
    assert document["matches"][0]["identity"] == {"identity_id": 3, "name": NASTY}
    assert [one["name"] for one in document["matches"][0]["rejected_for"]] == ["=bert", "c"]
    (row,) = csv.DictReader(io.StringIO(answer_csv(decided()).replace("\ud800", "?")))
    assert row["rejected_for"] == "'=bert; c"
    text = decided_text(decided().matches[0])
    assert text.isprintable()
    assert text.endswith("; rejected for =bert, c")
    (told_of,) = [line for line in gist(decided().statement) if line.startswith("Identity")]
    assert told_of.isprintable()
    assert told_of.endswith(
        "(3): 2 confirmed tracklets or crops as 9 query pictures; excluded: "
        "the 1 rejected for it and its confirmed members."
    )


@pytest.mark.full
def test_a_contact_sheet_shows_the_confirmed_views(held, tmp_path):
    told(held, "identity", "new", "anna", 1)
    for crop_id in range(1, 6):  # pictures that can be drawn
        _paint(held.archive, crop_id)
    sheet = tmp_path / "sheet.png"
    told(held, "query", "--identity", "anna", "-o", sheet)
    with Image.open(sheet) as drawn:
        assert drawn.width > 300


def _paint(archive: Path, crop_id: int) -> None:
    import hashlib

    from archives import sql

    out = io.BytesIO()
    Image.new("RGB", (16, 32), (crop_id * 40, 0, 0)).save(out, "JPEG")
    sql(
        archive,
        "UPDATE picture SET jpeg = :jpeg, sha256 = :sha WHERE crop_id = :id",
        jpeg=out.getvalue(),
        sha=hashlib.sha256(out.getvalue()).digest(),
        id=crop_id,
    )


def test_decisions_in_words():
    names = {1: "anna", 2: "bert"}
    one, two = Member("tracklet", 7), Member("crop", 8)

    def worded(*changes: Change, undoes: int | None = None) -> str:
        return decision_text(Decision(1, now(), "me", "x", "", False, undoes, changes), names)

    assert worded(Change(Of.NAME, 1, None, "anna", None)) == "identity anna (1) removed"
    assert worded(Change(Of.MERGED, 2, None, 1, None), undoes=4) == (
        "undid decision 4: bert (2) is separate again"
    )
    assert (
        worded(Change(Of.MEMBER, None, one, None, 1), Change(Of.MEMBER, None, two, None, 1))
        == "tracklet 7, crop 8: confirmed as anna (1)"
    )
    assert worded(Change(Of.MEMBER, None, one, 1, None)) == "tracklet 7: no longer anna (1)"
    assert worded(Change(Of.MEMBER, None, one, 9, 1)) == (
        "tracklet 7: anna (1), no longer identity 9"
    )
