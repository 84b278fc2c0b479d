"""Rows of sessions: any process that has the archive open can check one, and end it.

The token itself is in the browser alone. A row holds its SHA-256, which is enough for 256 random
bits: nobody who reads the table, or a backup of it, can use what it holds.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from reidsearch.base.errors import absent
from reidsearch.base.timecode import from_us, to_us
from reidsearch.domain.accounts import Session
from reidsearch.store.accounts import read_account
from reidsearch.store.crops.store import Store
from reidsearch.store.decoding import reads
from reidsearch.store.tables.accounts import account, session


def add_session(
    connection: Connection,
    token: str,
    account_id: int | None,
    at: dt.datetime,
    expires: dt.datetime,
) -> int:
    """Add a session, drop those that have expired, and return its number."""
    connection.execute(delete(session).where(session.c.expires_us <= to_us(at)))
    inserted = connection.execute(
        insert(session).values(
            token=_digest(token),
            account_id=account_id,
            created_us=to_us(at),
            seen_us=to_us(at),
            expires_us=to_us(expires),
        )
    ).inserted_primary_key
    if inserted is None:
        raise absent("the row of the session")
    return int(inserted[0])


def session_of(store: Store, token: str, at: dt.datetime) -> Session | None:
    """Return the session of a token; None: there is none, it ended, or its account is disabled."""
    live = session.c.revoked_us.is_(None) & (session.c.expires_us > to_us(at))
    with store.read() as connection:
        row = connection.execute(
            select(session).where(session.c.token == _digest(token), live)
        ).one_or_none()
        if row is None:
            return None
        of = None
        if row.account_id is not None:
            found = connection.execute(select(account).where(account.c.id == row.account_id))
            of = read_account(found.one())
            if of.disabled:
                return None
    return _session(row, of)


def touch_session(store: Store, number: int, at: dt.datetime, expires: dt.datetime) -> None:
    """Record that a session is used."""
    with store.write() as connection:
        connection.execute(
            update(session)
            .where(session.c.id == number, session.c.revoked_us.is_(None))
            .values(seen_us=to_us(at), expires_us=to_us(expires))
        )


def end_session(connection: Connection, token: str, at: dt.datetime) -> bool:
    """End the session of a token; tell whether it was one that had not ended."""
    return _end(connection, at, session.c.token == _digest(token)) > 0


def end_sessions_of(
    connection: Connection, account_id: int, at: dt.datetime, keep: int | None = None
) -> int:
    """End all sessions of an account, perhaps but one; return how many."""
    where = session.c.account_id == account_id
    return _end(connection, at, where if keep is None else where & (session.c.id != keep))


def drop_sessions(store: Store) -> None:
    """Drop all sessions: those of a backup may have been ended since it was made."""
    with store.write() as connection:
        connection.execute(delete(session))


def _end(connection: Connection, at: dt.datetime, where: ColumnElement[bool]) -> int:
    return connection.execute(
        update(session).where(where, session.c.revoked_us.is_(None)).values(revoked_us=to_us(at))
    ).rowcount


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "backslashreplace")).digest()


@reads(session)
def _session(row: Row[Any], of: Any) -> Session:
    return Session(
        row.id, of, from_us(row.created_us), from_us(row.seen_us), from_us(row.expires_us)
    )
