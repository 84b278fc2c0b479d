"""`reidsearch saved`: what is said of questions and their answers; workers and copies know them."""

from __future__ import annotations

import io
import json
import sys

import pytest
from archives import CommandLine, draw, draw_many, opened
from webhooks import webhook

pytestmark = pytest.mark.full
SECRET = "s3cr3t"


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
    assert told("run")["runs"] == [
        {"name": name, "asked": False, "found": 0, "why_not": None, "notify": None}
    ]

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


def test_somebody_is_told_by_a_command_or_a_webhook(
    run: CommandLine, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "data"))
    draw_many(tmp_path / "first", 2)
    with opened(run.archive) as archive:
        archive.index([tmp_path / "first"])
    name = "red jacket"
    picture = draw(tmp_path / "query.png", 30)
    assert run("saved", "add", name, picture, "--whole", "--min-score", "0.999").code == 0
    assert "tells" not in run("saved", "list").out
    notify = ("saved", "notify", name)
    for wrong in ((), ("--off", "--webhook", "https://host/"), ("--off", "--", "true")):
        assert run(*notify, *wrong).code == 2
    shown = run(*notify, "--webhook", f"https://anna:{SECRET}@host/")
    assert shown.code == 2
    assert SECRET not in shown.err

    with webhook() as hook:
        hook.status = 500
        host = hook.url.split("/")[2]
        url = hook.url.replace("://", f"://anna:{SECRET}@") + f"?token={SECRET}\n"
        monkeypatch.setattr("sys.stdin", io.StringIO(url))
        ran = run(*notify, "--webhook", "-", "--format", "json")
        told = json.loads(ran.out)["question"]["notify"]
        assert (told["means"], told["shown"], told["undelivered"]) == ("webhook", host, 0)
        draw_many(tmp_path / "second", 2, 29)
        said = [ran, run("index", tmp_path / "second")]
        assert said[-1].code == 0
        assert f"tells {host}: 1 answer not delivered since" in said[-1].err
        said += [run("saved", *one) for one in (("list",), ("show", name), ("run",))]
        assert [one.code for one in said[-3:]] == [0, 0, 1]
        assert all("answered 500" in one.out.replace("\n", " ") for one in said[-3:-1])
        hook.status = 200
        said += [run("saved", "run"), run("log", "list", "--format", "json")]
        assert said[-2].code == 0
        assert not any(SECRET in one.out + one.err for one in said)
        assert hook.documents[0]["delivery"] == hook.documents[-1]["delivery"]
    script = tmp_path / "take.py"
    script.write_text("import sys; open(sys.argv[2], 'wb').write(sys.stdin.buffer.read())")
    words = ("--", sys.executable, script, "--to", tmp_path / "got")
    assert "take.py is told" in run(*notify, *words).out
    assert run(*notify, "--off").code == 0
    assert run(*notify, "--off").code == 9
