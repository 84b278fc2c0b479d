"""Sessions: who is signed in to the page of an archive.

`Archive.sessions` is a `SessionService`. Sessions are rows of the archive, so that any process that
serves it can check and end them, and they outlive a restart of the server.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets

from reidsearch.base.errors import ArchiveLocked, StorageError
from reidsearch.base.timecode import now
from reidsearch.domain.accounts import Account, How, Session
from reidsearch.domain.event_log import Event
from reidsearch.store import sessions as held
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import append
from reidsearch.store.events import record_event

IDLE = dt.timedelta(hours=2)
"""How long a session lasts without use."""
LONGEST = dt.timedelta(hours=12)
"""How long a session lasts, used or not."""
LOCAL_LONGEST = dt.timedelta(days=7)
"""The same of whoever started the server on this machine, used or not."""
TOUCHED_EVERY = dt.timedelta(minutes=1)
"""How exactly the last use is known: writing it at every request would keep the disk busy."""
TOKEN_BYTES = 32

NOBODY = "(not signed in)"
"""The actor of a failed sign-in: neither who started the server, nor whose name was typed."""


class SessionService:
    """The sessions of one archive.

    Args:
        actor: who started the server, for the record of local sign-ins.
    """

    def __init__(self, store: Store, actor: str) -> None:
        self._store, self._actor = store, actor

    def open(self, account: Account | None, *, address: str = "", how: How = How.PASSWORD) -> str:
        """Sign somebody in, and return the token of the new session.

        Args:
            account: None: whoever started the server, by a link.
            address: where from, for the record.
            how: they have shown who they are, for the record.

        Example:
            >>> token = archive.sessions.open(archive.accounts.verify(name, password))
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        at = now()
        lasting = LOCAL_LONGEST if account is None else IDLE
        with self._store.write() as connection:
            number = None if account is None else account.account_id
            held.add_session(connection, token, number, at, at + lasting)
            shown = How.LINK if account is None else how
            detail = self._detail(account, address) | {"how": shown.value}
            record_event(connection, Event.SIGN_IN, detail)
        return token

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """Return the session of a token; None: it is of none, or ended.

        The account is as it is now: a role or a camera that was taken away holds at once.

        Args:
            used: somebody uses it just now, so that it ends later.
        """
        at = now()
        found = held.session_of(self._store, token, at)
        if not used or found is None or found.account is None:
            return found
        if at - found.seen_at >= TOUCHED_EVERY:
            expires = min(at + IDLE, found.created_at + LONGEST)
            # An archive that somebody writes for long is no reason to turn a reader away.
            with contextlib.suppress(ArchiveLocked, StorageError):
                held.touch_session(self._store, found.session_id, at, expires)
        return found

    def end(self, token: str, *, address: str = "") -> bool:
        """Sign out; tell whether somebody was signed in with it."""
        at = now()
        found = held.session_of(self._store, token, at)
        with self._store.write() as connection:
            ended = held.end_session(connection, token, at)
            if ended and found is not None:
                record_event(connection, Event.SIGN_OUT, self._detail(found.account, address))
        return ended

    def end_all(self, account: Account) -> int:
        """End all sessions of an account; return how many."""
        with self._store.write() as connection:
            ended = held.end_sessions_of(connection, account.account_id, now())
            detail = {"account_id": account.account_id, "name": account.name, "sessions": ended}
            append(connection, Event.SIGN_OUT, detail)
            return ended

    def refused(
        self,
        name: str | None,
        *,
        address: str = "",
        unrecorded: int = 0,
        how: How = How.PASSWORD,
    ) -> None:
        """Record that a sign-in failed.

        Args:
            name: of an account that there is. Another is not recorded: people type a password
                where the name belongs.
            unrecorded: how many failures before were too many to record one by one; without an
                address it is these alone that are recorded.
            how: it was tried.
        """
        detail = {"name": name, "address": address, "unrecorded": unrecorded, "how": how.value}
        with self._store.write() as connection:
            record_event(connection, Event.SIGN_IN_FAILED, detail | {"actor": NOBODY})

    def _detail(self, account: Account | None, address: str) -> dict[str, object]:
        return {
            "account_id": None if account is None else account.account_id,
            "actor": self._actor if account is None else account.name,
            "address": address,
        }
