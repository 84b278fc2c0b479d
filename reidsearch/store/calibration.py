"""The archive's calibration, written and read; checked against its checksum whenever it is read."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Row, delete, insert, select

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.base.timecode import from_us, to_us
from reidsearch.domain.event_log import Event
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.scores import BINS, Calibration, Curves, Origin, Provenance, Soundness
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.decoding import reads
from reidsearch.store.events import record_event
from reidsearch.store.tables.calibration import calibration as table

if TYPE_CHECKING:
    from reidsearch.domain.reports import Finding

_CURVES = tuple(field.name for field in fields(Curves))


def stored_calibration(store: Store) -> tuple[Calibration, ModelIdentity] | None:
    """Return the newest calibration and the model whose scores it reads; None: there is none.

    Raises:
        ArchiveError: it is damaged.
    """
    model = tables.model.c
    newest = (
        select(table, model.name, model.precision, model.digest, model.preprocessing)
        .add_columns(model.dimension)
        .join(tables.model)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    with store.read() as connection:
        row = connection.execute(newest).one_or_none()
    if row is None:
        return None
    if not _intact(row):
        raise ArchiveError(
            f"the calibration of {store.location} is damaged",
            "forget it, then calibrate again",
            kind=Kind.CALIBRATION_DAMAGED,
            archive=store.location,
        )
    identity = ModelIdentity(row.name, row.precision, row.digest, row.preprocessing, row.dimension)
    return _calibration(row), identity


def keep(store: Store, made: Calibration) -> None:
    """Put a calibration in the place of whatever was there.

    Raises:
        ArchiveLocked: another process writes.
        ArchiveError: the archive's model changed meanwhile.
    """
    rows = np.stack([getattr(made.curves, name) for name in _CURVES]).astype("<f8")
    curves = zlib.compress(rows.tobytes())
    provenance = asdict(made.provenance)
    del provenance["at"]
    line = {
        "intercept": made.intercept,
        "slope": made.slope,
        "lowest": made.lowest,
        "highest": made.highest,
        "soundness": asdict(made.soundness),
    }
    model = tables.model.c
    with store.indexing(), store.write() as connection:
        model_id = connection.scalar(
            select(tables.archive.c.model_id)
            .join(tables.model, model.id == tables.archive.c.model_id)
            .where(model.digest == made.digest, model.preprocessing == made.preprocessing)
        )
        if model_id is None:
            raise ArchiveError(
                f"the model of {store.location} changed while it was being calibrated",
                "calibrate again",
            )
        connection.execute(delete(table))
        connection.execute(
            insert(table).values(
                at_us=to_us(made.provenance.at),
                model_id=model_id,
                provenance=provenance,
                map=line,
                curves=curves,
                sha256=hashlib.sha256(curves).digest(),
            )
        )
        record_event(connection, Event.CALIBRATE, provenance)


def forget(store: Store) -> bool:
    """Remove the calibration. Returns whether there was one.

    Raises:
        ArchiveLocked: another process writes.
    """
    with store.indexing(), store.write() as connection:
        gone = connection.execute(delete(table)).rowcount
        if gone:
            record_event(connection, Event.FORGET_CALIBRATION, {})
    return gone > 0


def check_calibration(store: Store) -> Iterator[Finding]:
    """Yield a finding when the calibration is not as it was written."""
    with store.scan() as connection:
        damaged = [row.id for row in connection.execute(select(table)) if not _intact(row)]
    if damaged:
        from reidsearch.domain.reports import Finding

        yield Finding(
            "calibration",
            "the calibration is damaged; calibrate again",
            repairable=False,
        )


def _intact(row: Row[Any]) -> bool:
    return hashlib.sha256(row.curves).digest() == bytes(row.sha256)


@reads(table)
def _calibration(row: Row[Any]) -> Calibration:
    told, line = dict(row.provenance), row.map
    sound = line["soundness"]
    curves = np.frombuffer(zlib.decompress(row.curves), "<f8").reshape(len(_CURVES), BINS)
    return Calibration(
        provenance=Provenance(
            **told
            | {"origin": Origin(told["origin"]), "at": from_us(row.at_us)}
            | {"notes": tuple(told.get("notes", ()))}
        ),
        digest=row.digest,
        preprocessing=row.preprocessing,
        intercept=line["intercept"],
        slope=line["slope"],
        lowest=line["lowest"],
        highest=line["highest"],
        soundness=Soundness(
            sound["cllr"],
            sound["cllr_min"],
            sound["ece"],
            tuple((told, found, weight) for told, found, weight in sound["reliability"]),
        ),
        curves=Curves(*curves),
    )
