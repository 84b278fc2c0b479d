"""`reidsearch saved`: what is said of questions and their answers; workers and copies know them."""

from __future__ import annotations

import json

import pytest
from archives import CommandLine, draw, draw_many, opened

pytestmark = pytest.mark.full


def test_a_question_is_saved_asked_shown_and_removed(run: CommandLine, tmp_path) -> None:
    draw_many(tmp_path / "first", 2)
    with opened(run.archive) as archive:
        archive.index([tmp_path / "first"])
    picture = draw(tmp_path / "query.png", 30)

    def told(*words: object) -> dict:
        ran = run("saved", *words, "--format", "json")
        assert ran.code == 0, ran.err
        return json.loads(ran.out)  # held to its schema by `run`

    add = ("add", "red jacket", picture, "--whole")
    assert (ran := run("saved", *add)).code == 2
    assert "needs a limit" in ran.err
    assert told(*add, "--min-score", "0.999")["question"]["pictures"] == 1
    name = add[1]
    assert told("run")["runs"] == [{"name": name, "asked": False, "found": 0, "why_not": None}]

    draw_many(tmp_path / "second", 2, 29)
    assert run("index", tmp_path / "second", "--queue").code == 0
    assert (ran := run("worker", "--until-done")).code == 0
    assert f"1 new answer of the saved question {name}" in ran.err
    (question,) = told("list")["questions"]
    assert (question["found"], question["new"], question["why_not"]) == (1, 1, None)
    shown = run("saved", "show", name, "--seen").out
    assert "new" in shown
    (answer,) = told("show", name)["answers"]
    assert (answer["crop_id"], answer["new"]) == (4, False)
    assert run("saved", "list").out.count("0.999") == 1

    copy = tmp_path / "copy"
    assert run("copy", run.archive, copy).code == 0
    run.archive = copy
    assert told("list")["questions"][0]["found"] == 1
    assert told("remove", name)["change"] == "remove"
    assert (ran := run("saved", "show", name)).code == 9
    assert "reidsearch saved list" in ran.err
    assert "change remove" in run("log", "list", "--event", "saved").out
