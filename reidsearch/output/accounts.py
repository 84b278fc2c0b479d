"""Accounts, as text and as JSON; hashes of passwords never get here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.accounts import Account, AccountChange, Change
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, visible

ALL_CAMERAS = "all"
_DONE = {
    Change.ADD: "Account {name} added: {role}, cameras: {cameras}.",
    Change.PASSWORD: "{name} has a new password.",
    Change.ROLE: "{name} is now {role}.",
    Change.CAMERAS: "{name} may see the cameras: {cameras}.",
    Change.DISABLE: "{name} cannot sign in any more.",
    Change.ENABLE: "{name} can sign in again.",
    Change.REMOVE: "Account {name} removed.",
    Change.BIND: "{name} is bound to somebody at the identity provider.",
    Change.UNBIND: "{name} is bound to nobody at the identity provider any more.",
}


def accounts_view(accounts: Sequence[Account]) -> RenderableType:
    """All accounts, one a line."""
    if not accounts:
        return Text("No accounts yet: reidsearch account add NAME --role ROLE")
    changed = [clock(one.changed_at.replace(microsecond=0)) for one in accounts]
    return FittedTable(
        [
            Column("name", [visible(one.name) for one in accounts], 0, wrapped=True),
            Column("role", [one.role.value for one in accounts], 0),
            Column("cameras", [_cameras(one) for one in accounts], 1, wrapped=True),
            Column("disabled", ["yes" if one.disabled else "no" for one in accounts], 2),
            Column(f"changed ({zone_name()})", changed, 3),
        ]
    )


def change_text(made: AccountChange) -> str:
    """What was done to an account, in lines."""
    account = made.account
    lines = [
        _DONE[made.change].format(
            name=visible(account.name), role=account.role.value, cameras=_cameras(account)
        )
    ]
    if made.ended_sessions:
        lines.append(f"{count(made.ended_sessions, 'session')} ended.")
    if made.unknown_cameras:
        names = ", ".join(map(visible, made.unknown_cameras))
        lines.append(f"The archive has no camera of that name yet: {names}")
    return "\n".join(lines)


def accounts_json(accounts: Sequence[Account]) -> dict[str, Any]:
    """All accounts."""
    return {
        "schema": "reidsearch/accounts/1",
        "accounts": [account_json(one) for one in accounts],
    }


def change_json(made: AccountChange) -> dict[str, Any]:
    """What was done to an account."""
    return {
        "schema": "reidsearch/account-change/1",
        "change": made.change.value,
        "account": account_json(made.account),
        "ended_sessions": made.ended_sessions,
        "unknown_cameras": list(made.unknown_cameras),
    }


def session_json(
    name: str, role: str, cameras: Collection[str] | None, account_id: int | None
) -> dict[str, Any]:
    """Who is signed in, and what they may do and see."""
    return {
        "schema": "reidsearch/session/1",
        "name": name,
        "role": role,
        "cameras": None if cameras is None else sorted(cameras),
        "account_id": account_id,
    }


def account_json(account: Account) -> dict[str, Any]:
    """One account."""
    return {
        "account_id": account.account_id,
        "name": account.name,
        "role": account.role.value,
        "cameras": None if account.cameras is None else list(account.cameras),
        "disabled": account.disabled,
        "created_at": iso(account.created_at),
        "changed_at": iso(account.changed_at),
    }


def _cameras(account: Account) -> str:
    if account.cameras is None:
        return ALL_CAMERAS
    return ", ".join(map(visible, account.cameras)) or "none"
