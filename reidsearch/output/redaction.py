"""What was made unrecognisable in an exported copy: in short, for people, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reidsearch.domain.redaction import PIXELATED, Redaction, RedactionReport
from reidsearch.output.visible import count

NOT_COVERED = (
    "only people whom the archive holds are redacted: who was not detected, or was deleted from "
    "the archive, stays visible"
)
OF_HEADS = (
    "no face was looked for: a head is taken to be in the upper part of a box, with some margin"
)


def redacted_text(whom: Redaction) -> str:
    """What was done to a picture, in short: `others pixelated`."""
    return PIXELATED[whom]


def not_covered(whom: Redaction) -> list[str]:
    """What a redaction leaves open, in sentences."""
    return [NOT_COVERED, OF_HEADS] if whom.of_heads else [NOT_COVERED]


def redaction_lines(report: RedactionReport | None) -> list[str]:
    """What was altered, and what may have been missed."""
    if report is None:
        return []
    told = (
        f"{redacted_text(report.whom)}: {count(report.boxes, 'box', 'boxes')} of "
        f"{count(len(report.tracklets), 'tracklet')}, in {report.frames_altered:,} of "
        f"{count(report.frames, 'frame')}"
    )
    lines = [told, *not_covered(report.whom)]
    if report.brief:
        lines.append(
            f"{count(report.brief, 'brief tracklet')} of this source not stored, so not redacted"
        )
    if report.unanalysed_s:
        lines.append(
            f"{report.unanalysed_s:.1f} s of it were not analysed: nobody is redacted there"
        )
    return lines


def redaction_json(report: RedactionReport | None) -> dict[str, Any] | None:
    """Return what was altered and how, frame by frame."""
    if report is None:
        return None
    return {
        "whom": report.whom.value,
        "method": "pixelated",
        "how": asdict(report.how),
        "kept_tracklet_id": report.kept,
        "tracklet_ids": list(report.tracklets),
        "head_tracklet_ids": list(report.heads),
        "boxes": report.boxes,
        "detections": report.detections,
        "longest_gap_s": round(report.longest_gap_s, 6),
        "frames": report.frames,
        "frames_altered": report.frames_altered,
        "runs": [
            {
                "from_s": float(run.from_s),
                "to_s": float(run.to_s),
                "frames": run.frames,
                "boxes": run.boxes,
            }
            for run in report.runs
        ],
        "brief": report.brief,
        "unanalysed_s": report.unanalysed_s,
        "not_covered": "; ".join(not_covered(report.whom)),
    }
