"""In how many variants of a query its matches stay among the first, as text."""

from __future__ import annotations

from reidsearch.domain.answers import Match, Stability
from reidsearch.output.visible import count


def stability_told(stability: Stability | None) -> list[str]:
    """Return what the figure of each match means."""
    if stability is None:
        return []
    return [
        f"Stable: in how many of {stability.variants} variants of the query "
        f"({count(stability.pictures, 'picture')} with other boxes, brightness, compression, "
        f"mirrored; of several each left out) a match is among the first {stability.first}. A low "
        "figure hangs on how the picture was cut or lit; a high one does not say who it is."
    ]


def stays_text(match: Match) -> str:
    """Return `stable 87 of 100`; empty where it was not asked for."""
    return "" if match.stays is None else f"stable {match.stays} of 100"
