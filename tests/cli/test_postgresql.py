"""Commands on an archive at `-a postgresql://...`, in processes of their own."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from archives import draw_many, start, write_set
from postgres import Server, server

from reidsearch.archive import Archive
from reidsearch.base.address import PostgresAddress, read_address
from reidsearch.base.errors import ArchiveError, ArchiveLocked, Kind, StorageError
from reidsearch.store.crops.store import Store

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def running() -> Server:
    return server()


@pytest.fixture
def address(running: Server, request: pytest.FixtureRequest) -> Iterator[PostgresAddress]:
    """Of a database that is not there yet."""
    made = running.address(f"of_{abs(hash(request.node.nodeid)):x}")
    yield made
    running.drop(made)


def test_an_archive_lives_from_its_first_crop_to_its_deletion(run, address, tmp_path):
    run.archive = address
    write_set(tmp_path / "set")
    assert run("index", tmp_path / "set", "--model", "builtin").code == 0
    again = run("index", tmp_path / "set", "--model", "builtin")
    assert "40 unchanged" in again.out + again.err
    found = json.loads(run("query", tmp_path / "set" / "0.png", "-k", 3, "--format", "json").out)
    assert found["matches"][0]["crop_id"] == 1
    assert run("identity", "new", "anna", 1).code == 0
    assert run("confirm", 2, "--as", "anna").code == 0
    assert "anna" in run("identity", "show", "anna").out
    assert run("delete", "--crop", 3, "--yes").code == 0
    assert run("crop", 3, "-o", tmp_path / "gone.jpg").code == 9
    assert run("log", "verify").code == 0
    assert run("check").out == "No problems found.\n"
    assert str(address) in run("show", "--format", "json").out


def test_what_is_for_folders_alone_says_what_to_do_instead(run, address, tmp_path):
    Store.create(address)
    run.archive = address
    (tmp_path / "backup").mkdir()
    restored = run("restore", tmp_path / "backup")
    assert (restored.code, "pg_restore" in restored.err) == (2, True)
    draw_many(tmp_path / "crops", 2)
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
    erased = run("delete", "--crop", 1, "--yes", "--certificate", tmp_path / "proof.json")
    assert (erased.code, ": 0 sequences found." in erased.out) == (0, True), erased.err
    assert run("migrate").code == 0
    assert run("doctor", "--model", "builtin").code in {0, 1}


def test_a_password_in_the_address_is_refused_and_not_repeated(run, running):
    for given in (
        f"postgresql://postgres:sEcReT@127.0.0.1:{running.port}/x",
        f"postgresql://postgres@127.0.0.1:{running.port}/x?password=sEcReT",
        f"postgres://a@b:sEcReT@127.0.0.1:{running.port}/x",
    ):
        for arguments in (("show", "-a", given), ("index", "nothing", "-a", given)):
            ran = run(*arguments)
            assert ran.code == 2
            assert "holds a password" in ran.err
            assert "sEcReT" not in ran.out + ran.err


def test_the_password_comes_from_where_libpq_looks_for_it(running, monkeypatch, tmp_path):
    running.sql("CREATE ROLE anna LOGIN PASSWORD 'sEcReT' CREATEDB")
    with running.asking_for_passwords("anna"):
        address = read_address(f"postgresql://anna@127.0.0.1:{running.port}/of_anna")
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
        with pytest.raises(StorageError, match="no password supplied") as refused:
            Archive.open(address, create=True)
        assert refused.value.exit_code == 8
        monkeypatch.setenv("PGPASSWORD", "wrong-sEcReT")
        with pytest.raises(StorageError, match="password authentication failed") as refused:
            Archive.open(address, create=True)
        assert "sEcReT" not in str(refused.value)
        monkeypatch.delenv("PGPASSWORD")
        (tmp_path / "pgpass").write_text("127.0.0.1:*:*:anna:sEcReT\n")
        (tmp_path / "pgpass").chmod(0o400)
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
        with Archive.open(address, create=True, model="builtin") as archive:
            told = [entry.detail or "" for entry in archive.log.entries()]
            assert not any("sEcReT" in one for one in told)
            assert "sEcReT" not in archive.location
        running.drop(address)


def test_a_server_that_is_away_is_told_in_one_line(run):
    ran = run("show", "-a", "postgresql://nobody@127.0.0.1:1/archive")
    assert ran.code == 8
    assert "cannot be reached" in ran.err
    assert "sqlalche.me" not in ran.err


def test_an_archive_that_is_not_there_and_a_database_of_others(run, running, address):
    assert run("show", "-a", address).code == 5
    running.sql(f"CREATE DATABASE {address.url.rpartition('/')[2]} TEMPLATE template0 LOCALE 'C'")
    assert run("show", "-a", address).code == 5
    running.sql("CREATE SCHEMA main", address.url.rpartition("/")[2])
    with pytest.raises(ArchiveError, match="no archive's"):
        Store.create(address)


def test_a_database_that_sorts_in_another_way_is_refused(running, address):
    name = address.url.rpartition("/")[2]
    running.sql(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE 'C.UTF-8'")
    with pytest.raises(ArchiveError, match="collation") as refused:
        Store.create(address)
    assert "collation C" in refused.value.hint


def test_a_killed_writer_leaves_no_lock_and_its_run_goes_on(address, running, tmp_path):
    """kill -9 while crops are committed: nothing acknowledged is lost, nothing is there twice."""
    draw_many(tmp_path / "crops", 400)
    command = ["index", tmp_path / "crops", "--model", "builtin", "-a", str(address)]
    Store.create(address)
    process = start(*command)
    with Store(address) as store:
        while not store.state().last_crop_id:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        assert store.running_runs() == {1}
        with pytest.raises(ArchiveLocked, match=f"process {process.pid} of"), store.lock():
            pass
        process.send_signal(signal.SIGKILL)
        process.communicate()
        wait = time.monotonic() + 10
        while store.locked():
            assert time.monotonic() < wait
            time.sleep(0.02)
        assert store.unfinished_runs() == (1, 0)
        assert 0 < store.state().last_crop_id < 400
    with Archive.open(address, model="builtin") as archive:
        archive.index([tmp_path / "crops"])
        assert archive.show().crops == 400
        assert archive.check() == []


def test_a_writer_that_lost_its_lock_writes_nothing_more(address):
    Store.create(address)
    with Store(address) as first, Store(address) as second, first.lock():
        with second.read() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND objid = 1"
            )
        while second.locked():
            time.sleep(0.01)
        with pytest.raises(StorageError, match="writer lock was lost"), first.write():
            pass
        with second.lock():
            pass


def test_a_row_that_was_changed_past_the_program_is_told(address, running, tmp_path, run):
    run.archive = address
    draw_many(tmp_path / "crops", 3)
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
    name = address.url.rpartition("/")[2]
    running.sql(
        "SET session_replication_role = replica; UPDATE main.crop SET x1 = 1 WHERE id = 2", name
    )
    with Store(address) as store, pytest.raises(ArchiveError) as refused:
        store.crop(2)
    assert refused.value.kind == Kind.ROW_DAMAGED
    assert refused.value.fields["row"] == "id 2, source_id 2"
    with Store(address) as store:
        assert store.crop(1).crop_id == 1
    assert "row" in run("check").out
    # Nor can a change make it look whole.
    with pytest.raises(Exception, match="crop"):
        running.sql("UPDATE main.crop SET person = 'x' WHERE id = 2", name)


def test_triggers_that_were_removed_are_noticed(address, running):
    Store.create(address)
    running.sql("ALTER TABLE main.crop DISABLE TRIGGER USER", address.url.rpartition("/")[2])
    with pytest.raises(ArchiveError) as refused:
        Store(address)
    assert refused.value.kind == Kind.ARCHIVE_FOREIGN


def test_each_machine_has_index_files_of_its_own(address, monkeypatch, tmp_path):
    draw_many(tmp_path / "crops", 30)
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("REIDSEARCH_DATA", str(first))
    with Archive.open(address, create=True, model="builtin") as archive:
        archive.index([tmp_path / "crops"])
        wanted = [match.crop.crop_id for match in archive.search(1, k=5).matches]
    monkeypatch.setenv("REIDSEARCH_DATA", str(second))
    with Archive.open(address, model="builtin") as archive:
        assert [match.crop.crop_id for match in archive.search(1, k=5).matches] == wanted
        assert archive.check() == [], "it lacks no file of another machine"
        archive.delete(archive.plan_delete(crop_ids=[wanted[0]]))
    monkeypatch.setenv("REIDSEARCH_DATA", str(first))
    with Archive.open(address, model="builtin") as archive:
        found = [match.crop.crop_id for match in archive.search(1, k=5).matches]
        assert wanted[0] not in found
        assert archive.check() == []
    assert list(first.rglob("*.index"))


def test_two_processes_index_one_after_another(address, tmp_path):
    for number in range(2):
        draw_many(tmp_path / str(number), 20, start=100 * number)
    Store.create(address)
    folders = [tmp_path / "0", tmp_path / "1"]
    ran = [start("index", one, "--model", "builtin", "-a", str(address)) for one in folders]
    told = [one.communicate(timeout=120)[1] for one in ran]
    codes = [one.returncode for one in ran]
    assert set(codes) <= {0, 6}, told
    for code, folder in zip(codes, folders, strict=True):
        if code == 6:  # the other one held the lock
            again = start("index", folder, "-a", str(address))
            assert again.communicate(timeout=120)[1].count("locked") == 0
            assert again.returncode == 0
    with Archive.open(address) as archive:
        assert archive.show().crops == 40
        assert archive.check() == []


def test_what_pg_dump_wrote_is_the_archive_again(run, running, address, tmp_path):
    run.archive = address
    draw_many(tmp_path / "crops", 10)
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
    assert run("identity", "new", "anna", 1).code == 0
    name = address.url.rpartition("/")[2]
    dump = running.folder / "dump"
    running.tool("pg_dump", "-Fc", "-d", address.url, "-f", dump)
    running.drop(address)
    running.sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    running.tool("pg_restore", "-d", address.url, "--exit-on-error", dump)
    assert run("check").out == "No problems found.\n"
    assert run("log", "verify").code == 0
    assert "anna" in run("identity", "list").out
    assert run("confirm", 2, "--as", "anna").code == 0


def test_a_role_that_may_only_read_searches(run, running, address, tmp_path):
    run.archive = address
    draw_many(tmp_path / "crops", 10)
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
    running.sql("CREATE ROLE viewer LOGIN; GRANT pg_read_all_data TO viewer")
    run.archive = read_address(address.url.replace("postgres@", "viewer@"))
    found = json.loads(run("query", tmp_path / "crops" / "000.png", "--format", "json").out)
    assert found["matches"][0]["crop_id"] == 1
    assert run("check").code == 0
    for refused in (["identity", "new", "anna", 1], ["index", tmp_path / "crops"]):
        ran = run(*refused)
        assert (ran.code, "cannot be written" in ran.err) == (8, True), ran.err


def test_a_number_that_no_column_holds_is_not_found(run, address, tmp_path):
    Store.create(address)
    run.archive = address
    for number in (2**31, 2**63 - 1, 2**70):
        assert run("show", "crop", number).code == 9
        assert run("identity", "proposals", number).code == 9
        assert run("hold", "release", number, "--note", "x").code == 9


_OF_0020 = ("picture_gone", "picture_object", "picture_store")
_OF_0021 = ("queued_source", "worker")
_OF_0022 = ("failed_sign_in", "passing_part", "passing_file")
_OF_0023 = ("place", "camera_ground", "saved_answer", "saved_picture", "saved_question")
_OF_0024 = ("camera_keeps",)


def test_an_archive_of_an_earlier_version_is_migrated(run, running, address, tmp_path):
    """As it was made before 0019, which tells whose index files are whose."""
    run.archive = address
    draw_many(tmp_path / "crops", 10)
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
    name = address.url.rpartition("/")[2]
    running.sql("DROP SCHEMA proven CASCADE", name)
    for table in (*_OF_0020, *_OF_0021, *_OF_0022, *_OF_0023, *_OF_0024):
        running.sql(f"DROP TABLE main.{table} CASCADE", name)
    running.sql("ALTER TABLE main.account DROP COLUMN issuer, DROP COLUMN subject", name)
    for table in ("generation", "neighbours"):
        running.sql(f"ALTER TABLE main.{table} DROP COLUMN node", name)
    running.sql("UPDATE main.alembic_version SET version_num = '0018'", name)
    assert run("show").code == 7
    assert "0018 -> " in run("migrate").out
    assert "up to date" in run("migrate").out
    run("check", "--repair")  # files of the index that were nobody's
    assert run("check").out == "No problems found.\n"
    assert run("log", "verify").code == 0
    assert "migrate" in run("log", "list").out


def test_triggers_of_another_version_are_made_anew_by_migrate(run, running, address):
    Store.create(address)
    run.archive = address
    running.sql("COMMENT ON SCHEMA proven IS 'another'", address.url.rpartition("/")[2])
    assert run("show").code == 7
    assert run("migrate").code == 0
    assert run("show").code == 0


def test_without_the_driver_it_is_told_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    ran = run("show", "-a", "postgresql://nobody@127.0.0.1:1/archive")
    assert (ran.code, "reidsearch[team]" in ran.err) == (2, True)


def test_answers_are_those_of_a_folder(run, address, two_cameras, tmp_path):
    folder = two_cameras.parent
    listed = ["--sources", folder / "sources.csv", "--model", "builtin"]
    run.archive = address
    assert run("index", folder / "gate.mp4", folder / "yard.mp4", *listed).code == 0

    def told(archive: object) -> list[dict[str, Any]]:
        run.archive = archive  # type: ignore[assignment]
        asked = (
            ("query", "--crop", 1, "-k", 100),
            ("query", "--camera", "yard"),
            ("query", "--crop", 1, "-k", 100, "--after", "2024-05-31T12:00:30Z"),
            ("coverage",),
            ("tracklet", "list", "gate.mp4"),
        )
        documents = [json.loads(run(*one, "--format", "json").out) for one in asked]
        for one in documents:
            for name in ("statement", "elapsed_ms", "archive", "archive_id", "log_entry"):
                one.pop(name, None)
        return documents

    answers = told(address)
    assert len(answers[0]["matches"]) > 3
    # A copy: searches leave entries in the log of the archive that other tests share.
    assert answers == told(shutil.copytree(two_cameras, tmp_path / "copy"))
