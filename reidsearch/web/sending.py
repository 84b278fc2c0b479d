"""Responses that are made while they are sent, or leave nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from reidsearch.media.video.streaming import Stretch

STALLED_S = 60.0
"""A browser that takes nothing for so long has left."""
_ASKED_EVERY_S = 0.5
_END = b""


class Asker:
    """Whoever asked, and whether they still wait; for handlers, which run in threads."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._asked = time.monotonic()
        self._gone = threading.Event()
        self._answered = False

    def left(self) -> bool:
        """Whether nobody waits for the answer any more; asks at most twice a second."""
        now = time.monotonic()
        if not self._answered and now - self._asked > _ASKED_EVERY_S:
            self._asked = now
            if anyio.from_thread.run(self._request.is_disconnected):
                self._gone.set()
        return self._gone.is_set()

    def answered(self) -> None:
        """The response watches the connection from now on."""
        self._answered = True

    def leave(self) -> None:
        """Nobody waits any more."""
        self._gone.set()


class StretchResponse(Response):
    """Sends a stretch of footage while it is made; stops when nobody takes it.

    Args:
        stretch: closed in every case.
        asker: told when they have left.
    """

    def __init__(self, stretch: Stretch, asker: Asker, headers: Mapping[str, str]) -> None:
        super().__init__(None, HTTPStatus.OK, headers, "video/mp4")
        del self.headers["content-length"]
        self._stretch, self._asker = stretch, asker
        asker.answered()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch, receive)
                await self._send(send)
                tasks.cancel_scope.cancel()
        finally:
            self._asker.leave()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._stretch.close)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._asker.leave()

    async def _send(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        while True:
            part = await anyio.to_thread.run_sync(self._next)
            with anyio.fail_after(STALLED_S):
                await send({"type": "http.response.body", "body": part, "more_body": bool(part)})
            if not part:
                return

    def _next(self) -> bytes:
        for part in self._stretch:
            if part:
                return part
        return _END


class PassingFile(FileResponse):
    """Sends a file and removes it, whatever becomes of the connection."""

    def __init__(self, path: Path, **more: Any) -> None:
        super().__init__(path, **more)
        self._made = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._made.unlink(missing_ok=True)
