"""`reidsearch copy`, and what is rehearsed of backups of an archive in PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from archives import CommandLine, IndexedCrops, draw_many, start
from json_schemas import require_valid
from postgres import Server, server

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ReidsearchError
from reidsearch.store.crops.store import Store

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def running() -> Server:
    return server()


@pytest.fixture
def address(running: Server, request: pytest.FixtureRequest) -> Iterator[PostgresAddress]:
    """Of a database that is not there yet."""
    made = running.address(f"copy_{abs(hash(request.node.nodeid)):x}")
    yield made
    running.drop(made)


@pytest.fixture
def held(run: CommandLine, tmp_path: Path, indexed_crops: IndexedCrops) -> CommandLine:
    indexed_crops(tmp_path, 12)
    assert run("identity", "new", "anna", 1).code == 0
    return run


def answer(run: CommandLine, archive: object, picture: Path) -> list[tuple[int, float]]:
    ran = run("query", picture, "-k", 5, "-a", archive, "--format", "json")
    assert ran.code == 0, ran.err
    return [(one["crop_id"], one["score"]) for one in json.loads(ran.out)["matches"]]


def test_an_archive_moves_to_a_server_and_back(held, address, tmp_path) -> None:
    picture = tmp_path / "crops" / "005.png"
    before = answer(held, held.archive, picture)
    ran = held("copy", held.archive, address, "--format", "json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    require_valid(told)
    assert (told["crops"], told["resumed"], told["log_faults"]) == (12, False, 0)
    assert answer(held, address, picture) == before
    back = held("copy", address, tmp_path / "back")
    assert back.code == 0, back.err
    assert "compared one by one" in back.out
    assert answer(held, tmp_path / "back", picture) == before
    for archive in (address, tmp_path / "back"):
        assert held("check", "-a", archive).out == "No problems found.\n"
        assert held("log", "verify", "-a", archive).code == 0
        assert held("confirm", 2, "--as", "anna", "-a", archive).code == 0
    again = held("copy", held.archive, address)
    assert (again.code, "exists already" in again.err) == (3, True)


def test_what_an_interrupted_copy_left_says_how_to_go_on(held, address, tmp_path) -> None:
    draw_many(tmp_path / "more", 400, start=100)
    assert held("index", tmp_path / "more", "--model", "builtin").code == 0
    process = start("copy", held.archive, str(address))
    while not _begun(address):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    told = process.communicate()[1]
    assert process.returncode == 130, told
    command = f"reidsearch copy {held.archive} {address}"
    assert command in told
    for refused in (["show"], ["index", tmp_path / "crops"], ["check"], ["log", "verify"]):
        ran = held(*refused, "-a", address)
        assert (ran.code, command in ran.err) == (5, True), ran.err
    ran = held("copy", held.archive, address)
    assert ran.code == 0, ran.err
    assert "An earlier copy had begun it" in ran.out
    assert held("check", "-a", address).code == 0


def _begun(address: PostgresAddress) -> bool:
    try:
        Store(address).close()
    except ReidsearchError as error:
        return error.kind == "copy-unfinished"
    return False


# -- backups, rehearsed ---------------------------------------------------------------------


@pytest.fixture
def indexed(held, address, tmp_path) -> Iterator[subprocess.Popen[str]]:
    """The archive at the address, into which a process indexes."""
    assert held("copy", held.archive, address).code == 0
    draw_many(tmp_path / "more", 300, start=100)
    with Store(address) as store:
        before = store.state().last_crop_id
        process = start("index", tmp_path / "more", "-a", str(address))
        while store.state().last_crop_id == before:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
    yield process
    process.kill()
    process.communicate()


def test_pg_dump_beside_an_index_run_is_restored(
    held, address, indexed, running, tmp_path, monkeypatch
) -> None:
    dump = running.folder / "dump"
    running.tool("pg_dump", "-Fc", "-d", address.url, "-f", dump)
    assert indexed.wait(timeout=120) == 0
    monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "another"))  # the copy's own files
    restored = running.address("restored_from_dump")
    running.sql("CREATE DATABASE restored_from_dump TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    try:
        running.tool("pg_restore", "-d", restored.url, "--exit-on-error", dump)
        _rehearse(held, restored, tmp_path)
        assert held("index", tmp_path / "more", "-a", restored).code == 0  # what was not in it yet
        picture = tmp_path / "crops" / "005.png"
        assert answer(held, restored, picture) == answer(held, address, picture)
    finally:
        running.drop(restored)


def test_a_folder_beside_an_index_run_is_restored_and_moved_back(
    held, address, indexed, running, tmp_path, monkeypatch
) -> None:
    backup = held("backup", tmp_path / "backup", "-a", address)
    assert backup.code == 0, backup.err
    assert sorted(one.name for one in (tmp_path / "backup").iterdir()) == [
        "archive.db",
        "backup.json",
    ]
    assert indexed.wait(timeout=120) == 0
    assert held("restore", tmp_path / "backup", "-a", tmp_path / "restored").code == 0
    _rehearse(held, tmp_path / "restored", tmp_path)
    monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "another"))
    moved = running.address("moved_back")
    try:
        assert held("copy", tmp_path / "restored", moved).code == 0
        _rehearse(held, moved, tmp_path)
        assert held("index", tmp_path / "more", "-a", moved).code == 0
        picture = tmp_path / "crops" / "005.png"
        assert answer(held, moved, picture) == answer(held, address, picture)
    finally:
        running.drop(moved)
    # A backup is treated, too, when the archive has erased something since.
    assert held("delete", "--crop", 3, "--yes", "-a", address).code == 0
    treated = held("delete", "--backup", tmp_path / "backup", "--yes", "-a", address)
    assert treated.code == 0, treated.err
    shutil.rmtree(tmp_path / "restored")
    assert held("restore", tmp_path / "backup", "-a", tmp_path / "restored").code == 0
    assert held("show", "crop", 3, "-a", tmp_path / "restored").code == 9


def _rehearse(run: CommandLine, archive: object, tmp_path: Path) -> None:
    assert run("check", "-a", archive).out == "No problems found.\n"
    assert run("log", "verify", "-a", archive).code == 0
    assert "anna" in run("identity", "list", "-a", archive).out
    assert answer(run, archive, tmp_path / "crops" / "005.png")[0][0] == 6


@pytest.mark.fuzz
@pytest.mark.parametrize("to", ["server", "folder"])
def test_killed_again_and_again_a_copy_ends_whole(held, address, tmp_path, to) -> None:
    chance = random.Random(7)
    draw_many(tmp_path / "more", 600, start=100)
    assert held("index", tmp_path / "more", "--model", "builtin").code == 0
    target = address if to == "server" else tmp_path / "copied"
    kills = 0
    while True:
        process = start("copy", held.archive, str(target))
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert process.wait(timeout=chance.uniform(0.5, 4 + kills)) == 0, process.communicate()
            process.communicate()
            break
        process.kill()
        process.communicate()
        kills += 1
        draw_many(tmp_path / "later", 1, start=1000 + kills)  # the source goes on
        assert held("index", tmp_path / "later").code == 0
        assert held("show", "-a", target).code in {0, 5}  # whole, or not to be opened
        if held("show", "-a", target).code == 0:
            break
    # A kill behind the copy's completion leaves what any writer does: its index, half written.
    assert held("check", "--repair", "-a", target).code == 0
    assert held("log", "verify", "-a", target).code == 0
    assert kills > 0
