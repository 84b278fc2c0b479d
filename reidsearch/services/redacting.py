"""Whom an exported copy pixelates, by what is stored of a source, and what that did."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from typing import TYPE_CHECKING

from reidsearch.domain.crops import Crop
from reidsearch.domain.footage import UNSEEN, SourceCoverage
from reidsearch.domain.redaction import Part, RedactedRun, Redaction, RedactionReport
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.tracklet_reader import traces_between

if TYPE_CHECKING:
    from reidsearch.media.video.redacting import Redactor

REACH_S = 60
"""Boxes are never extended so far: at most by the longest gap that is bridged, and a second."""


def redactor_of(
    store: Store,
    source: SourceCoverage,
    whom: Redaction,
    crop: Crop,
    from_s: Fraction,
    to_s: Fraction,
) -> Redactor:
    """Return what pixelates the people whom a source is known to show.

    Args:
        crop: of the person that is exported.
        from_s, to_s: media time of the first frame and the last that it will be given.
    """
    from reidsearch.media.video.redacting import Redactor

    from_us, to_us = ((at + by) * 1_000_000 for at, by in ((from_s, -REACH_S), (to_s, REACH_S)))
    traces = traces_between(store, source.source_id, floor(from_us), ceil(to_us))
    exported = _exported(crop)
    parts = {each: whom.part(exported=each == exported) for each, _ in traces}
    return Redactor(
        source.info,
        [(each, trace) for each, trace in traces if parts[each] is not Part.NONE],
        heads=[each for each, part in parts.items() if part is Part.HEAD],
    )


def _exported(crop: Crop) -> int | None:
    return crop.moment.tracklet_id if crop.moment else None


def redaction_report(
    redactor: Redactor, source: SourceCoverage, whom: Redaction, crop: Crop
) -> RedactionReport:
    """Return what was altered in the frames that a redactor was given."""
    frames = sorted(redactor.covered.items())
    boxes = [one for _, covered in frames for one in covered]
    ends = [source.info.media_s(frames[at][0]) for at in (0, -1)]
    seen = sorted({one.tracklet_id for one in boxes})
    return RedactionReport(
        whom=whom,
        kept=_exported(crop) if whom.part(exported=True) is Part.NONE else None,
        tracklets=tuple(seen),
        heads=tuple(one for one in seen if one in redactor.heads),
        detections=sum(one.measured for one in boxes),
        longest_gap_s=max((one.gap_s for one in boxes), default=0.0),
        runs=tuple(
            RedactedRun(
                source.info.media_s(run[0]), source.info.media_s(run[-1]), len(run), boxes_each
            )
            for boxes_each, run in (
                (count, [pts for pts, _ in of_count])
                for count, of_count in groupby(frames, key=lambda frame: len(frame[1]))
            )
        ),
        brief=source.counts.get("brief", 0),
        unanalysed_s=_unanalysed_s(source, *ends),
    )


def _unanalysed_s(source: SourceCoverage, from_s: Fraction, to_s: Fraction) -> float:
    """Return how much of an interval nobody looked at: a span that failed, or none at all."""
    from_us, to_us = round(from_s * 1_000_000), round(to_s * 1_000_000)
    seen_us = sum(
        max(0, min(to_us, span.to_us) - max(from_us, span.from_us))
        for span in source.spans
        if span.how not in UNSEEN
    )
    return max(0, to_us - from_us - seen_us) / 1e6
