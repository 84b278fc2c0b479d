"""The project's own files: licence, version, the README's commands, nothing of one machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import reidsearch

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def project_files() -> list[Path]:
    """Every text file of the project, without what tools and runs leave behind (.gitignore)."""
    return [
        path for path in sorted(below(ROOT)) if path.is_file() and b"\0" not in path.read_bytes()
    ]


def below(folder: Path) -> Iterator[Path]:
    ignored = [".git", *(ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    for path in folder.iterdir():
        place = "/" + path.relative_to(ROOT).as_posix()
        names = {path.name, place}
        if any(fnmatch(name, pattern.rstrip("/")) for name in names for pattern in ignored):
            continue
        if path.is_dir():
            yield from below(path)
        else:
            yield path


@pytest.mark.full
def test_files_that_are_looked_at_are_those_of_the_project() -> None:
    looked_at = {path.relative_to(ROOT).as_posix() for path in project_files()}
    assert {
        ".ci/run",
        "README.md",
        "docker/Dockerfile",
        "reidsearch/store/crops/store.py",
    } <= looked_at
    assert not any(name.startswith((".git/", ".venv/")) for name in looked_at)


def readme_command(name: str) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- command: {name} -->\n```sh\n(.+)\n```\n", readme)
    assert found, f"README.md has no one-line command marked {name!r}"
    return found[1]


@pytest.mark.parametrize(
    ("name", "does"),
    [("demo", ".venv/bin/reidsearch demo"), ("test", ".venv/bin/pytest")],
)
def test_readme_commands_make_their_own_environment_and_end_in_the_job(
    name: str, does: str
) -> None:
    steps = readme_command(name).split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    assert steps[1].startswith(".venv/bin/pip install ")
    assert steps[-1] == does


def test_ci_calls_exactly_the_readme_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    line = next(line for line in script.splitlines() if line.startswith("command=$("))
    shown = subprocess.run(
        ["bash", "-euc", f'{line}; printf %s "$command"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == readme_command("test")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_hosted_ci_runs_every_python_that_the_package_states() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    tested = workflow["jobs"]["full"]["strategy"]["matrix"]["python"]
    stated = "Programming Language :: Python :: 3."
    project = PYPROJECT["project"]
    assert tested == [
        name.rpartition(" ")[2] for name in project["classifiers"] if name.startswith(stated)
    ]
    assert project["requires-python"] == f">={tested[0]}"


def test_hosted_ci_pins_every_action_to_a_commit() -> None:
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    used = [
        line.strip()
        for path in workflows
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    pinned = re.compile(r"- uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [line for line in used if not pinned.fullmatch(line)] == []


def test_version_is_one() -> None:
    assert PYPROJECT["project"]["version"] == reidsearch.__version__


def test_changelog_tells_the_current_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^## \[{re.escape(reidsearch.__version__)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.M
    )


def test_licence_is_the_whole_apache_licence() -> None:
    assert PYPROJECT["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "9. Accepting Warranty or Additional Liability." in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.full
@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<![\w.$}])/(?:work|root)/",  # folders of one machine
        r"/(?:tmp|home)/[a-z]+/dev\b",
        r"py[p]i\.(?:org|python)|python[h]osted|(?:extra-)?index[-]url|PIP_INDEX[_]URL",
    ],
)
def test_nothing_names_one_machine_or_a_package_host(pattern: str) -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in project_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert named == []


def test_help_imports_only_click() -> None:
    """Start-up time is part of the interface: `--help` loads no heavy library."""
    # Coverage, when it measures subprocesses too, would load sqlite3 itself.
    environment = {name: value for name, value in os.environ.items() if "COV" not in name}
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reidsearch", "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {
        line.rsplit("|", 1)[1].strip().split(".")[0]
        for line in run.stderr.splitlines()
        if line.startswith("import time:")
    }
    assert "click" in loaded
    heavy = {
        "numpy", "openvino", "faiss", "cv2", "sqlalchemy", "alembic", "rich", "PIL", "sqlite3",
    }  # fmt: skip
    assert loaded & heavy == set()


def test_dependencies_have_lower_bounds() -> None:
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    for requirement in [*project["dependencies"], *extras["test"], *extras["dev"]]:
        assert re.search(r">=\d|^reidsearch\[", requirement), requirement
