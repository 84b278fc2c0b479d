"""What a report tells of times, likelihood ratios, and of what speaks against its findings."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from archives import CommandLine, opened, write_set

pytestmark = pytest.mark.full


def report(run: CommandLine, *subject: object) -> dict[str, Any]:
    made = run.archive.parent / "report.json"
    ran = run("report", *subject, "-o", made, "--force")
    assert ran.code == 0, ran.err
    document: dict[str, Any] = json.loads(made.read_text("utf-8"))
    return document


def part(document: dict[str, Any], heading: str) -> str:
    """The blocks of one section, as text."""
    (found,) = [one for one in document["sections"] if one["heading"].endswith(f" {heading}")]
    return json.dumps(found["blocks"], ensure_ascii=False)


def cards(document: dict[str, Any]) -> list[dict[str, str]]:
    blocks = [block for one in document["sections"] for block in one["blocks"]]
    return [dict(one["facts"]) for one in blocks if one["kind"] == "card" and one["facts"]]


def ok(run: CommandLine, *arguments: object) -> str:
    ran = run(*arguments)
    assert ran.code == 0, ran.err
    return ran.out


@pytest.fixture
def videos(run: CommandLine, footage_once) -> CommandLine:
    """Gate from noon, yard from a minute later; anna is somebody of both, ben of the gate alone."""
    shutil.copytree(footage_once, run.archive)
    with opened(run.archive) as archive:
        first, last, other = (archive.footage.tracklet(one).crop_ids[0] for one in (1, 3, 4))
    ok(run, "case", "new", "7")
    ok(run, "identity", "new", "anna", first, other, "--case", "7")
    ok(run, "identity", "new", "ben", last, "--case", "7")
    run.archive.joinpath("crop").write_text(str(first))
    return run


def test_times_of_a_finding_follow_its_clock_and_name_who_corrected_it(videos, monkeypatch) -> None:
    (before, _) = cards(report(videos, "identity", "anna"))
    assert before["Recorder time"] == before["Time"].split(";")[0]
    assert "Clock" not in before
    monkeypatch.setenv("REIDSEARCH_ACTOR", "jane")
    ok(videos, "clock", "gate", "--offset", "3600", "--uncertainty", "0.2", "--note", "radio")
    (_, gate) = cards(report(videos, "identity", "anna"))
    assert gate["Recorder time"] == before["Recorder time"]
    assert gate["Time"].startswith("2024-05-31 13:00:0")
    assert "; in UTC 2024-05-31 13:00:0" in gate["Time"]
    assert gate["Time"].endswith("uncertainty ±0.2 s")
    assert gate["Clock"].startswith("corrected +60:00 (±0.2 s); by jane, 2")
    assert gate["Clock"].endswith(": radio")
    monkeypatch.setenv("REIDSEARCH_ACTOR", "joe")
    ok(videos, "clock", "gate", "--undo", "--yes", "--note", "it was right")
    (undone, _) = cards(report(videos, "journey", "anna"))
    assert undone["Time"] == before["Time"]
    assert undone["Clock"].startswith("as recorded")
    assert "by jane" in undone["Correction 1"]
    assert undone["Correction 2"].startswith("undone: as recorded")
    assert "by joe" in undone["Correction 2"]
    assert undone["Correction 2"].endswith(": it was right")
    ok(videos, "clock", "gate", "--drift", "100", "--yes")
    drifting = cards(report(videos, "identity", "anna"))[0]
    assert drifting["Clock"].startswith("drift +100 ppm")
    assert drifting["Recorder time"] == before["Recorder time"]


def test_each_report_tells_what_speaks_against_it(videos) -> None:
    crop = int(videos.archive.joinpath("crop").read_text())
    ok(videos, "query", "--crop", crop, "--case", "7", "--format", "json")
    kept = videos.archive.parent / "answer.json"
    kept.write_text(ok(videos, "query", "--crop", crop, "--case", "7", "--format", "json"))
    entry = json.loads(kept.read_text())["statement"]["logged"]["entry"]
    subjects = (("case", "7"), ("answer", entry), ("identity", "anna"), ("journey", "anna"))
    for subject in subjects:
        document = report(videos, *subject)
        assert "No two sightings" in part(document, "Two places at one time"), subject
        assert "camera yard was supplied from" in part(document, "Holes in the footage"), subject
        assert part(document, "Others who are as similar")
    by_entry, by_file = (cards(report(videos, "answer", one)) for one in (entry, kept))
    assert by_entry == by_file
    assert "query's own tracklet" in json.dumps(report(videos, "answer", entry))
    pictures = [
        block
        for one in report(videos, "case", "7")["sections"]
        for block in one["blocks"]
        if block["kind"] == "card" and block["heading"] == "Searched with"
    ]
    assert pictures[0]["pictures"][0]["caption"] == f"Crop {crop}, as stored"
    # A clock that is a minute wrong: anna would have been at the gate and in the yard at once.
    ok(videos, "clock", "yard", "--offset", "-60")
    for subject in subjects:
        told = part(report(videos, *subject), "Two places at one time")
        assert "seen by two cameras at one time (yard and gate" in told, subject
        assert "(ben)" not in told
    told = json.dumps(report(videos, "answer", kept))
    assert "a clock was corrected since" in told


def test_others_who_are_as_similar_are_named_in_every_report(run: CommandLine, tmp_path) -> None:
    ok(run, "index", write_set(tmp_path / "set", people=6), "--model", "builtin")
    ok(run, "case", "new", "7")
    answer = json.loads(ok(run, "query", "--crop", 1, "--case", "7", "--format", "json"))
    entry = answer["statement"]["logged"]["entry"]
    last = answer["matches"][-1]["crop_id"]
    ok(run, "identity", "new", "anna", 1, last, "--case", "7")
    rank = answer["matches"][-1]["rank"]
    for subject in (("case", "7"), ("answer", entry), ("identity", "anna"), ("journey", "anna")):
        told = part(report(run, *subject), "Others who are as similar")
        assert f"ank {rank}" in told, subject
        assert "the same or a higher score" in told, subject
        assert "rank 1, crop" in told, subject
    ok(run, "case", "new", "8")
    for case, entries in (("7", [entry]), ("8", [])):
        bundle = tmp_path / case
        ok(run, "export", "evidence", "--identity", "anna", "--case", case, "-o", bundle)
        document = json.loads((bundle / "report/identity.json").read_text("utf-8"))
        told = part(document, "Others who are as similar")
        assert ("the same or a higher score" in told) == bool(entries), "a search of another case"
        assert "whose detail is in this bundle" in told


def test_likelihood_ratios_are_told_with_propositions_words_and_limits(
    run: CommandLine, tmp_path
) -> None:
    table = write_set(tmp_path / "set", people=12)
    ok(run, "index", table, "--model", "builtin")
    ok(run, "case", "new", "7")
    ok(run, "query", "--crop", 1, "--case", "7")
    plain = report(run, "case", "7")
    assert "No likelihood ratio: the archive was not calibrated." in json.dumps(plain)
    assert "no likelihood ratio is told" in part(plain, "Limits of the method")
    ok(run, "calibrate", table)
    kept = tmp_path / "answer.json"
    kept.write_text(ok(run, "query", "--crop", 1, "--case", "7", "--format", "json"))
    answer = json.loads(kept.read_text())
    for subject in (kept, answer["statement"]["logged"]["entry"]):
        document = report(run, "answer", subject)
        first = cards(document)[0]["Likelihood ratio"]
        assert "95 % interval" in first
        assert "H1: the two crops show one person, against H2: the two crops show two" in first
        assert "In words, by the end of the interval that says less:" in first
        limits = part(document, "Limits of the method")
        assert "12 people, 2 cameras" in limits
        assert "Cost (Cllr)" in limits
        assert "extremely strong support" in part(document, "Appendix: scale, terms, verification")
    case = report(run, "case", "7")
    assert "LR: likelihood ratio, see below." in json.dumps(case)
    assert "likelihood ratio (or one within its 95 % interval)" in part(
        case, "Others who are as similar"
    )
