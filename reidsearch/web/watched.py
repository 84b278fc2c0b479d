"""What a server tells of itself to who watches it: whether it lives, can serve, and its figures.

`/health` and `/ready` tell nothing that anybody could not see, and are answered under every name,
since a proxy asks by an address. `/metrics` is for who has its token; without a token for this
machine alone, and only where the server is served to nobody else.
"""

from __future__ import annotations

import hmac
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reidsearch.domain.jobs import JobState
from reidsearch.web.metrics import MEDIA, Gauge, Labels
from reidsearch.web.reach import is_loopback
from reidsearch.web.safety import host_of

if TYPE_CHECKING:
    from reidsearch.web.state import State

HEALTH, READY, METRICS = "/health", "/ready", "/metrics"
NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watched:
    """Answers who watches, and counts all other requests."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or pass a request on and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        probe = PROBES.get(scope["path"])
        if probe is not None and scope["method"] in {"GET", "HEAD"}:
            response = await run_in_threadpool(probe, self._state, scope)
            response.headers["cache-control"] = "no-store"
            await response(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            method = scope["method"] if scope["method"] in METHODS else "other"
            took_s = time.monotonic() - began
            self._state.metrics.answered(method, route, status, took_s)


def health(_: State, __: Scope) -> Response:
    """Tell that the process answers."""
    return JSONResponse({"status": "ok"})


def ready(state: State, _: Scope) -> Response:
    """Tell whether requests may be sent here: the database answers, and the index is loaded.

    A model that is not there is told and keeps nobody away: lists, journeys and cases need none.
    """
    database = _database(state)
    told = {
        "ready": database and state.warming.index in {"loaded", "on demand"},
        "database": "reachable" if database else "away",
        "index": state.warming.index,
        "model": state.warming.model,
    }
    return JSONResponse(told, HTTPStatus.OK if told["ready"] else HTTPStatus.SERVICE_UNAVAILABLE)


def metrics(state: State, scope: Scope) -> Response:
    """Return the figures, to who may read them."""
    if not _may_read(state, scope):
        headers = {"www-authenticate": "Bearer"} if state.settings.metrics_token else {}
        return PlainTextResponse("not for you\n", HTTPStatus.UNAUTHORIZED, headers)
    return Response(state.metrics.text(_gauges(state)), media_type=MEDIA)


def _may_read(state: State, scope: Scope) -> bool:
    headers = Headers(scope=scope)
    if (token := state.settings.metrics_token) is not None:
        given = headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(given, f"Bearer {token}".encode())
    client = scope.get("client") or ("", 0)
    own_name = host_of(headers.get("host", "")) in state.settings.hosts
    return state.settings.local and own_name and is_loopback(client[0])


def _database(state: State) -> bool:
    try:
        state.archive.changes()
    except Exception:  # noqa: BLE001  whatever it is: it does not answer
        return False
    return True


def _gauges(state: State) -> list[Gauge]:
    database = _database(state)
    gauges = [
        Gauge("database_up", "Whether the database answers.", {(): int(database)}),
        Gauge("listeners", "Pages that listen to events.", {(): state.listeners.count}),
    ]
    if not database:
        return gauges
    archive = state.archive
    states: Counter[Any] = Counter(archive.jobs.waiting())
    jobs: dict[Labels, float] = {
        (("state", one.value),): states[one] for one in (JobState.QUEUED, JobState.RUNNING)
    }
    gauges.append(Gauge("jobs", "Jobs of the archive, by state.", jobs))
    lag = archive.searching.lag()
    if lag is not None:
        told = "Crops that this server's index takes in at its next search."
        gauges.append(Gauge("index_lag_crops", told, {(): lag}))
    return gauges


PROBES: dict[str, Callable[[State, Scope], Response]] = {
    HEALTH: health,
    READY: ready,
    METRICS: metrics,
}
