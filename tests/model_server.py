"""A model server on 127.0.0.1 that misbehaves in every way a network does."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from reidsearch.vision.models.catalogue import ModelEntry, ModelFile, ModelInput
from reidsearch.vision.models.download import Transport

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


def holds_the_model(cache: Path) -> bool:
    return (cache / "m.bin").read_bytes() == BIN and (cache / "m.xml").read_bytes() == XML


def names(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()} - {".lock"}
