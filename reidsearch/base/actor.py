"""Who acts: the name that stands beside a decision, and beside the writer lock.

Faces (the command line, `Archive.open`, a web page) decide who acts and hand the name down; nothing
below them asks the operating system.
"""

from __future__ import annotations

import getpass
import os

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
