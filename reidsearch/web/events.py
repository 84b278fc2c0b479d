"""Server-sent events: whoever listens is told the whole present state, and then every new one.

Nothing is replayed: an event carries all there is to know, so a listener who was away needs only
the last one, and gets it at once unless its `Last-Event-ID` says that it has it. Ids begin with a
word of this server's own, so that after a restart everybody is told anew.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from weakref import WeakValueDictionary

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from reidsearch.base.errors import ReidsearchError
from reidsearch.web.problems import Denied

MEDIA = "text/event-stream"
MOST_LISTENERS = 64
LOOKS_EVERY_S = 0.4
LOOKS_ANYWAY_EVERY_S = 2.0
"""So often what nobody says is looked for: that the process of a job was killed."""
BEATS_EVERY_S = 10.0
"""So long nothing is said at most: listeners, and what lies between, know that the server lives."""
RETRY_MS = 2000


@dataclass(frozen=True, slots=True)
class Present:
    """A state to tell.

    Args:
        last: there will be no other.
    """

    document: Mapping[str, Any]
    last: bool = False


class Channel:
    """What one kind of listeners is told, read at most once in `LOOKS_EVERY_S` for all of them.

    Args:
        moved: a value that is another one when there may be something new to tell.
    """

    def __init__(
        self, event: str, look: Callable[[], Present], moved: Callable[[], object]
    ) -> None:
        self._event, self._look, self._moved = event, look, moved
        self._boot = secrets.token_hex(4)
        self._reading = threading.Lock()
        self._asked_at = self._looked_at = float("-inf")
        self._seen: object = None
        self._data = ""
        self._number = 0
        self.last = False

    def now(self) -> tuple[str, str]:
        """Return the id and the text of the present event."""
        with self._reading:
            if time.monotonic() - self._asked_at >= LOOKS_EVERY_S / 2 and not self.last:
                self._ask()
                self._asked_at = time.monotonic()
            told = f"{self._boot}-{self._number}"
            return told, f"id: {told}\nevent: {self._event}\ndata: {self._data}\n\n"

    def _ask(self) -> None:
        moved = self._moved()  # before looking: what comes meanwhile is looked at again
        if moved == self._seen and time.monotonic() - self._looked_at < LOOKS_ANYWAY_EVERY_S:
            return
        present = self._look()
        data = json.dumps(present.document)
        if data != self._data:
            self._data = data
            self._number += 1
        self.last = present.last
        self._seen, self._looked_at = moved, time.monotonic()


class Listeners:
    """Everybody who listens to one server."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        """Set when the server is to end: all streams end within a moment."""
        self._count = 0
        self._counting = threading.Lock()
        self._channels: WeakValueDictionary[tuple[str, str], Channel] = WeakValueDictionary()

    @property
    def count(self) -> int:
        """How many listen."""
        return self._count

    def channel(
        self, of: tuple[str, str], look: Callable[[], Present], moved: Callable[[], object]
    ) -> Channel:
        """Return what all who listen to the same are told.

        Args:
            of: name of the event, and what tells these listeners from others of it.
            moved: see `Channel`.
        """
        with self._counting:
            found = self._channels.get(of)
            if found is None:
                found = self._channels[of] = Channel(of[0], look, moved)
            return found

    def response(
        self, channel: Channel, request: Request, allowed: Callable[[], bool]
    ) -> StreamingResponse:
        """Return a stream of events.

        Args:
            allowed: asked now and then whether the listener may still hear it.

        Raises:
            Denied: too many listen already.
        """
        with self._counting:
            if self._count >= MOST_LISTENERS:
                raise Denied(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "too-many-listeners",
                    f"{MOST_LISTENERS} pages listen to this server already",
                    {"Retry-After": "30"},
                )
            self._count += 1
        last_id = request.headers.get("last-event-id")
        return _Response(self._stream(channel, last_id, allowed), self._left)

    def _left(self) -> None:
        with self._counting:
            self._count -= 1

    async def _stream(
        self, channel: Channel, last_id: str | None, allowed: Callable[[], bool]
    ) -> AsyncIterator[str]:
        yield f"retry: {RETRY_MS}\n\n"
        beat = time.monotonic()
        while not self.closing.is_set():
            event_id: str | None
            try:
                event_id, text = await run_in_threadpool(channel.now)
            except ReidsearchError:  # the database is busy: at the next look
                event_id, text = last_id, ""
            if event_id != last_id:
                last_id, beat = event_id, time.monotonic()
                yield text
            if channel.last:
                return
            if time.monotonic() - beat >= BEATS_EVERY_S:
                beat = time.monotonic()
                if not await run_in_threadpool(allowed):
                    return
                yield ": \n\n"
            await anyio.sleep(LOOKS_EVERY_S)


class _Response(StreamingResponse):
    """A stream that tells its end, whether or not anything of it was ever read."""

    def __init__(self, stream: AsyncIterator[str], left: Callable[[], None]) -> None:
        # The header is for proxies that would collect events before they pass them on.
        super().__init__(stream, media_type=MEDIA, headers={"X-Accel-Buffering": "no"})
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; of a HEAD request with the headers alone."""
        try:
            if scope["method"] == "HEAD":
                await Response(headers=dict(self.headers))(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)
        finally:
            self._left()
