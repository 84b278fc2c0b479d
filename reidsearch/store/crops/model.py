"""The archive's embedding model: recorded with the first run, required of every later one."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, insert, select, update

from reidsearch.base.errors import absent
from reidsearch.domain.models import ModelIdentity, require_model
from reidsearch.store import tables
from reidsearch.store.database import selects
from reidsearch.store.database.proofs import intact


def model_row(connection: Connection, model: ModelIdentity) -> int:
    """Return the id of a model's row, made when it is new."""
    m = tables.model.c
    found = connection.scalar(
        select(m.id).where(m.digest == model.digest, m.preprocessing == model.preprocessing)
    )
    if found is None:
        inserted = connection.execute(insert(tables.model), asdict(model)).inserted_primary_key
        if inserted is None:
            raise absent("the id of a new row")
        found = inserted[0]
    return int(found)


def adopt_model(connection: Connection, model: ModelIdentity, location: str) -> int:
    """Return the archive's model id; a new archive takes the given model as its own."""
    held = connection.execute(
        selects.MODEL.add_columns(tables.model.c.id).where(
            intact(tables.archive), intact(tables.model)
        )
    ).one_or_none()
    if held is not None:
        require_model(ModelIdentity(*held[:-1]), model, location)
        return int(held.id)
    model_id = model_row(connection, model)
    connection.execute(update(tables.archive).values(model_id=model_id))
    return model_id
