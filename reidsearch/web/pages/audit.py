"""What footage says of the cameras and of the calibration: a page that the overview takes in."""

from __future__ import annotations

from reidsearch.base.timecode import iso
from reidsearch.domain.audit import Audit, AuditedBy
from reidsearch.output.audit import alarms_text, sentences
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values


def audit(call: Call, _: Nothing) -> Values:
    """Return what the page shows; while somebody else's audit is made, that it is asked again."""
    made = call.state.audit.at_once(call.archive)
    if made is None:
        return {"made": None}
    found = call.sight.audit(made.found)
    return {
        "made": iso(made.at.replace(microsecond=0)),
        "refused": [one.sentence for one in found.refused],
        "changes": [
            {"camera": one.camera, "became": one.changed, "at": iso(one.at), "told": one.figure}
            for one in found.changes
        ],
        "scores": [one.score for one in found.thresholds],
        "cameras": _cameras(found),
        "sentences": sentences(found),
    }


def _cameras(found: Audit) -> list[dict[str, object]]:
    alarms = {row.camera: row.alarms for row in found.rows if row.by is AuditedBy.CAMERA}
    return [
        {
            "camera": one.camera,
            "pairs": one.pairs,
            "alarms": [alarms_text(each) for each in alarms.get(one.camera, ())],
            "brightness": one.brightness,
        }
        for one in found.cameras
    ]


PAGES = (Page("/audit", audit, "audit.html", for_case=False),)
