"""`reidsearch demo`, with the baseline: no model needed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from reidsearch.cli.demo import Found, command
from reidsearch.errors import UsageError


def demo(folder: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, ["--dir", str(folder), "--people", "3", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_it_does_the_whole_job_and_can_be_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    demo(folder, "--model", "builtin")
    again = demo(folder, "--model", "builtin")
    assert again.exit_code == 0
    for part in (
        "24 indexed",
        "Searched 24 of 24 crops, exactly",
        "Of 3 people",
        "this says nothing about real footage",
        f"-a {folder / 'archive'}",
    ):
        assert part in again.output
    with Image.open(folder / "answer.png") as sheet:
        assert sheet.format == "PNG"
    assert len(list((folder / "queries").iterdir())) == 3
    with (folder / "crops.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert all((folder / row["path"]).is_file() for row in rows)


def test_without_a_model_the_first_line_says_that_the_baseline_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("REIDSEARCH_MODELS", "")
    result = demo(tmp_path / "demo", "--offline")
    assert result.exit_code == 0
    assert result.output.startswith("No trained model can be had, so the built-in baseline")
    assert "Model builtin FP32." in result.output


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "crops").mkdir()
    with pytest.raises(UsageError, match="no demo"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["crops"]


@pytest.mark.parametrize(
    ("ranks", "precision"), [((1, 2, 3), 1.0), ((2,), 0.5), ((1, 4), 0.75), ((3, 4), 5 / 12)]
)
def test_average_precision(ranks: tuple[int, ...], precision: float) -> None:
    assert Found(ranks).average_precision == pytest.approx(precision)
