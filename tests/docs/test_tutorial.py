"""Every command of the tutorials works, in the order of the pages."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE, CASE = (
    (ROOT / "docs" / name).read_text("utf-8") for name in ("tutorial.md", "case-tutorial.md")
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run_page(shared: Path) -> Iterator[Callable[[str, Path], str]]:
    spec = importlib.util.spec_from_file_location("tutorial", ROOT / "docs" / "run_tutorial.py")
    assert spec is not None
    assert spec.loader is not None
    tutorial = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tutorial)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REIDSEARCH_MODELS", str(shared / "models"))
        patched.setenv("REIDSEARCH_OFFLINE", "1")
        yield tutorial.run


@pytest.fixture(scope="module")
def done(
    run_page: Callable[[str, Path], str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The folder after the first tutorial, and its page as it is now."""
    folder = tmp_path_factory.mktemp("tutorial")
    return folder, run_page(PAGE, folder)


def test_tutorial_runs_and_finds_the_person(done: tuple[Path, str]) -> None:
    folder, shown = done
    assert str(folder) not in shown
    # What the text says of the outputs: the matches, their crops, and that nothing is wrong.
    for name in ("demo/archive", "people.png", "answer.png", "anna.png", "clip.mp4"):
        assert (folder / name).exists()
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


def test_a_case_is_played_from_its_opening_to_the_certificate(
    run_page: Callable[[str, Path], str], done: tuple[Path, str], tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    shutil.copytree(done[0], folder)
    shown = run_page(CASE, folder)
    told = [" ".join(page.split()) for page in (shown, CASE)]
    for said in (
        "outcome identical: 6 matches",
        "All that was compared holds.",
        "14 crops stay: hold 1 (case 2026-17)",
        "what 2 searches asked and answered",
        "Deleted 14 crops.",
        "The event log holds:",
        "14 crops, 0 identities of it were deleted here since",
    ):
        assert all(said in page for page in told), said
    certificate = json.loads((folder / "carl.json").read_text("utf-8"))
    assert certificate["erased"]["crops"] == 14
    assert certificate["byte_search"]["found"] == []
    assert (folder / "case.pdf").read_bytes().startswith(b"%PDF-")
