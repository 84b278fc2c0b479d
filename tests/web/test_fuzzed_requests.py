"""Requests that were changed at random, over a socket: nothing is shown, nothing fails."""

from __future__ import annotations

import itertools
import random
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from declared import DECLARED
from hostile import Tally
from served_processes import Server, serving
from signing import PASSWORD

from reidsearch import Archive
from reidsearch.domain.accounts import Role
from reidsearch.web.declared import Endpoint

pytestmark = pytest.mark.fuzz
TRIED = 600
SENT_AT_ONCE = 16
ODD = [
    b"\x00", b"\r\n", b"\n", b"\r", b"%00", b"%", b"..", b"/", b"//", b"\\", b"?", b"#", b";", b"@",
    b"\xff\xfe", "é\u202e".encode(), b"{", b"[" * 2000, b"'", b'"', b"-1", b"9" * 400, b"nan",
    b"1e400", b"true", b"null", b"<script>", b"{0.__class__}", b"{{7*7}}", b"Host: evil\r\n",
    b"Cookie: x=y\r\n", b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n", b"&a=b",
]  # fmt: skip
OPEN = re.compile(rb"^\S+ /(sign-in|static/|api/v1/openapi\.json)")
OF_GATE = re.compile(rb'\bgate\b(?!":)')  # "gate": is a setting


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, two_cameras: Path) -> Iterator[tuple]:
    """A server, and the cookie of somebody limited to `yard`."""
    folder = Path(shutil.copytree(two_cameras, tmp_path_factory.mktemp("fuzzed") / "archive"))
    with Archive.open(folder) as archive:
        otto = archive.accounts.add("otto", PASSWORD, Role.ANALYST, cameras=["yard"]).account
        cookie = f"reidsearch-{archive.archive_id[:8]}={archive.sessions.open(otto)}"
        with serving(folder) as server:
            yield server, cookie


def requests(cookie: str, drawn: random.Random) -> Iterator[tuple[bytes, bool]]:
    """Requests of all endpoints, pages and forms, and whether somebody is signed in."""
    while True:
        one = drawn.choice(DECLARED)
        path = re.sub(r"\{\w+(:\w+)?\}", lambda _: str(drawn.randrange(1, 20)), one.path)
        if isinstance(one, Endpoint):
            path = f"/api/v1{path}"
        method = getattr(one, "method", drawn.choice(["GET", "POST"]))
        body = b'{"name": "x"}' if method != "GET" else b""
        signed_in = drawn.random() < 0.5
        lines = [
            f"{method} {path}?from=0&to=1&at=1 HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *([f"Cookie: {cookie}"] if signed_in else []),
        ]
        yield changed("\r\n".join(lines).encode() + b"\r\n\r\n" + body, drawn), signed_in


def changed(sent: bytes, drawn: random.Random) -> bytes:
    """The bytes with some of them changed, left out, repeated, or odd ones put in."""
    for _ in range(drawn.randrange(1, 4)):
        at = drawn.randrange(len(sent))
        end = min(len(sent), at + drawn.randrange(1, 30))
        sent = drawn.choice(
            [
                sent[:at] + drawn.choice(ODD) + sent[at:],
                sent[:at] + sent[end:],
                sent[:end] + sent[at:],
                sent[:at] + bytes([drawn.randrange(256)]) + sent[at + 1 :],
            ]
        )
    return sent


def test_nothing_that_is_sent_shows_what_may_not_be_seen(limited: tuple[Server, str]) -> None:
    server, cookie = limited
    drawn = random.Random(20261126)
    tally = Tally("requests")
    asked = list(itertools.islice(requests(cookie, drawn), TRIED))
    with ThreadPoolExecutor(SENT_AT_ONCE) as pool:
        answers = list(pool.map(lambda one: server.raw(one[0], patience_s=3), asked))
    for number, ((sent, signed_in), got) in enumerate(zip(asked, answers, strict=True)):
        head, _, body = got.partition(b"\r\n\r\n")
        status = int(head.split()[1]) if head else 0
        shown = 200 <= status < 300 and not OPEN.match(sent)
        tally.take(
            f"{number}: {sent[:300]!r}",
            f"status {status}" if status >= 500 else "",
            "shown to nobody" if shown and not signed_in else "",
            "shows another camera" if b"image" not in head and OF_GATE.search(body) else "",
        )
    assert sum(bool(one) for one in answers) > TRIED / 2
    alive = server.raw(b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert b" 200 " in alive.split(b"\r\n")[0]
    tally.close()
