"""The server as a process: TLS, what an attacker sends over a socket, and sessions of two."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from archives import CommandLine, start
from served_processes import Server, serving
from signing import PASSWORD

from reidsearch import Archive
from reidsearch.domain.accounts import Role

pytestmark = pytest.mark.slow
STOPPED = """
import os, signal, sys, threading
from pathlib import Path
import httpx2
from reidsearch import Archive
from reidsearch.web.run import run
from reidsearch.web.state import ServeSettings
from reidsearch.web.working import Opening

told = []

def once(address):
    httpx2.get(address)
    os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, lambda *_: told.append("signalled again"))
with Archive.open(Path(sys.argv[1])) as archive:
    try:
        run(
            archive, ServeSettings(), host="127.0.0.1", port=0, opening=Opening(),
            tell=lambda address: threading.Thread(target=once, args=(address,)).start(),
        )
    except KeyboardInterrupt:
        told.append("stopped")
print(*told)
"""
GET = b"GET /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, two_cameras: Path) -> Path:
    """An archive with an admin `anna` and a viewer `vera`."""
    made = Path(shutil.copytree(two_cameras, tmp_path_factory.mktemp("served") / "archive"))
    with Archive.open(made) as archive:
        archive.accounts.add("anna", PASSWORD, Role.ADMIN)
        archive.accounts.add("vera", PASSWORD, Role.VIEWER)
    return made


@pytest.fixture(scope="module")
def local(folder: Path) -> Iterator[Server]:
    with serving(folder) as server:
        yield server


def trusting(certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate.certificate.parent / "ca.pem")


def test_a_link_signs_in_once_and_the_session_outlives_the_server(folder):
    with serving(folder) as server, httpx2.Client() as client:
        assert client.get(server.address).status_code == 303
        told = client.get(f"http://127.0.0.1:{server.port}/api/v1/session").json()
        assert (told["role"], told["account_id"]) == ("admin", None)
        other = httpx2.get(server.address)
        assert other.headers["location"] == "/sign-in?used=true"
        assert "set-cookie" not in other.headers
        with serving(folder) as again:
            address = f"http://127.0.0.1:{again.port}/api/v1/session"
            assert client.get(address).status_code == 200


def test_one_signal_stays_one(folder):
    """uvicorn sends itself the signal again at its end; a second one would stop at once."""
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "stopped\n", done.stderr


def test_a_team_signs_in_over_tls(folder, certificate):
    options = ("--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    with serving(folder, "--host", "0.0.0.0", "--name", "127.0.0.1", *options) as server:
        assert server.address == f"https://127.0.0.1:{server.port}", "no link is printed"
        with httpx2.Client(verify=trusting(certificate), base_url=server.address) as client:
            assert client.get("/api/v1/archive").status_code == 401
            given = {"name": "vera", "password": PASSWORD}
            assert client.post("/api/v1/session", json=given).status_code == 200
            [name] = client.cookies
            assert name.startswith("__Host-")
            assert client.get("/api/v1/archive").status_code == 200
            assert client.get("/api/v1/accounts").status_code == 403
        with pytest.raises(httpx2.HTTPError):
            httpx2.get(f"https://127.0.0.1:{server.port}/")  # who does not know the authority
        assert b"200" not in server.raw(GET + b"\r\n").split(b"\r\n")[0], "nothing in plain text"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--host", "0.0.0.0"], "--tls-cert"),
        (["--behind-proxy"], "--name"),
        (["--tls-cert", "x.pem"], "--tls-key"),
    ],
)
def test_what_is_not_safe_is_refused_with_what_to_do(folder, options, says):
    process = start("serve", "-a", folder, "--port", "0", *options)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert says in said


def test_a_team_without_accounts_is_refused(run: CommandLine, two_cameras, certificate):
    shutil.copytree(two_cameras, run.archive)
    tls = ("--tls-cert", certificate.certificate, "--tls-key", certificate.key)
    ran = run("serve", "--host", "192.0.2.1", *tls)
    assert ran.code == 2
    assert "reidsearch account add" in ran.err


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"Host: evil.example\r\n\r\n",
        GET.replace(b"127.0.0.1", b"evil.example") + b"\r\n",
        GET.replace(b"Host: 127.0.0.1\r\n", b"") + b"\r\n",
        GET.replace(b"/api", b"http://evil.example/api").replace(b"127.0.0.1", b"evil.example")
        + b"\r\n",
        GET.replace(b"127.0.0.1", b"127.0.0.1@evil.example") + b"\r\n",
        GET.replace(b"127.0.0.1", b"127.0.0.1 evil.example") + b"\r\n",
        GET.replace(b"127.0.0.1", b"\x00127.0.0.1") + b"\r\n",
    ],
)
def test_a_foreign_host_gets_nothing(local, sent):
    status = local.raw(sent).split(b"\r\n")[0]
    assert status.split()[1] in {b"400", b"421"}


SMUGGLED = b"GET /api/v1/accounts HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 4\r\nContent-Length: 60\r\n\r\n" + SMUGGLED,
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + SMUGGLED,
        POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx" + SMUGGLED,
        POST + b"Content-Length: +4\r\n\r\n" + SMUGGLED,
        POST + b"Content-Length: 4, 4\r\nX: y\r\n\r\n" + SMUGGLED,
        POST + b"Content-Length: 0\r\n\r\n" + SMUGGLED,
        POST + b"X: y\nContent-Length: 4\r\n\r\n" + SMUGGLED,
        GET + b"X: y\x00z\r\n\r\n",
        b"GET /api/v1/session HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01" + b"x" * 100 + b"\r\n\r\n",
        GET + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        b"".join([GET, *[b"X%d: y\r\n" % number for number in range(20_000)], b"\r\n"]),
    ],
)
def test_what_is_ambiguous_is_refused_as_a_whole(local, sent):
    received = local.raw(sent)
    answers = received.count(b"HTTP/1.1 ")
    assert answers <= 1, "what was hidden in a body was taken for a request"
    assert not received or received.split()[1] in {b"400", b"401", b"415", b"422", b"431", b"505"}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_while_it_arrives(local, chunked):
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        while sent < 400 << 20:
            sent += 1 << 20
            yield b"x" * (1 << 20)

    length = {} if chunked else {"Content-Length": str(400 << 20)}
    headers = {"Content-Type": "application/json", **length}
    try:
        address = f"http://127.0.0.1:{local.port}/api/v1/session"
        status = httpx2.post(address, content=body(), headers=headers).status_code
    except httpx2.HTTPError:  # it closed before all was sent
        status = 413
    assert status == 413
    assert sent < 120 << 20


def test_nothing_outside_of_the_static_files_is_read(local):
    for path in (
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..\\app.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/" + "a" * 5000,
        "/static/%c0%ae%c0%ae/app.py",
    ):
        sent = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        status = local.raw(sent.encode()).split(b"\r\n")[0]
        assert status.split()[1] in {b"404", b"400"}, path
