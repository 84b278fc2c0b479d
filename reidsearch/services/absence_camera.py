"""The chance of being found at one camera: how much of its time was analysed, times the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reidsearch.domain.absence import (
    CameraAbsence,
    Cell,
    Covered,
    Factor,
    Interval,
    common_us,
    covered,
    merged,
    product,
)
from reidsearch.domain.footage import UNSEEN
from reidsearch.services.absence_detection import Detection
from reidsearch.store.footage.searched import Analysed

_NO_HOURS = "the share analysed is that of its footage, whenever it was taken"


def chance_of_camera(
    name: str | None,
    sources: Sequence[Analysed],
    heights: Detection,
    fixed: Sequence[Factor],
    cells: Sequence[tuple[Interval, list[Interval]]],
) -> CameraAbsence:
    """Return the chance at one camera with footage, over all that is asked for and by cell.

    Args:
        sources: of the camera.
        fixed: factors that are the same for all cameras.
        cells: as `domain.absence.cells_of` returns them.
    """
    detection = heights.of(sources)
    chance = product([detection, *fixed])
    timed = [one for one in sources if one.source.first_us is not None]
    notes = []
    if len(timed) < len(sources):
        notes.append(
            f"of {len(sources) - len(timed):,} of {len(sources):,} sources the clock is not "
            "known: when they show something cannot be told, and no hour counts them"
        )
    if not timed:
        share = _share_of_footage(sources)
        return CameraAbsence(name, share, detection, share.times(chance), notes=(*notes, _NO_HOURS))
    seen = merged(stretch for one in timed for stretch in _analysed(one))
    unsure = [one.source.clock.uncertainty_s for one in timed]
    if None in unsure:
        notes.append("how far the clock of its footage may be off is not known")
    off_us = round(max((one for one in unsure if one is not None), default=0.0) * 1_000_000)
    asked = merged(part for _, parts in cells for part in parts)
    whole = covered(seen, asked, off_us)
    hours = []
    for (first, last), parts in cells:
        share = covered(seen, parts, off_us)
        asked_us = sum(to - since for since, to in parts)
        hours.append(Cell(first, last, asked_us, share, share.times(chance)))
    return CameraAbsence(name, whole, detection, whole.times(chance), tuple(hours), tuple(notes))


def without_footage(name: str, pictures: bool, fixed: Sequence[Factor]) -> CameraAbsence:
    """Return a camera of which no footage passes: nothing is known of it, or nothing is there."""
    if not pictures:
        nothing = Covered(0.0, 0.0, 0.0)
        factor = Factor(None, 0, "there is no footage of it")
        zero = nothing.times(product([factor, *fixed]))
        return CameraAbsence(name, nothing, factor, zero, notes=("it has no footage here",))
    factor = Factor(None, 0, "there are pictures of it and no footage")
    unknown = replace(product([factor, *fixed]), value=None, low=0.0)
    return CameraAbsence(
        name,
        None,
        factor,
        unknown,
        notes=("it has pictures and no footage: which part of its time they are of is not known",),
    )


def _analysed(one: Analysed) -> list[Interval]:
    """Return when a source with a clock was analysed, on the wall clock."""
    clock, found = one.source.clock, []
    for span in one.spans:
        first = clock.at_media_us(span.from_us)
        last = clock.at_media_us(span.to_us)
        if span.how not in UNSEEN and first is not None and last is not None:
            found.append((first, last))
    return found


def _share_of_footage(sources: Sequence[Analysed]) -> Covered:
    """Return which share of the footage of sources was analysed, in media time."""
    total = sum(one.source.duration_us for one in sources)
    seen = sum(
        common_us(
            merged((span.from_us, span.to_us) for span in one.spans if span.how not in UNSEEN),
            [(0, max(one.source.duration_us, 1))],
        )
        for one in sources
    )
    share = seen / total if total else 0.0
    return Covered(share, share, share)
