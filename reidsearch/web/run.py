"""Serve an archive until somebody stops it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from reidsearch.base.errors import UsageError
from reidsearch.web.app import make_app, make_state
from reidsearch.web.sessions import local_person
from reidsearch.web.state import ServeSettings

if TYPE_CHECKING:
    from reidsearch.archive import Archive

SHUTDOWN_S = 5


def run(
    archive: Archive,
    settings: ServeSettings,
    *,
    host: str,
    port: int,
    actor: str,
    tell: Callable[[str], None],
) -> None:
    """Serve an archive; return when a signal has stopped the server.

    Args:
        port: 0 takes a free one.
        actor: who started it, and is signed in by the link.
        tell: is told the address, with a token that signs in once.

    Raises:
        UsageError: the port is taken, or the host is none of this machine.
    """
    import uvicorn

    state = make_state(archive, settings)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UsageError(
            f"nothing can listen at {host}, port {port}: {error.strerror}",
            "another server may run already; take another port",
        ) from error
    shown = f"[{host}]" if ":" in host else host
    port = listening.getsockname()[1]
    tell(f"http://{shown}:{port}/sign-in/{state.sessions.link(local_person(actor))}")
    config = uvicorn.Config(
        make_app(state),
        http="h11",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        ws="none",
        lifespan="off",
    )
    with listening:
        uvicorn.Server(config).run([listening])
