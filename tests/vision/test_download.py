"""Downloads against a real server on 127.0.0.1 that misbehaves in every way a network does."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import http.server
import io
import os
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from reidsearch.base.errors import ModelError, StorageError
from reidsearch.output.hints import advice
from reidsearch.vision.models.catalogue import ModelEntry, ModelFile, ModelInput
from reidsearch.vision.models.download import HTTPS, Redirects, Transport, install
from reidsearch.vision.models.unavailable import ModelUnavailable

BIN = bytes(range(256)) * 1200  # 300 KiB: several chunks
XML = b"<net/>" * 50
PLAIN = Transport(schemes=("http",), timeout_s=0.25, attempts=3, pause_s=0.0)

Act = Callable[[http.server.BaseHTTPRequestHandler, bytes], None]


class Server(http.server.ThreadingHTTPServer):
    """Serves BIN and XML; `acts` holds what to do with the coming requests instead."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts: deque[Act] = deque()
        self.always: Act | None = None
        self.seen: list[tuple[str, str | None]] = []
        self.release = threading.Event()
        self.content = {"m.bin": BIN, "m.xml": XML}

    def handle_error(self, request, client_address):
        """A client that hangs up is part of these tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format, *args):  # noqa: A002
        pass

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.seen.append((name, self.headers.get("Range")))
        data = self.server.content[name]
        act = self.server.acts.popleft() if self.server.acts else self.server.always
        (act or ranged)(self, data)


def answer(handler, data, *, status=200, length=None, **headers):
    handler.send_response(status)
    if length is not False:
        handler.send_header("Content-Length", str(len(data) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def ranged(handler, data):
    asked = handler.headers.get("Range")
    if not asked:
        return answer(handler, data)
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    where = f"bytes {start}-{len(data) - 1}/{len(data)}"
    return answer(handler, data[start:], status=206, Content_Range=where)


def whole(handler, data):
    """Knows no Range."""
    answer(handler, data)


def cut_at(count: int) -> Act:
    """Announces the whole file and ends early."""
    return lambda handler, data: answer(handler, data[:count], length=len(data))


def hang_after(count: int) -> Act:
    def act(handler, data):
        answer(handler, data[:count], length=len(data))
        handler.wfile.flush()
        handler.server.release.wait(10)

    return act


def silent(handler, data):
    handler.server.release.wait(10)


def status(code: int) -> Act:
    return lambda handler, data: answer(handler, b"no", status=code)


def page(handler, data):
    answer(handler, b"<html>please log in</html>")


def wrong(handler, data):
    answer(handler, b"X" * len(data))


def unbounded(handler, data):
    """Announces no length and never stops."""
    answer(handler, b"", length=False)
    while True:
        handler.wfile.write(b"Z" * 65536)


def wrong_range(handler, data):
    answer(handler, data, status=206, Content_Range=f"bytes 0-{len(data) - 1}/{len(data)}")


def redirect(to: str) -> Act:
    return lambda handler, data: answer(handler, b"", status=302, Location=to)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path / "cache" / "models" / "m" / "FP16"


def entry_at(base: str) -> ModelEntry:
    def file(name: str, data: bytes) -> ModelFile:
        return ModelFile(name, len(data), hashlib.sha384(data).hexdigest(), f"{base}/{name}")

    return ModelEntry(
        name="m",
        precision="FP16",
        role="re-id",
        files=(file("m.bin", BIN), file("m.xml", XML)),
        input=ModelInput("NCHW", 128, 256, "BGR"),
        dimension=256,
        licence="Apache-2.0",
        card="",
        published=MappingProxyType({}),
        default=False,
    )


@pytest.fixture
def entry(server) -> ModelEntry:
    return entry_at(f"http://127.0.0.1:{server.server_port}")


class Counting:
    """Adds up what is reported."""

    def __init__(self) -> None:
        self.tasks: list[list] = []
        self.ended = 0

    def begin(self, task, total, unit):
        self.tasks.append([task, total, unit, 0])

    def advance(self, done=1, /, **counts):
        self.tasks[-1][3] += done

    def working_on(self, what): ...

    def end(self):
        self.ended += 1


def holds_the_model(cache: Path) -> bool:
    return (cache / "m.bin").read_bytes() == BIN and (cache / "m.xml").read_bytes() == XML


def names(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()} - {".lock"}


def test_install(server, entry, cache):
    progress = Counting()
    assert install(entry, progress, transport=PLAIN) == cache / "m.xml"
    assert holds_the_model(cache)
    assert names(cache) == {"m.bin", "m.xml"}
    assert progress.tasks == [
        ["download m.bin", len(BIN), "bytes", len(BIN)],
        ["download m.xml", len(XML), "bytes", len(XML)],
    ]
    assert progress.ended == 2


def test_install_again_asks_nobody(server, entry, cache):
    install(entry, transport=PLAIN)
    server.seen.clear()
    install(entry, transport=PLAIN)
    assert server.seen == []


def test_install_replaces_a_damaged_file_and_no_other(server, entry, cache):
    install(entry, transport=PLAIN)
    (cache / "m.bin").write_bytes(b"damaged")
    server.seen.clear()
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)
    assert server.seen == [("m.bin", None)]


@pytest.mark.parametrize(
    ("acts", "ranges"),
    [
        ([cut_at(1000)], [None, "bytes=1000-"]),
        ([cut_at(1000), hang_after(0)], [None, "bytes=1000-", None]),
        ([hang_after(70_000)], [None, "bytes=70000-"]),
        ([silent], [None, None]),
        ([status(503)], [None, None]),
        ([status(429), status(408)], [None, None, None]),
        ([cut_at(1000), whole], [None, "bytes=1000-"]),
        ([cut_at(1000), wrong_range], [None, "bytes=1000-", None]),
        ([cut_at(1000), status(416)], [None, "bytes=1000-", None]),
    ],
    ids=["cut", "cut, then hangs", "hangs", "silent", "503", "429, 408", "no resume",
         "wrong range", "416"],
)  # fmt: skip
def test_transient_failures_are_overcome(server, entry, cache, acts, ranges):
    server.acts.extend(acts)
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)
    assert [asked for name, asked in server.seen if name == "m.bin"] == ranges


def test_resumes_what_an_earlier_process_left(server, entry, cache):
    cache.mkdir(parents=True)
    (cache / "m.bin.part").write_bytes(BIN[:123_456])
    progress = Counting()
    install(entry, progress, transport=PLAIN)
    assert holds_the_model(cache)
    assert server.seen[0] == ("m.bin", "bytes=123456-")
    assert progress.tasks[0][3] == len(BIN)


@pytest.mark.parametrize("left", [b"?" * 5000, b"?" * len(BIN), b"?" * (len(BIN) + 9)])
def test_a_wrong_leftover_is_thrown_away(server, entry, cache, left):
    cache.mkdir(parents=True)
    (cache / "m.bin.part").write_bytes(left)
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)
    assert names(cache) == {"m.bin", "m.xml"}


@pytest.mark.parametrize(
    ("act", "requests", "says"),
    [
        (status(404), 1, "HTTP 404"),
        (status(403), 1, "HTTP 403"),
        (status(500), 3, "HTTP 500"),
        (silent, 3, "timed out"),
        (cut_at(0), 3, "ended after 0 of"),
        (page, 1, "a log-in page may stand in between"),
        (unbounded, 1, f"more than the {len(BIN)} bytes"),
    ],
)
def test_gives_up_clearly(server, entry, cache, act, requests, says):
    server.always = act
    progress = Counting()
    with pytest.raises(ModelUnavailable) as caught:
        install(entry, progress, transport=PLAIN)
    assert says in caught.value.message
    assert entry.files[0].url in caught.value.message
    for way in ("--model-path", "REIDSEARCH_MODELS", "models import DIR", "models install m/FP16"):
        assert way in advice(caught.value)
    assert len(server.seen) == requests
    assert not (cache / "m.bin").exists()
    assert progress.ended == 1


def test_never_writes_more_than_the_file_has(server, entry, cache):
    server.always = unbounded
    with pytest.raises(ModelUnavailable):
        install(entry, transport=PLAIN)
    assert sum(path.stat().st_size for path in cache.iterdir()) <= len(BIN)


def test_a_server_that_drips_is_given_up(server, entry, monkeypatch):
    def drip(handler, data):
        answer(handler, b"", length=len(data))
        while not handler.server.release.wait(0.02):
            handler.wfile.write(b"x")

    server.always = drip
    monkeypatch.setattr("reidsearch.vision.models.download.SLOWEST_BYTES_PER_S", 10**9)
    with pytest.raises(ModelUnavailable, match="not finished after"):
        install(entry, transport=dataclasses.replace(PLAIN, attempts=1))


def test_wrong_bytes_are_refused_with_both_checksums(server, entry, cache):
    server.always = wrong
    with pytest.raises(ModelError) as caught:
        install(entry, transport=PLAIN)
    assert not isinstance(caught.value, ModelUnavailable)
    assert entry.files[0].sha384 in caught.value.message
    assert hashlib.sha384(b"X" * len(BIN)).hexdigest() in caught.value.message
    assert names(cache) == set()


def test_http_is_refused_to_users(server, entry, cache):
    assert HTTPS.schemes == ("https",)
    with pytest.raises(ModelError, match="not HTTPS") as caught:
        install(entry)
    assert not isinstance(caught.value, ModelUnavailable)
    assert server.seen == []


def test_redirect_is_followed_within_the_scheme(server, entry, cache):
    server.acts.append(redirect(f"http://127.0.0.1:{server.server_port}/elsewhere/m.bin"))
    install(entry, transport=PLAIN)
    assert holds_the_model(cache)


@pytest.mark.parametrize("to", ["https://127.0.0.1:1/m.bin", "ftp://127.0.0.1/m.bin"])
def test_redirect_to_another_scheme_is_refused(server, entry, to):
    server.always = redirect(to)
    with pytest.raises(ModelError, match="refused to fetch"):
        install(entry, transport=PLAIN)
    assert len(server.seen) == 1


def test_endless_redirects_end(server, entry):
    server.always = redirect(entry.files[0].url)
    with pytest.raises(ModelUnavailable, match="HTTP 302"):
        install(entry, transport=PLAIN)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:1", "no network: Connection refused"),
        ("http://no-such-host.invalid", "the address of no-such-host.invalid is not found"),
    ],
)
def test_no_network_is_said_at_once(url, says):
    # Only the error path is under test, so a name that never resolves is as good as no network.
    with pytest.raises(ModelUnavailable, match=says):
        install(entry_at(url), transport=dataclasses.replace(PLAIN, pause_s=60))


def test_a_proxy_that_fails_is_named_without_its_password(entry, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://user:secret@127.0.0.1:1")
    with pytest.raises(ModelUnavailable, match=r"the proxy 127\.0\.0\.1") as caught:
        install(entry, transport=PLAIN)
    assert "secret" not in caught.value.message + advice(caught.value)


def test_a_cache_that_cannot_be_made(entry, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match=str(tmp_path / "file")) as caught:
        install(entry, transport=PLAIN)
    assert "REIDSEARCH_CACHE" in advice(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_without_permission(entry, cache):
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    with pytest.raises(StorageError, match="Permission denied"):
        install(entry, transport=PLAIN)


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from test_download import entry_at, PLAIN
from reidsearch.base.errors import StorageError
from reidsearch.vision.models.download import install
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    install(entry_at({url!r}), transport=PLAIN)
except StorageError as error:
    print(error.message)
"""


