"""How far a tracklet is known to show one person, as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reidsearch.domain.answers import Match
from reidsearch.domain.tracklets import Purity
from reidsearch.output.visible import count

NAMED = 3


def purity_text(purity: Purity) -> str:
    """`without a doubt for 62 % of its detections; a switch cannot be excluded at 9.7 s`."""
    at = [f"{doubt.media_us / 1e6:.1f} s" for doubt in purity.doubts[:NAMED]]
    if (more := len(purity.doubts) - NAMED) > 0:
        at.append(count(more, "further moment"))
    where = " and ".join([", ".join(at[:-1]), at[-1]] if len(at) > 1 else at)
    return (
        f"a switch to somebody else cannot be excluded at {where}; its longest stretch without "
        f"such a moment is {int(100 * purity.share)} % of its detections"
    )


def matches_purity(matches: Sequence[Match]) -> list[str]:
    """Return which matches may show several people, each tracklet once, by its first rank."""
    seen: dict[int, tuple[str, Purity | None]] = {}
    for match in matches:
        if match.tracklet is not None:
            number = match.tracklet.tracklet_id
            named = f"rank {match.rank}, tracklet {number}"
            seen.setdefault(number, (named, match.tracklet.purity))
    return purity_sentences(seen.values())


def purity_sentences(tracklets: Iterable[tuple[str, Purity | None]]) -> list[str]:
    """Return which of the tracklets shown may show several people, by their names."""
    doubted, unknown = [], 0
    for name, purity in tracklets:
        if purity is None:
            unknown += 1
        elif purity.doubts:
            doubted.append(f"{name} ({purity_text(purity)})")
    told = []
    if doubted:
        named = "; ".join(doubted[:NAMED])
        more = len(doubted) - NAMED
        told.append(
            f"May show more than one person: {named}"
            + (f"; and {count(more, 'further tracklet')}." if more > 0 else ".")
        )
    if unknown:
        told.append(
            f"Whether they show one person throughout is not known of {count(unknown, 'tracklet')} "
            "indexed by an earlier version."
        )
    return told
