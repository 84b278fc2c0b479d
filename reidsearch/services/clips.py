"""Clips: the footage around a tracklet as a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, UsageError, absent
from reidsearch.base.locations import location_text
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.redaction import PIXELATED, Redaction
from reidsearch.domain.reports import ClipReport
from reidsearch.services.footage_files import open_indexed, proven, view_of
from reidsearch.services.redacting import redaction_report, redactor_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage import tracklet_reader as tracklet_store

if TYPE_CHECKING:
    from reidsearch.media.video.written import Clip


def write_clip(
    store: Store,
    crop: Crop,
    out: Path,
    *,
    margin_s: float,
    box: bool,
    as_it_is: bool,
    verify: bool,
    redact: Redaction | None,
    below: Callable[[Pixels, Fraction], Pixels] | None,
) -> ClipReport:
    """Write a clip, as `FootageService.clip` describes."""
    from reidsearch.media.video.copying import copy
    from reidsearch.media.video.cutting import cut

    if as_it_is and (box or redact):
        what = "nobody can be redacted in" if redact else "a box cannot be drawn on"
        raise UsageError(
            f"{what} a copied stream, whose pictures are the camera's own",
            kind=Kind.STREAM_COPY_IMPOSSIBLE,
        )
    if crop.moment is None:
        raise absent("the moment of a crop of footage")
    tracklet_id = crop.moment.tracklet_id
    seen = tracklet_store.tracklets(store, [tracklet_id])[tracklet_id]
    views = [
        view_of(store, view)
        for each in seen.crop_ids
        if (view := store.crop(each)).source_id == crop.source_id
    ]
    trace = tracklet_store.trace(store, tracklet_id, crop.source_id)
    source = footage_store.source(store, crop.source_id)
    info = source.info
    margin = int(Fraction(margin_s).limit_denominator(1000) / info.time_base)
    # No media time lies before zero, where a file's sound may begin before its pictures.
    from_pts = max(int(trace.pts[0]) - margin, info.first_pts)
    to_pts = int(trace.pts[-1]) + margin
    note = f"reidsearch: around crop {crop.crop_id} of source {crop.source_sha256}"
    redactor = None
    if redact is not None:
        ends = info.media_s(from_pts), info.media_s(to_pts)
        redactor = redactor_of(store, source, redact, crop, *ends)
        note += f"; {PIXELATED[redact]}"
    path, footage = open_indexed(store, crop.source_id, verify=verify)

    def written() -> Clip:
        if out.exists() and out.samefile(path):
            raise UsageError(f"{out} is the footage itself, and is not overwritten")
        if as_it_is:
            return copy(path, footage, from_pts, to_pts, out, views=views, note=note)
        if redactor is not None:
            redactor.begin_again()
        return cut(
            footage,
            from_pts,
            to_pts,
            out,
            trace=trace if box else None,
            redact=redactor,
            below=below,
            views=views,
            note=note,
        )

    with footage:
        clip = proven(footage, written)
    return ClipReport(
        crop_id=crop.crop_id,
        from_s=info.media_s(clip.first_pts),
        to_s=info.media_s(clip.last_pts),
        asked_from_s=info.media_s(from_pts),
        asked_to_s=info.media_s(to_pts),
        footage_s=source.duration_s,
        crop_s=(crop.moment.pts - clip.first_pts) * info.time_base,
        copied=as_it_is,
        location=location_text(str(path)),
        elsewhere=tuple(part for part in seen.parts if part.source_id != crop.source_id),
        purity=seen.purity,
        redaction=None
        if redact is None or redactor is None
        else redaction_report(redactor, source, redact, crop),
    )