@pytest.mark.full
def test_a_disk_that_takes_no_more(server, cache):
    """A limit on the size of files stands for a full disk: the same write fails half-way."""
    url = f"http://127.0.0.1:{server.server_port}"
    code = FULL_DISK.format(tests=str(Path(__file__).parent), url=url)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"cannot write to {cache}: {os.strerror(errno.EFBIG)}" in done.stdout
    assert not (cache / "m.bin").exists()


@pytest.mark.full
def test_two_processes_do_not_collide(server, entry, cache):
    """The second waits for the first, then finds the files."""

    def slow(handler, data):
        handler.server.release.wait(0.5)  # long enough for the other to come
        ranged(handler, data)

    server.acts.append(slow)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_download import entry_at, PLAIN, install\nimport dataclasses\n"
        f"install(entry_at({entry.files[0].url.rpartition('/')[0]!r}),"
        " transport=dataclasses.replace(PLAIN, timeout_s=10))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(30) for process in both] == [0, 0]
    assert holds_the_model(cache)
    assert sorted(server.seen) == [("m.bin", None), ("m.xml", None)]


@pytest.fixture
def tls(server, tmp_path) -> Path:
    """The server speaks TLS with a certificate of its own making; returns the certificate."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs the openssl command to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    return certificate


def test_https_as_users_have_it(server, tls, cache, monkeypatch):
    entry = entry_at(f"https://127.0.0.1:{server.server_port}")
    with pytest.raises(ModelUnavailable, match=r"no trusted connection .*SSL_CERT_FILE"):
        install(entry)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls))
    server.acts.append(redirect(f"http://127.0.0.1:{server.server_port}/m.bin"))
    with pytest.raises(ModelError, match="refused to fetch a model from http:"):
        install(entry)
    install(entry)
    assert holds_the_model(cache)


def test_redirects_name_the_address():
    request = urllib.request.Request("https://example.org/m.bin")
    to = "http://example.org/m.bin"
    with pytest.raises(ModelError, match=to.replace(".", r"\.")):
        Redirects(("https",)).redirect_request(request, io.BytesIO(), 302, "", {}, to)
