"""Why footage is missing, as the journals beside recorded segments tell it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from reidsearch.domain.footage import CoverageGap, SourceCoverage
from reidsearch.media.recording.journal import Gap, gaps
from reidsearch.media.recording.names import camera_folder
from reidsearch.media.video.open import path_of

MOST_REASONS = 5


def with_reasons(
    missing: Sequence[CoverageGap], sources: Iterable[SourceCoverage]
) -> list[CoverageGap]:
    """Return gaps with what the journals of their cameras say of these times.

    A camera that somebody else recorded has no journal, and footage may be away: then no reason is
    known.
    """
    wanted = {gap.camera for gap in missing}
    folders: dict[str, set[Path]] = {}
    for source in sources:
        camera = source.facts.camera
        if camera in wanted and (own := camera_folder(path_of(source.location))):
            folders.setdefault(camera, set()).add(own)
    told = {
        camera: [gap for own in sorted(found) for gap in gaps(own)]
        for camera, found in folders.items()
    }
    return [replace(gap, why=_reasons(gap, told.get(gap.camera, ()))) for gap in missing]


def _reasons(gap: CoverageGap, told: Iterable[Gap]) -> tuple[str, ...]:
    within = [one for one in told if one.begin_us < gap.to_us and gap.from_us < one.end_us]
    return tuple(dict.fromkeys(why for one in within for why in one.why))[:MOST_REASONS]
