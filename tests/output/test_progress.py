"""Progress on standard error."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from reidsearch.base.progress import Progress
from reidsearch.output import progress as progress_module
from reidsearch.output.progress import progress_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(progress: Progress) -> None:
    progress.begin("indexing [b]", 3, "crops")
    progress.advance(2, indexed=2)
    progress.working_on("gate.mp4")
    progress.begin("within", None, "files")
    progress.advance()
    progress.end()
    progress.advance(1, failed=1)
    progress.end()


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Not a fixture: pytest puts its own stream in place between set-up and test."""
    out = Terminal()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return out


def drawn(text: str) -> list[str]:
    """The lines that were drawn, without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n").splitlines()


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    with progress_for() as progress:
        work(progress)
    told = drawn(stderr.getvalue())
    (last,) = {line.rstrip() for line in told if "3/3 crops" in line}
    assert last.startswith("indexing [b] ")
    assert max(len(line.rstrip()) for line in told) <= 80


def test_two_lines_are_enough_for_any_number_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The total, and what is being worked on; in 80 columns, however long the names are."""
    stderr = on_a_terminal(monkeypatch)
    with progress_for() as progress:
        progress.begin("indexing", 10_000_000_000, "bytes")
        for number in range(20):
            progress.working_on(f"{number} of 20: {'long' * 30}.mp4")
            progress.advance(400_000_000, indexed=number * 1000, best_shots=number)
            if number == 10:
                progress.begin("reading gate.mp4", 200, "bytes")
                progress.advance(50)
                progress._display.refresh()  # type: ignore[attr-defined]
                progress.end()
            progress._display.refresh()  # type: ignore[attr-defined]
        progress.end()
    told = [line.rstrip() for line in drawn(stderr.getvalue()) if line.strip()]
    assert max(map(len, told)) <= 80
    bars = [line for line in told if line.startswith("indexing")]
    below = [line for line in told if line.startswith("  ")]
    assert len(bars) + len(below) == len(told), "nothing else is drawn"
    assert any("/10.0 GB" in line for line in bars)
    assert any("…" in line and "19,000 indexed, 19 best shots" in line for line in below)
    assert any(line.startswith("  reading gate.mp4 25% - ") for line in below)
    assert told[-1].startswith("indexing"), "the second line goes when the work is done"


def test_quiet_and_pipes_get_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    with progress_for(json_lines=True, quiet=True) as progress:
        work(progress)
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with progress_for() as progress:
        work(progress)
    assert stderr.getvalue() == pipe.getvalue() == ""


def test_the_bar_goes_when_an_error_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)

    def fail() -> None:
        with progress_for() as progress:
            progress.begin("indexing", 3, "crops")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert stderr.getvalue().rstrip("\r\n").endswith("\x1b[?25h")  # the cursor is back


def test_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    monkeypatch.setattr(progress_module, "LINES_EVERY_S", 0.0)
    with progress_for(json_lines=True) as progress:
        work(progress)
    lines = [json.loads(line) for line in stderr.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [
        "begin", "progress", "begin", "progress", "end", "progress", "end",
    ]  # fmt: skip
    assert {line["unit"] for line in lines} == {"crops", "files"}
    assert lines[0]["eta_s"] is None
    assert lines[3]["eta_s"] is None
    last = lines[-1]
    assert (last["task"], last["done"], last["total"], last["eta_s"]) == ("indexing [b]", 3, 3, 0.0)
    assert last["counts"] == {"indexed": 2, "failed": 1}
    assert [line["working_on"] for line in lines] == [None] * 5 + ["gate.mp4", None]


def test_json_lines_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    with progress_for(json_lines=True) as progress:
        progress.begin("indexing", 10_000, "crops")
        for _ in range(10_000):
            progress.advance()
        progress.end()
    assert 2 <= len(stderr.getvalue().splitlines()) < 100
