"""Serve an archive until somebody stops it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from reidsearch.base.errors import InputError, Refused, UsageError
from reidsearch.base.reading import read_bytes
from reidsearch.web.app import make_app, make_state
from reidsearch.web.state import ServeSettings, State
from reidsearch.web.working import Opening, jobs_running

if TYPE_CHECKING:
    import uvicorn

    from reidsearch.archive import Archive

SHUTDOWN_S = 5
BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate of the server, with those that signed it, and its key: PEM files."""

    certificate: Path
    key: Path


def run(
    archive: Archive,
    settings: ServeSettings,
    *,
    host: str,
    port: int,
    tls: Tls | None = None,
    tell: Callable[[str], None],
    opening: Opening,
) -> None:
    """Serve an archive until a signal stops the server.

    Args:
        port: 0 takes a free one.
        tell: is told the address, where whoever starts it signs in by a link with a token for that.
        opening: how the processes of jobs open the archive.

    Raises:
        UsageError: the port is taken, or the host is none of this machine.
        InputError: certificate or key cannot be used.
        KeyboardInterrupt: a signal has stopped it.
    """
    import uvicorn

    state = make_state(archive, settings)
    config = uvicorn.Config(
        make_app(state),
        http="h11",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `Safety` reads them, and only where a proxy was said to be
        timeout_graceful_shutdown=SHUTDOWN_S,
        ws="none",
        lifespan="off",
    )
    if tls is not None:
        require_usable(tls)
        config.ssl_certfile, config.ssl_keyfile = str(tls.certificate), str(tls.key)
    with listening_at(host, port) as listening, jobs_running(state, opening):
        scheme = "http" if tls is None else "https"
        address = f"{scheme}://{settings.hosts[0]}:{listening.getsockname()[1]}"
        tell(f"{address}/sign-in/{state.sessions.link()}" if settings.local else address)
        if not settings.local:  # for others: the first of them should not wait for it
            state.warming.begin(archive)
        try:
            _server(config, state).run([listening])
        finally:
            archive.sign_in.record_rest()
        if state.listeners.closing.is_set():  # stopped by a signal
            raise KeyboardInterrupt


def listening_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UsageError: the port is taken, or the host is none of this machine.
    """
    # With the protocol, for asyncio sets TCP_NODELAY only where it is named: without, the body of
    # an answer waits 40 ms until the client has acknowledged its head.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)  # before the address is told: who opens it at once has to wait
    except (OSError, UnicodeError, TypeError) as error:  # of what no host is named
        listening.close()
        why = getattr(error, "strerror", None) or "it is no name of a host"
        raise UsageError(
            f"nothing can listen at {host}, port {port}: {why}",
            "another server may run already; take another port",
        ) from error
    return listening


def require_usable(tls: Tls) -> None:
    """Refuse a certificate or key that no server can use.

    Raises:
        InputError: naming the file.
    """
    for path in (tls.certificate, tls.key):
        try:
            read_bytes(path)
        except Refused as refused:
            raise refused.reworded(f"{path}: {refused.message}", InputError) from refused
    try:
        # Asked for a password, the library would wait at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, str)
    except (ssl.SSLError, ValueError, OSError) as error:
        raise InputError(
            f"{tls.certificate} and {tls.key} are no certificate in PEM with its key",
            "the first file holds the certificate and those that signed it, the second its key "
            "without a password",
        ) from error


def _server(config: uvicorn.Config, state: State) -> uvicorn.Server:
    """Return a server that ends the streams of events when a signal stops it."""
    import uvicorn

    class Ending(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Not by uvicorn, which sends itself the signal again when its connections have ended:
            # that would be a second one, which stops at once.
            state.listeners.closing.set()
            self.should_exit = True

    return Ending(config)
