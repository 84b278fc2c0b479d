"""Passwords, and what is recorded of accounts and sessions, for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from archives import sql

from reidsearch import Archive
from reidsearch.domain.event_log import Event

PASSWORD = "correct horse battery"
WRONG = "this is not the password"


def events(archive: Archive, what: Event) -> list[dict[str, Any]]:
    """What was recorded of a kind of event, oldest first."""
    question = "SELECT detail FROM event WHERE what = :what ORDER BY id"
    rows = sql(Path(archive.location), question, what=what.value)
    return [json.loads(detail) for (detail,) in rows]
