"""What an archive holds, in numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import func, select

from reidsearch.base.errors import Reason
from reidsearch.base.timecode import from_us
from reidsearch.domain.renamed import current_names
from reidsearch.domain.reports import Failure, Summary
from reidsearch.index.factory import server_of
from reidsearch.maintenance.moving_pictures import kept
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database import schema
from reidsearch.store.derived import INDEX_FOLDER, newest_generation
from reidsearch.store.footage.erased import deleted_crops
from reidsearch.store.pending import pending_work
from reidsearch.store.tables.footage import footage, tracklet

CHUNK = 2_000  # rows of the ledger that are held at a time
NAMED_AT_MOST = 10  # files in a summary; the ledger has all


def summarise(store: Store) -> Summary:
    """Count everything, in one consistent view."""
    crop, camera, failure, run = tables.crop, tables.camera, tables.failure, tables.run
    span = func.min(crop.c.time_us), func.max(crop.c.time_us)
    with store.scan() as connection:
        crops, labelled, timed, first, last = connection.execute(
            select(
                func.count(), func.count(crop.c.person), func.count(crop.c.time_us), *span
            ).select_from(crop)
        ).one()
        cameras = connection.execute(
            select(camera.c.name, func.count(), *span)
            .select_from(crop.outerjoin(camera))
            .group_by(crop.c.camera_id, camera.c.name)
            .order_by(func.count().desc(), camera.c.name)
        ).all()
        sources = connection.scalar(select(func.count()).select_from(tables.source)) or 0
        videos = connection.scalar(select(func.count()).select_from(footage)) or 0
        tracklets = connection.scalar(select(func.count()).select_from(tracklet)) or 0
        reasons = connection.execute(
            select(failure.c.reason, func.count())
            .group_by(failure.c.reason)
            .order_by(func.count().desc(), failure.c.reason)
        ).all()
        deleted = deleted_crops(connection)
        counts = connection.scalars(select(footage.c.counts)).all()
        runs = connection.scalar(select(func.count()).select_from(run)) or 0
    interrupted, running = store.unfinished_runs()
    newest = newest_generation(store)
    index = store.derived(INDEX_FOLDER)
    return Summary(
        archive=store.location,
        archive_id=store.row.uuid,
        created_at=from_us(store.row.created_us),
        schema=schema.REVISION,
        model=store.model(),
        crops=crops,
        sources=sources,
        footage=videos,
        tracklets=tracklets,
        persons_labelled=labelled,
        cameras=tuple((name, count, _time(a), _time(b)) for name, count, a, b in cameras),
        first_time=_time(first),
        last_time=_time(last),
        crops_deleted=deleted,
        crops_without_time=crops - timed,
        small_detections=sum(int(current_names(one).get("small", 0)) for one in counts),
        failures=tuple((reason, count) for reason, count in reasons),
        not_searched=tuple(failures(store, NAMED_AT_MOST)),
        runs=runs,
        unfinished_runs=interrupted,
        running_runs=running,
        database_bytes=store.size_bytes(),
        index_bytes=sum(p.stat().st_size for p in index.iterdir()) if index.is_dir() else 0,
        generation=newest.number if newest else 0,
        crops_in_index=newest.crops if newest else 0,
        index_kind=newest.kind if newest else "",
        index_url=server_of(store, newest.kind) if newest else None,
        pending=pending_work(store),
        pictures=kept(store),
    )


def failures(store: Store, most: int | None = None) -> list[Failure]:
    """Return what `each_failure` yields."""
    return list(each_failure(store, most))


def each_failure(store: Store, most: int | None = None) -> Iterator[Failure]:
    """Yield the failures ledger, oldest first; after it files of types that are not read.

    It is read while it is used, from one state of the archive.

    Args:
        most: so many lines; None: all.
    """
    f = tables.failure.c
    with store.read() as connection:
        passed_over = f.reason == Reason.UNSUPPORTED.value
        order = (passed_over, f.at_us, f.text)
        chosen = select(tables.failure).order_by(*order).limit(most)
        for row in connection.execution_options(yield_per=CHUNK).execute(chosen):
            yield Failure(row.text, row.reason, row.message, from_us(row.at_us), row.run_id)


def count_failures(store: Store) -> int:
    """Return how many lines `each_failure` yields."""
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(tables.failure)) or 0


def _time(time_us: int | None) -> dt.datetime | None:
    return None if time_us is None else from_us(time_us)
