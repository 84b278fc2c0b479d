"""Fixtures that every test can use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import compiled_once
import made_once
import pytest
from archives import CommandLine, IndexedCrops
from scenes import write_gate, write_yard

import reidsearch  # noqa: F401 (before any test imports OpenVINO: keeps it silent)
from reidsearch import Archive, FootageOptions
from reidsearch.datasets.synthetic.footage import Visit
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list

if TYPE_CHECKING:
    from object_server import ObjectServer


compiled_once.install()
made_once.install()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        action="store_true",
        help="keep the databases of all archives in PostgreSQL (tests/folders_in_postgres.py)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--postgres`, leave out what is of folders alone."""
    if not config.getoption("--postgres"):
        return
    listed = Path(__file__).parent / "in_postgres" / "folders_only.txt"
    rows = [line.split("  ", 1) for line in listed.read_text().splitlines() if line[:1] != "#"]
    causes = {name: cause.strip() for name, cause in rows}
    for item in items:
        for name in (item.nodeid, item.nodeid.partition("[")[0]):
            if name in causes:
                item.add_marker(pytest.mark.skip(reason=f"of folders alone: {causes[name]}"))


@pytest.fixture(scope="session", autouse=True)
def in_postgres(request: pytest.FixtureRequest) -> None:
    """With `--postgres`, archives in folders keep their database in a server of this process."""
    if request.config.getoption("--postgres"):
        from folders_in_postgres import install
        from postgres import server

        install(server().url)


LEAST_ROOM = 6 * 2**30
"""Bytes: some hundreds of databases fit in it, of all processes that test at once."""


@pytest.fixture(autouse=True)
def no_database_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--postgres`, drop the databases of what a test has in its own folder."""
    yield
    folder = request.node.funcargs.get("tmp_path")
    if folder is not None and request.config.getoption("--postgres"):
        from folders_in_postgres import drop_databases
        from postgres import server

        # Dropping one costs a checkpoint: only where the room for all runs out.
        if shutil.disk_usage(server().folder).free < LEAST_ROOM:
            drop_databases(server().url, folder)


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
        patch.setenv("REIDSEARCH_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("REIDSEARCH_OFFLINE", "1")
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def indexed_crops(tmp_path_factory: pytest.TempPathFactory) -> IndexedCrops:
    """`indexed_crops(tmp_path, 5)`: the archive `tmp_path/archive` of five pictures."""
    return IndexedCrops(tmp_path_factory.mktemp("indexed"))


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Visit, ...]]:
    """`scenes.write_gate`, drawn once: the video, and the truth."""
    path = tmp_path_factory.mktemp("scene") / "gate.mp4"
    return path, write_gate(path)


@pytest.fixture(scope="session")
def two_cameras(
    tmp_path_factory: pytest.TempPathFactory, scene: tuple[Path, tuple[Visit, ...]]
) -> Path:
    """`gate.mp4` from noon and `yard.mp4` from a minute later in an archive: five tracklets."""
    folder = tmp_path_factory.mktemp("footage")
    shutil.copy(scene[0], folder)
    shutil.copy(scene[0].with_suffix(".det.txt"), folder)
    write_yard(folder / "yard.mp4")
    (folder / "sources.csv").write_text(
        "path,camera,start,detections\n"
        "gate.mp4,gate,2024-05-31T12:00:00Z,gate.det.txt\n"
        "yard.mp4,yard,2024-05-31T12:01:00Z,yard.det.txt\n"
    )
    naming = SourceNaming(listed=read_source_list(folder / "sources.csv"))
    with Archive.open(folder / "archive", create=True, model="builtin") as archive:
        videos = [folder / "gate.mp4", folder / "yard.mp4"]
        archive.index(videos, footage=FootageOptions(naming=naming))
    return folder / "archive"


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    """`run("index", folder)`: the command line in this process, on the archive `run.archive`."""
    return CommandLine(monkeypatch, capfd, tmp_path / "archive")


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectServer]:
    """A real S3 server."""
    from object_server import object_server

    with object_server() as started:
        yield started


@pytest.fixture
def bucket(object_store: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder of a new bucket, reached as the environment says."""
    object_store.reached(monkeypatch)
    return f"s3://{object_store.bucket()}/station"


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least of memory and time: tests sign in often."""
    from argon2 import PasswordHasher

    from reidsearch.services import accounts

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "hasher", lambda: quick)
