"""Who is signed in: sessions by cookie, and links that open one session each."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from reidsearch.web.person import Person, Role

COOKIE = "reidsearch_session"
TOKEN_BYTES = 32


@dataclass(slots=True)
class Sessions:
    """Sessions of one server, in memory; threads share it."""

    _people: dict[str, Person] = field(default_factory=dict)
    _links: dict[str, Person] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def link(self, person: Person) -> str:
        """Return the token of a link that signs somebody in once."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._lock:
            self._links[token] = person
        return token

    def redeem(self, token: str) -> str | None:
        """Return the token of a new session for a link; None: there is no such link any more."""
        with self._lock:
            person = self._links.pop(token, None)
            if person is None:
                return None
            session = secrets.token_urlsafe(TOKEN_BYTES)
            self._people[session] = person
            return session

    def person(self, session: str | None) -> Person | None:
        """Return who is signed in by a session; None: nobody."""
        with self._lock:
            return self._people.get(session) if session else None

    def end(self, session: str | None) -> None:
        """Sign somebody out."""
        with self._lock:
            self._people.pop(session or "", None)


def local_person(name: str) -> Person:
    """Return whoever started the server on their own machine, who may do everything."""
    return Person(name, Role.ADMIN)
