"""The audit of an archive, as text and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.audit import (
    ENOUGH_PAIRS,
    Alarms,
    Audit,
    AuditCamera,
    AuditedBy,
    AuditRow,
    CameraChange,
    Refused,
    Threshold,
)
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.text import UNKNOWN
from reidsearch.output.visible import count, visible


def audit_view(found: Audit) -> RenderableType:
    """Return findings first, then false alarms by camera, hour and brightness."""
    views: list[RenderableType] = [Text(visible(line), style="yellow") for line in findings(found)]
    views.append(_cameras(found))
    for by in (AuditedBy.HOUR, AuditedBy.BRIGHTNESS):
        rows = [row for row in found.rows if row.by is by and row.camera is None]
        if rows:
            views.append(_groups(found, by, rows))
    views += [Text(visible(line), style="dim") for line in sentences(found)]
    return Group(*views)


def findings(found: Audit) -> list[str]:
    """Return what is wrong, in sentences."""
    told = [one.sentence for one in found.refused]
    return told + [one.sentence for one in found.changes]


def sentences(found: Audit) -> list[str]:
    """Return what was looked at, and what cannot be known."""
    told = []
    if found.thresholds:
        scores = ", ".join(
            f"{one.score:.2f} (promised {one.promised:.2%})" for one in found.thresholds
        )
        told.append(
            "False alarms are pairs of people whom one camera showed at once and who reach a score "
            f"all the same: {scores}. Intervals are 95 %, by Wilson."
        )
    else:
        told.append(f"No false alarms were counted: the archive is {found.calibration}.")
    few = [one.camera for one in found.cameras if one.pairs < ENOUGH_PAIRS]
    if few:
        told.append(f"Fewer than {ENOUGH_PAIRS} pairs, too few to tell: {', '.join(few)}.")
    if doubled := sum(one.doubled for one in found.cameras):
        told.append(
            f"Left out: {count(doubled, 'pair')} whose boxes lie over each other, so that one "
            "person may have been boxed twice."
        )
    left = [one for one in found.cameras if one.read < one.sources]
    if left:
        told.append(
            "Of cameras with many sources some were read, evenly over time: "
            + ", ".join(f"{one.camera} {one.read} of {one.sources}" for one in left)
            + "."
        )
    return told


def alarms_text(one: Alarms) -> str:
    """`0.7 % (0.2 to 2.5), 2 of 288`."""
    if one.rate is None:
        return UNKNOWN
    low, high = one.interval
    return (
        f"{100 * one.rate:.1f} % ({100 * low:.1f} to {100 * high:.1f}), "
        f"{one.alarms:,} of {one.pairs:,}"
    )


def _cameras(found: Audit) -> FittedTable:
    rows = {row.camera: row for row in found.rows if row.by is AuditedBy.CAMERA}
    refused = {one.camera for one in found.refused}
    cameras = found.cameras

    def alarms(camera: str, at: int) -> str:
        return alarms_text(rows[camera].alarms[at]) if camera in rows else UNKNOWN

    columns = [
        Column("camera", [visible(one.camera) for one in cameras], 0),
        Column("pairs", [f"{one.pairs:,}" for one in cameras], 1, right=True),
    ]
    for at, threshold in enumerate(found.thresholds):
        cells = [alarms(one.camera, at) for one in cameras]
        columns.append(Column(f"false alarms at {threshold.score:.2f}", cells, at))
    if found.thresholds:
        holds = [
            "no" if one.camera in refused else "yes" if one.pairs >= ENOUGH_PAIRS else "?"
            for one in cameras
        ]
        columns.append(Column("holds", holds, 0))
    bright = [UNKNOWN if one.brightness is None else f"{one.brightness:.0f}" for one in cameras]
    columns.append(Column("grey level", bright, 3, right=True))
    return FittedTable(columns)


def _groups(found: Audit, by: AuditedBy, rows: list[AuditRow]) -> FittedTable:
    title = "hour" if by is AuditedBy.HOUR else "grey level"
    columns = [Column(title, [row.group for row in rows], 0)]
    for at, threshold in enumerate(found.thresholds):
        cells = [alarms_text(row.alarms[at]) for row in rows]
        columns.append(Column(f"false alarms at {threshold.score:.2f}", cells, at))
    return FittedTable(columns)


def audit_json(found: Audit) -> dict[str, Any]:
    """Return it as a document."""
    return {
        "schema": "reidsearch/audit/1",
        "calibration": found.calibration,
        "adjusted": found.adjusted,
        "thresholds": [_threshold_json(one) for one in found.thresholds],
        "cameras": [_camera_json(one, found) for one in found.cameras],
        "rows": [_row_json(one) for one in found.rows],
        "refused": [_refused_json(one) for one in found.refused],
        "changes": [_change_json(one) for one in found.changes],
        "seed": found.seed,
    }


def _threshold_json(one: Threshold) -> dict[str, Any]:
    return {"score": one.score, "promised": one.promised, "at_most": one.at_most}


def _alarms_json(one: Alarms) -> dict[str, Any]:
    return {
        "pairs": one.pairs,
        "alarms": one.alarms,
        "rate": one.rate,
        "interval": list(one.interval),
    }


def _camera_json(one: AuditCamera, found: Audit) -> dict[str, Any]:
    refused = one.camera in {each.camera for each in found.refused}
    enough = bool(found.thresholds) and (refused or one.pairs >= ENOUGH_PAIRS)
    return {
        "camera": one.camera,
        "together": one.together,
        "pairs": one.pairs,
        "doubled": one.doubled,
        "sources": one.sources,
        "read": one.read,
        "brightness": one.brightness,
        "holds": not refused if enough else None,
    }


def _row_json(one: AuditRow) -> dict[str, Any]:
    return {
        "by": one.by.value,
        "camera": one.camera,
        "group": one.group or None,
        "alarms": [_alarms_json(each) for each in one.alarms],
    }


def _refused_json(one: Refused) -> dict[str, Any]:
    return {
        "camera": one.camera,
        "threshold": _threshold_json(one.threshold),
        "alarms": _alarms_json(one.alarms),
        "told": one.sentence,
    }


def _change_json(one: CameraChange) -> dict[str, Any]:
    return {
        "camera": one.camera,
        "changed": one.changed.value,
        "at": iso(one.at),
        "figure": one.figure,
    }
