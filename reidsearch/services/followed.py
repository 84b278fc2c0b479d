"""What following rests on: whether folders are there, and what became of a segment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reidsearch.base.errors import StorageError
from reidsearch.base.locations import location_text
from reidsearch.domain.following import SegmentState, SegmentTold
from reidsearch.domain.reports import IndexReport
from reidsearch.media.files.inventory import absolute
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.places import has_no_place
from reidsearch.store.footage.reader import KnownSource
from reidsearch.store.queue_reading import failure_at


class FollowedFolders:
    """The folders that are followed, whose disks may go away.

    Attributes:
        paths: from the root on.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.paths = [absolute(folder) for folder in folders]
        self._disks: dict[str, int] = {}

    def away(self) -> list[str]:
        """Return folders that are not there, or that another disk is mounted over."""
        away = []
        for folder in self.paths:
            try:
                disk = os.stat(folder).st_dev  # noqa: PTH116 - names that are no text
            except OSError:
                disk = -1
            if disk < 0 or self._disks.setdefault(folder, disk) != disk:
                away.append(location_text(folder))
        return away

    def require(self) -> None:
        """Raise StorageError where a folder is away."""
        away = self.away()
        if away:
            raise StorageError(f"{away[0]} cannot be read just now")

    def hold(self, path: str) -> bool:
        """Tell whether a path lies below one of them, and all that it lies below are there."""
        above = [one for one in self.paths if path.startswith(os.path.join(one, ""))]  # noqa: PTH118
        return bool(above) and all(os.path.isdir(one) for one in above)  # noqa: PTH112


def state_of(path: str) -> str | None:
    """Return the state of a file as `Segment.fingerprint` tells it; None: it is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - names that are no text
    except OSError:
        return None
    return f"{found.st_size}-{found.st_mtime_ns}"


def outcome(
    store: Store, report: IndexReport, told: SegmentTold, before: KnownSource | None
) -> SegmentTold:
    """Return what became of a segment that was indexed, or was tried to.

    Args:
        told: what is known of it without the report.
        before: what the archive knew at its place before; None: nothing.
    """
    footage = report.footage
    known = (footage.duplicates or footage.unchanged or footage.updated) and not footage.indexed
    state, message = SegmentState.KNOWN if known else SegmentState.INDEXED, ""
    if footage.failed or report.failed or footage.partly:
        whole = footage.failed or report.failed
        state = SegmentState.FAILED if whole else SegmentState.PARTLY
        with store.read() as connection:
            message = failure_at(connection, told.location)
    return replace(
        told,
        state=state,
        message=message,
        footage_s=footage.footage_s,
        tracklets=footage.tracklets,
        crops=footage.best_shots,
        sample_rate_hz=None if known or state is SegmentState.FAILED else told.sample_rate_hz,
        replaced=before is not None and has_no_place(store, before.source_id),
    )
