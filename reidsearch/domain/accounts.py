"""Accounts: who may sign in to the page of an archive, what they may do, which cameras they see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reidsearch.base.locations import composed


class Role(StrEnum):
    """What somebody may do; each may do all that the ones before it may."""

    VIEWER = "viewer"
    """Look and search."""
    ANALYST = "analyst"
    """Decide, start jobs, export as well."""
    ADMIN = "admin"
    """Accounts, settings and deletion as well."""

    def includes(self, other: Role) -> bool:
        """Tell whether who has this role may do what the other one may.

        Example:
            Role.ADMIN.includes(Role.VIEWER)  # True
        """
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in. The hash of the password is in the store alone.

    Args:
        cameras: the names of those that may be seen; None: all, and what has no camera.
        changed_at: when role, cameras, password or `disabled` changed last.
    """

    account_id: int
    name: str
    role: Role
    cameras: tuple[str, ...] | None
    disabled: bool
    created_at: dt.datetime
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in.

    Args:
        account: None: whoever started the server on this machine, as an admin.
        expires_at: unless it is used before.
    """

    session_id: int
    account: Account | None
    created_at: dt.datetime
    seen_at: dt.datetime
    expires_at: dt.datetime

    @property
    def role(self) -> Role:
        """What may be done in it."""
        return Role.ADMIN if self.account is None else self.account.role

    @property
    def cameras(self) -> tuple[str, ...] | None:
        """The cameras that may be seen; None: all."""
        return None if self.account is None else self.account.cameras


class How(StrEnum):
    """How somebody shows who they are; stable, since it is in the event log."""

    PASSWORD = "password"  # noqa: S105
    PROVIDER = "provider"
    """An identity provider said so."""
    LINK = "link"
    """That the server printed for whoever started it."""


class Change(StrEnum):
    """What was done to an account; stable, since it is printed in JSON."""

    ADD = "add"
    PASSWORD = "password"  # noqa: S105
    ROLE = "role"
    CAMERAS = "cameras"
    DISABLE = "disable"
    ENABLE = "enable"
    REMOVE = "remove"
    BIND = "bind"
    """To somebody at an identity provider."""
    UNBIND = "unbind"


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An account after it was changed, or as it was before it was removed.

    Args:
        ended_sessions: how many sessions ended with it.
        unknown_cameras: those of its cameras that the archive does not have (yet).
    """

    change: Change
    account: Account
    ended_sessions: int = 0
    unknown_cameras: tuple[str, ...] = ()


def camera_names(cameras: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return names of cameras in the form that the archive has them in, each once, sorted."""
    return None if cameras is None else tuple(sorted({composed(one) for one in cameras}))
