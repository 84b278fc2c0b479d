"""Fixtures of the web face: an archive of two drawn videos, served to clients in this process."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import DIMENSION, fill, unit_rows
from scenes import write_yard
from starlette.testclient import TestClient

from reidsearch import Archive, FootageOptions
from reidsearch.domain.crops import Facts
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.web.app import make_app, make_state
from reidsearch.web.person import Person, Role
from reidsearch.web.sessions import COOKIE
from reidsearch.web.state import ServeSettings, State

HOST = "http://127.0.0.1"
ANNA = Person("anna", Role.ADMIN)


@dataclass
class Served:
    """A served archive.

    Args:
        client: signed in as an admin.
    """

    archive: Archive
    state: State
    client: TestClient

    def as_(self, person: Person | None) -> TestClient:
        """A client signed in as somebody; None: as nobody."""
        client = TestClient(self.client.app, base_url=HOST, follow_redirects=False)
        if person is not None:
            session = self.state.sessions.redeem(self.state.sessions.link(person))
            assert session is not None
            client.cookies.set(COOKIE, session)
        return client


@pytest.fixture(scope="session")
def two_cameras(tmp_path_factory, scene) -> Path:
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


@contextlib.contextmanager
def serving(folder: Path, **how: Any) -> Iterator[Served]:
    """The archive in a folder, served."""
    with Archive.open(folder, offline=True, **how) as archive:
        state = make_state(archive, ServeSettings())
        app = make_app(state)
        served = Served(archive, state, TestClient(app, base_url=HOST, follow_redirects=False))
        served.client = served.as_(ANNA)
        yield served


@pytest.fixture
def served(tmp_path: Path, two_cameras: Path) -> Iterator[Served]:
    """A copy of `two_cameras`, served."""
    shutil.copytree(two_cameras, tmp_path / "archive")
    with serving(tmp_path / "archive", model="builtin") as served:
        yield served


@pytest.fixture
def seeing(tmp_path: Path, two_cameras: Path, shared: Path) -> Iterator[Served]:
    """The same where there is a person detector."""
    shutil.copytree(two_cameras, tmp_path / "archive")
    how = {"model": "builtin", "model_path": [shared / "models"]}
    with serving(tmp_path / "archive", **how) as served:
        yield served


@pytest.fixture
def calibrated(tmp_path: Path) -> Iterator[Served]:
    """30 people, of each three crops by each of two cameras, served with a calibration."""
    rng, rows, facts = np.random.default_rng(5), [], []
    for person in range(30):
        own = unit_rows(1, seed=100 + person)[0]
        for camera in ("gate", "hall"):
            rows += [own + rng.normal(0, 0.13, DIMENSION) for _ in range(3)]
            facts += [Facts(camera, None, f"p{person}")] * 3
    stacked = np.stack(rows)
    stacked /= np.linalg.norm(stacked, axis=1, keepdims=True)
    fill(tmp_path / "archive", stacked.astype(np.float32), facts)
    with serving(tmp_path / "archive") as served:
        served.archive.calibration.from_labels()
        yield served
