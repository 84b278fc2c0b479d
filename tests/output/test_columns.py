"""Tables on terminals of any width: what stays, what is left out, and that it is said."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from present_samples import answer, crop, footage_answer
from rich.console import Console, Group, RenderableType
from table_samples import TABLES

from reidsearch.output import text
from reidsearch.output.answer_text import answer_view
from reidsearch.output.columns import GAP, Column, FittedTable, _table, fitting, widths


class Terminal(io.StringIO):
    """A terminal; COLUMNS says how wide it is."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(view: RenderableType, width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that `show` writes to a terminal, without escapes for colour."""
    for name, value in (("COLUMNS", str(width)), ("TERM", "xterm"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    out = Terminal()
    text.show(view, out)
    return re.sub(r"\x1b\[[\d;]*m", "", out.getvalue()).splitlines()


def tables(view: RenderableType) -> Iterator[FittedTable]:
    if isinstance(view, Group):
        for part in view.renderables:
            yield from tables(part)
    elif isinstance(view, FittedTable):
        yield view


@pytest.mark.full
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", TABLES)
def test_what_a_row_is_about_is_never_cut(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, never_cut = TABLES[name]
    view = make()
    lines = on_a_terminal(view, width, monkeypatch)
    assert max(map(len, lines)) <= width
    cells = {cell for line in lines for cell in re.split(r" {2,}|\* ", line.strip())}
    words = {word for cell in cells for word in cell.split()}
    for cell in never_cut:
        assert any(one.startswith(cell) for one in cells) or cell in words, (cell, lines)
    assert list(tables(view)) != []


@pytest.mark.full
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", TABLES)
def test_a_line_names_the_columns_that_are_left_out_and_where_they_are(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in tables(TABLES[name][0]()):
        told = " ".join(" ".join(on_a_terminal(table, width, monkeypatch)).split())
        head, note, gone = told.partition("Columns that do not fit: ")
        named, _, where = gone.partition(". ")
        kept = fitting(table.columns, width)
        left_out = [column.title for column in table.columns if column not in kept]
        assert named == ", ".join(left_out)
        assert where == ("All of them: a wider terminal, --format csv or json." if note else "")
        for column in kept:
            assert all(word in head for word in column.title.split())


@pytest.mark.parametrize("name", TABLES)
def test_a_pipe_gets_every_column_whole(name: str) -> None:
    view = TABLES[name][0]()
    out = io.StringIO()
    text.show(view, out)
    for table in tables(view):
        for column in table.columns:
            assert column.title in out.getvalue()
            assert all(cell in out.getvalue() for cell in column.cells)


def test_most_tables_leave_something_out_at_80_columns_and_none_of_crop_to_time() -> None:
    """Guards the samples: with short ones nothing would be left out, and nothing be tested."""
    narrow = {
        name
        for name, (make, _) in TABLES.items()
        for table in tables(make())
        if len(fitting(table.columns, 80)) < len(table.columns)
    }
    assert narrow >= {"query", "coverage", "identity show", "identity proposals", "journey"}
    for make, _ in TABLES.values():
        for table in tables(make()):
            ranks = {column.title.partition(" (")[0]: column.rank for column in table.columns}
            for title in ("crop", "score", "camera", "time", "first", "starts", "at"):
                assert ranks.get(title, 0) == 0


def test_a_location_keeps_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    view = answer_view(answer(crop(7, "/srv/" + "x" * 300 + "/a.jpg")))
    row = next(line for line in on_a_terminal(view, 80, monkeypatch) if "0.900" in line)
    assert "/srv/x" in row
    assert "…" in row
    assert "xx/a.jpg" in row


def test_a_tracklet_fits_a_terminal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_a_terminal(answer_view(footage_answer()), 80, monkeypatch)
    told = "\n".join(lines)
    for part in ("rank", "0.900", "gate", "2024-05-31 12:03:00.0 to 12:03:04.5 ±1 s", "  7"):
        assert part in told
    assert max(map(len, lines)) <= 80
    assert "Columns that do not fit: " in told


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_score_camera_time_and_crop_are_never_left_out(width: int) -> None:
    columns = [
        Column("score", ["0.900"], 0),
        Column("camera", ["gate"], 0),
        Column("time (UTC)", ["2024-05-31 12:03:00.0 to 12:03:04.5 ±1 s"], 0),
        Column("crop", ["123456"], 0),
        Column("wears", ["red 0.81 / black 0.66, backpack 0.93"], 9),
        Column("location", ["/srv/footage/gate.mp4"], 10, shortened=True),
    ]
    shown_ = [column.title for column in fitting(columns, width)]
    assert shown_[:4] == ["score", "camera", "time (UTC)", "crop"]
    assert len(shown_) == {60: 4, 80: 4, 100: 4, 140: 6}[width]


def test_columns_that_can_give_way_do_so_before_others() -> None:
    time = Column("time (America/Argentina/Buenos_Aires)", ["2024-05-31 12:03:00"], 0)
    note = Column("note", ["the same jacket and the same walk"], 1, wrapped=True)
    assert widths([time, note], 120) == [len(time.title), len(note.cells[0])]
    least = [len("(America/Argentina/Buenos_Aires)"), 16]
    assert widths([time, note], sum(least) + GAP) == least
    assert sum(widths([time, note], 30)) == 30 - GAP  # less than they need: both are folded


ODD = ["a", "é", "漢字", " lead", "trail ", "", "tab\t", "two\nlines", "word " * 6, "[bold]x[/]",
       "\u200b", "e\u0301", "\x1b[31m", "/footage/gate/1.mp4"]  # fmt: skip


@pytest.mark.parametrize("width", [20, 44, 80, 400])
@pytest.mark.parametrize("look", [{}, {"right": True}, {"shortened": True}, {"wrapped": True}])
def test_rows_that_need_no_wrapping_are_written_as_rich_writes_them(
    width: int, look: dict[str, bool]
) -> None:
    def printed(view: RenderableType) -> str:
        out = io.StringIO()
        Console(file=out, width=width).print(view)
        return out.getvalue()

    columns = [Column("crop", list(map(str, range(len(ODD)))), 0), Column("place", ODD, 0, **look)]
    given = widths(columns, width)
    whole = _table(columns, given, list(zip(*(one.cells for one in columns), strict=True)))
    assert printed(FittedTable(columns)) == printed(whole)


def test_a_long_table_does_not_go_through_rich_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr("reidsearch.output.columns.Text", made.append)
    rows = list(FittedTable([Column("n", list(map(str, range(5000))), 0)]).__rich_console__(
        Console(width=80), Console(width=80).options
    ))  # fmt: skip
    assert len(rows) == 2
    assert not made
