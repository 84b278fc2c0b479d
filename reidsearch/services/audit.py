"""An archive looked at by what its own footage is sure of: `Archive.audit()`. Stores nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from reidsearch.base.errors import Refused as RefusedInput
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits
from reidsearch.base.timecode import from_us, parse_zone
from reidsearch.calibration.alarms import SEED, PairsOfCamera, pairs_of, refused_at
from reidsearch.calibration.apply import ScoreReader
from reidsearch.calibration.scene import darkened, silent_since, turned
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.audit import (
    Alarms,
    Audit,
    AuditCamera,
    AuditedBy,
    AuditRow,
    CameraChange,
    Changed,
    Threshold,
    thresholds,
)
from reidsearch.domain.footage import UNSEEN, SourceCoverage
from reidsearch.index.gallery import Gallery
from reidsearch.media.pictures import decode
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.audited import Shown, drawn_sources, shown_in
from reidsearch.store.pictures.reading import pictures
from reidsearch.store.timezone import stored_timezone

SOURCES, PAIRS, PICTURES = 48, 1_000, 300
"""Of each camera, at most: sources, evenly over time; pairs; crops whose brightness is taken."""
LEVELS = (0, 32, 64, 96, 128, 160, 256)
SHOWS = {
    "height": "people at one place of its picture have another height",
    "feet": "people stand higher or lower in its picture",
    "across": "people stand further left or right in its picture",
}


def audit(
    store: Store,
    gallery: Gallery,
    reading: Callable[..., ScoreReader],
    progress: Progress = NO_PROGRESS,
) -> Audit:
    """Count false alarms by camera, hour and brightness, and tell which cameras have changed.

    Args:
        reading: gives the reader of the archive's scores, adjusted or plain.
    """
    with gallery.busy:
        gallery.sync()
        held = gallery.adjustment() if gallery.index is not None else None
    adjustment = held if isinstance(held, Adjustment) else None
    reader = reading(ScoreReader.of(store), adjusted=adjustment is not None)
    tested = thresholds(reader.calibration) if reader.calibration is not None else ()
    sources = footage_store.coverage(store)
    drawn = drawn_sources(sources, SOURCES)
    zone = stored_timezone(store)
    local = parse_zone(zone) if zone else dt.UTC
    cameras: list[AuditCamera] = []
    pairs: dict[str, PairsOfCamera] = {}
    levels: dict[int, float] = {}
    changes: list[CameraChange] = []
    progress.begin("auditing cameras", len(drawn), "cameras")
    for camera, read in drawn.items():
        progress.working_on(camera)
        shown = shown_in(store, [one.source_id for one in read])
        found = pairs_of(store, shown, adjustment, PAIRS)
        pairs[camera] = found
        timed = sorted(
            (one for one in shown if one.time_us is not None), key=lambda one: one.time_us or 0
        )
        looked_at = [timed[at] for at in _evenly(len(timed), PICTURES)]
        wanted = {one.crop_id for one in looked_at}
        wanted |= {one.crop_id for pair in found.pairs[:PICTURES] for one in pair}
        levels |= _levels(store, wanted)
        changes += _changes(camera, timed, looked_at, levels, read)
        known = [levels[one.crop_id] for one in looked_at if one.crop_id in levels]
        cameras.append(
            AuditCamera(
                camera,
                found.together,
                len(found.pairs),
                found.doubled,
                sum(one.facts.camera == camera for one in sources),
                len(read),
                float(np.median(known)) if known else None,
            )
        )
        progress.advance()
    progress.end()
    return Audit(
        calibration=reader.status,
        thresholds=tested,
        adjusted=adjustment is not None,
        cameras=tuple(cameras),
        rows=tuple(_rows(pairs, tested, levels, local)) if tested else (),
        refused=refused_at(pairs, tested),
        changes=tuple(changes),
        seed=SEED,
    )


def _evenly(count: int, most: int) -> list[int]:
    if not count:
        return []
    found: list[int] = np.unique(
        np.linspace(0, count - 1, min(count, most)).round().astype(int)
    ).tolist()
    return found


def _levels(store: Store, crop_ids: set[int]) -> dict[int, float]:
    """Return the mean grey level of each crop's stored picture, 0 to 255."""
    found = {}
    for crop_id, jpeg in pictures(store, sorted(crop_ids)):
        if jpeg is not None:  # of what is damaged `check` tells
            with contextlib.suppress(RefusedInput):
                found[crop_id] = float(decode(jpeg, PictureLimits()).mean())
    return found


