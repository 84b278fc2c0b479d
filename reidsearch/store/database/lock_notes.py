"""The note beside a lock: who holds it, and for which index run."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reidsearch.base.actor import system_user
from reidsearch.base.timecode import iso, now

LONGEST_COMMAND = 1 << 16


def note(run_id: int | None) -> dict[str, Any]:
    """Return what is written of this process."""
    return {
        "pid": os.getpid(),
        "user": system_user(),
        "host": socket.gethostname(),
        "since": iso(now().replace(microsecond=0)),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "run_id": run_id,
    }


def read(text: str | bytes) -> dict[str, Any]:
    """Return a note; empty when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def run_of(found: Mapping[str, Any]) -> int | None:
    """Return the index run that a note tells of."""
    run_id = found.get("run_id")
    return run_id if isinstance(run_id, int) and not isinstance(run_id, bool) else None


def named(found: Mapping[str, Any]) -> str:
    """Return how messages name who wrote a note."""
    told = [found.get(name) for name in ("user", "host", "since", "command")]
    if not isinstance(found.get("pid"), int) or not all(
        isinstance(text, str) and len(text) <= LONGEST_COMMAND for text in told
    ):
        return "another process"
    user, host, since, command = told
    return f"process {found['pid']} of {user} on {host} since {since} ({command})"
