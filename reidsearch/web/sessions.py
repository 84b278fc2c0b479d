"""Who is signed in: sessions of the archive by cookie, and links that open one session each."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import Response

from reidsearch.base.errors import StorageError
from reidsearch.services.sessions import LOCAL_LONGEST
from reidsearch.web.person import Person, Role

if TYPE_CHECKING:
    from reidsearch.archive import Archive

TOKEN_BYTES = 32
COOKIE = "reidsearch"
SECURE_COOKIE = "__Host-reidsearch"
"""Browsers take a cookie of such a name by HTTPS alone, from this very host, for all its paths."""


@dataclass(slots=True)
class Sessions:
    """Signing in and out by cookie; threads share it.

    Args:
        archive: holds the sessions, so that they outlive the server.
        local: the name of whoever started the server, who signs in by a link; None: only accounts
            sign in.
        secure: cookies are sent by HTTPS alone.
    """

    archive: Archive
    local: str | None
    secure: bool
    _links: set[str] = field(default_factory=set)
    _unwritten: set[str] = field(default_factory=set)
    """Sessions by link to an archive that cannot be written."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """The name of the cookie, the archive's own: ports of one machine share their cookies."""
        return f"{SECURE_COOKIE if self.secure else COOKIE}-{self.archive.archive_id[:8]}"

    @property
    def case_cookie(self) -> str:
        """The name of the cookie with the case that a session has chosen."""
        return f"{self.cookie}-case"

    def link(self) -> str:
        """Return the token of a link that signs whoever started the server in, once."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._lock:
            self._links.add(token)
        return token

    def redeem(self, link: str, address: str = "") -> str | None:
        """Return the token of a new session for a link; None: there is no such link any more."""
        with self._lock:
            if link not in self._links:
                return None
            self._links.remove(link)
        try:
            return self.archive.sessions.open(None, address=address)
        except StorageError:  # read-only media: signed in until this server ends
            token = secrets.token_urlsafe(TOKEN_BYTES)
            with self._lock:
                self._unwritten.add(token)
            return token

    def person(self, token: str | None, *, used: bool = True) -> Person | None:
        """Return who is signed in by a session; None: nobody.

        For `used` see `SessionService.find`.
        """
        if not token:
            return None
        if token in self._unwritten and self.local is not None:
            return Person(self.local, Role.ADMIN, form_token=form_token(token))
        found = self.archive.sessions.find(token, used=used)
        if found is None or (found.account is None and self.local is None):
            return None
        if found.account is None:
            name, account_id = self.local or "", None
        else:
            name, account_id = found.account.name, found.account.account_id
        return Person(
            name,
            Role.of(found.role),
            None if found.cameras is None else frozenset(found.cameras),
            account_id,
            found.session_id,
            form_token(token),
        )

    def end(self, token: str | None, address: str = "") -> None:
        """Sign somebody out."""
        if token in self._unwritten:
            with self._lock:
                self._unwritten.discard(token or "")
        elif token:
            self.archive.sessions.end(token, address=address)

    def give(self, response: Response, token: str, *, local: bool) -> None:
        """Let a browser keep a session: of a link until it expires, else until it is closed."""
        self._set(response, self.cookie, token, local=local)

    def give_case(self, response: Response, value: str, *, local: bool) -> None:
        """Let a browser keep the case of a session, as long as the session."""
        self._set(response, self.case_cookie, value, local=local)

    def _set(self, response: Response, name: str, value: str, *, local: bool) -> None:
        response.set_cookie(
            name,
            value,
            max_age=int(LOCAL_LONGEST.total_seconds()) if local else None,
            httponly=True,
            samesite="strict",
            secure=self.secure,
        )

    def take(self, response: Response) -> None:
        """Let a browser forget its session."""
        self._delete(response, self.cookie)
        self.take_case(response)

    def take_case(self, response: Response) -> None:
        """Let a browser forget the case of its session."""
        self._delete(response, self.case_cookie)

    def _delete(self, response: Response, name: str) -> None:
        response.delete_cookie(name, httponly=True, samesite="strict", secure=self.secure)


def form_token(session: str) -> str:
    """Return what forms of a session have to send, which no other site can know.

    It is made of the session's token and tells nothing of it.
    """
    return hashlib.sha256(b"form\0" + session.encode("utf-8", "backslashreplace")).hexdigest()
