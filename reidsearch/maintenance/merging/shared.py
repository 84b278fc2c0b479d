"""Rows that many others name: cameras, models, index runs. Each is found again in the target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from reidsearch.domain.merging import Merged
from reidsearch.maintenance.merging.rows import Values, add_one
from reidsearch.store import tables
from reidsearch.store.database.proofs import intact


@dataclass(slots=True)
class Shared:
    """Old id -> new id of what is shared by many rows.

    Args:
        model: id of the embeddings' model in the archive that is merged, and in the target.
        taken: tracklets of the target that one of the archive was found to be.
    """

    model: tuple[int, int]
    cameras: dict[int, int] = field(default_factory=dict)
    models: dict[int, int] = field(default_factory=dict)
    runs: dict[int, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def moved(self, row: Values) -> Values:
        """Return a row with these ids in place of the old ones."""
        changed: Values = {}
        for column, ids in (
            ("camera_id", self.cameras),
            ("model_id", self.models),
            ("run_id", self.runs),
        ):
            if row.get(column) is not None:
                changed[column] = ids[row[column]]
        return {**row, **changed}


def merge_shared(
    source: Connection, into: Connection, model: tuple[int, int], report: Merged
) -> Shared:
    """Let the target have all cameras, models and runs; the same name is the same camera."""
    shared = Shared(model)
    shared.cameras = _cameras(source, into, report)
    shared.models = _models(source, into)
    shared.runs = _runs(source, into, shared.models, report)
    return shared


def _all(connection: Connection, table: Any) -> list[Values]:
    rows = connection.execute(select(table).order_by(table.c.id))
    return [dict(row._mapping) for row in rows]


def _held(connection: Connection, table: Any) -> list[Values]:
    rows = connection.execute(select(table).where(intact(table)).order_by(table.c.id))
    return [dict(row._mapping) for row in rows]


def _cameras(source: Connection, into: Connection, report: Merged) -> dict[int, int]:
    held = {row["name"]: row["id"] for row in _held(into, tables.camera)}
    found = {}
    for row in _all(source, tables.camera):
        if row["name"] in held:
            report.cameras.append(row["name"])
            found[row["id"]] = held[row["name"]]
        else:
            found[row["id"]] = add_one(into, tables.camera, row)
            report.count("cameras", 1)
    return found


def _models(source: Connection, into: Connection) -> dict[int, int]:
    def key(row: Values) -> tuple[str, str]:
        return row["digest"], row["preprocessing"]

    held = {key(row): row["id"] for row in _held(into, tables.model)}
    return {
        row["id"]: held.get(key(row)) or add_one(into, tables.model, row)
        for row in _all(source, tables.model)
    }


def _runs(
    source: Connection, into: Connection, models: dict[int, int], report: Merged
) -> dict[int, int]:
    def key(row: Values) -> tuple[Any, ...]:
        return row["started_us"], row["request"], row["command"], row["version"]

    held = {key(row): row["id"] for row in _held(into, tables.run)}
    found = {}
    for row in _all(source, tables.run):
        if key(row) in held:
            found[row["id"]] = held[key(row)]
            continue
        state = "interrupted" if row["state"] == "running" else row["state"]
        values = {**row, "state": state, "model_id": models[row["model_id"]]}
        found[row["id"]] = add_one(into, tables.run, values)
        report.count("runs", 1)
    return found
