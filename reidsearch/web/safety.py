"""What every request passes before anything else: its host, its origin, its size; and headers.

One ASGI middleware, so that a body that is too large is refused while it arrives.
"""

from __future__ import annotations

import ipaddress
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
FORWARDED = "x-forwarded-for"
LONGEST_LENGTH = 18  # digits
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
        body = _Body(headers, receive)

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
                if out.setdefault("cache-control", "no-store") != "no-store":
                    out.add_vary_header("Cookie")  # what one may see is not kept for another
                if not body.ended:
                    out["connection"] = "close"  # otherwise the rest would still be received
                if self._settings.secure:
                    out.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        try:
            self._require_host(headers)
            if self._settings.proxied:
                scope["client"] = (client_behind(headers), 0)
            if scope["method"] not in SAFE_METHODS:
                self._require_own_site(headers)
            body.limit(self._settings.largest_body)
            await self._app(scope, body.receive, headed)
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


class _Body:
    """The body of a request while it arrives.

    Attributes:
        ended: all of it was received.
    """

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self._length = headers.get("content-length", "0")
        self._receive = receive
        self._most: int | None = None
        self._arrived = 0
        self.ended = self._length == "0" and "transfer-encoding" not in headers

    def limit(self, most: int) -> None:
        """Refuse what is larger, now where it says so itself.

        Raises:
            Denied: it is.
        """
        length = self._length
        if not length.isdecimal() or len(length) > LONGEST_LENGTH or int(length) > most:
            raise _too_large(most)
        self._most = most

    async def receive(self) -> Message:
        """Receive what comes next."""
        message = await self._receive()
        self._arrived += len(message.get("body", b""))
        if self._most is not None and self._arrived > self._most:
            raise _too_large(self._most)
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.ended = True
        return message


def client_behind(headers: Headers) -> str:
    """Return the address that the proxy in front says it was asked from.

    A proxy adds it at the end of what the header held before, which anybody can have made up.

    Raises:
        Denied: it says none.
    """
    addresses = [one for value in headers.getlist(FORWARDED) for one in value.split(",")]
    try:
        return str(ipaddress.ip_address(addresses[-1].strip()))
    except (IndexError, ValueError) as error:
        raise Denied(
            HTTPStatus.BAD_REQUEST,
            "no-forwarded-address",
            "this server stands behind a proxy, which has to add the address that it was asked "
            "from to the header X-Forwarded-For",
        ) from error


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
