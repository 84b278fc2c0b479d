"""Signing in, by name and password or at an identity provider, and what makes guessing slow.

`Archive.sign_in` is a `SignInService`. Every failure is counted for the name and for the address it
came from; after some, the next attempt has to wait, twice as long each time. An attempt is counted
before its password is checked, so that many at once gain nothing. Counts are rows of the archive:
all processes which serve it count together, and a restart forgets nothing.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeAlias

from reidsearch.domain.accounts import Account, How, Role
from reidsearch.services.accounts import AccountService, key_of
from reidsearch.services.provider import Provider, ProviderTrouble
from reidsearch.services.sessions import SessionService
from reidsearch.store import failed_sign_ins
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.store import Store

FREE_FAILURES = 5
LONGEST_WAIT_OF_NAME_S = 60.0
"""Short, because whoever knows a name can make its owner wait."""
LONGEST_WAIT_OF_ADDRESS_S = 900.0
MOST_AT_ONCE = 8
"""Attempts that are looked at at the same time: others must not take all threads of a server."""
BUSY_WAIT_S = 1
RECORDED_A_MINUTE = 30
LONGEST_KEY = 200
"""Characters of a name or address that are kept."""
IPV6_PREFIX = 64
"""Bits of an address of version 6 that belong to one customer."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An attempt that succeeded.

    Args:
        token: of the new session; empty: none was opened.
    """

    account: Account
    token: str = ""


class Why(StrEnum):
    """Why somebody is not signed in, as far as they are told."""

    WRONG = "wrong"
    """Name or password is."""
    AWAY = "away"
    """The identity provider cannot be asked."""
    REFUSED = "refused"
    """The identity provider did not say who it is, or what says so does not hold."""
    STRANGER = "stranger"
    """It is known who it is, and they have no account here that may sign in."""


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """An attempt that failed.

    Args:
        wait_s: how long until the next one; 0: there may be another at once.
        why: there was no session.
    """

    wait_s: int = 0
    why: Why = Why.WRONG


_LOG = logging.getLogger("reidsearch.sign_in")
Attempt: TypeAlias = SignedIn | NotSignedIn


@dataclass(frozen=True, slots=True)
class _Tried:
    """Under what an attempt is counted."""

    name: str
    address: str


class SignInService:
    """Signing in to one archive.

    Args:
        clock: seconds since 1970; clocks of several machines may differ by some.
    """

    def __init__(
        self,
        store: Store,
        accounts: AccountService,
        sessions: SessionService,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._accounts, self._sessions = store, accounts, sessions
        self._clock = clock
        self._taking = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._minute, self._recorded, self._unrecorded = 0, 0, 0

    def by_password(self, name: str, password: str, *, address: str) -> Attempt:
        """Sign in, or say how long to wait; nothing tells whether name or password was wrong.

        Args:
            address: where the attempt comes from.
        """
        attempt = self.verified(name, password, address=address)
        if isinstance(attempt, NotSignedIn):
            return attempt
        account = attempt.account
        return SignedIn(account, self._sessions.open(account, address=address))

    def by_provider(
        self,
        provider: Provider,
        secret: str,
        back: str,
        given: Mapping[str, str],
        *,
        address: str,
        new: Role | None,
    ) -> Attempt:
        """Sign in whom an identity provider names; the arguments are those of `Provider.end`.

        Args:
            address: where the attempt comes from.
            new: role of an account that whoever has none gets; None: nobody does.
        """
        if not self._places.acquire(blocking=False):
            return NotSignedIn(BUSY_WAIT_S)
        try:
            claimed = provider.end(secret, back, given)
        except ProviderTrouble as trouble:
            _LOG.warning("a sign-in at the identity provider failed: %s", trouble)
            self._record("", address, How.PROVIDER)
            return NotSignedIn(why=Why.AWAY if trouble.away else Why.REFUSED)
        finally:
            self._places.release()
        account = self._accounts.of_provider(claimed, new)
        if account is None:
            self._record(claimed.name or "", address, How.PROVIDER)
            return NotSignedIn(why=Why.STRANGER)
        token = self._sessions.open(account, address=address, how=How.PROVIDER)
        return SignedIn(account, token)

    def verified(self, name: str, password: str, *, address: str) -> Attempt:
        """Verify a password as `by_password` does, without a session."""
        if not self._places.acquire(blocking=False):
            return NotSignedIn(BUSY_WAIT_S)
        try:
            return self._verified(name, password, address)
        finally:
            self._places.release()

    def _verified(self, name: str, password: str, address: str) -> Attempt:
        tried = self._tried(name, address)
        wait_s = self._counted(tried)
        if wait_s > 0:
            with self._taking:
                self._unrecorded += 1
            return NotSignedIn(math.ceil(wait_s))
        account = self._accounts.verify(name, password)
        if account is None:
            self._record(name, address)
            return NotSignedIn()
        with self._store.write() as connection:
            failed_sign_ins.succeeded(connection, tried.name, forget=True)
            failed_sign_ins.succeeded(connection, tried.address, forget=False)
        self.record_rest()  # whoever got in may be who guessed
        return SignedIn(account)

    def _tried(self, name: str, address: str) -> _Tried:
        return _Tried(
            failed_sign_ins.key_of_name(key_of(name[:LONGEST_KEY]), self._store.row.uuid),
            failed_sign_ins.key_of_address(_network(address)),
        )

    def _counted(self, tried: _Tried) -> float:
        """Count an attempt as failed, and return 0; or return how long it has to wait."""
        with self._store.read() as connection:  # so that who has to wait keeps nobody from writing
            if wait_s := self._wait_s(connection, tried):
                return wait_s
        with self._store.write() as connection:  # of many at once each sees those before it
            wait_s = self._wait_s(connection, tried)
            if wait_s == 0:
                at = self._now_us()
                for key, longest_s in (
                    (tried.name, LONGEST_WAIT_OF_NAME_S),
                    (tried.address, LONGEST_WAIT_OF_ADDRESS_S),
                ):
                    failed_sign_ins.count(connection, key, at, partial(_wait_us, longest_s))
        return wait_s

    def _wait_s(self, connection: Transaction, tried: _Tried) -> float:
        until = max(
            failed_sign_ins.until_us(connection, tried.name),
            failed_sign_ins.until_us(connection, tried.address),
        )
        return max(until - self._now_us(), 0) / 1_000_000

    def _now_us(self) -> int:
        return round(self._clock() * 1_000_000)

    def record_rest(self) -> None:
        """Record how many failures have no entry yet; a server does so when it ends.

        Raises:
            StorageError: it cannot be written.
        """
        with self._taking:
            unrecorded, self._unrecorded = self._unrecorded, 0
        if unrecorded:
            self._sessions.refused(None, unrecorded=unrecorded)

    def _record(self, name: str, address: str, how: How = How.PASSWORD) -> None:
        """Record a failure in the archive, but not so many that they fill it."""
        with self._taking:
            minute = int(self._clock() // 60)
            if minute != self._minute:
                self._minute, self._recorded = minute, 0
            if self._recorded >= RECORDED_A_MINUTE:
                self._unrecorded += 1
                return
            self._recorded += 1
            unrecorded, self._unrecorded = self._unrecorded, 0
        known = self._accounts.known(name)
        self._sessions.refused(known, address=address, unrecorded=unrecorded, how=how)


def _wait_us(longest_s: float, failures: int) -> int:
    """Return how long to wait after so many failures: twice as long each time."""
    beyond = failures - FREE_FAILURES
    return round(min(2.0 ** min(beyond, 30), longest_s) * 1_000_000) if beyond >= 0 else 0


def _network(address: str) -> str:
    """Return what is counted of an address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST_KEY]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
