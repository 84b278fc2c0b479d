"""docs/benchmarks.md and the pages behind it show what benchmarks/results/speed/*.csv hold."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEED = ROOT / "benchmarks" / "results" / "speed"
FILES = sorted(SPEED.glob("*.csv"))
MODULES = ("results", "speed_files", "speed_goals", "speed_tables", "speed_stale", "speed_pictures")


@pytest.fixture(scope="module")
def bench() -> Iterator[SimpleNamespace]:
    """The modules that make the pages; no benchmark is imported by them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "benchmarks"))
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def texts(bench: SimpleNamespace) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in bench.results.SPEED_PAGES]


@pytest.fixture
def elsewhere(bench: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files, which the modules read instead."""
    shutil.copytree(SPEED, tmp_path / "speed")
    monkeypatch.setattr(bench.results, "RESULTS", tmp_path)
    return tmp_path / "speed"


def test_tables_of_the_pages_are_those_of_the_files(
    bench: SimpleNamespace, texts: list[str]
) -> None:
    assert bench.results.speed_pages(texts) == texts, "stale: run `python benchmarks/results.py`"


def test_a_changed_figure_is_noticed(
    bench: SimpleNamespace, texts: list[str], elsewhere: Path
) -> None:
    held = (elsewhere / "open.csv").read_text(encoding="utf-8")
    line = next(line for line in held.splitlines() if line.startswith("opening"))
    cells = line.split(",")
    changed = ",".join([*cells[:3], "0.0431", *cells[4:]])
    assert changed != line
    (elsewhere / "open.csv").write_text(held.replace(line, changed), encoding="utf-8")
    new = bench.results.speed_pages(texts)
    differ = [
        path.name
        for path, a, b in zip(bench.results.SPEED_PAGES, new, texts, strict=True)
        if a != b
    ]
    assert differ == ["benchmarks.md", "search.md"]


def test_a_figure_edited_in_a_page_is_noticed(bench: SimpleNamespace, texts: list[str]) -> None:
    edited = [re.sub(r"(\| re-run, nothing changed \| )\d", r"\g<1>9", text) for text in texts]
    assert edited != texts
    assert bench.results.speed_pages(edited) == texts


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_says_when_where_and_how_it_was_measured(bench: SimpleNamespace, path: Path) -> None:
    assert bench.speed_files.measured(path.stem)
    told = bench.speed_files.command(path.stem)
    assert re.match(r"(python benchmarks/\w+\.py --|none: )", told)
    for script in re.findall(r"benchmarks/\w+\.py", told):
        assert (ROOT / script).exists()
    assert path.stem in {*bench.speed_stale.SPEAKS_OF, *bench.speed_stale.NEVER}
    assert path.stem in {*bench.speed_tables.TABLES, *bench.speed_stale.NEVER}


def test_a_note_without_a_commit_is_refused(bench: SimpleNamespace, elsewhere: Path) -> None:
    held = (elsewhere / "help.csv").read_text(encoding="utf-8")
    (elsewhere / "help.csv").write_text(re.sub(", commit [^:]+", "", held), encoding="utf-8")
    with pytest.raises(ValueError, match=r"help\.csv: .* names no date, commit and machine"):
        bench.speed_files.measured("help")


@pytest.mark.parametrize("name", ["search", "footage", "clients"])
def test_picture_is_drawn_from_the_files_as_they_are(bench: SimpleNamespace, name: str) -> None:
    files, _ = bench.speed_pictures.PICTURES[name]
    drawn = (ROOT / "docs" / "benchmarks" / f"{name}.svg").read_text(encoding="utf-8")
    stale = "stale: run `python benchmarks/speed_pictures.py`"
    assert bench.speed_pictures.digest(files) in drawn, stale


def test_a_missed_goal_names_its_limit_and_a_met_one_none(bench: SimpleNamespace) -> None:
    every = [goal for goals in bench.speed_goals.GOALS.values() for goal in goals]
    met = next(goal for goal in every if not goal.why)
    unreachable = replace(met, bound=1e9 if met.at_least else 0.0)
    for goal, told in (
        (replace(met, why="something"), "is met, but a limit is named"),
        (unreachable, "is missed, but no limit is named"),
    ):
        with pytest.raises(LookupError, match=told):
            goal.row()
    assert met.row()[-1] == "yes"
    assert replace(unreachable, why="something").row()[-1] == "**no**"


def test_a_goal_of_no_figure_is_refused(bench: SimpleNamespace) -> None:
    goal = bench.speed_goals.Goal("opening", "open", "opening nothing", 1)
    with pytest.raises(LookupError, match=r"open\.csv has 0 figures 'opening nothing'"):
        goal.row()


def test_before_is_shown_once_a_figure_was_measured_again(
    bench: SimpleNamespace, elsewhere: Path
) -> None:
    goal = bench.speed_goals.Goal("re-run", "rerun", "re-run, nothing changed", 1, at_least=True)
    shutil.copy(elsewhere / "rerun.csv", elsewhere / "kept.csv")
    note = next(iter(bench.results.parts("speed/rerun").values()))
    for value, before in ((40_000.0, "31,294 files/s"), (31_294.0, "")):
        row = bench.speed_files.row("re-run, nothing changed", "files/s", [value])
        row |= {"least": "27999", "most": "33898"}
        bench.speed_files.put("rerun", [row], command="c", note=note)
        assert goal.row()[2:4] == (before, f"{value:,.0f} files/s")


def test_figures_are_kept_as_they_were_measured(bench: SimpleNamespace, elsewhere: Path) -> None:
    measured = SimpleNamespace(
        name="x", unit="ms", values=[2.0, 1.0, 4.0], baseline=[1.0, 2.0, 1.0], limit=3.0,
        at_least=False,
    )  # fmt: skip
    note = next(iter(bench.results.parts("speed/open").values()))
    rows = bench.speed_files.figure_rows([measured])
    bench.speed_files.put("open", rows, command="c", note=note)
    (line,) = bench.speed_files.lines("open")
    assert (line.ours.median, line.ours.least, line.ours.most) == (2, 1, 4)
    assert line.bare is not None
    assert (line.bare.median, line.ratio, line.limit) == (1, 2, 3)
    assert line.met(line.limit, at_least=line.at_least) is True
    shown = bench.speed_tables.figures_of(rows).splitlines()[2]
    assert shown == "| x | 2 ms (1 to 4) | 1 ms (1 to 2) | 2.00 | ≤ 3 | yes |"


@pytest.mark.full
def test_a_figure_older_than_its_code_is_stale(
    bench: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    commits = []
    for name in ("reidsearch/index", "docs", "reidsearch/index"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / f"{len(commits)}.py").touch()
        git("add", "."), git("commit", "-qm", name)
        commits.append(git("rev-parse", "--short=8", "HEAD"))
    monkeypatch.setattr(bench.speed_stale, "ROOT", tmp_path)
    assert bench.speed_stale.changes(commits[0], ("reidsearch/index",)) == "1"
    assert bench.speed_stale.changes(commits[2], ("reidsearch/index",)) == ""
    assert bench.speed_stale.changes(commits[0], ("reidsearch/web",)) == ""
    assert bench.speed_stale.changes("0123abcd", ("docs",)) == "an unknown number"
