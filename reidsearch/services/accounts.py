"""Accounts: who may sign in to the page, and what they may do and see there.

`Archive.accounts` is an `AccountService`. Whoever can write the archive's files can change its
accounts; accounts guard the page (`reidsearch.web`), not the files.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import now
from reidsearch.domain.accounts import Account, AccountChange, Change, Role, camera_names
from reidsearch.services.provider import Claimed
from reidsearch.store import accounts as held
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.store import Store
from reidsearch.store.sessions import end_sessions_of

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LONGEST_NAME = 100
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD_BYTES = 1024
MOST_AT_ONCE = 2
"""Passwords hashed at the same time: each takes 64 MiB."""
MOST_CAMERAS = 1000
NO_PASSWORD = "!"  # noqa: S105  the hash of none

_hashing = threading.BoundedSemaphore(MOST_AT_ONCE)


@cache
def hasher() -> PasswordHasher:
    """Return what hashes passwords: Argon2id with the parameters of RFC 9106 for little memory."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


class AccountService:
    """The accounts of one archive. They can be changed while it is indexed.

    Args:
        actor: who changes them, for the record of events.
    """

    def __init__(self, store: Store, actor: str) -> None:
        self._store, self._actor = store, actor

    def by(self, actor: str) -> AccountService:
        """Return the same for another actor, such as the user of a web page."""
        return AccountService(self._store, actor)

    def all(self) -> list[Account]:
        """Return all accounts, by name."""
        return held.all_accounts(self._store)

    def find(self, name: str) -> Account:
        """Return an account by its name.

        Raises:
            NotFound: there is none.
        """
        with self._store.read() as connection:
            return held.require_account(connection, key_of(name), name)

    def numbered(self, account_id: int) -> Account:
        """Return an account by its number.

        Raises:
            NotFound: there is none.
        """
        for one in self.all():
            if one.account_id == account_id:
                return one
        raise NotFound(f"there is no account {account_id}", kind=Kind.ACCOUNT_UNKNOWN)

    def known(self, name: str) -> str | None:
        """Return the name of the account that is meant; None: there is none."""
        found = held.account_of(self._store, key_of(name))
        return None if found is None else found[0].name

    def cameras_of(self, name: str) -> tuple[str, ...] | None:
        """Return the only cameras that the account of this name may see.

        None: it may see all, or there is no such account.
        """
        found = held.account_of(self._store, key_of(name))
        return None if found is None else found[0].cameras

    # -- changing ---------------------------------------------------------------------------

    def add(
        self, name: str, password: str | None, role: Role, *, cameras: Iterable[str] | None = None
    ) -> AccountChange:
        """Make an account.

        Args:
            password: None: it has none, and signs in at an identity provider alone.
            cameras: the names of those that may be seen; None: all, and what has no camera.

        Raises:
            UsageError: the name is taken or no name; the password is too short or too long.

        Example:
            >>> archive.accounts.add("maria", "correct horse battery", Role.ANALYST)
        """
        name = _name(name)
        hashed = NO_PASSWORD if password is None else _hashed(password)
        limited = _cameras(cameras)
        _require_unlimited_admin(role, limited)
        with self._store.write() as connection:
            values = {"role": role.value, "password": hashed, "cameras": _list(limited)}
            account = held.add_account(connection, name, key_of(name), values, self._actor)
            unknown = held.unknown_cameras(connection, limited)
        return AccountChange(Change.ADD, account, unknown_cameras=unknown)

    def set_password(self, name: str, password: str, *, keep: int | None = None) -> AccountChange:
        """Give an account another password, and end its sessions.

        Args:
            keep: the number of a session that stays: of whoever changes their own.

        Raises:
            NotFound: there is no such account.
            UsageError: the password is too short or too long.
        """
        hashed = _hashed(password)

        def change(connection: Transaction, account: Account) -> AccountChange:
            ended = end_sessions_of(connection, account.account_id, now(), keep)
            return self._changed(connection, account, Change.PASSWORD, ended, password=hashed)

        return self._change(name, change)

    def set_role(self, name: str, role: Role) -> AccountChange:
        """Give an account another role, which holds at once, in its sessions too.

        Raises:
            NotFound: there is no such account.
            UsageError: an admin sees all cameras, and this account does not.
        """

        def change(connection: Transaction, account: Account) -> AccountChange:
            _require_unlimited_admin(role, account.cameras)
            return self._changed(connection, account, Change.ROLE, role=role.value)

        return self._change(name, change)

    def set_cameras(self, name: str, cameras: Iterable[str] | None) -> AccountChange:
        """Say which cameras an account may see, which holds at once; None: all.

        Raises:
            NotFound: there is no such account.
            UsageError: it is an admin's, who sees all.
        """
        limited = _cameras(cameras)

        def change(connection: Transaction, account: Account) -> AccountChange:
            _require_unlimited_admin(account.role, limited)
            return self._changed(connection, account, Change.CAMERAS, cameras=_list(limited))

        return self._change(name, change)

    def disable(self, name: str) -> AccountChange:
        """Let nobody sign in to an account any more, and end its sessions.

        Raises:
            NotFound: there is no such account.
        """

        def change(connection: Transaction, account: Account) -> AccountChange:
            ended = end_sessions_of(connection, account.account_id, now())
            return self._changed(connection, account, Change.DISABLE, ended, disabled=True)

        return self._change(name, change)

    def enable(self, name: str) -> AccountChange:
        """Let a disabled account sign in again, with the password that it had.

        Raises:
            NotFound: there is no such account.
        """
        return self._change(
            name,
            lambda connection, account: self._changed(
                connection, account, Change.ENABLE, disabled=False
            ),
        )

    def of_provider(self, claimed: Claimed, new: Role | None) -> Account | None:
        """Return the account of somebody who has signed in at an identity provider.

        At the first time an account of that name is bound to them, so that nobody who gets their
        name at the provider later gets their account.

        Args:
            new: whoever has no account gets one of this role; None: nobody does.

        Returns:
            None: there is none, it is disabled, or bound to somebody else.
        """
        key = key_of(claimed.name) if claimed.name else None
        bound = {"issuer": claimed.issuer, "subject": claimed.subject}
        with self._store.write() as connection:
            account = held.account_of_subject(connection, claimed.issuer, claimed.subject)
            if account is None and key is not None and claimed.name is not None:
                account = held.unbound_account(connection, key)
                if account is not None and not account.disabled:
                    actor = account.name
                    account = held.change_account(connection, account, Change.BIND, bound, actor)
                elif account is None and new is not None and not held.taken(connection, key):
                    name = _name(claimed.name)
                    values = {"role": new.value, "password": NO_PASSWORD, "cameras": None, **bound}
                    account = held.add_account(connection, name, key, values, name)
        return None if account is None or account.disabled else account

    def unbind(self, name: str) -> AccountChange:
        """Bind an account to nobody at an identity provider any more, and end its sessions.

        Raises:
            NotFound: there is no such account.
        """

        def change(connection: Transaction, account: Account) -> AccountChange:
            ended = end_sessions_of(connection, account.account_id, now())
            free = {"issuer": None, "subject": None}
            return self._changed(connection, account, Change.UNBIND, ended, **free)

        return self._change(name, change)

    def remove(self, name: str) -> AccountChange:
        """Remove an account with its sessions. What was decided in its name stays.

        Raises:
            NotFound: there is no such account.
        """

        def change(connection: Transaction, account: Account) -> AccountChange:
            ended = end_sessions_of(connection, account.account_id, now())
            held.remove_account(connection, account, self._actor)
            return AccountChange(Change.REMOVE, account, ended)

        return self._change(name, change)

    def _change(
        self, name: str, change: Callable[[Transaction, Account], AccountChange]
    ) -> AccountChange:
        with self._store.write() as connection:
            return change(connection, held.require_account(connection, key_of(name), name))

    def _changed(
        self,
        connection: Transaction,
        account: Account,
        change: Change,
        ended: int = 0,
        **values: object,
    ) -> AccountChange:
        changed = held.change_account(connection, account, change, values, self._actor)
        unknown = held.unknown_cameras(connection, changed.cameras)
        return AccountChange(change, changed, ended, unknown)

    # -- signing in -------------------------------------------------------------------------

    def verify(self, name: str, password: str) -> Account | None:
        """Return the account of this name if the password is its own, and it is not disabled.

        Whether there is such an account or not, one password is hashed: how long it takes tells
        nobody which names there are. Takes a tenth of a second or more.
        """
        found = held.account_of(self._store, key_of(name)) if len(name) <= LONGEST_NAME else None
        try:
            given = _normal(password)
        except UsageError:
            found, given = None, ""
        if found is None or found[1] == NO_PASSWORD:
            _hash(given)
            return None
        account, hashed = found
        return account if _fits(hashed, given) and not account.disabled else None


