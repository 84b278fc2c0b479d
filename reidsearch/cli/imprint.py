"""Where the pictures of this run come from: archive, time and command."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.output.imprint import Imprint


def imprint_of(archive: Archive | None, at: dt.datetime | None = None) -> Imprint:
    """Return what the pictures of this run say of themselves.

    Args:
        archive: that they show; None: none.
        at: when it was asked; None: now.
    """
    from reidsearch.output.imprint import Imprint

    return Imprint(
        archive=archive.location if archive else "",
        archive_id=archive.archive_id if archive else "",
        at=at or dt.datetime.now(dt.UTC),
        command=shlex.join(["reidsearch", *sys.argv[1:]]),
    )
