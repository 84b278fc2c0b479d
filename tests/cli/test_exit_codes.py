"""What a command answers when it goes wrong: exit code and words, and what stays possible."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys

import pytest
from archives import draw, query_ids, read_only, sql, start

from reidsearch.store.database.lock import writer_lock


def newer(run):
    sql(run.archive, "UPDATE alembic_version SET version_num = '9999'")


def older(run):
    sql(run.archive, "UPDATE alembic_version SET version_num = '0000'")


def foreign_model(run):
    sql(run.archive, "UPDATE model SET name = 'foreign', digest = 'ab'")


def damaged_picture(run):
    sql(run.archive, "UPDATE picture SET jpeg = :no WHERE crop_id = 1", no=b"\0")


def not_an_archive(run):
    (run.archive / "archive.db").write_bytes(b"no database" * 1000)


def nothing(run):
    pass


CODES = [
    (nothing, ["show"], 0, ""),
    (nothing, ["check"], 0, ""),
    (nothing, ["index", "{tmp}/bad.png", "--model", "builtin"], 1, ""),
    (damaged_picture, ["check"], 1, ""),
    (nothing, ["query"], 2, "no query was given"),
    (nothing, ["query", "x.png", "-k", "0"], 2, "-k"),
    (nothing, ["query", "--crop", "1", "-k", "200000"], 2, "100000"),
    (nothing, ["query", "--crop", "1", "--after", "2024-05-31T10:00:00"], 0, ""),
    (nothing, ["query", "--crop", "1", "--after", "soon", "--timezone", "UTC"], 2, "--after"),
    (nothing, ["query", "--crop", "1", "--timezone", "Mars", "--after", "2024"], 2, "Mars"),
    (nothing, ["query", "--nonsense"], 2, "--nonsense"),
    (nothing, ["nonsense"], 2, "nonsense"),
    (nothing, ["index"], 2, "PATHS"),
    (nothing, ["index", "x", "--pattern", "(?P<nonsense>x)"], 2, "nonsense"),
    (nothing, ["index", "x", "--time-format", "%Y"], 2, "--time-format"),
    (nothing, ["show", "crop"], 2, "show crop CROP"),
    (nothing, ["delete", "--yes"], 2, "nothing to delete was named"),
    (nothing, ["reembed"], 2, "--model"),
    (nothing, ["query", "{tmp}/missing.png"], 3, "missing.png"),
    (nothing, ["query", "{tmp}/bad.png"], 3, "bad.png"),
    (nothing, ["query", "{tmp}"], 3, "not a file"),
    (nothing, ["restore", "{tmp}", "-a", "{tmp}/new"], 3, "not a backup"),
    (nothing, ["backup", "{tmp}"], 3, "exists already"),
    (nothing, ["query", "--crop", "1", "--model", "nosuchmodel"], 0, ""),  # none is needed
    (nothing, ["query", "{tmp}/good.png", "--model", "nosuchmodel"], 4, "nosuchmodel"),
    (foreign_model, ["index", "{tmp}/good.png", "--model", "builtin"], 4, "reidsearch reembed"),
    (foreign_model, ["query", "{tmp}/good.png", "--model", "builtin"], 4, "builtin"),
    (not_an_archive, ["show"], 5, "archive.db"),
    (nothing, ["show", "-a", "{tmp}"], 5, "is not an archive"),
    (nothing, ["query", "--crop", "1", "-a", "{tmp}/none"], 5, "there is no archive"),
    (
        nothing,
        ["index", "{tmp}/good.png", "-a", "{tmp}", "--model", "builtin"],
        5,
        "not an archive",
    ),
    (damaged_picture, ["crop", "1", "-o", "{tmp}/x.jpg"], 5, "damaged"),
    (newer, ["show"], 7, "upgrade reidsearch"),
    (newer, ["migrate"], 7, "upgrade reidsearch"),
    (older, ["query", "--crop", "1"], 7, "reidsearch migrate -a"),
    (nothing, ["crop", "1", "-o", "{tmp}/no/such/folder.jpg"], 8, "folder.jpg"),
    (nothing, ["query", "--crop", "1", "-o", "{tmp}/no/sheet.png"], 8, "sheet.png"),
    (nothing, ["query", "--crop", "99"], 9, "no crop 99"),
    (nothing, ["query", "--crop", str(10**25)], 9, "no crop 1000"),
    (nothing, ["query", "--crop", "1", "--camera", "gaet"], 9, "did you mean gate"),
    (nothing, ["query", "--crop", "1", "--source", "nowhere"], 9, "nowhere"),
    (nothing, ["show", "crop", "99"], 9, "no crop 99"),
    (nothing, ["crop", "99", "-o", "{tmp}/x.jpg"], 9, "no crop 99"),
    (nothing, ["delete", "--crop", "99", "--yes"], 9, "no crop 99"),
    (nothing, ["delete", "--crop", "1"], 130, ""),  # asked, and nobody answers
]


@pytest.mark.full
@pytest.mark.parametrize(
    ("before", "arguments", "code", "said"),
    CODES,
    ids=[f"{c[2]} {' '.join(c[1])} {c[0].__name__}" for c in CODES],
)
def test_exit_codes(held, tmp_path, monkeypatch, before, arguments, code, said):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setenv("REIDSEARCH_OFFLINE", "1")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    draw(tmp_path / "good.png", 50)
    before(held)
    ran = held(*(text.replace("{tmp}", str(tmp_path)) for text in arguments))
    assert (ran.code, said in ran.err) == (code, True), ran.err


@pytest.mark.full
def test_a_writer_is_refused_while_another_writes_and_a_reader_is_not(held, crops, tmp_path):
    with writer_lock(held.archive):
        for command in (
            ("index", crops, "--model", "builtin"),
            ("delete", "--crop", 1, "--yes"),
            ("reembed", "--model", "builtin"),
            ("migrate",),
        ):
            ran = held(*command)
            assert ran.code == 6
            assert f"process {os.getpid()} of" in ran.err
        assert held("show").code == 0
        assert held("check").code == 0
        assert held("query", "--crop", 1).code == 0
        assert held("backup", tmp_path / "backup").code == 0


@pytest.mark.full
def test_a_read_only_archive_answers_and_refuses_to_change(held, crops):
    with read_only(held.archive):
        assert len(query_ids(held, "--crop", 1)) == 8
        assert held("show").code == 0
        assert held("check").code == 0
        ran = held("index", crops, "--model", "builtin")
        assert ran.code == 8
        assert str(held.archive) in ran.err
        assert held("delete", "--crop", 1, "--yes").code == 8


def test_debug_shows_a_traceback_and_keeps_the_code(held):
    ran = held("--debug", "show", "crop", "99")
    assert ran.code == 9
    assert "Traceback" in ran.err
    assert "no crop 99" in ran.err.splitlines()[-2]


def test_an_error_that_nobody_foresaw_asks_to_be_reported(held, monkeypatch):
    def broken(*_):
        raise RuntimeError("what nobody foresaw")

    monkeypatch.setattr("reidsearch.archive.Archive.show", broken)
    ran = held("show")
    assert ran.code == 70
    assert "what nobody foresaw" in ran.err
    assert "--debug" in ran.err


@pytest.mark.full
def test_stopped_while_it_waits_for_an_answer(held):
    asking = start("delete", "--crop", "1", "-a", held.archive, stdin=subprocess.PIPE)
    assert asking.stdout is not None
    assert asking.stdout.readline().startswith("1 crop,")
    asking.send_signal(signal.SIGTERM)
    _, err = asking.communicate()
    assert asking.returncode == 130
    assert "Traceback" not in err
    assert held("show", "crop", "1").code == 0


@pytest.mark.full
def test_a_reader_that_leaves_or_was_never_there_is_no_error(run, tmp_path):
    draw(tmp_path / "crops" / "a.png", 1)
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
    for number, output in enumerate((">&-", "2>&-", "| true")):
        command = f'"$0" -m reidsearch "$@" {output}; exit ${{PIPESTATUS[0]}}'
        copy = tmp_path / f"copy{number}"
        arguments = [sys.executable, "backup", copy, "-a", run.archive]
        ended = subprocess.run(
            ["bash", "-c", command, *arguments], capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert (copy / "backup.json").exists()
