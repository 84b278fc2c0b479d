"""The ten commands of docs/team.md, as processes on a real PostgreSQL, without containers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pty
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from archives import draw_many
from postgres import Server, binaries

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "team.md").read_text("utf-8")
NAME, PASSWORD = "cctv.example.org", "correct horse battery"
CROPS, FOLDERS = 12, 3


def page_commands() -> list[str]:
    found = re.search(r"<!-- commands: team -->\n```sh\n(.*?)```", PAGE, re.S)
    assert found is not None
    return found[1].splitlines()


class Team:
    """A shell's view of it: the program, the server, and what was started in the background."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.server = server
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        (folder / "bin").mkdir()
        program = folder / "bin" / "reidsearch"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reidsearch "$@"\n')
        program.chmod(0o755)
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        self.environment = os.environ | {
            "FOOTAGE": str(folder / "footage"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "REIDSEARCH_ARCHIVE": str(server.address("station")),
            "REIDSEARCH_DATA": str(folder / "data"),
        }
        for number in range(FOLDERS):
            draw_many(folder / "footage" / f"{number}", CROPS, start=100 * number)
        certificate = trustme.CA().issue_cert(NAME)
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(folder / "chain.pem", append=True)

    def run(self, line: str) -> str:
        """Run a line of the page; one that ends with `&` runs on."""
        command = ["bash", "-euc", f"exec {line.removesuffix('&')}"]
        if line.endswith("&"):
            with (self.folder / f"told-{len(self.started)}").open("wb") as told:
                self.started.append(
                    subprocess.Popen(
                        command, cwd=self.folder, env=self.environment, stdout=told, stderr=told
                    )
                )
            return ""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        return done.stdout.decode()

    def type_twice(self, line: str, password: str) -> None:
        """Run a line that asks for a password on a terminal, and asks again."""
        outer, inner = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-euc", f"exec {line}"],
            cwd=self.folder, env=self.environment, stdin=inner, stdout=inner, stderr=inner,
            start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        said = b""
        for _ in range(2):
            while not said.rstrip().endswith(b":"):
                said += os.read(outer, 1024)
            os.write(outer, f"{password}\n".encode())
            said = b""
        assert process.wait(timeout=120) == 0

    def status(self) -> Any:
        return json.loads(self.run("reidsearch status --format json"))

    def page(self, path: str) -> int:
        told = ssl._create_unverified_context()
        asked = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=told)
        with contextlib.closing(asked):
            asked.request("GET", path, headers={"Host": NAME})
            return asked.getresponse().status

    def wait(self, until: Any, within_s: float = 300) -> None:
        end = time.monotonic() + within_s
        while True:
            assert [one.poll() for one in self.started] == [None] * len(self.started), self.told()
            if until():
                return
            assert time.monotonic() < end, self.told()
            time.sleep(0.5)

    def told(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("told-*")))

    def end(self) -> None:
        for one in self.started:
            one.send_signal(signal.SIGTERM)
        for one in self.started:
            one.wait(timeout=120)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    server = Server(binaries())
    made = Team(tmp_path, server)
    yield made
    made.end()
    server.remove()


def test_the_ten_commands_end_in_two_workers_and_a_page(team: Team) -> None:
    commands = page_commands()
    assert len(commands) == 10
    install, export, createdb, models, *rest = commands
    # The wheel's tests install it; drawn crops are embedded by the model that the program has.
    assert "pip install 'reidsearch[team]'" in install
    assert "REIDSEARCH_ARCHIVE=postgresql://reidsearch@localhost/station" in export
    assert models == "reidsearch models install"
    program, *options = createdb.replace("=reidsearch", "=postgres").split()
    team.server.tool(program, *options, "-p", team.server.port)
    for line in rest:
        if line.startswith("reidsearch account add"):
            team.type_twice(line, PASSWORD)
        elif line.startswith("reidsearch worker"):
            team.run(line.replace("worker", "worker --model builtin"))
        elif line.startswith("reidsearch serve"):
            team.run(line.replace("0.0.0.0", f"127.0.0.1 --port {team.port}"))
        else:
            team.run(line)
    assert len(team.started) == 3
    team.wait(lambda: team.status()["sources"]["done"] == FOLDERS)
    shown = json.loads(team.run("reidsearch show --format json"))
    assert shown["crops"] == CROPS * FOLDERS
    assert team.run("reidsearch check") == "No problems found.\n"
    assert len(team.status()["workers"]) == 2
    team.wait(lambda: answers(team))
    assert team.page("/") in {302, 303}, "nobody is let in who has not signed in"


def answers(team: Team) -> bool:
    try:
        return team.page("/sign-in") == 200
    except OSError:
        return False
