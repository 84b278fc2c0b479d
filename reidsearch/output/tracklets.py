"""Tracklets of a source, and what was split or joined by hand, as text and as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import interval_json, named_json, purity_json
from reidsearch.domain.decisions import Mark, Member
from reidsearch.domain.edits import TrackletsEdited
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.identities import Names, decided, decision_json
from reidsearch.output.text import UNKNOWN
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, visible


def edited_text(edited: TrackletsEdited, names: Names) -> str:
    """What was decided, and what there is now."""
    lines = [decided(edited.decision, names)]
    lines += [
        _tracklet(one, mark) for one, mark in zip(edited.tracklets, edited.marks, strict=True)
    ]
    if edited.unsure is not None:
        lines.append(
            f"Both stay confirmed as {visible(edited.unsure)}: it is not known by which crops the "
            "whole was. Reject the half that shows somebody else: reidsearch reject CROP --as "
            f"{visible(edited.unsure)}"
        )
    if edited.made:
        numbers = ", ".join(map(str, edited.made))
        lines.append(f"A half had no crop; made from the footage: {numbers}.")
    if edited.withdrawn:
        one = len(edited.withdrawn) == 1
        told = ", ".join(map(str, edited.withdrawn))
        lines.append(
            f"Left {'proposal' if one else 'proposals'} {told}, made for what it was before: "
            "reidsearch link proposes anew."
        )
    return "\n".join(lines)


def _tracklet(one: TrackletSeen, mark: Mark) -> str:
    part = one.parts[0]
    told = f"tracklet {one.tracklet_id}: {float(part.first_s):.3f} to "
    told += f"{float(one.parts[-1].last_s):.3f} s of {visible(part.location)}"
    if len(one.parts) > 1:
        told += f" to {visible(one.parts[-1].location)}"
    if one.first_time is not None and one.last_time is not None:
        told += f", {clock(one.first_time)} to {clock(one.last_time)}"
    told += f"; {count(one.detections, 'detection')}, "
    told += f"crops {', '.join(map(str, one.crop_ids))}; "
    return told + (
        f"confirmed as {visible(mark.identity.name)}" if mark.identity else "of no identity"
    )


def edited_json(edited: TrackletsEdited) -> dict[str, Any]:
    """What was decided, and what there is now."""
    return {
        "schema": "reidsearch/tracklets-decision/1",
        "decision": decision_json(edited.decision),
        "tracklets": [
            _tracklet_json(one, mark)
            for one, mark in zip(edited.tracklets, edited.marks, strict=True)
        ],
        "crops_made": list(edited.made),
        "unsure_identity": edited.unsure,
        "proposals_left": list(edited.withdrawn),
    }


def list_view(
    source: SourceCoverage, found: Sequence[TrackletSeen], marks: Mapping[Member, Mark]
) -> RenderableType:
    """Return the tracklets of a source in order of time, a line each."""
    title = Text(f"{count(len(found), 'tracklet')} of {visible(source.location)}", style="bold")
    if not found:
        return title
    pairs = [(one, _mark(marks, one)) for one in found]
    columns = [
        Column("tracklet", [str(one.tracklet_id) for one in found], 0, right=True),
        Column(f"first ({zone_name()})", [_time(one.first_time) for one in found], 0),
        Column("last", [_time(one.last_time) for one in found], 2),
        Column("in footage", [_span(one) for one in found], 1, right=True),
        Column("detections", [f"{one.detections:,}" for one in found], 3, right=True),
        Column("crop", [_crop(one) for one in found], 0, right=True),
        Column("decided", [_decided(mark) for _, mark in pairs], 1, wrapped=True),
    ]
    return Group(title, FittedTable(columns))


def list_json(
    source: SourceCoverage, found: Sequence[TrackletSeen], marks: Mapping[Member, Mark]
) -> dict[str, Any]:
    """Return the tracklets of a source as a document."""
    return {
        "schema": "reidsearch/tracklets/1",
        "source_id": source.source_id,
        "source": source.sha256,
        "location": source.location,
        "tracklets": [
            _tracklet_json(one, _mark(marks, one))
            | {
                "uncertainty_s": one.uncertainty_s,
                "correction_s": one.correction_s,
                "purity": purity_json(one.purity),
            }
            for one in found
        ],
    }


def _tracklet_json(one: TrackletSeen, mark: Mark) -> dict[str, Any]:
    return {
        "tracklet_id": one.tracklet_id,
        "camera": one.camera,
        "first_time": None if one.first_time is None else iso(one.first_time),
        "last_time": None if one.last_time is None else iso(one.last_time),
        "detections": one.detections,
        "parts": [interval_json(part) for part in one.parts],
        "crop_ids": list(one.crop_ids),
        "identity": named_json(mark.identity) if mark.identity else None,
        "rejected_for": [named_json(named) for named in mark.rejected_for],
    }


def _mark(marks: Mapping[Member, Mark], one: TrackletSeen) -> Mark:
    return marks.get(Member("tracklet", one.tracklet_id), Mark())


def _decided(mark: Mark) -> str:
    told = [visible(mark.identity.name)] if mark.identity else []
    if mark.rejected_for:
        told.append(f"rejected for {', '.join(visible(one.name) for one in mark.rejected_for)}")
    return "; ".join(told) or UNKNOWN


def _span(one: TrackletSeen) -> str:
    first, last = float(one.parts[0].first_s), float(one.parts[-1].last_s)
    return f"{first:.1f} to {last:.1f} s"


def _time(time: dt.datetime | None) -> str:
    return UNKNOWN if time is None else clock(time)


def _crop(one: TrackletSeen) -> str:
    return str(one.crop_ids[0]) if one.crop_ids else UNKNOWN