def _rows(
    pairs: Mapping[str, PairsOfCamera],
    tested: Sequence[Threshold],
    levels: Mapping[int, float],
    zone: dt.tzinfo,
) -> Iterator[AuditRow]:
    """Yield alarms by camera, then by hour and by brightness: of each camera, and of all."""
    groups: dict[tuple[AuditedBy, str | None, str], list[tuple[str, int]]] = {}
    for camera, found in pairs.items():
        for row, (a, b) in enumerate(found.pairs):
            keys: list[tuple[AuditedBy, str]] = [(AuditedBy.CAMERA, "")]
            if a.time_us is not None:
                keys.append((AuditedBy.HOUR, f"{from_us(a.time_us).astimezone(zone):%H}"))
            if a.crop_id in levels and b.crop_id in levels:
                darker = min(levels[a.crop_id], levels[b.crop_id])
                at = int(np.searchsorted(LEVELS, darker, "right"))
                keys.append((AuditedBy.BRIGHTNESS, f"{LEVELS[at - 1]}-{LEVELS[at]}"))
            for by, group in keys:
                groups.setdefault((by, camera, group), []).append((camera, row))
                if by is not AuditedBy.CAMERA:
                    groups.setdefault((by, None, group), []).append((camera, row))
    order = {by: at for at, by in enumerate(AuditedBy)}

    def place(key: tuple[AuditedBy, str | None, str]) -> tuple[int, bool, str, int]:
        by, camera, group = key
        return order[by], camera is not None, camera or "", int(group.partition("-")[0] or 0)

    for key in sorted(groups, key=place):
        scores = np.array([pairs[which].scores[row] for which, row in groups[key]])
        alarms = (Alarms(len(scores), int((scores >= one.score).sum())) for one in tested)
        yield AuditRow(*key, tuple(alarms))


def _changes(
    camera: str,
    timed: Sequence[Shown],
    looked_at: Sequence[Shown],
    levels: Mapping[int, float],
    sources: Sequence[SourceCoverage],
) -> Iterator[CameraChange]:
    """Yield what has changed at a camera; sightings are in order of time."""
    if not timed:
        return
    boxes = np.array([one.box for one in timed])
    if (
        found := turned(boxes[:, 3], boxes[:, [0, 2]].mean(1), boxes[:, 3] - boxes[:, 1])
    ) is not None:
        cut, what, much = found
        figure = f"{SHOWS[what]}: the distributions before and after differ by {much:.2f} of 1"
        yield CameraChange(camera, Changed.TURNED, from_us(timed[cut].time_us or 0), figure)
    bright = [one for one in looked_at if one.crop_id in levels]
    dark = darkened(
        np.array([levels[one.crop_id] for one in bright]),
        np.array([(one.time_us or 0) / 1e6 for one in bright]),
    )
    if dark is not None:
        cut, before, after = dark
        figure = f"the median grey level of its crops fell from {before:.0f} to {after:.0f} of 255"
        yield CameraChange(camera, Changed.DARK, from_us(bright[cut].time_us or 0), figure)
    silent = silent_since(
        np.array([(one.time_us or 0) / 1e6 for one in timed]), list(_covered(sources))
    )
    if silent is not None:
        last_s, expected = silent
        figure = (
            f"nobody is detected since, where the same hours of earlier days had {expected:.0f} or "
            "more"
        )
        yield CameraChange(camera, Changed.SILENT, from_us(round(last_s * 1e6)), figure)


def _covered(sources: Sequence[SourceCoverage]) -> Iterator[tuple[float, float]]:
    """Yield when sources were analysed, wall clock in seconds, in order."""
    found = []
    for one in sources:
        for span in one.spans:
            first = one.facts.clock.at_media_us(span.from_us)
            last = one.facts.clock.at_media_us(span.to_us)
            if span.how not in UNSEEN and first is not None and last is not None:
                found.append((first / 1e6, last / 1e6))
    yield from sorted(found)
