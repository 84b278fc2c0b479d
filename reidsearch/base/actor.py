"""Who acts: the name that stands beside a decision, and beside the writer lock.

Faces (the command line, `Archive.open`, a web page) decide who acts and hand the name down; nothing
below them asks the operating system.
"""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

SETTING = "REIDSEARCH_ACTOR"


def default_actor() -> str:
    """Return the name in the environment variable `REIDSEARCH_ACTOR`, else the system's user."""
    return os.environ.get(SETTING, "").strip() or system_user()


def system_user() -> str:
    """Return the operating system's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts, for which case, and why, as the event log records it.

    Args:
        reason: as `domain.cases.Reason` is written.
    """

    name: str
    case: str | None = None
    reason: str | None = None


_now: ContextVar[Author | None] = ContextVar("author", default=None)


@contextlib.contextmanager
def acting(author: Author) -> Iterator[None]:
    """Let what this thread does be recorded as somebody's: of one archive that many use.

    with acting(Author("anna")):
        archive.search("person.jpg")
    """
    token = _now.set(author)
    try:
        yield
    finally:
        _now.reset(token)


def acting_now() -> Author | None:
    """Return who acts in this thread; None: nobody said, so it is who opened the archive."""
    return _now.get()
