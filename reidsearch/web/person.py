"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from reidsearch.domain import accounts


class Role(IntEnum):
    """What somebody may do; each role may do what those below it may.

    A viewer searches and looks, an analyst decides, exports and starts jobs, an admin manages
    accounts. `ANYBODY` is for what is shown before somebody has signed in.
    """

    ANYBODY = 0
    VIEWER = 1
    ANALYST = 2
    ADMIN = 3

    @classmethod
    def of(cls, role: accounts.Role) -> Role:
        """Return the role of an account as this face has it."""
        return cls[role.name]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in.

    Args:
        name: the actor of decisions.
        cameras: the only ones that they may see; None: all.
        account_id: None: whoever started the server on this machine.
        session_id: of the session that they are signed in by.
        form_token: what a form of theirs has to send; see `sessions.form_token`.
    """

    name: str
    role: Role
    cameras: frozenset[str] | None = None
    account_id: int | None = None
    session_id: int | None = None
    form_token: str = field(default="", repr=False)
