"""What the application holds while it runs: the archive, its settings, sessions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.web.sessions import Sessions

if TYPE_CHECKING:
    from reidsearch.archive import Archive

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes: a picture of 36 million pixels as PNG may be so large."""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How the application is served.

    Args:
        hosts: names by which it may be asked for, without port.
        secure: it is reached by HTTPS, so cookies are sent only so.
        footage: folders below which files may be indexed from the page.
        largest_body: bytes.
    """

    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    secure: bool = False
    footage: tuple[Path, ...] = ()
    largest_body: int = LARGEST_BODY


@dataclass(slots=True)
class State:
    """The state of one application.

    Args:
        zone: times are shown in it; None: the machine's own.
    """

    archive: Archive
    settings: ServeSettings
    zone: dt.tzinfo | None
    sessions: Sessions = field(default_factory=Sessions)
