"""What merging archives came to: sentences, the document, and the map of ids as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reidsearch.domain.merging import Merged, map_rows
from reidsearch.output.emit import csv_line
from reidsearch.output.visible import count, visible

NAMED = 10
_NOUNS = {
    "sources": ("source", "sources"),
    "crops": ("crop", "crops"),
    "tracklets": ("tracklet", "tracklets"),
    "decisions": ("decision", "decisions"),
    "identities": ("identity", "identities"),
    "photos": ("reference photograph", "reference photographs"),
    "cameras": ("camera", "cameras"),
    "cases": ("case", "cases"),
    "holds": ("hold", "holds"),
    "places": ("region or line", "regions and lines"),
    "retention": ("rule of retention", "rules of retention"),
    "grounds": ("ground of a camera", "grounds of cameras"),
    "keeps": ("time that a recorder keeps footage", "times that recorders keep footage"),
    "failures": ("failure", "failures"),
    "runs": ("index run", "index runs"),
}
"""In the order in which they are told."""


def merge_text(target: str, archives: Sequence[Merged]) -> str:
    """Return what became of each archive."""
    return "\n".join(line for one in archives for line in _lines(target, one))


def _lines(target: str, one: Merged) -> Iterator[str]:
    yield f"{visible(one.archive)} -> {visible(target)}: {_counted(one.new) or 'nothing new'}."
    if held := _counted(one.held):
        yield f"  There already: {held}."
    if one.cameras:
        yield f"  The same camera by name: {_named(one.cameras)}."
    if one.differing:
        yield (
            f"  {count(len(one.differing), 'source was', 'sources were')} analysed otherwise here,"
            f" which stays: {_named(one.differing)}."
        )
    if one.kept_out:
        yield f"  {count(one.kept_out, 'crop is', 'crops are')} kept out of the target for good."
    if one.cut:
        yield (
            f"  {count(one.cut, 'tracklet goes', 'tracklets go')} on from a file that was here: "
            "the rest is a tracklet of its own."
        )
    for number, (before, after) in sorted(one.renamed.items()):
        yield f"  Identity {number}: {visible(before)} is called {visible(after)} here."
    for clash in one.clashes[:NAMED]:
        told = [f"{visible(clash.held_as)} here" if clash.held_as else "decided on here"]
        told += [f"{visible(clash.left_as)} there"] if clash.left_as else []
        yield f"  Both decided on {clash.member}: {', '.join(told)}; what was decided here stays."
    if len(one.clashes) > NAMED:
        yield f"  And on {len(one.clashes) - NAMED:,} more."
    if one.decisions_left:
        yield (
            f"  {count(one.decisions_left, 'decision was', 'decisions were')} taken there since "
            "its decisions were merged, and stay there."
        )
    for left in one.left:
        yield f"  Not merged: {visible(left)}."


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(
        count(counts[name], *nouns) for name, nouns in _NOUNS.items() if counts.get(name)
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(visible(name) for name in names[:NAMED]) + more


def map_lines(archives: Sequence[Merged]) -> Iterator[str]:
    """Yield the map as CSV: archive, kind, its id there and here."""
    yield csv_line(["archive", "archive_id", "kind", "old", "new"])
    for one in archives:
        for kind, old, new in map_rows(one.ids):
            yield csv_line([one.archive, one.archive_id, kind, old, new])
