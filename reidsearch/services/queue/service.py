"""`Archive.queue`: sources that wait for workers on any machine, and where they stand.

with Archive.open("postgresql://db/archive") as archive:
    archive.queue.put(["/footage"], IndexRequest(camera="gate"))
    archive.queue.status().left_bytes
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from reidsearch.base.locations import location_text
from reidsearch.base.settings_file import read_settings
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.queue import (
    MOST_TOLD,
    Health,
    Machine,
    Offered,
    Queued,
    QueuedKind,
    QueuedState,
    QueueReport,
    QueueStatus,
    Worker,
)
from reidsearch.media.files.inventory import Inventory, Kind, take_inventory
from reidsearch.services.index import FootageOptions, require_one_source
from reidsearch.store import queue as rows
from reidsearch.store import queue_reading as reading
from reidsearch.store import workers
from reidsearch.store.crops.store import Store

HERE = frozenset({Health.WORKING, Health.IDLE, Health.SILENT})


class QueueService:
    """The queue of one archive."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, paths: Sequence[Path], request: IndexRequest) -> QueueReport:
        """Queue all that lies at these paths: each video, folder of frames, folder of pictures.

        What is queued already stays so, with this request; what has ended is queued again, and the
        worker sees whether there is anything new; what is running is left as it is.

        Raises:
            UsageError: the request makes no sense.
            InputError: a manifest or the list of sources cannot be read.
            StorageError: the archive cannot be written.

        Example:
            >>> archive.queue.put([Path("/footage")], IndexRequest(camera="gate")).queued
            12
        """
        endpoint = read_settings(self._store.address).objects.endpoint
        inventory = take_inventory(paths, frames=request.frames, endpoint=endpoint)
        detections = Path(request.detections) if request.detections else None
        require_one_source(inventory, FootageOptions(detections=detections))
        offered = offered_of(inventory, paths)
        author = self._store.acting
        with self._store.write() as connection:
            report = rows.put(connection, offered, request, author.name, author.case)
        return replace(report, skipped=inventory.skipped.count)

    def retry(self) -> int:
        """Queue again what failed or was not read as a whole; return how many."""
        with self._store.write() as connection:
            return rows.retry(connection)

    def status(self) -> QueueStatus:
        """Return where the queue stands, who works on it, and how fast."""
        with self._store.read() as connection:
            unended = workers.unended(connection)
        living = self._store.living(unended)
        with self._store.read() as connection:
            known = workers.all_of(connection, living)
            lost = set(workers.lost(connection, living))
            counts = reading.counts(connection)
            running = reading.some(connection, [QueuedState.RUNNING])
            left_bytes = reading.left_bytes(connection)
            missing = reading.missing(connection, MOST_TOLD)
            failed = reading.some(
                connection, [QueuedState.FAILED, QueuedState.PARTLY], latest=MOST_TOLD
            )
        shares = {one.worker_id: one.share or 0.0 for one in known}
        for one in running:
            left_bytes -= round(one.size_bytes * shares.get(one.worker_id or 0, 0.0))
        machines = _machines(known)
        rate = sum(one.bytes_per_s or 0.0 for one in machines)
        return QueueStatus(
            counts=counts,
            left_bytes=left_bytes,
            left_s=left_bytes / rate if rate else None,
            workers=tuple(one for one in known if one.health is not Health.ENDED),
            machines=machines,
            stalled=tuple(one for one in running if one.worker_id in lost),
            missing=tuple(missing),
            failed=tuple(failed),
        )


def offered_of(inventory: Inventory, paths: Iterable[Path]) -> list[Offered]:
    """Return what of an inventory is queued: pictures of one folder together, all else one by one.

    Args:
        paths: that it was taken over; pictures that were named themselves stand for themselves.
    """
    named = {os.path.abspath(path) for path in paths}  # noqa: PTH100 - no resolve
    folders: Counter[str] = Counter()
    found = list(_alone(inventory, named, folders))
    return [
        *(Offered(QueuedKind.PICTURES, location_text(one), size) for one, size in folders.items()),
        *found,
    ]


_KINDS = {Kind.VIDEO: QueuedKind.VIDEO, Kind.FRAMES: QueuedKind.FRAMES}


def _alone(inventory: Inventory, named: set[str], folders: Counter[str]) -> Iterator[Offered]:
    for entry in inventory:
        if entry.kind is Kind.PICTURE and entry.path not in named:
            folders[os.path.dirname(entry.path)] += entry.size_bytes  # noqa: PTH120
            continue
        kind = _KINDS.get(entry.kind, QueuedKind.FILE)
        yield Offered(kind, entry.location, entry.size_bytes)


def _machines(known: Sequence[Worker]) -> tuple[Machine, ...]:
    """What the workers that are there do, by machine."""
    by_host: dict[str, list[Worker]] = {}
    for one in known:
        if one.health in HERE:
            by_host.setdefault(one.host, []).append(one)
    return tuple(_machine(host, group) for host, group in sorted(by_host.items()))


def _machine(host: str, group: Sequence[Worker]) -> Machine:
    busy = [one for one in group if one.health is not Health.SILENT and one.busy_s > 0]
    if not busy:
        return Machine(host, len(group), None, None)
    return Machine(
        host,
        len(group),
        sum(one.footage_s / one.busy_s for one in busy),
        sum(one.done_bytes / one.busy_s for one in busy),
    )


def kind_of_place(queued: Queued) -> Kind:
    """Return what an inventory calls what lies at a queued place."""
    if queued.kind is QueuedKind.VIDEO:
        return Kind.VIDEO
    if queued.kind is QueuedKind.FRAMES:
        return Kind.FRAMES
    return Kind.PICTURE if queued.kind is QueuedKind.PICTURES else Kind.MANIFEST
