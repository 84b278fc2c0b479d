"""What every request passes before anything else: its host, its origin, its size; and headers.

One ASGI middleware, so that a body that is too large is refused while it arrives.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reidsearch.web.problems import Denied, problem_response
from reidsearch.web.state import ServeSettings

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Safety:
    """Refuses foreign hosts (DNS rebinding), writes from other sites, and large bodies."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
                out.setdefault("cache-control", "no-store")
                if self._settings.secure:
                    out.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        try:
            self._require_host(headers)
            if scope["method"] not in SAFE_METHODS:
                self._require_own_site(headers)
            limited = self._limited(headers, receive)
            await self._app(scope, limited, headed)
        except Denied as denied:
            await problem_response(denied)(scope, receive, headed)

    def _require_host(self, headers: Headers) -> None:
        if (
            len(headers.getlist("host")) != 1
            or host_of(headers["host"]) not in self._settings.hosts
        ):
            raise Denied(
                HTTPStatus.MISDIRECTED_REQUEST,
                "other-host",
                "this server does not answer under the name that was asked for",
            )

    def _require_own_site(self, headers: Headers) -> None:
        """Refuse a write that another site caused; browsers say so, other programs need not."""
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        if site is not None:
            own = site in {"same-origin", "none"}
        elif origin is not None:
            own = origin.partition("://")[2] == headers["host"]
        else:
            own = True
        if not own:
            raise Denied(
                HTTPStatus.FORBIDDEN,
                "other-site",
                "another site asked for a change here, which is refused",
            )

    def _limited(self, headers: Headers, receive: Receive) -> Receive:
        """Return `receive` that stops when more arrives than a body may have."""
        most = self._settings.largest_body
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            raise _too_large(most)
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise _too_large(most)
            return message

        return counted


def host_of(header: str) -> str:
    """Return the host of a `Host` header without its port."""
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0].lower()


def _too_large(most: int) -> Denied:
    return Denied(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        f"what was sent is larger than {most // 1_048_576} MiB",
    )
