"""Rows of accounts. Only here are the hashes of passwords read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.accounts import Account, Change, Role
from reidsearch.domain.event_log import Event
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.events import record_event
from reidsearch.store.tables.accounts import account as table


def all_accounts(store: Store) -> list[Account]:
    """Return all accounts, by name."""
    with store.read() as connection:
        return [
            read_account(row) for row in connection.execute(select(table).order_by(table.c.key))
        ]


def account_of(store: Store, key: str) -> tuple[Account, str] | None:
    """Return the account with this key and the hash of its password; None: there is none."""
    with store.read() as connection:
        row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
    return None if row is None else (read_account(row), row.password)


def require_account(connection: Connection, key: str, name: str) -> Account:
    """Return the account with this key, in the transaction that changes it.

    Raises:
        NotFound: there is none.
    """
    # Proven here, because a connection that writes proves nothing by itself.
    where = select(table).where(table.c.key == key, intact(table))
    row = connection.execute(where).one_or_none()
    if row is None:
        raise NotFound(f"there is no account {name!r}", kind=Kind.ACCOUNT_UNKNOWN)
    return read_account(row)


def add_account(
    connection: Connection, name: str, key: str, values: Mapping[str, Any], actor: str
) -> Account:
    """Add an account.

    Args:
        values: role, password (hashed), cameras.

    Raises:
        UsageError: the name is taken.
    """
    if taken(connection, key):
        raise UsageError(f"there is an account {name!r} already", kind=Kind.ACCOUNT_NAME_TAKEN)
    at_us = to_us(now())
    connection.execute(
        insert(table).values(
            name=name, key=key, disabled=False, created_us=at_us, changed_us=at_us, **values
        )
    )
    added = require_account(connection, key, name)
    _record(connection, Change.ADD, added, actor, values)
    return added


def change_account(
    connection: Connection, account: Account, change: Change, values: Mapping[str, Any], actor: str
) -> Account:
    """Change columns of an account, and record what it is now; return it."""
    connection.execute(
        update(table)
        .where(table.c.id == account.account_id)
        .values(changed_us=to_us(now()), **values)
    )
    row = connection.execute(select(table).where(table.c.id == account.account_id)).one()
    changed = read_account(row)
    _record(connection, change, changed, actor, values)
    return changed


def account_of_subject(connection: Connection, issuer: str, subject: str) -> Account | None:
    """Return the account that is bound to somebody at an identity provider; None: there is none."""
    whose = (table.c.issuer == issuer) & (table.c.subject == subject)
    row = connection.execute(select(table).where(whose, intact(table))).one_or_none()
    return None if row is None else read_account(row)


def unbound_account(connection: Connection, key: str) -> Account | None:
    """Return the account with this key if it is bound to nobody; None: there is none."""
    free = (table.c.key == key) & table.c.subject.is_(None)
    row = connection.execute(select(table).where(free, intact(table))).one_or_none()
    return None if row is None else read_account(row)


def taken(connection: Connection, key: str) -> bool:
    """Tell whether there is an account with this key."""
    return connection.scalar(select(table.c.id).where(table.c.key == key)) is not None


def remove_account(connection: Connection, account: Account, actor: str) -> None:
    """Remove an account, and its sessions with it."""
    connection.execute(delete(table).where(table.c.id == account.account_id))
    _record(connection, Change.REMOVE, account, actor, {})


def unknown_cameras(connection: Connection, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return those that are no camera of the archive."""
    if not names:
        return ()
    known = set(connection.scalars(select(tables.camera.c.name)))
    return tuple(name for name in names if name not in known)


@reads(table)
def read_account(row: Row[Any]) -> Account:
    """Return what a row says, but the hash."""
    cameras = row.cameras
    if cameras is not None and not (
        isinstance(cameras, list) and all(isinstance(one, str) for one in cameras)
    ):
        raise ValueError("its cameras are no list of names")
    return Account(
        row.id,
        row.name,
        Role(row.role),
        None if cameras is None else tuple(cameras),
        bool(row.disabled),
        from_us(row.created_us),
        from_us(row.changed_us),
    )


def _record(
    connection: Connection,
    change: Change,
    account: Account,
    actor: str,
    values: Mapping[str, Any],
) -> None:
    detail = {
        "change": change.value,
        "account_id": account.account_id,
        "name": account.name,
        "role": account.role.value,
        "cameras": None if account.cameras is None else list(account.cameras),
        "disabled": account.disabled,
        "actor": actor,
    }
    if values.get("subject") is not None:  # whom an identity provider means by it
        detail |= {"issuer": values["issuer"], "subject": values["subject"]}
    record_event(connection, Event.ACCOUNT, detail)
