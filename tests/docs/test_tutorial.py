"""Every command of docs/tutorial.md works, in the order of the page."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_tutorial_runs_and_finds_the_person(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("tutorial", ROOT / "docs" / "run_tutorial.py")
    assert spec is not None
    assert spec.loader is not None
    tutorial = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tutorial)
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    monkeypatch.setenv("REIDSEARCH_OFFLINE", "1")
    shown = tutorial.run(PAGE, tmp_path)
    assert str(tmp_path) not in shown
    # What the text says of the outputs: the matches, their crops, and that nothing is wrong.
    for name in ("demo/archive", "people.png", "answer.png", "anna.png", "clip.mp4"):
        assert (tmp_path / name).exists()
    crops = re.compile(r"^ +\d+ +0\.\d+ +(\w+) .*? ±1 s +(\d+) ", re.M)
    asked = "```sh\nreidsearch query "
    assert [crops.findall(part.split("```\n\n## ")[0]) for part in shown.split(asked)[1:]] == [
        crops.findall(part.split("```\n\n## ")[0]) for part in PAGE.split(asked)[1:]
    ]
    assert crops.findall(shown.split(asked)[1])[:3] == [
        ("entrance", "3"),
        ("hall", "48"),
        ("yard", "86"),
    ]