def _fits(hashed: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    with _hashing:
        try:
            return hasher().verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _hash(password: str) -> str:
    with _hashing:
        return hasher().hash(password)


def _hashed(password: str) -> str:
    """Return the hash of a new password.

    Raises:
        UsageError: it is too short or too long.
    """
    given = _normal(password)
    if len(given) < SHORTEST_PASSWORD:
        raise UsageError(
            f"a password has at least {SHORTEST_PASSWORD} characters; this one has fewer",
            kind=Kind.PASSWORD_BAD,
        )
    return _hash(given)


def _normal(password: str) -> str:
    """Return a password as every keyboard gives it: `é` as one sign or as two is the same.

    Raises:
        UsageError: it is too long, or no text.
    """
    try:
        size = len(password.encode())
    except UnicodeEncodeError as error:
        raise UsageError("the password is not UTF-8", kind=Kind.PASSWORD_BAD) from error
    if size > LONGEST_PASSWORD_BYTES:
        raise UsageError(
            f"a password has at most {LONGEST_PASSWORD_BYTES:,} bytes; this one has more",
            kind=Kind.PASSWORD_BAD,
        )
    return unicodedata.normalize("NFKC", password)


def _name(name: str) -> str:
    """Return a name for an account, in one form.

    Raises:
        UsageError: it is none.
    """
    text = unicodedata.normalize("NFKC", name).strip()
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise UsageError(
            f"the name of an account has 1 to {LONGEST_NAME} printable characters",
            kind=Kind.ACCOUNT_NAME_BAD,
        )
    return text


def key_of(name: str) -> str:
    """Return what two names have in common that are taken for the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).strip().casefold())


def _cameras(cameras: Iterable[str] | None) -> tuple[str, ...] | None:
    names = camera_names(cameras)
    if names is not None and (len(names) > MOST_CAMERAS or not all(one.strip() for one in names)):
        raise UsageError(f"the cameras of an account are at most {MOST_CAMERAS} names, none empty")
    return names


def _require_unlimited_admin(role: Role, cameras: tuple[str, ...] | None) -> None:
    """Refuse an admin who is limited to cameras: they could make themselves another account.

    Raises:
        UsageError: it would be one.
    """
    if role is Role.ADMIN and cameras is not None:
        raise UsageError(
            "an admin sees all cameras, because an admin could take any limit away",
            kind=Kind.ACCOUNT_ADMIN_LIMITED,
        )


def _list(cameras: tuple[str, ...] | None) -> list[str] | None:
    return None if cameras is None else list(cameras)
