"""What was split or joined by hand, as text and as JSON."""

from __future__ import annotations

from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import interval_json, named_json
from reidsearch.domain.decisions import Mark
from reidsearch.domain.edits import TrackletsEdited
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.output.identities import Names, decided, decision_json
from reidsearch.output.times import clock
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
            {
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
            for one, mark in zip(edited.tracklets, edited.marks, strict=True)
        ],
        "crops_made": list(edited.made),
        "unsure_identity": edited.unsure,
        "proposals_left": list(edited.withdrawn),
    }
