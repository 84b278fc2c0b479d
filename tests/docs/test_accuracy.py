"""docs/accuracy.md shows what benchmarks/results/*.csv hold."""

from __future__ import annotations

import csv
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "accuracy.md"
FILES = sorted((ROOT / "benchmarks" / "results").glob("*.csv"))


@pytest.fixture(scope="module")
def results() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("results")
    for name in (
        "results",
        "accuracy_tables",
        "adjustment_tables",
        "question_tables",
        "table_columns",
    ):
        sys.modules.pop(name, None)


def test_tables_of_the_page_are_those_of_the_files(results: ModuleType) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert results.page(text) == text, "stale: run `python benchmarks/results.py`"


def test_a_changed_figure_is_noticed(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("65.86", "65.87"), encoding="utf-8")
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    assert results.page(page) == page.replace("65.86", "65.87") != page


def test_a_cell_of_no_row_or_of_several_is_refused(results: ModuleType) -> None:
    for chosen, count in (({"model": "no such model"}, 0), ({}, 3)):
        table = results.Table("flip-cost", "model", {"x": chosen}, {"times": ({}, "{times}")})
        with pytest.raises(LookupError, match=f"flip-cost.csv has {count} rows"):
            table.markdown()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_names_the_command_that_made_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    command = re.fullmatch(r"# command: (python benchmarks/(\w+\.py) .+|none: .+)", lines[0])
    assert command is not None
    if command[2]:
        script = (ROOT / "benchmarks" / command[2]).read_text(encoding="utf-8")
        assert f'"{path.stem}"' in script
        for option in re.findall(r"--[\w-]+", command[1]):
            assert f'"{option}"' in script
    assert lines[1].startswith("# measured")
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)


def test_every_file_is_named_in_the_page() -> None:
    named = set(re.findall(r"benchmarks/results/([\w-]+\.csv)", PAGE.read_text(encoding="utf-8")))
    assert named == {path.name for path in FILES}


def test_a_part_is_replaced_where_it_stood(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    for part, figure in (("a", "1"), ("b", "2"), ("a", "3")):
        results.put(
            "made", [{"x": figure}, {"x": ""}], command="c", note=f"of {part}", part={"part": part}
        )
    assert (tmp_path / "made.csv").read_text(encoding="utf-8") == (
        "# command: c\n# measured (a): of a\n# measured (b): of b\npart,x\na,3\na,\nb,2\nb,\n"
    )


def test_markdown_tables_are_read(results: ModuleType) -> None:
    table = "| model | mAP |\n| --- | --: |\n| 0286 FP16 | - |\n| x | 51.61 |"
    assert results.rows_of(table) == [
        {"model": "0286 FP16", "mAP": ""},
        {"model": "x", "mAP": "51.61"},
    ]
