"""`reidsearch query` with filters alone: who passes, in every form, and drawn."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from archives import NOON, CommandLine, documents, draw_many, fill, unit_rows
from attribute_values import DRAWN, values
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.domain.browsing import BrowseRequest
from reidsearch.domain.crops import Facts
from reidsearch.domain.request import Filters
from reidsearch.store.attributes import record
from reidsearch.store.crops.store import Store


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight tracklets of two cameras and 600 pictures of a third, with attributes."""
    folder = tmp_path_factory.mktemp("made") / "archive"
    for name, camera in (("a.mp4", "gate"), ("b.mp4", "yard")):
        seen = [Seen(s * 60, s * 60 + 5, unit_rows(2, seed=s)) for s in range(4)]
        write_footage(folder, name, camera, seen)
    fill(folder, unit_rows(600), [Facts("hall", NOON)] * 600)
    with Store(folder) as store:
        last = store.state().last_crop_id
        record(store, DRAWN, last, [[(one, values(one)) for one in range(1, last + 1)]])
    return folder


@pytest.fixture
def made(run: CommandLine, made_once: Path) -> CommandLine:
    shutil.copytree(made_once, run.archive)
    return run


def ids(text: str) -> list[int]:
    (document,) = documents(text)
    return [item["crop_id"] for item in document["items"]]


@pytest.mark.full
def test_filters_alone_list_who_passes_by_confidence(made) -> None:
    ran = made("query", "--with", "bag", "--wearing", "red", "-k", "all", "--format", "json")
    assert ran.code == 0, ran.err
    (document,) = documents(ran.out)
    sure = [item["confidence"] for item in document["items"]]
    assert sure == sorted(sure, reverse=True)
    assert len(sure) == document["statement"]["items_passed"] > 10
    with Archive.open(made.archive) as archive:
        asked = BrowseRequest(Filters(with_things=("bag",), wearing=("red",)))
        assert ids(ran.out) == [item.crop.crop_id for item in archive.browse.every(asked)]


@pytest.mark.full
def test_as_many_as_are_asked_for_whatever_pages_hold(made) -> None:
    every = ids(made("query", "--camera", "hall", "-k", "all", "--format", "json").out)
    assert len(every) == 600
    for k in (1, 10, 500, 501, 599):
        told = made("query", "--camera", "hall", "-k", k, "--format", "json").out
        assert ids(told) == every[:k]
    assert len(ids(made("query", "--camera", "hall", "--format", "json").out)) == 10
    lines = made("query", "--camera", "hall", "-k", 550, "--format", "jsonl").out.splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == ["document", *["row"] * 550]
    table = made("query", "--camera", "hall", "-k", 3, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [int(row["crop_id"]) for row in rows] == every[:3]


@pytest.mark.full
def test_the_table_says_how_many_pass_and_what_is_not_known(made) -> None:
    ran = made("query", "--camera", "gate", "--time-of-day", "14:01-14:03", "--timezone", "+02:00")
    assert ran.code == 0, ran.err
    assert "2 tracklets, earliest first." in ran.out
    assert "2 of 608 tracklets" in ran.out
    assert "from 14:01 to 14:03 of each day" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--like", "3"], "--like needs a query"),
        (["--min-score", "0.5"], "--min-score needs a query"),
        (["--exact"], "--exact needs a query"),
        (["--space-time"], "--space-time needs a query"),
        (["--combine"], "--combine needs a query"),
        (["--timeline", "t.png"], "--timeline needs a query"),
        (["--reason", "missing"], "--reason is kept in the event log"),
    ],
)
@pytest.mark.full
def test_what_needs_a_query_is_refused(made, options, told) -> None:
    ran = made("query", "--camera", "gate", *options)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


@pytest.mark.full
def test_a_time_of_day_filters_searches_too(made) -> None:
    ran = made("query", "--crop", 1, "--time-of-day", "12:01-12:03", "--timezone", "UTC",
               "-k", 100, "--format", "json")  # fmt: skip
    assert ran.code == 0, ran.err
    (answer,) = documents(ran.out)
    assert {match["time"][11:16] for match in answer["matches"]} == {"12:01", "12:02"}
    assert answer["statement"]["filters"]["time_of_day"] == {"hours": "12:01-12:03", "zone": "UTC"}
    wrong = made("query", "--crop", 1, "--time-of-day", "25:00-26:00")
    assert wrong.code == 2
    assert "--time-of-day" in wrong.err


@pytest.mark.full
def test_a_list_is_drawn(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = tmp_path / "pictures"
    draw_many(pictures, 3)
    monkeypatch.setattr(made, "archive", tmp_path / "other")
    assert made("index", pictures, "--camera", "hall", "--model", "builtin").code == 0
    for name in ("sheet.png", "sheet.html"):
        ran = made("query", "--camera", "hall", "-o", tmp_path / name)
        assert ran.code == 0, ran.err
        assert name in ran.err
    page = (tmp_path / "sheet.html").read_text("utf-8")
    assert page.count("<img") == 3
    assert "camera hall" in page
    assert (tmp_path / "sheet.png").stat().st_size > 5000


@pytest.mark.full
def test_nothing_at_all_is_no_query(made) -> None:
    ran = made("query")
    assert ran.code == 2
    assert "filters alone" in ran.err
