"""Cases, holds, rules of retention and failures; each is recognised when it was merged before."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from reidsearch.base.timecode import to_us
from reidsearch.domain.merging import Merged
from reidsearch.maintenance.merging.rows import Values, add, add_one, rows_of
from reidsearch.maintenance.merging.shared import Shared
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.holds import held_crops
from reidsearch.store.tables.accounts import account
from reidsearch.store.tables.calibration import calibration
from reidsearch.store.tables.cases import investigation
from reidsearch.store.tables.ground import camera_ground
from reidsearch.store.tables.keeps import camera_keeps
from reidsearch.store.tables.places import place
from reidsearch.store.tables.retention import hold, kept_out, retention
from reidsearch.store.tables.reviews import review
from reidsearch.store.tables.saved import saved_question

_OF_HOLD = ("case_number", "source", "camera", "from_us", "to_us", "note", "set_by", "set_us")


def merge_records(source: Connection, into: Connection, shared: Shared, report: Merged) -> None:
    """Merge all of them, within a transaction of the target; tell what is left."""
    _cases(source, into, report)
    _retention(source, into, report)
    _grounds(source, into, shared, report)
    _keeps(source, into, report)
    _places(source, into, report)
    _failures(source, into, shared, report)
    _left(source, report)


def _rows(connection: Connection, table: object) -> list[Values]:
    return [dict(row) for row in connection.execute(select(table)).mappings()]  # type: ignore[call-overload]


def _cases(source: Connection, into: Connection, report: Merged) -> None:
    held = set(into.scalars(select(investigation.c.number)))
    for row in _rows(source, investigation):
        if row["number"] in held:
            report.count("cases", 1, held=True)
        else:
            add_one(into, investigation, row)
            report.count("cases", 1)


def _retention(source: Connection, into: Connection, report: Merged) -> None:
    """Take the rules of cameras that have none; that of all others would delete the target's."""
    held = set(into.scalars(select(retention.c.camera)))
    for row in _rows(source, retention):
        if row["camera"] is None:
            report.left.append(
                f"the rule to keep cameras without a rule of their own for {row['days']} days"
            )
        elif row["camera"] in held:
            report.count("retention", 1, held=True)
        else:
            add_one(into, retention, row)
            report.count("retention", 1)


def _grounds(source: Connection, into: Connection, shared: Shared, report: Merged) -> None:
    """Take the grounds of cameras that have none: of two measured by turns none would be whole."""
    held = set(into.scalars(select(camera_ground.c.camera_id)))
    for row in map(shared.moved, _rows(source, camera_ground)):
        known = row["camera_id"] in held
        if not known:
            add_one(into, camera_ground, row)
        report.count("grounds", 1, held=known)


def _keeps(source: Connection, into: Connection, report: Merged) -> None:
    """Take how long recorders keep footage, of cameras of which the target does not know it."""
    held = set(into.scalars(select(camera_keeps.c.camera)))
    for row in _rows(source, camera_keeps):
        known = row["camera"] in held
        if not known:
            add_one(into, camera_keeps, row)
        report.count("keeps", 1, held=known)


def _places(source: Connection, into: Connection, report: Merged) -> None:
    """Take the regions and lines whose names are free; another one of a name is left."""
    held = {row["name"]: _where(row) for row in _rows(into, place)}
    for row in _rows(source, place):
        if row["name"] not in held:
            add_one(into, place, row)
            report.count("places", 1)
        elif held[row["name"]] == _where(row):
            report.count("places", 1, held=True)
        else:
            report.left.append(
                f"the {row['kind']} {row['name']!r} of camera {row['camera']!r}: another one has "
                "its name"
            )


def _where(row: Values) -> tuple[object, ...]:
    return row["kind"], row["camera"], [list(point) for point in row["points"]]


def _failures(source: Connection, into: Connection, shared: Shared, report: Merged) -> None:
    rows = [shared.moved(row) for row in _rows(source, tables.failure)]
    for part in chunks(rows):
        keys = [row["key"] for row in part]
        known: set[bytes] = set()
        for column in (tables.failure.c.key, tables.location.c.key):
            known |= set(into.scalars(select(column).where(column.in_(keys))))
        report.count(
            "failures", add(into, tables.failure, (r for r in part if r["key"] not in known))
        )


def merge_holds(source: Connection, into: Connection, report: Merged) -> None:
    """Set the same holds, once identities have their numbers; released ones stay as history.

    What a case's hold holds is told by the event log, which stays there. So whatever a hold there
    holds and its copy does not is held here by its sources, whole.
    """
    held = {tuple(row[name] for name in _OF_HOLD) for row in _rows(into, hold)}
    copied: dict[int, int] = {}
    for row in _rows(source, hold):
        if tuple(row[name] for name in _OF_HOLD) in held:
            report.count("holds", 1, held=True)
            continue
        ids, sources = report.ids, row["source_ids"]
        values = {
            **row,
            "identity_id": ids["identity"].get(row["identity_id"]),
            "source_ids": sources and [ids["source"][o] for o in sources if o in ids["source"]],
        }
        lost = row["identity_id"] is not None and values["identity_id"] is None
        if lost:  # the identity came after its decisions were merged
            values["source"] = _of_hold(report, row["id"])
        copied[row["id"]] = add_one(into, hold, values)
        report.count("holds", 1)
    _hold_the_rest(source, into, copied, report)


def _of_hold(report: Merged, number: int) -> str:
    """Return what a hold on sources is called that stands for a hold there."""
    return f"(hold {number} of archive {report.archive_id})"


def _hold_the_rest(
    source: Connection, into: Connection, copied: Mapping[int, int], report: Merged
) -> None:
    here = {one.hold_id: crops for one, crops in held_crops(into)}
    for one, crops in held_crops(source):
        if one.hold_id not in copied:
            continue
        wanted = {report.ids["crop"][crop] for crop in crops if crop in report.ids["crop"]}
        lacking = sorted(wanted - here[copied[one.hold_id]])
        rows = rows_of(into, tables.crop.c.id, lacking)
        if sources := sorted({row["source_id"] for row in rows}):
            values = {
                "source": _of_hold(report, one.hold_id),
                "source_ids": sources,
                "note": one.note,
                "set_by": one.set_by,
                "set_us": to_us(one.set_at),
            }
            add_one(into, hold, values)
            report.count("holds", 1)


def _left(source: Connection, report: Merged) -> None:
    """Tell of what belongs to the archive that is merged alone."""

    def number(table: object) -> int:
        return source.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]

    if reviews := number(review):
        report.left.append(f"{reviews} reviews: their keys are of the ids that items had there")
    if questions := number(saved_question):
        report.left.append(f"{questions} saved questions: they are asked of that archive alone")
    if out := number(kept_out):
        report.left.append(f"{out} crops that are kept out there, known by digests of it alone")
    if accounts := number(account):
        report.left.append(f"{accounts} accounts")
    if number(calibration):
        report.left.append("the calibration: scores here are read by the target's own")
