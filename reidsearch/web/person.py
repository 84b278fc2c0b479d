"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do; each role may do what those below it may.

    A viewer searches and looks, an analyst decides, exports and starts jobs, an admin deletes and
    manages accounts. `ANYBODY` is for what is shown before somebody has signed in.
    """

    ANYBODY = 0
    VIEWER = 1
    ANALYST = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in.

    Args:
        name: the actor of decisions.
        cameras: the only ones that they may see; None: all.
    """

    name: str
    role: Role
    cameras: frozenset[str] | None = None
