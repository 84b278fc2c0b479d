"""`reidsearch case`, and `--case` of the commands that search, decide and export."""

from __future__ import annotations

import json
from typing import Any

import pytest
from archives import CommandLine
from json_schemas import require_valid

from reidsearch import Archive
from reidsearch.domain.cases import ReasonKind
from reidsearch.output.on_record import REASONS


@pytest.fixture
def held(run: CommandLine, tmp_path, indexed_crops) -> CommandLine:
    indexed_crops(tmp_path, 3)
    return run


def document(run: CommandLine, *arguments: object) -> dict[str, Any]:
    ran = run(*arguments, "--format", "json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    require_valid(told)
    return told


def entries(run: CommandLine, case: str) -> list[str]:
    told = document(run, "log", "list", "--case", case)["entries"]
    return [entry["event"] for entry in told]


@pytest.mark.full
def test_the_life_of_a_case(held) -> None:
    made = document(
        *(held, "case", "new", "2026-17", "--title", "Theft", "--purpose", "find a witness"),
        *("--authority-kind", "warrant", "--authority-reference", "AZ 3"),
        *("--issued", "2026-01-01T00:00:00Z", "--expires", "2096-01-01T00:00:00Z"),
        *("--examiner", "eve", "--notes", "none"),
    )
    assert made["change"] == "new"
    assert made["case"]["authority"] == {
        "kind": "warrant",
        "reference": "AZ 3",
        "issued": "2026-01-01T00:00:00Z",
        "expires": "2096-01-01T00:00:00Z",
    }
    changed = document(held, "case", "edit", "2026-17", "--title", "Robbery")["case"]
    assert (changed["title"], changed["examiner"]) == ("Robbery", "eve")
    cleared = document(
        *(held, "case", "edit", "2026-17", "--clear", "expires", "--clear", "notes"),
        *("--note", "the court has prolonged it"),
    )["case"]
    assert (cleared["authority"]["expires"], cleared["notes"]) == (None, "")
    assert cleared["authority"]["issued"] == "2026-01-01T00:00:00Z"
    assert "the court has prolonged it" in held("log", "list", "--event", "case").out
    both = held("case", "edit", "2026-17", "--clear", "title", "--title", "Theft")
    assert (both.code, "exclude each other" in both.err) == (2, True)
    closed = document(held, "case", "close", "2026-17", "--note", "solved")["case"]
    assert closed["state"] == "closed"
    assert document(held, "case", "reopen", "2026-17")["case"]["state"] == "open"
    [listed] = document(held, "case", "list")["cases"]
    assert listed["number"] == "2026-17"
    shown = document(held, "case", "show", "2026-17")
    assert [(one["event"], one["entries"]) for one in shown["belongings"]] == [("case", 5)]


@pytest.mark.full
def test_tables_and_texts(held) -> None:
    assert "reidsearch case new NUMBER" in held("case", "list").out
    ran = held("case", "new", "1", "--title", "Theft", "--authority-kind", "warrant")
    assert ran.out.startswith("Case 1 opened.\n  title: Theft\n  authority: warrant\n")
    assert "Theft" in held("case", "list").out
    shown = held("case", "show", "1").out
    assert "Case 1: open." in shown
    assert "case: 1 entry, the newest" in shown


@pytest.mark.full
def test_searches_decisions_and_exports_belong_to_a_case(held, tmp_path) -> None:
    document(held, "case", "new", "1")
    query = tmp_path / "crops" / "000.png"
    assert held("query", query, "--case", "1").code == 0
    assert held("identity", "new", "anna", "1", "--case", "1").code == 0
    assert held("crop", "1", "-o", tmp_path / "one.jpg", "--case", "1").code == 0
    assert held("query", query).code == 0
    assert entries(held, "1") == ["case", "search", "decision", "export"]


@pytest.mark.full
def test_a_shell_can_have_an_active_case(held, monkeypatch) -> None:
    document(held, "case", "new", "1")
    monkeypatch.setenv("REIDSEARCH_CASE", "1")
    assert held("query", "--crop", "1").code == 0
    assert entries(held, "1") == ["case", "search"]
    monkeypatch.setenv("REIDSEARCH_CASE", "2")
    ran = held("query", "--crop", "1")
    assert ran.code == 9
    assert "there is no case '2'" in ran.err
    assert "reidsearch case list" in ran.err
    assert held("case", "list").code == 0  # it belongs to no case


@pytest.mark.full
def test_a_closed_or_expired_case_is_refused_with_a_way_out(held) -> None:
    document(held, "case", "new", "a b", "--expires", "2020-01-01T00:00:00Z")
    ran = held("query", "--crop", "1", "--case", "a b")
    assert ran.code == 2
    assert "the authority of case 'a b' expired at 2020-01-01T00:00:00Z" in ran.err
    assert "reidsearch case edit 'a b' --expires TIME" in ran.err
    document(held, "case", "close", "a b")
    ran = held("identity", "new", "anna", "1", "--case", "a b")
    assert "was closed at" in ran.err
    assert "reidsearch case reopen 'a b'" in ran.err
    with Archive.open(held.archive) as archive:
        assert archive.identities.all() == []


@pytest.mark.full
def test_an_archive_can_need_a_case_and_a_reason(held) -> None:
    document(held, "case", "new", "1")
    assert document(held, "case", "require", "on")["search_needs"] == "case"
    ran = held("query", "--crop", "1")
    assert ran.code == 2
    assert "is searched for a case only" in ran.err
    assert "--case NUMBER" in ran.err
    answer = document(held, "query", "--crop", "1", "--case", "1")
    assert answer["statement"]["case"] == {"number": "1", "reason": None, "note": ""}
    assert document(held, "case", "require", "on", "--with-reason")["search_needs"] == "reason"
    assert "--reason KIND" in held("explain", "--crop", "1", "2", "--case", "1").err
    searched = ("query", "--crop", "1", "--case", "1", "--reason", "missing: since Monday")
    assert document(held, *searched)["statement"]["case"]["reason"] == "missing"
    assert "Asked for case 1, a missing person (since Monday)." in held(*searched).out
    assert "--case NUMBER --reason KIND" in held("case", "list").out
    assert document(held, "case", "list")["search_needs"] == "reason"
    assert held("case", "require", "off", "--with-reason").code == 2
    assert held("case", "require", "off").out == "Searching needs no case.\n"
    assert held("query", "--crop", "1").code == 0


@pytest.mark.full
def test_every_kind_of_reason_is_told_in_words_and_in_the_help(held) -> None:
    assert set(REASONS) == set(ReasonKind)
    told = " ".join(held("query", "--help").out.split())
    assert f"--reason KIND {'|'.join(ReasonKind)}[: TEXT]." in told


@pytest.mark.full
def test_the_log_says_what_was_done_to_a_case(held) -> None:
    document(held, "case", "new", "1")
    document(held, "case", "close", "1", "--note", "handed over")
    ran = held("case", "close", "1")
    assert (ran.code, ran.err) == (2, "reidsearch: case '1' is closed already\n")
    assert "nothing of the case is to be changed" in held("case", "edit", "1").err
    lines = held("log", "list", "--event", "case").out.splitlines()[-2:]
    assert [line.split("  ")[-1].strip() for line in lines] == ["new", "close: handed over"]
