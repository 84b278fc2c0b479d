"""The footage that a search concerned, in sentences: how it was analysed, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from reidsearch.domain.answers import FootageSearched
from reidsearch.domain.footage import UNSEEN, How
from reidsearch.output.heights import heights_told, small_told
from reidsearch.output.visible import count, duration, visible

HOW_TEXTS = {
    How.DENSE: "fully analysed",
    How.SPARSE: "analysed frame by frame, with 1.5 s and more between them",
    How.GATED: "without motion, sampled every 2 s",
    How.KEY_FRAMES: "still, only key frames analysed",
    How.PRECOMPUTED: "with precomputed detections",
    How.FAILED: "could not be decoded",
    How.GAP: "missing in the recording itself",
    How.ERASED: "deleted from this archive",
}
"""How footage was analysed, as the end of a sentence."""
CAMERAS_AT_MOST = 5  # with coverage gaps


def searched_told(footage: FootageSearched) -> list[str]:
    """Return how the footage concerned was analysed, and what of it was not."""
    gaps = _gaps(footage.not_supplied_s)
    if not footage.sources:
        return ["Footage: none of the cameras and times searched.", *gaps] if gaps else []
    how = ", ".join(
        f"{duration(seconds)} {HOW_TEXTS[how]}"
        for how, seconds in sorted(
            footage.seconds.items(), key=lambda item: list(How).index(item[0])
        )
        if seconds >= 0.5
    )
    told = [f"Footage: {count(footage.sources, 'source')}, {how or 'nothing analysed'}."]
    return [
        *told,
        *heights_told(footage.heights),
        *small_told(footage.small),
        *_unfinished(footage),
        *gaps,
    ]


def not_analysed_told(footage: FootageSearched) -> list[str]:
    """Return what of the footage concerned was not analysed, if anything."""
    gaps = _gaps(footage.not_supplied_s)
    if not footage.sources:
        return ["Footage: none of the cameras and times searched.", *gaps] if gaps else []
    lost = [
        f"{duration(seconds)} {HOW_TEXTS[how]}"
        for how in How
        if how in UNSEEN and (seconds := footage.seconds.get(how, 0.0)) >= 0.5
    ]
    told = [f"Footage not analysed: {', '.join(lost)}."] if lost else []
    return [
        *told,
        *heights_told(footage.heights, most=1),
        *small_told(footage.small),
        *_unfinished(footage),
        *gaps,
    ]


def _unfinished(footage: FootageSearched) -> list[str]:
    told = []
    if footage.unfinished:
        are = "source is" if footage.unfinished == 1 else "sources are"
        told.append(f"{footage.unfinished:,} {are} not finished (run the index command again).")
    if footage.running:
        told.append(f"{count(footage.running, 'source')} being indexed just now.")
    return told


def _gaps(seconds: Mapping[str, float]) -> list[str]:
    most = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))
    if not most:
        return []
    parts = [f"{visible(camera)} {duration(length)}" for camera, length in most[:CAMERAS_AT_MOST]]
    if len(most) > CAMERAS_AT_MOST:
        parts.append(f"{count(len(most) - CAMERAS_AT_MOST, 'further camera')}")
    return [f"No footage supplied: {', '.join(parts)} (reidsearch coverage shows when)."]
