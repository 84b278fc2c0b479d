"""The writer of one index run: whole transactions, nothing half done, others beside it or not.

A crop is acknowledged when `commit` returns: its source, facts, picture and embedding are then in
one committed transaction, and it will be there after a crash, once.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from reidsearch.base.errors import Reason, absent
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.crops import Facts, Rejected
from reidsearch.domain.event_log import Event
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.steps import AlreadyStored, Committed, Effect, NewCrop
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.model import adopt_model
from reidsearch.store.crops.rows import (
    embedding_row,
    existing_crops,
    existing_sources,
    forget_means,
    kept_facts,
    location_row,
    mark_replaced,
    merge_facts,
)
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.event_log import append
from reidsearch.store.keeping_out import without_kept_out
from reidsearch.store.location_keys import location_key
from reidsearch.store.pictures.putting import Keeping, stored

Result = TypeVar("Result")

_CORNERS = "x1", "y1", "x2", "y2"


class Writer:
    """Writes one index run; made by `open_writer`."""

    def __init__(self, store: Store, model: ModelIdentity) -> None:
        self._store = store
        self._cameras: dict[str, int] = {}
        self.run_id = 0
        self._beside: frozenset[int] = frozenset()  # runs that were at work when this one began
        self._paths: str | None = None
        with store.write() as connection:
            self.model_id = adopt_model(connection, model, store.location)
            rows = connection.execute(select(tables.camera.c.name, tables.camera.c.id))
            self._cameras.update({row.name: row.id for row in rows})

    def begin_run(
        self, *, request: str, command: str, version: str, runtime: str, paths: str | None = None
    ) -> int:
        """Record that a run starts; until `end_run` it counts as unfinished.

        Args:
            request: equal for runs that are offered the same inputs.
            command: what was asked for, for the record.
            paths: the lines that `command` begins with when these paths were given; None: no paths.
        """
        self._paths = paths
        with self._store.write() as connection:
            # A run has its lock before its row is committed: what "runs" without one was killed.
            self._beside = self._store.live_runs()
            connection.execute(
                update(tables.run)
                .where(tables.run.c.state == "running", tables.run.c.id.not_in(self._beside))
                .values(state="interrupted")
            )
            inserted = connection.execute(
                insert(tables.run).values(
                    started_us=to_us(now()),
                    state="running",
                    request=request,
                    command=command,
                    version=version,
                    runtime=runtime,
                    model_id=self.model_id,
                    counts={},
                )
            ).inserted_primary_key
            if inserted is None:
                raise absent("the id of a new row")
            self.run_id = int(inserted[0])
            append(connection, Event.INDEX, {"run": self.run_id})
            self._store.announce(self.run_id)
        return self.run_id

    def claim(self, sha256: bytes) -> contextlib.AbstractContextManager[bool]:
        """Claim a source for this run; see `Database.claim`."""
        return self._store.claim(sha256)

    def end_run(self, counts: Mapping[str, int], *, finished: bool) -> None:
        """Record how the run ended; a finished one supersedes earlier ones of its request.

        Failures of those earlier runs leave the ledger: what still fails was recorded anew. Runs
        that were at work when this one began are not earlier ones: it may have left sources to
        them.
        """
        run, failure = tables.run, tables.failure
        with self._store.write() as connection:
            connection.execute(
                run.update()
                .where(run.c.id == self.run_id)
                .values(
                    finished_us=to_us(now()),
                    state="finished" if finished else "interrupted",
                    counts=dict(counts),
                )
            )
            ended = {"run": self.run_id, "finished": finished, "counts": dict(counts)}
            append(connection, Event.INDEX_END, ended)
            if finished:
                this = select(run.c.request).where(run.c.id == self.run_id).scalar_subquery()
                same = run.c.request == this
                if self._paths is not None:
                    # Version 0.1.0 made the request of all options' Python representations.
                    same |= run.c.command.startswith(f"{self._paths}\nNaming(", autoescape=True)
                earlier = same & (run.c.id < self.run_id) & run.c.id.not_in(self._beside)
                connection.execute(
                    run.update()
                    .where(run.c.state == "interrupted", earlier)
                    .values(state="superseded")
                )
                ids = select(run.c.id).where(earlier)
                connection.execute(delete(failure).where(failure.c.run_id.in_(ids)))

    def record_skipped(self, locations: Iterable[str], roots: Sequence[str]) -> None:
        """Record files that were passed over for their type, in place of those known below `roots`.

        Args:
            roots: the paths that were given, all of which were walked over.
        """
        f = tables.failure.c
        with self._store.write() as connection:
            for root in roots:
                below = [f"{root.rstrip('/')}/", f"{root}!/"]  # in a folder, in a container
                under = or_(*(_starts_with(f.text, one) for one in below))
                connection.execute(
                    delete(tables.failure).where(f.reason == Reason.UNSUPPORTED.value, under)
                )
            found = iter(locations)
            while part := list(itertools.islice(found, CHUNK)):
                keys = [location_key(location) for location in part]
                connection.execute(delete(tables.failure).where(f.key.in_(keys)))
                connection.execute(
                    insert(tables.failure),
                    [
                        {
                            "key": key,
                            "text": location,
                            "reason": Reason.UNSUPPORTED.value,
                            "message": "its type is not read",
                            "run_id": self.run_id,
                            "at_us": to_us(now()),
                        }
                        for key, location in zip(keys, part, strict=True)
                    ],
                )

    def commit(self, items: Sequence[NewCrop | AlreadyStored | Rejected]) -> Committed:
        """Store everything in one transaction.

        A new crop that turns out to be held (a copy of its file came first) becomes a duplicate,
        never a second crop.
        """

        def work() -> Committed:
            with self.transaction() as connection:
                return self._commit(connection, items)

        return self.stored(work)

    def stored(self, work: Callable[[], Result]) -> Result:
        """Do work of one `transaction` that records pictures; see `store.pictures.putting`."""
        return stored(self._store, work)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give one transaction: all of it is stored, or nothing."""
        cameras = dict(self._cameras)
        try:
            with self._store.write() as connection:
                yield connection
        except BaseException:
            self._cameras = cameras  # those of a rolled-back transaction do not exist
            raise

    def _commit(
        self, connection: Connection, items: Sequence[NewCrop | AlreadyStored | Rejected]
    ) -> Committed:
        failed = [item for item in items if isinstance(item, Rejected)]
        offered = [item for item in items if isinstance(item, NewCrop)]
        fresh = without_kept_out(connection, offered)
        held = [item for item in items if isinstance(item, AlreadyStored)]
        for item in failed:
            self._record_failure(connection, item)
        duplicates = self._insert(connection, fresh)
        again = [self._record_again(connection, item) for item in [*held, *duplicates]]
        inputs = [*(item.input for item in offered), *(item.input for item in held)]
        self.forget_failures(connection, [each.key for each in inputs])
        effects = Counter(effect for effect, _ in again)
        return Committed(
            indexed=len(fresh) - len(duplicates),
            unchanged=effects[Effect.UNCHANGED],
            updated=effects[Effect.UPDATED],
            duplicates=effects[Effect.DUPLICATE],
            conflicting=sum(other_facts for _, other_facts in again),
            failed=len(failed),
            kept_out=len(offered) - len(fresh),
        )

    def _insert(self, connection: Connection, fresh: Sequence[NewCrop]) -> list[AlreadyStored]:
        """Insert what is new; return what turned out to be held already."""
        if not fresh:
            return []
        counter = connection.execute(select(tables.archive).where(intact(tables.archive))).one()
        crop_id, source_id = counter.next_crop_id, counter.next_source_id
        sources = existing_sources(connection, {item.source_sha256 for item in fresh})
        taken = existing_crops(connection, sources.values())
        rows: dict[str, list[dict[str, Any]]] = {
            name: []
            for name in ("source", "crop", "picture", "picture_object", "embedding", "location")
        }
        keeping = Keeping(connection)
        duplicates = []
        indexed_us = to_us(now())
        for item in fresh:
            if item.source_sha256 not in sources:
                sources[item.source_sha256] = source_id
                rows["source"].append(
                    {
                        "id": source_id,
                        "sha256": item.source_sha256,
                        "size_bytes": item.size_bytes,
                        "width_px": item.width_px,
                        "height_px": item.height_px,
                    }
                )
                source_id += 1
            place = (sources[item.source_sha256], *item.box.as_list())
            if place in taken:
                duplicates.append(AlreadyStored(item.input, taken[place], Effect.DUPLICATE))
                continue
            taken[place] = crop_id
            rows["crop"].append(
                {
                    "id": crop_id,
                    "source_id": place[0],
                    **dict(zip(_CORNERS, place[1:], strict=True)),
                    **self._facts(connection, item.input.facts),
                    "run_id": self.run_id,
                    "indexed_us": indexed_us,
                }
            )
            table, picture = keeping.row(crop_id, item.jpeg)
            rows[table.name].append(picture)
            rows["embedding"].append(embedding_row(crop_id, self.model_id, item.vector))
            rows["location"].append(location_row(item.input, crop_id, own=True))
            crop_id += 1
        connection.execute(
            update(tables.archive).values(next_crop_id=crop_id, next_source_id=source_id)
        )
        mark_replaced(connection, [row["key"] for row in rows["location"]])
        for name, values in rows.items():
            if values:
                connection.execute(insert(tables.metadata.tables[name]), values)
        return duplicates

    def _record_again(self, connection: Connection, item: AlreadyStored) -> tuple[Effect, bool]:
        """Record the location, and correct the facts if it is known to be the crop's.

        What an input does not tell is not forgotten: running again without a pattern or a
        manifest must not wipe cameras.

        Returns:
            What it came to, and whether a copy told other facts than those kept.
        """
        location, given = tables.location, item.input
        key = location_key(given.key)
        of_crop = location.c.crop_id == item.crop_id
        here = of_crop & (location.c.key == key)
        own = connection.scalar(select(location.c.own).where(here)) or False
        kept = kept_facts(connection, item.crop_id)
        merged = merge_facts(kept, given.facts)
        effect = item.effect
        if effect is Effect.UPDATED and merged == kept:
            effect = Effect.UNCHANGED
        elif effect is Effect.UPDATED:
            own = True
            if merged.camera != kept.camera:
                forget_means(connection)
            connection.execute(update(location).where(of_crop).values(own=False))
            connection.execute(
                update(tables.crop)
                .where(tables.crop.c.id == item.crop_id)
                .values(**self._facts(connection, merged))
            )
        connection.execute(delete(location).where(here))
        mark_replaced(connection, [key])
        connection.execute(insert(location), location_row(given, item.crop_id, own=own))
        return effect, effect is Effect.DUPLICATE and merged != kept

    def _facts(self, connection: Connection, facts: Facts) -> dict[str, Any]:
        return {
            "camera_id": self.camera_id(connection, facts.camera),
            "time_us": to_us(facts.time) if facts.time else None,
            "person": facts.person,
            "extra": dict(facts.extra) or None,
        }

    def camera_id(self, connection: Connection, name: str | None) -> int | None:
        """Return the id of a camera's row, made when it is new; within `transaction`."""
        if name is None:
            return None
        if name not in self._cameras:
            # Another run may have made it meanwhile.
            known = select(tables.camera.c.id).where(tables.camera.c.name == name)
            if (made := connection.scalar(known)) is not None:
                self._cameras[name] = made
        if name not in self._cameras:
            inserted = connection.execute(
                insert(tables.camera).values(name=name)
            ).inserted_primary_key
            if inserted is None:
                raise absent("the id of a new row")
            self._cameras[name] = int(inserted[0])
        return self._cameras[name]

    def _record_failure(self, connection: Connection, item: Rejected) -> None:
        key = location_key(item.location)
        connection.execute(delete(tables.failure).where(tables.failure.c.key == key))
        connection.execute(
            insert(tables.failure).values(
                key=key,
                text=item.location,
                reason=item.cause.reason.value,
                message=item.cause.message,
                run_id=self.run_id,
                at_us=to_us(now()),
            )
        )

    def forget_failures(self, connection: Connection, succeeded: Iterable[str]) -> None:
        """Take what succeeded now, by its key, out of the ledger."""
        keys = [location_key(key) for key in succeeded]
        connection.execute(delete(tables.failure).where(tables.failure.c.key.in_(keys)))


@contextlib.contextmanager
def open_writer(store: Store, model: ModelIdentity) -> Iterator[Writer]:
    """Begin to write embeddings of `model`, beside others who index where that can be.

    Raises:
        ArchiveLocked: another process writes.
        ModelError: the archive's embeddings are of another model.
    """
    with store.indexing():
        yield Writer(store, model)


def _starts_with(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    # LIKE would take large letters and small ones for the same.
    start = func.substr(column, literal_column("1"), literal_column(str(len(text))))
    return start == text
