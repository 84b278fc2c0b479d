"""Fixtures that every test can use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import CommandLine
from scenes import write_gate

import reidsearch  # noqa: F401 (before any test imports OpenVINO: keeps it silent)
from reidsearch.datasets.synthetic.footage import Visit

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real models, footage and labelled crops beside the project."""
    if not (SHARED / "models").is_dir():
        pytest.skip("needs ../shared (real models and labelled crops; see CONTRIBUTING.md)")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Models and compiled graphs go to a folder of this session, not to the user's cache.

    Nothing is fetched: whether a query picture passes a detector must not depend on a network.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REIDSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("REIDSEARCH_OFFLINE", "1")
        yield


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Visit, ...]]:
    """`scenes.write_gate`, drawn once: the video, and the truth."""
    path = tmp_path_factory.mktemp("scene") / "gate.mp4"
    return path, write_gate(path)


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    """`run("index", folder)`: the command line in this process, on the archive `run.archive`."""
    return CommandLine(monkeypatch, capfd, tmp_path / "archive")


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least of memory and time: tests sign in often."""
    from argon2 import PasswordHasher

    from reidsearch.services import accounts

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "hasher", lambda: quick)
