"""From which height on people are seen in footage, in sentences; what was seen but too small."""

from __future__ import annotations

from collections.abc import Mapping

from reidsearch.domain.footage import HeightsSeen
from reidsearch.output.visible import count

TOLD_AT_MOST = 3  # kinds of sources


def heights_told(heights: Mapping[HeightsSeen | None, int], most: int = TOLD_AT_MOST) -> list[str]:
    """Return one sentence a kind of sources, those of most sources first.

    Args:
        heights: how tall people have to be -> in how many sources; of None nobody knows.
        most: kinds that are told; of 1, what nobody knows is not told either.
    """
    kinds = sorted(
        ((sources, seen) for seen, sources in heights.items() if seen is not None),
        key=lambda one: (-one[0], one[1]),
    )
    told = [_of_kind(seen, _where(sources, heights)) for sources, seen in kinds[:most]]
    if rest := sum(sources for sources, _ in kinds[most:]):
        told.append(f"In {count(rest, 'more source')} it is another height (reidsearch coverage).")
    unknown = heights.get(None, 0)
    if unknown and most > 1:
        told.append(
            f"How tall people have to be to be seen is not known{_where(unknown, heights)}: "
            "no detector that was measured found them."
        )
    return told


def _of_kind(seen: HeightsSeen, where: str) -> str:
    small = f"People smaller than about {seen.hardly_below_px:,} px (of {seen.frame_height_px:,})"
    if seen.mostly_from_px <= seen.hardly_below_px:  # smaller detections are not kept
        return f"{small} are not kept{where}; most others are seen."
    return f"{small} are hardly seen{where}; from about {seen.mostly_from_px:,} px on most are."


def small_told(small: int) -> list[str]:
    """Return how many detections were too small to be kept."""
    if not small:
        return []
    was = "was" if small == 1 else "were"
    return [f"{count(small, 'detection')} {was} too small to be kept."]


def _where(sources: int, heights: Mapping[HeightsSeen | None, int]) -> str:
    """Return in how many sources, unless it is in all of them."""
    return "" if len(heights) == 1 else f" in {count(sources, 'source')}"
