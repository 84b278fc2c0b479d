"""Who is told of a saved question's new answers, and what they have not been told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Means(StrEnum):
    """How somebody is told."""

    COMMAND = "command"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class NotifyState:
    """Who is told of a question's new answers by this machine, and what they have not been told.

    Args:
        means, shown: see `Receiver`; None: that cannot be read.
        undelivered: answers that were found and not delivered.
        since: when the first attempt failed; None: none did.
        error: why the last one failed.
        off: why nobody is told; None: they are.
        elsewhere: they are told of the archive at another place, of which this is a copy.
    """

    means: Means | None
    shown: str | None
    undelivered: int = 0
    since: dt.datetime | None = None
    error: str | None = None
    off: str | None = None
    elsewhere: bool = False
