"""`reidsearch demo`, with the baseline and the drawn boxes: no model needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from reidsearch.base.errors import UsageError
from reidsearch.cli.demo import _make_room, command


def demo(folder: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, ["--dir", str(folder), "--people", "2", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.full
def test_without_models_it_does_the_whole_job_and_says_what_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("REIDSEARCH_MODELS", "")
    folder = tmp_path / "demo"
    _make_room(folder)  # what an earlier demo left is replaced
    (folder / "archive").mkdir()
    (folder / "archive" / "archive.db").touch()
    result = demo(folder, "--offline")
    assert result.exit_code == 0
    assert result.output.startswith("No trained model is available; the built-in baseline is used")
    for part in (
        "No person detector is available; the true boxes are used instead",
        "6 of 6 visits were found as one tracklet each; 0 further tracklets",
        "of 6 searches from one camera",
        "this says nothing about real footage",
        f"-a {folder / 'archive'}",
    ):
        assert part in result.output
    for name in ("answer.png", "timeline.png"):
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "crops").mkdir()
    with pytest.raises(UsageError, match="other files than a demo"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["crops"]
