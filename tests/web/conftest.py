"""Fixtures of the web face: an archive of two drawn videos, served to clients in this process."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trustme
from archives import DIMENSION, fill, unit_rows
from signing import PASSWORD
from starlette.testclient import TestClient
from strolls import write_yard

from reidsearch import Archive
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import Look, write_town
from reidsearch.domain import accounts
from reidsearch.domain.accounts import Account
from reidsearch.domain.crops import Facts
from reidsearch.web.app import make_app, make_state
from reidsearch.web.person import Person, Role
from reidsearch.web.run import Tls
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
            token = self.archive.sessions.open(self.account(person))
            client.cookies.set(self.state.sessions.cookie, token)
        return client

    def account(self, person: Person) -> Account:
        """The account of somebody, made or made anew as they are now."""
        held, role = self.archive.accounts, accounts.Role(person.role.name.lower())
        if person.name not in {one.name for one in held.all()}:
            held.add(person.name, PASSWORD, role, cameras=person.cameras)
        held.set_role(person.name, role)
        return held.set_cameras(person.name, person.cameras).account


@contextlib.contextmanager
def serving(folder: Path, **how: Any) -> Iterator[Served]:
    """The archive in a folder, served."""
    with Archive.open(folder, offline=True, **how) as archive:
        state = make_state(archive, ServeSettings())
        app = make_app(state)
        served = Served(archive, state, TestClient(app, base_url=HOST, follow_redirects=False))
        served.client = served.as_(ANNA)
        yield served


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for `cctv.example` and this machine, with its key; `ca.pem` is beside them."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("cctv.example", "127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(folder / "cert.pem", append=True)
    return Tls(folder / "cert.pem", folder / "key.pem")


@pytest.fixture
def served(tmp_path: Path, two_cameras: Path, cheap_hashes: None) -> Iterator[Served]:
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


@pytest.fixture(scope="session")
def thirty_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 30 people, of each three crops by each of two cameras, with a calibration."""
    rng, rows, facts = np.random.default_rng(5), [], []
    for person in range(30):
        own = unit_rows(1, seed=100 + person)[0]
        for camera in ("gate", "hall"):
            rows += [own + rng.normal(0, 0.13, DIMENSION) for _ in range(3)]
            facts += [Facts(camera, None, f"p{person}")] * 3
    stacked = np.stack(rows)
    stacked /= np.linalg.norm(stacked, axis=1, keepdims=True)
    folder = tmp_path_factory.mktemp("thirty") / "archive"
    fill(folder, stacked.astype(np.float32), facts)
    with Archive.open(folder, offline=True) as archive:
        archive.calibration.from_labels()
    return folder


@pytest.fixture
def calibrated(tmp_path: Path, thirty_people: Path) -> Iterator[Served]:
    """A copy of `thirty_people`, served."""
    shutil.copytree(thirty_people, tmp_path / "archive")
    with serving(tmp_path / "archive") as served:
        yield served


@pytest.fixture(scope="session")
def town_of_couples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cameras, of which one goes dark and one lacks an hour; `p0` and `p1` walk together.

    Beside it lies `people.json`: the first crop of each tracklet -> number of its person.
    """
    town = drawn_town(people=12, cameras=3, hours=3, couples=1, walks=3, seed=3)
    dark, lacking = town.cameras[0].name, town.cameras[1].name
    folder = tmp_path_factory.mktemp("town") / "archive"
    made = write_town(
        folder,
        town,
        look=Look(alike=0.0, own=1.0, visit=0.2, camera=0.1),
        views=2,
        brightness={(dark, 2): 20},
        without={(lacking, 2)},
    )
    with Archive.open(folder, offline=True) as archive:
        for person in range(3):
            crops = [one.crop_ids[0] for one in made if one.sighting.person == person]
            archive.identities.new(f"p{person}", crops)
    truth = {one.crop_ids[0]: one.sighting.person for one in made}
    (folder.parent / "people.json").write_text(json.dumps(truth))
    return folder


@pytest.fixture
def town(tmp_path: Path, town_of_couples: Path, cheap_hashes: None) -> Iterator[Served]:
    """A copy of `town_of_couples`, served."""
    shutil.copytree(town_of_couples, tmp_path / "archive")
    with serving(tmp_path / "archive") as served:
        yield served


@pytest.fixture(scope="session")
def yard_of_strolls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera that shows three people at once, who walk as `strolls` says."""
    return write_yard(tmp_path_factory.mktemp("strolls"))


@pytest.fixture
def yard(tmp_path: Path, yard_of_strolls: Path, cheap_hashes: None) -> Iterator[Served]:
    """A copy of `yard_of_strolls`, served."""
    shutil.copytree(yard_of_strolls, tmp_path / "archive")
    with serving(tmp_path / "archive", model="builtin") as served:
        yield served


@pytest.fixture(scope="session")
def town_of_wrong_clocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cameras of which `hall` and `yard` are 95 s fast and 140 s slow."""
    town = drawn_town(people=40, cameras=3, hours=2, offsets_s=(0.0, 95.0, -140.0), seed=3)
    folder = tmp_path_factory.mktemp("clocks") / "archive"
    write_town(folder, town, look=Look(own=0.6), views=1)
    return folder


@pytest.fixture
def clocked(tmp_path: Path, town_of_wrong_clocks: Path, cheap_hashes: None) -> Iterator[Served]:
    """A copy of `town_of_wrong_clocks`, served."""
    shutil.copytree(town_of_wrong_clocks, tmp_path / "archive")
    with serving(tmp_path / "archive") as served:
        yield served
