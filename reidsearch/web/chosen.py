"""The case that somebody works for: chosen on the page for their session, or named by one request.

The browser keeps the choice in a cookie that is signed with the token of the session, so that it
holds for that session alone. Neither the cookie nor the headers of a request are proof of a right:
whether work can belong to the case is asked of the archive at every request (`Call.author`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from reidsearch.base.errors import UsageError

if TYPE_CHECKING:
    from reidsearch.web.sessions import Sessions

CASE_HEADER = "Reidsearch-Case"
REASON_HEADER = "Reidsearch-Reason"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody says they work for.

    Args:
        number: of the case; None: for none.
        reason: as `domain.cases.Reason` is written.
    """

    number: str | None = None
    reason: str | None = None


def chosen_by(request: Request, sessions: Sessions) -> Chosen:
    """Return what a request says it is for; without a word of its own, what its session chose.

    Raises:
        UsageError: a header cannot be read.
    """
    if CASE_HEADER in request.headers or REASON_HEADER in request.headers:
        return Chosen(_told(request, CASE_HEADER), _told(request, REASON_HEADER))
    token = request.cookies.get(sessions.cookie, "")
    return _read(request.cookies.get(sessions.case_cookie, ""), token) or Chosen()


def keep(
    response: Response, sessions: Sessions, token: str, chosen: Chosen, *, local: bool
) -> None:
    """Let a browser keep what a session has chosen, as long as the session; nothing: forget it.

    Args:
        token: of the session; `local`: which somebody began by a link.
    """
    if chosen.number is None:
        sessions.take_case(response)
    else:
        sessions.give_case(response, _written(chosen, token), local=local)


def _told(request: Request, name: str) -> str | None:
    """Return the text of a header: UTF-8, in which `%` begins an encoded byte.

    Raises:
        UsageError: it is no such text, or there are two.
    """
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise UsageError(f"the header {name} was given twice")
    try:
        text = unquote_to_bytes("".join(values).encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"the header {name} is no UTF-8") from error
    return text.strip() or None


def _written(chosen: Chosen, token: str) -> str:
    told = msgspec.json.encode([chosen.number, chosen.reason])
    return f"{base64.urlsafe_b64encode(told).decode()}.{_signature(told, token).decode()}"


def _read(value: str, token: str) -> Chosen | None:
    """Return what a session has chosen; None: nothing, or another session has."""
    text, _, signature = value.partition(".")
    try:
        told = base64.urlsafe_b64decode(text)
        if not token or not hmac.compare_digest(signature.encode(), _signature(told, token)):
            return None
        number, reason = msgspec.json.decode(told, type=tuple[str, str | None])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return Chosen(number, reason)


def _signature(told: bytes, token: str) -> bytes:
    key = token.encode("utf-8", "backslashreplace")
    return hmac.new(key, b"case\0" + told, hashlib.sha256).hexdigest().encode()
