"""The wheel, installed elsewhere and run from another folder, is the whole program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import reidsearch

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    venv = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin" / "pip", "install", "--quiet", wheel], check=True)
    return venv / "bin" / "reidsearch"


def test_wheel_carries_what_the_program_reads_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops == {"reidsearch", f"reidsearch-{reidsearch.__version__}.dist-info"}
    revisions = {path.name for path in (ROOT / "migrations" / "versions").glob("*.py")}
    assert revisions
    assert {f"reidsearch/migrations/versions/{name}" for name in revisions} <= names
    assert "reidsearch/migrations/env.py" in names
    data = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "reidsearch").rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    assert "reidsearch/py.typed" in data
    assert data <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_installed_program_says_its_version(program: Path, tmp_path: Path) -> None:
    shown = subprocess.run(
        [program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert reidsearch.__version__ in shown.stdout


def test_installed_program_does_its_main_job_and_keeps_its_archive(
    program: Path, tmp_path: Path
) -> None:
    """`demo` on few people, without a network; then an archive of its own is upgraded and whole."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "REIDSEARCH_CACHE": str(tmp_path / "cache"),
        "REIDSEARCH_OFFLINE": "1",
    }

    def reidsearch_(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def tracklets(archive: str) -> int:
        return json.loads(reidsearch_("show", "-a", archive, "--format", "json"))["tracklets"]

    reidsearch_("demo", "--people", "2")
    again = ("index", "demo/footage", "--sources", "demo/sources.csv", "--model", "builtin")
    reidsearch_(*again, "-a", "archive")
    reidsearch_("migrate", "-a", "archive")
    reidsearch_("check", "-a", "archive")
    assert tracklets("archive") == tracklets("demo/archive") == 6


def test_installed_program_serves_pages_that_hold_in_a_browser(program: Path) -> None:
    """Every page in a browser, with the program of the wheel; skips where none can be had."""
    tests = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*tests, "-m", "not slow", str(ROOT / "tests" / "end_to_end")],
        cwd=ROOT,
        env=os.environ | {"REIDSEARCH_COMMAND": str(program)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    if " passed" not in done.stdout:
        pytest.skip(done.stdout[-500:])
