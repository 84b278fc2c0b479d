"""A webhook that really listens, and notes what it is sent."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What it answers, and what it got.

    Args:
        status: of every answer.
        location: of a redirect.
        waits: it answers nothing until this is set.
        drips: it sends its headers byte by byte, and never ends.
    """

    url: str = ""
    status: int = 200
    location: str = ""
    waits: threading.Event | None = None
    drips: bool = False
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What was posted, in its order."""
        return [json.loads(one) for one in self.bodies]


@contextlib.contextmanager
def webhook(context: ssl.SSLContext | None = None) -> Iterator[Webhook]:
    """Listen on this machine, with a certificate where there is a context."""
    made, ended = Webhook(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.headers.append(dict(self.headers))
            made.bodies.append(body)
            if made.waits is not None:
                made.waits.wait(60)
            if made.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while not ended.wait(0.05):
                    self.wfile.write(b"x")
                return
            self.send_response(made.status)
            if made.location:
                self.send_header("Location", made.location)
            self.end_headers()

        def do_GET(self) -> None:
            made.bodies.append(b'"a GET"')
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    made.url = f"{scheme}://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        ended.set()
        if made.waits is not None:
            made.waits.set()
        server.shutdown()
        server.server_close()
