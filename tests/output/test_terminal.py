"""Nothing that is printed moves the cursor, colours, retitles, links or reorders by itself."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import sys
import warnings
from pathlib import Path

import click
import pytest
from hostile import ESCAPES, foreign
from hypothesis import given
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

import reidsearch
from reidsearch.output.emit import lines
from reidsearch.output.progress import progress_for
from reidsearch.output.terminal import say, shown, shown_streams
from reidsearch.output.text import show


class Terminal(io.StringIO):
    """A terminal that keeps what it was sent."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Standard output and error as terminals; pytest sets them anew before each test."""
    monkeypatch.setenv("TERM", "xterm-256color")

    @contextlib.contextmanager
    def replaced():
        out, err = Terminal(), Terminal()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        with shown_streams():
            yield out, err
        monkeypatch.undo()

    return replaced


@pytest.mark.full
@given(st.text(st.characters()))
def test_shown_text_holds_no_control_characters(text):
    assert foreign(shown(text)) == []
    assert shown(shown(text)) == shown(text)


@pytest.mark.parametrize("attack", ESCAPES, ids=ascii)
def test_every_way_out_shows_them(terminal, attack):
    with terminal() as (out, err):
        say(attack)
        say(attack, err=True)
        click.echo(attack, err=True)
        click.UsageError(attack).show(sys.stderr)
        sys.stdout.writelines([attack, "\n"])
        sys.stderr.write(warnings.formatwarning(attack, UserWarning, attack, 1))
        logging.lastResort.handle(logging.makeLogRecord({"msg": attack, "levelno": 40}))
    assert foreign(out.getvalue() + err.getvalue()) == []
    assert len(err.getvalue().splitlines()) >= 5


@pytest.mark.parametrize("attack", ESCAPES, ids=ascii)
def test_what_rich_draws_holds_them_as_text(terminal, attack):
    table = Table("name")
    table.add_row(Text(attack, style="red"))
    with terminal() as (out, _):
        show(Panel(table, title=Text(attack)))
        show(attack)
    assert foreign(out.getvalue(), drawn=True) == []
    assert "\x1b[31m" in out.getvalue()  # and its own colours are there


@pytest.mark.full
@pytest.mark.parametrize("attack", ESCAPES, ids=ascii)
def test_nor_does_progress_or_what_is_printed_meanwhile(terminal, attack):
    with terminal() as (out, err):
        with progress_for(name=attack) as progress:
            progress.begin(attack, 2, attack)
            progress.advance(1, **{attack: 1})
            progress.working_on(attack)
            say(attack)
            say(attack, err=True)
        say("after")
    assert foreign(out.getvalue() + err.getvalue(), drawn=True) == []
    assert out.getvalue().endswith("after\n")


def test_a_pipe_gets_lines_as_they_are(capfd):
    with shown_streams():
        sys.stdout.write("a\tb\r\nc\n")
        sys.stdout.flush()
    assert capfd.readouterr().out == "a\tb\r\nc\n"


def test_csv_cells_show_them_and_keep_their_line_ends():
    _, line = lines("csv", {"rows": [{"note": "a\x1b[31m\nb"}]}, "rows")
    assert line == '"a\\x1b[31m\nb"\r\n'


def test_a_further_line_of_an_error_is_no_message_of_its_own(run):
    with contextlib.suppress(OSError):
        (run.archive.parent / "x\nreidsearch: all is well").mkdir()
    ran = run("query", run.archive.parent / "x\nreidsearch: all is well", "-a", run.archive)
    assert sum(line.startswith("reidsearch:") for line in ran.err.splitlines()) == 1


def test_there_is_no_other_way_out():
    """But `print`, which ruff keeps out."""
    past = re.compile(r"click\.s?echo\(|std(?:out|err)\.write\(|(?<!Shown)Console\((?!file=out)")
    found = [
        f"{path.name}: {line.strip()}"
        for path in Path(reidsearch.__file__).parent.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if past.search(line) and not line.startswith("class ")
    ]
    assert found == []
