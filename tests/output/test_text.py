"""Answers and reports for people."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present_samples import (
    CALIBRATED,
    NASTY,
    NOON,
    READING,
    answer,
    crop,
    footage_answer,
    statement,
)
from table_samples import summary

from reidsearch.domain.reports import Failure, Finding, FootageReport, IndexReport
from reidsearch.domain.request import Filters
from reidsearch.output import readings, reports_json, text
from reidsearch.output.answer_text import answer_view
from reidsearch.output.emit import dumps
from reidsearch.output.statement import sentences, short
from reidsearch.output.times import local, use_zone, zone_name
from reidsearch.output.visible import count, shorten, size, visible


def shown(view: Any) -> str:
    out = io.StringIO()
    text.show(view, out)
    return out.getvalue()


SUMMARY = summary()


def test_a_table_in_a_pipe_is_plain_and_whole() -> None:
    far = "/srv/" + "x" * 300 + "/a.jpg"
    told = shown(answer_view(answer(crop(7, far), crop(8, person="anna"))))
    assert far in told
    assert "\x1b" not in told
    assert "person" in told.splitlines()[0]
    assert not any(line.endswith(" ") for line in told.splitlines())


def test_a_tracklet_is_told_from_first_to_last() -> None:
    told = shown(answer_view(footage_answer(), whole=True))
    assert "2024-05-31 12:03:00.0 to 12:03:04.5 ±1 s" in told
    assert re.search(r"duration +best shots", told)
    assert re.search(r" 4\.5 s +2 ", told)
    assert "5:00 fully analysed, 25:00 without motion, sampled every 2 s" in told
    assert "12.0 s could not be decoded" in told
    assert "1 source is not finished" in told
    assert "No footage supplied: gate 1:02:05" in told


def test_the_short_statement_is_part_of_the_whole() -> None:
    told = footage_answer().statement
    whole, brief = sentences(told), short(told)
    assert len(brief) < len(whole)
    assert brief[0] == whole[0]
    assert "No footage supplied: gate 1:02:05 (reidsearch coverage shows when)." in brief
    assert brief[-1].endswith("--statement.")


def test_times_are_shown_in_the_zone_in_use() -> None:
    time = dt.datetime(2024, 7, 1, 12, 0, 0, 500_000, tzinfo=dt.UTC)
    try:
        use_zone(ZoneInfo("Europe/Berlin"))
        assert local(time) == "2024-07-01 14:00:00.5 CEST"
        assert zone_name() == "Europe/Berlin"
    finally:
        use_zone(dt.UTC)
    assert local(time) == "2024-07-01 12:00:00.5 UTC"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_names_cannot_forge_lines_colours_or_markup(encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding, newline="")
    text.show(answer_view(answer(crop(location=NASTY, camera=NASTY))), out)
    out.flush()
    told = raw.getvalue().decode(encoding)
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert r"a\x1b[31m[bold]b[/bold]:smile:\u202ec\ud800\n" in told
    assert ("東京" in told) == (encoding == "utf-8")
    assert len(told.splitlines()) == 12


TOLD = {
    "exactly": ({}, "Searched 1,527 of 1,527 crops, exactly (flat, generation 3)."),
    "approximately": ({"exact": False, "recall": 0.99}, "approximately, measured recall 0.9900 ("),
    "approximately, filtered": (
        {"exact": False, "recall": 0.99, "filters": Filters(cameras=("hall",))},
        "approximately, measured recall 0.9900, which filters may lower (",
    ),
    "unmeasured": ({"exact": False, "recall": None}, "approximately, recall not measured ("),
    "uncalibrated": ({}, "Scores are uncalibrated: cosine similarity, not probability."),
    "for another model": (
        {"calibration": "uncalibrated: its calibration was made for another model"},
        "Scores are uncalibrated: its calibration was made for another model: cosine similarity, ",
    ),
    "calibrated": (CALIBRATED, "Scores: calibrated on other footage: set (200 people)."),
    "elsewhere": (CALIBRATED, "How well it fits this footage is not known ("),
    "prior": (CALIBRATED, "for a prior of 1 in 1,527, 95 % interval over people"),
    "false alarms": (
        {**CALIBRATED, "min_score": 0.41, "max_false_alarms": 1.0},
        "Only scores of 0.410 or more: at most 1 false alarm expected among the crops searched.",
    ),
    "failures": (
        {"failures": 3},
        "3 inputs failed and were not searched (reidsearch failures).",
    ),
    "unfinished": ({"unfinished_runs": 1}, "1 index run was interrupted"),
    "no time": (
        {"left_out_unknown_time": 1},
        "1 crop has no known time and was excluded by the time filter.",
    ),
    "no camera": (
        {"left_out_unknown_camera": 2},
        "2 crops have no known camera and were excluded by the camera filter.",
    ),
    "score": ({"min_score": 0.5}, "Only scores of 0.500 or more."),
    "warning": ({"warnings": ("the clock drifts",)}, "the clock drifts."),
    "filters": (
        {"filters": Filters(("a", "b"), ("c",), NOON, NOON, ("cd",), (1,))},
        "Filters: camera a or b; not camera c; from 2024-05-31 12:03:00 UTC; "
        "before 2024-05-31 12:03:00 UTC; source cd.",
    ),
    "query crop": ({"filters": Filters(exclude_crops=(1,))}, "Excluding the query crop."),
}


@pytest.mark.parametrize(("changes", "sentence"), TOLD.values(), ids=TOLD)
def test_the_statement_says_what_limits_the_answer(changes: dict[str, Any], sentence: str) -> None:
    assert any(sentence in told for told in sentences(statement(**changes)))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"crops_stored": 0, "crops_searched": 0}, "No match: the archive is empty."),
        ({"crops_searched": 0}, "No match: no crop passed the filters, so nothing was compared."),
        ({"min_score": 0.5}, "No match: none of the 1,527 crops searched scores 0.500 or more."),
    ],
)
def test_no_match_says_why_and_keeps_the_statement(changes: dict[str, Any], why: str) -> None:
    first, second, *_ = shown(answer_view(answer(**changes))).splitlines()
    assert first == why
    assert second.startswith("Searched ")


def test_a_report_counts_and_says_what_to_do() -> None:
    report = IndexReport(3, 100, 90, 5, 1, 2, 2, 1.5, interrupted=True)
    assert shown(text.report_view(report)) == (
        "Run 3: 100 inputs: 90 indexed, 5 unchanged, 1 updated, 2 duplicates, 2 failed; "
        "1.5 s, 60 crops/s.\n"
        "Why inputs failed: reidsearch failures\n"
        "Interrupted; the same command continues where it stopped.\n"
    )
    of_footage = IndexReport(5, footage=FootageReport(offered=1, failed=1))
    assert "Why inputs failed: reidsearch failures" in shown(text.report_view(of_footage))
    assert shown(text.report_view(IndexReport(4))) == "Run 4: 0 inputs; 0.0 s.\n"
    for names, number, told in [
        (("/a/notes.txt",), 1, "1 file skipped (unsupported type): notes.txt"),
        (("/a/1.txt", "/a/b.zip!/c/2.txt"), 2, "2 files skipped (unsupported type): 1.txt, 2.txt"),
        (
            tuple(f"/a/{n}.txt" for n in range(20)),
            1200,
            "1,200 files skipped (unsupported type): "
            "0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 1,195 more (reidsearch failures)",
        ),
    ]:
        report = IndexReport(4, skipped=number, skipped_names=names)
        assert f"\n{told}\n" in shown(text.report_view(report))


def test_summary_crop_failures_and_findings() -> None:
    told = shown(text.summary_view(SUMMARY))
    for part in ("1,500 from 1,400 sources", "12.3 MB", "999 B", "truncated", "gate", "0286 FP16"):
        assert part in told
    told = shown(text.crop_view(crop(7, NASTY, extra={"lane": 2})))
    assert "extra lane" in told
    assert "\x1b" not in told
    failure = Failure("[b]a.jpg", "empty", "the file is empty", NOON, 1)
    assert "[b]a.jpg" in shown(text.failures_view([failure], 1))
    assert shown(text.failures_view([], 0)) == "No failures.\n"
    told = shown(text.failures_view([failure], 1_001))
    assert "1,000 more: reidsearch failures --format csv or jsonl" in told
    derived = Finding("index-stale", "the index is stale", repairable=True)
    lost = Finding("picture-lost", "pictures are gone", False, tuple(range(1, 23)))
    told = shown(text.findings_view([derived, lost]))
    assert "index-stale: the index is stale (can be rebuilt: reidsearch check --repair)" in told
    assert "(lost) Crops 1, 2, 3" in told
    assert "20 and 2 more." in told
    assert shown(text.findings_view([])) == "No problems found.\n"


@pytest.mark.parametrize(
    ("document", "part"),
    [
        (
            reports_json.report_json(IndexReport(3, 1, 1, skipped=2)),
            {"run_id": 3, "indexed": 1, "skipped": 2},
        ),
        (reports_json.summary_json(SUMMARY), {"created_at": "2024-05-31T12:03:00Z"}),
        (
            reports_json.crop_json(crop(7, extra={"a": float("nan")})),
            {"crop_id": 7, "source_id": 7, "extra": {"a": None}},
        ),
        (
            next(reports_json.failures_json([Failure("a", "empty", "m", NOON, 1)])["failures"]),
            {"reason": "empty", "at": "2024-05-31T12:03:00Z"},
        ),
        (
            reports_json.findings_json([Finding("c", "m", False, (1,))])["findings"][0],
            {"crop_ids": [1]},
        ),
    ],
)
def test_reports_as_json(document: dict[str, Any], part: dict[str, Any]) -> None:
    assert part.items() <= json.loads(dumps(document)).items()


def test_a_summary_as_json_names_cameras_and_failures() -> None:
    document = reports_json.summary_json(SUMMARY)
    assert document["cameras"][1] == {
        "camera": None,
        "crops": 500,
        "first_time": None,
        "last_time": None,
    }
    assert document["failures"][0] == {"reason": "empty", "count": 2}
    assert document["model"]["precision"] == "FP16"


@pytest.mark.full
@given(st.text())
def test_visible_text_is_one_harmless_line(name: str) -> None:
    told = visible(name)
    assert len(told.splitlines()) <= 1
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in told)
    told.encode()


@pytest.mark.full
@given(st.text(max_size=60), st.integers(1, 70))
def test_shortened_text_fits_and_keeps_its_ends(name: str, width: int) -> None:
    told = shorten(name, width)
    assert len(told) <= width
    head, mark, tail = told.partition("…")
    if told != name:
        assert len(told) == width
        assert mark
        assert name.startswith(head)
        assert name.endswith(tail)


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2.5e15, "2500.0 TB")]
)
def test_sizes(number: int, told: str) -> None:
    assert size(number) == told


def test_counts() -> None:
    assert (count(1, "match", "matches"), count(0, "crop")) == ("1 match", "0 crops")


def test_a_calibrated_answer_tells_probability_and_false_alarms() -> None:
    told = answer(crop(7), crop(8), **CALIBRATED)
    second = replace(READING, at_most=True, limited=True, false_alarms=0.088, probability=0.9999)
    matches = tuple(
        replace(match, reading=one)
        for match, one in zip(told.matches, (READING, second), strict=True)
    )
    header, _, first, last = shown(answer_view(replace(told, matches=matches))).splitlines()[:4]
    assert [name in header for name in ("score", "probability", "false alarms")] == [True] * 3
    assert "17 % (10 to 27)" in first
    assert "0.38" in first
    assert ">99.9 % (limit)" in last
    assert "<0.088" in last


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "<0.1 %"), (0.0009, "<0.1 %"), (0.012, "1.2 %"), (0.5, "50 %"), (0.908, "90.8 %"),
     (0.9995, ">99.9 %"), (1.0, ">99.9 %")],
)  # fmt: skip
def test_chances_are_never_nothing_or_certain(value: float, told: str) -> None:
    assert readings.chance(value) == told


@pytest.mark.parametrize(
    ("rate", "told"),
    [(0.0, "none"), (1.0, "all"), (0.5, "1 in 2.0"), (0.05, "1 in 20"), (1 / 12345, "1 in 12,345")],
)
def test_rates(rate: float, told: str) -> None:
    assert readings.one_in(rate) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(0.0001, "<0.001"), (0.0123, "0.012"), (3.14, "3.1"), (9.6, "10"), (12345.6, "12,346")],
)
def test_numbers_of_false_alarms(number: float, told: str) -> None:
    assert readings.few(number) == told
