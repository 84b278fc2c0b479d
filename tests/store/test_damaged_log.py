"""After a kill the write-ahead log is part of the truth: a bit that turns in it is noticed."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from archives import CommandLine

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.output.hints import advice
from reidsearch.store.crops.embeddings import embedding_count
from reidsearch.store.crops.store import Store
from reidsearch.store.database import wal
from reidsearch.store.database.log import ASIDE

pytestmark = pytest.mark.full  # writes long logs

COMMITS = 12
KILLED = f"""
import os, signal, sys
from pathlib import Path
from archives import MODEL, make_empty, new_crop, unit_rows
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer

folder = Path(sys.argv[1])
make_empty(folder)
with Store(folder) as store, open_writer(store, MODEL) as writer:
    writer.begin_run(request="x", command="", version="0", runtime="none")
    for number, vector in enumerate(unit_rows({COMMITS})):
        writer.commit([new_crop(number, vector)])
    os.kill(os.getpid(), signal.SIGKILL)
"""
TORN = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA cache_size=5")
connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
for _ in range(3):
    connection.execute("INSERT INTO t VALUES (randomblob(9000))")
connection.execute("BEGIN")
for _ in range(40):
    connection.execute("INSERT INTO t VALUES (randomblob(9000))")
if sys.argv[2] == "rolled back":
    connection.execute("ROLLBACK")
    connection.execute("INSERT INTO t VALUES (randomblob(9000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


def run_killed(code: str, *arguments: str) -> None:
    tests = str(Path(__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {tests!r})\n{code}"
    subprocess.run([sys.executable, "-c", code, *arguments], check=False, timeout=120)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed") / "archive"
    run_killed(KILLED, str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path, killed: Path) -> Path:
    return Path(shutil.copytree(killed, tmp_path / "archive"))


def log_of(folder: Path) -> Path:
    return folder / "archive.db-wal"


def turn(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def test_a_whole_log_is_read_by_whoever_opens_the_archive_next(folder: Path) -> None:
    with Store(folder) as store:
        assert embedding_count(store) == COMMITS


def test_a_turned_bit_is_an_error_before_anything_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    turn(log_of(folder), log_of(folder).stat().st_size * 4)
    before = log_of(folder).read_bytes()
    with pytest.raises(ArchiveError) as error:
        Store(folder)
    assert error.value.kind == Kind.LOG_DAMAGED
    assert "transactions at the end of the write-ahead log cannot be read" in error.value.message
    assert "check --repair" in advice(error.value)
    run = CommandLine(monkeypatch, capfd, folder)
    assert run("check").code == 5
    assert log_of(folder).read_bytes() == before
    turn(log_of(folder), log_of(folder).stat().st_size * 4)
    with Store(folder) as store:  # put back as it was: nothing is lost
        assert embedding_count(store) == COMMITS


def test_repair_keeps_the_log_aside_and_says_what_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    turn(log_of(folder), log_of(folder).stat().st_size * 4)
    before = log_of(folder).read_bytes()
    run = CommandLine(monkeypatch, capfd, folder)
    repaired = run("check", "--repair")
    assert (repaired.code, "cannot be read" in repaired.out) == (1, True)
    (kept,) = folder.glob(f"{ASIDE}-*")
    assert kept.read_bytes() == before
    assert run("check").code == 0
    with Store(folder) as store:
        assert 0 < embedding_count(store) < COMMITS


@pytest.mark.parametrize("how", ["unfinished", "rolled back"])
def test_what_was_never_committed_is_no_damage(tmp_path: Path, how: str) -> None:
    """Pages that a big transaction wrote before it ended have the salts of the log too."""
    database = tmp_path / "a.db"
    run_killed(TORN, str(database), how)
    log = tmp_path / "a.db-wal"
    assert log.stat().st_size > 40 * 9000
    assert wal.examine(log) is None


def test_frames_of_the_log_before_are_no_damage(tmp_path: Path) -> None:
    """A log that begins anew is written over the frames of the one before."""
    database, log = tmp_path / "a.db", tmp_path / "a.db-wal"
    connection = sqlite3.connect(database, isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        for _ in range(20):
            connection.execute("INSERT INTO t VALUES (randomblob(9000))")
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        size = log.stat().st_size
        connection.execute("INSERT INTO t VALUES (1)")
        assert log.stat().st_size == size
        assert wal.examine(log) is None


def test_a_log_that_ends_anywhere_is_no_damage(killed: Path, tmp_path: Path) -> None:
    data, rng = log_of(killed).read_bytes(), random.Random(0)
    cut = tmp_path / "cut"
    for size in [0, 31, 32, 33, *(rng.randrange(len(data)) for _ in range(60))]:
        cut.write_bytes(data[:size])
        assert wal.examine(cut) is None
        cut.write_bytes(data[:size] + bytes(len(data) - size))  # room that was never written
        assert wal.examine(cut) is None


def test_a_log_that_is_being_written_is_no_damage(tmp_path: Path) -> None:
    """Opening an archive again and again beside a process that writes it."""
    folder = tmp_path / "archive"
    tests = str(Path(__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {tests!r})\n" + KILLED.replace(
        f"unit_rows({COMMITS})", "unit_rows(3000)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder)]) as writer:
        end, opened = time.monotonic() + 60, 0
        while writer.poll() is None and time.monotonic() < end and opened < 100:
            if (folder / "archive.db").exists():
                with Store(folder) as store:
                    opened += embedding_count(store) >= 0
        writer.kill()
    assert opened > 10


@pytest.mark.fuzz
def test_every_bit_of_a_log_is_noticed(killed: Path, tmp_path: Path) -> None:
    whole = log_of(killed).read_bytes()
    page = int.from_bytes(whole[8:12], "big")
    last = (len(whole) - page - wal.FRAME_HEADER_BYTES) * 8
    rng = random.Random(12)
    bits = [
        *range(wal.HEADER_BYTES * 8),
        *range(last, last + wal.FRAME_HEADER_BYTES * 8),
        *(rng.randrange(len(whole) * 8) for _ in range(1500)),
    ]
    turned = tmp_path / "turned"
    missed = []
    for bit in bits:
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        turned.write_bytes(data)
        if wal.examine(turned) is None:
            missed.append(bit)
    print(f"bits of a log: {len(bits)} tried, {len(bits) - len(missed)} held")
    assert not missed
