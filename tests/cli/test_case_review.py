"""`reidsearch case review` on a real clip: from the start to the outcome, and what is told when."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from archives import CommandLine
from json_schemas import require_valid
from PIL import Image

from reidsearch import Archive
from reidsearch.domain.decisions import Member

pytestmark = pytest.mark.full
CLIP = "campus4-c0.mp4"
TELLING = ("filler", "confirmed", "rejected", "candidate", "tracklet", CLIP, "score", "gate")


@pytest.fixture
def held(run: CommandLine, shared: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Somebody is confirmed twice and rejected once, by eve for case 1."""
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    monkeypatch.setenv("REIDSEARCH_ACTOR", "eve")
    clip = shared / "footage" / "crossings" / CLIP
    for arguments in (
        ("index", clip, "--camera", "gate", "--offline"),
        ("case", "new", "1"),
        ("identity", "new", "anna", shot(run, 1), "--case", "1"),
        ("confirm", shot(run, 4), "--as", "anna", "--case", "1"),
        ("reject", shot(run, 8), "--as", "anna", "--case", "1"),
    ):
        ran = run(*(one() if callable(one) else one for one in arguments))
        assert ran.code == 0, ran.err
    return run


def shot(run: CommandLine, tracklet: int) -> Any:
    """Return what gives a crop of a tracklet, once there is one."""

    def crop() -> int:
        member = Member("tracklet", tracklet)
        with Archive.open(run.archive) as archive:
            return archive.identities.seen([member])[member].crop_ids[0]

    return crop


def document(run: CommandLine, *arguments: object) -> dict[str, Any]:
    ran = run("case", "review", *arguments, "--format", "json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    require_valid(told)
    return told


def test_a_review_from_its_start_to_its_outcome(held, monkeypatch, tmp_path) -> None:
    started = document(held, "start", "1", "--identity", "anna", "--fillers", "2")
    assert (started["review"]["items"], started["review"]["fillers"]) == (4, 2)
    ran = held("case", "review", "answer", "1", "1=same")
    assert (ran.code, "eve took a decision" in ran.err) == (2, True)
    monkeypatch.setenv("REIDSEARCH_ACTOR", "maria")
    ran = held("case", "review", "answer", "1", "1=perhaps")
    assert (ran.code, "is no answer" in ran.err) == (2, True)
    told = document(held, "answer", "1", "1=same", "2=different")
    assert told["review"]["open"] == [3, 4]
    ran = held("case", "review", "finish", "1")
    assert ran.code == 2
    assert "without an answer: 3, 4" in ran.err
    assert "reidsearch case review answer 1 3=cannot-tell" in ran.err
    assert held("case", "review", "answer", "1", "3=same", "4=cannot-tell").code == 0
    done = document(held, "finish", "1")
    assert done["outcome"]["cannot_tell"]["candidate"] + done["outcome"]["cannot_tell"]["filler"]
    assert {one["part"] for one in done["items"]} == {"candidate", "filler"}
    assert held("report", "case", "1", "-o", tmp_path / "report.json").code == 0
    report = json.loads((tmp_path / "report.json").read_text())
    (section,) = [one for one in report["sections"] if one["heading"].endswith("Second examiner")]
    assert "maria looked at 4 items without knowing what eve" in section["blocks"][0]["text"]
    assert report["data"]["reviews"][0]["outcome"] == done["outcome"]
    text = held("case", "review", "show", "1").out
    assert "Agreement on the candidates: " in text
    assert "Fillers called the same: " in text
    assert held("case", "review", "list", "1").out.count("finished") == 1
    assert document(held, "list")["reviews"][0]["reviewer"] == "maria"
    assert document(held, "list", "2")["reviews"] == []
    assert held("check").code == 0
    ran = held("case", "review", "show", "7")
    assert (ran.code, "reidsearch case review list" in ran.err) == (9, True)


def test_no_output_tells_before_the_end_what_an_item_is(held, tmp_path) -> None:
    assert held("case", "review", "start", "1", "--identity", "anna").code == 0
    page, sheet = tmp_path / "r.html", tmp_path / "r.png"
    for path in (page, sheet):
        assert held("case", "review", "show", "1", "-o", path).code == 0
    exports = json.loads(held("log", "list", "--event", "export", "--format", "json").out)
    assert [one["case"] for one in exports["entries"]] == ["1", "1"]
    html = page.read_text("utf-8")
    pictures = html.count("data:image/jpeg")
    body = re.sub(
        r"<style>.*?</style>|data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", html, flags=re.S
    )
    with Image.open(sheet) as drawn:
        metadata = json.dumps({str(key): str(value) for key, value in drawn.info.items()})
    log = json.loads(held("log", "list", "--event", "review", "--format", "json").out)
    told = json.dumps(
        [one["detail"] for one in log["entries"]]
        + [document(held, "show", "1")["items"], document(held, "show", "1")["outcome"]]
    )
    for text in (body, metadata, told):
        for word in TELLING:
            assert word not in text, word
    assert re.search(r"\bcrop\b", body) is None
    table = held("case", "review", "show", "1").out
    assert not [word for word in TELLING[1:] if word in table]
    with Archive.open(held.archive) as archive:
        items = archive.reviews.find(1).items
    assert pictures == sum(min(3, len(one.crop_ids)) for one in items)
    assert [int(one) for one in re.findall(r"<h3><span>(\d+)</span>", body)] == [
        one.place for one in items if one.place > 0
    ]
