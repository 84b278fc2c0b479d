"""`reidsearch serve` in a process of its own, and bytes sent to it that no client would send."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archives import start

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Args:
        address: that it printed.
    """

    address: str

    @property
    def port(self) -> int:
        found = re.search(r":(\d+)(?:/|$)", self.address)
        assert found is not None
        return int(found[1])

    def raw(self, sent: bytes, tls: ssl.SSLContext | None = None, patience_s: float = 10) -> bytes:
        """Send bytes, and return all that comes back until the server closes, or sends no more."""
        with socket.create_connection((HOST, self.port), timeout=patience_s) as plain:
            connected = tls.wrap_socket(plain, server_hostname=HOST) if tls else plain
            with connected:
                received = b""
                with contextlib.suppress(ConnectionError, TimeoutError):
                    connected.sendall(sent)
                    while part := connected.recv(65536):
                        received += part
                return received


@contextlib.contextmanager
def serving(archive: Path, *options: object) -> Iterator[Server]:
    """Run `serve` on a free port until the end of the block; it has to end cleanly."""
    given = [str(one) for one in options]
    process = start("serve", "-a", archive, "--port", "0", "--offline", *given)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Open "), process.communicate(timeout=10)
        yield Server(line.removeprefix("Open ").strip())
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert "Traceback" not in said, said
