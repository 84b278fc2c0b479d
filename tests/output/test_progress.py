"""Progress on standard error."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from reidsearch.base.progress import Progress, parts, step
from reidsearch.output import progress as progress_module
from reidsearch.output import text
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


@pytest.mark.full
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
        "begin", "progress", "progress", "begin", "progress", "end", "progress", "end",
    ]  # fmt: skip
    assert {line["unit"] for line in lines} == {"crops", "files"}
    assert lines[0]["eta_s"] is None
    assert lines[4]["eta_s"] is None
    last = lines[-1]
    assert (last["task"], last["done"], last["total"], last["eta_s"]) == ("indexing [b]", 3, 3, 0.0)
    assert last["counts"] == {"indexed": 2, "failed": 1}
    assert [line["working_on"] for line in lines] == [
        *[None] * 2, "gate.mp4", *[None] * 3, "gate.mp4", None,
    ]  # fmt: skip


def test_json_lines_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    with progress_for(json_lines=True) as progress:
        progress.begin("indexing", 10_000, "crops")
        for _ in range(10_000):
            progress.advance()
        progress.end()
    assert 2 <= len(stderr.getvalue().splitlines()) < 100


class Told:
    """What a progress was told, task by task."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int | None, str]] = []
        self.open: list[str] = []
        self.done = 0
        self.moves = 0
        self.named: list[str] = []

    def begin(self, task: str, total: int | None, unit: str) -> None:
        self.begun.append((task, total, unit))
        self.open.append(task)

    def advance(self, done: int = 1, /, **counts: int) -> None:
        assert done >= 0
        self.done += done
        self.moves += 1

    def working_on(self, what: str) -> None:
        self.named.append(what)

    def end(self) -> None:
        self.open.pop()


def test_parts_are_one_total_that_moves_through_all_of_them() -> None:
    told = Told()
    reached = []
    with parts(told, "checking", [50, 10, 20, 20], "rows") as whole:
        whole.begin("pictures", 4, "rows")
        for _ in range(4):
            whole.advance()
            reached.append(told.done)
        whole.begin("within", 7, "files")  # named, and counted by the part that it is within
        whole.advance(7)
        whole.end()
        whole.end()
        with step(whole, "pages"):
            reached.append(told.done)
        whole.begin("more than was said", 2, "rows")
        whole.advance(5)
        reached.append(told.done)
        whole.end()
    assert told.begun == [("checking", 100, "rows")]
    assert reached == [12, 25, 38, 50, 50, 80]
    assert (told.done, told.open) == (100, [])  # what was not needed counts as done
    assert told.named == ["pictures", "within", "pages", "more than was said"]


def test_parts_that_fail_end_their_task() -> None:
    told = Told()
    with (
        pytest.raises(ValueError, match="no"),
        parts(told, "checking", [1, 1]) as whole,
        step(whole, "pages"),
    ):
        raise ValueError("no")
    assert told.open == []


def test_what_takes_long_is_told_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    monkeypatch.setattr(progress_module, "LONG_S", 0.0)
    with progress_for(name="backup") as progress:
        display = progress._display  # type: ignore[attr-defined]
        display.refresh()
        progress.working_on("Compiling the model")
        display.refresh()
        progress.begin("checking", 10, "rows")
        display.refresh()
        progress.end()
    told = [line.strip() for line in drawn(stderr.getvalue()) if line.strip()]
    for expected in ("backup (0 s)", "Compiling the model (0 s)", "checking (0 s)"):
        assert expected in told
    monkeypatch.setattr(progress_module, "LONG_S", 60.0)
    stderr.truncate(0)
    with progress_for(name="backup") as progress:
        progress._display.refresh()  # type: ignore[attr-defined]
    assert "backup" not in stderr.getvalue(), "a quick command says nothing"


def test_what_is_printed_meanwhile_goes_where_standard_output_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stderr = on_a_terminal(monkeypatch)
    out = io.StringIO()  # a file or a pipe, while the terminal shows the progress
    monkeypatch.setattr(sys, "stdout", out)
    with progress_for() as progress:
        progress.begin("indexing", 1, "crops")
        text.show("an answer", sys.stdout)
        print("a line")
        progress.end()
    assert out.getvalue() == "an answer\na line\n"
    assert "a line" not in stderr.getvalue()


def test_a_total_of_different_kinds_is_shown_in_per_cent(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = on_a_terminal(monkeypatch)
    with progress_for() as progress, parts(progress, "calibrating", [3, 1]) as whole:
        whole.begin("embedding", 1000, "crops")
        whole.advance(500)
        progress._display.refresh()  # type: ignore[attr-defined]
        whole.end()
    told = drawn(stderr.getvalue())
    assert any(line.rstrip().endswith("37.5 %") for line in told)
    assert any("100.0 %" in line for line in told)
    assert not any("%/s" in line for line in told)
