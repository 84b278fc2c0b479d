"""Signing in by name and password, and what makes guessing slow.

`Archive.sign_in` is a `SignInService`. Every failure is counted for the name and for the address it
came from; after some, the next attempt has to wait, twice as long each time. An attempt is counted
before its password is checked, so that many at once gain nothing. Counts are of one process.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from reidsearch.domain.accounts import Account
from reidsearch.services.accounts import AccountService, key_of
from reidsearch.services.sessions import SessionService

FREE_FAILURES = 5
LONGEST_WAIT_OF_NAME_S = 60.0
"""Short, because whoever knows a name can make its owner wait."""
LONGEST_WAIT_OF_ADDRESS_S = 900.0
FORGOTTEN_AFTER_S = 3600.0
MOST_COUNTED = 10_000
"""Names and addresses; those that were not tried for longest are forgotten first."""
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


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """An attempt that failed.

    Args:
        wait_s: how long until the next one; 0: name or password was wrong, and there may be
            another at once.
    """

    wait_s: int = 0


Attempt: TypeAlias = SignedIn | NotSignedIn


@dataclass(slots=True)
class _Count:
    failures: int
    last_s: float
    until_s: float = 0.0


class Throttle:
    """Counts of failures by key, in bounded memory; threads may share one.

    Args:
        longest_s: a wait grows no longer.
    """

    def __init__(self, longest_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._longest_s, self._clock = longest_s, clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, key: str) -> float:
        """Return how long the next attempt has to wait."""
        with self._lock:
            count = self._counts.get(key)
            return max(count.until_s - self._clock(), 0.0) if count else 0.0

    def count(self, key: str) -> None:
        """Count an attempt as failed."""
        at = self._clock()
        with self._lock:
            count = self._counts.pop(key, None)
            if count is None or at - count.last_s > FORGOTTEN_AFTER_S:
                count = _Count(0, at)
            count.failures += 1
            count.last_s = at
            if (beyond := count.failures - FREE_FAILURES) >= 0:
                count.until_s = at + min(2.0 ** min(beyond, 30), self._longest_s)
            self._counts[key] = count  # as the one that was tried last
            if len(self._counts) > MOST_COUNTED:
                self._counts.popitem(last=False)

    def succeeded(self, key: str, *, forget: bool) -> None:
        """Take an attempt back that was counted before it succeeded.

        Args:
            forget: the failures before it too. Not those of an address: whoever has an account
                could guess at others for ever, signing in between.
        """
        with self._lock:
            count = self._counts.get(key)
            if count is not None:
                count.failures -= 1
                count.until_s = 0.0
                if forget or count.failures <= 0:
                    del self._counts[key]

    def __len__(self) -> int:
        return len(self._counts)


class SignInService:
    """Signing in to one archive."""

    def __init__(
        self,
        accounts: AccountService,
        sessions: SessionService,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts, self._sessions, self._clock = accounts, sessions, clock
        self.names = Throttle(LONGEST_WAIT_OF_NAME_S, clock)
        self.addresses = Throttle(LONGEST_WAIT_OF_ADDRESS_S, clock)
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

    def verified(self, name: str, password: str, *, address: str) -> Attempt:
        """Verify a password as `by_password` does, without a session."""
        if not self._places.acquire(blocking=False):
            return NotSignedIn(BUSY_WAIT_S)
        try:
            return self._verified(name, password, address)
        finally:
            self._places.release()

    def _verified(self, name: str, password: str, address: str) -> Attempt:
        who, where = key_of(name[:LONGEST_KEY]), _network(address)
        with self._taking:  # of many at once each sees those before it
            wait_s = max(self.names.wait_s(who), self.addresses.wait_s(where))
            if wait_s == 0:
                self.names.count(who)
                self.addresses.count(where)
            else:
                self._unrecorded += 1
        if wait_s > 0:
            return NotSignedIn(math.ceil(wait_s))
        account = self._accounts.verify(name, password)
        if account is None:
            self._record(name, address)
            return NotSignedIn()
        self.names.succeeded(who, forget=True)
        self.addresses.succeeded(where, forget=False)
        self.record_rest()  # whoever got in may be who guessed
        return SignedIn(account)

    def record_rest(self) -> None:
        """Record how many failures have no entry yet; a server does so when it ends.

        Raises:
            StorageError: it cannot be written.
        """
        with self._taking:
            unrecorded, self._unrecorded = self._unrecorded, 0
        if unrecorded:
            self._sessions.refused(None, unrecorded=unrecorded)

    def _record(self, name: str, address: str) -> None:
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
        self._sessions.refused(known, address=address, unrecorded=unrecorded)


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
