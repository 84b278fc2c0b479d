"""What was done with footage, for people: clips that were written, folders that were moved."""

from __future__ import annotations

from collections.abc import Sequence

from reidsearch.domain.reports import ClipReport, Relocated
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.output.purity import purity_text
from reidsearch.output.redaction import redaction_lines
from reidsearch.output.visible import count, visible

NAMED = 5


def clip_text(written: ClipReport, file: str) -> str:
    """What a clip shows, and what other files of the recording show of the same person."""
    pure = written.purity
    told = [f"the tracklet: {purity_text(pure)}"] if pure is not None and pure.doubts else []
    redacted = redaction_lines(written.redaction)
    return "\n".join([_shown(written, file), *redacted, *told, *_elsewhere(written.elsewhere)])


def _elsewhere(parts: Sequence[SourceInterval]) -> list[str]:
    """Name the files that a recorder cut the same visit into; `clip` takes a crop of each."""
    lines = [
        f"also seen from {float(part.first_s):.1f} to {float(part.last_s):.1f} s of "
        f"{visible(part.location)}"
        for part in parts[:NAMED]
    ]
    if len(parts) > NAMED:
        lines.append(f"and in {len(parts) - NAMED:,} more files of this recording")
    return lines


def _shown(written: ClipReport, file: str) -> str:
    """What a clip shows, and why it is not what was asked for: the footage ends before, or a copied
    stream begins earlier.
    """
    first, last = float(written.from_s), float(written.to_s)
    told = f"{first:.1f} to {last:.1f} s: {visible(file)}"
    if written.asked_to_s > written.footage_s:
        told += (
            f"\nasked up to {float(written.asked_to_s):.1f} s; the footage ends at "
            f"{float(written.footage_s):.1f} s"
        )
    earlier_s = float(written.asked_from_s) - first
    if not written.copied or earlier_s < 0.05:
        return told
    return (
        f"{told}\nasked from {float(written.asked_from_s):.1f} s; a copied stream begins at the "
        f"key frame before, {earlier_s:.1f} s earlier: leave --copy out for just that stretch, "
        "encoded anew"
    )


def relocation_text(moved: Relocated, *, recorded: bool) -> str:
    """How many sources of a folder that was moved are found, and which are not."""
    total = moved.found + len(moved.missing) + len(moved.differing)
    lines = [
        f"{visible(moved.old)} -> {visible(moved.new)}: {moved.found:,} of "
        f"{count(total, 'source')} found"
    ]
    for places, what in ((moved.missing, "not there"), (moved.differing, "of another size")):
        lines += [f"{what}: {visible(place)}" for place in places[:NAMED]]
        if len(places) > NAMED:
            lines.append(f"{what}: {len(places) - NAMED:,} more")
    lines.append(
        "Recorded; bytes are verified when a source is first used."
        if recorded
        else "Only counted; nothing was recorded."
    )
    return "\n".join(lines)
