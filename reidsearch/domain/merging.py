"""What merging one archive into another came to: counts, what stayed behind, old and new ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "reidsearch/merge/1"
KINDS = ("source", "crop", "tracklet", "identity", "decision", "photo")
"""What has an id that is another one in the archive that it was merged into."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A tracklet or crop that both archives had decided on: what stood in the target stays.

    Args:
        member: in the target, e.g. `tracklet 17`.
        held_as, left_as: the name in the target, and the one that was not taken; None: of a
            decision that is no confirmation.
    """

    member: str
    held_as: str | None
    left_as: str | None


@dataclass(slots=True)
class Merged:
    """What became of one archive.

    Args:
        archive, archive_id: that was merged.
        head: digest of the last entry of its event log, in hexadecimal; None: it keeps none.
        entries: of that log.
        new: how many of each were taken: sources, crops, tracklets, embeddings of them, ...
        held: how many the target had already.
        ids: kind -> old id -> new id, of everything that the target now has.
        differing: sources that the target holds with another analysis, which stays: their places.
        kept_out: crops that the target keeps out for good.
        cut: tracklets of several files of which the target had some: the rest became their own.
        cameras: names that both archives had: one camera each from now on.
        renamed: identity by its new number -> its name there, and its name here.
        clashes: members that both had decided on.
        decisions: how they were treated: `merged`, `merged before` or `none`.
        decisions_left: taken since they were merged before, and left.
        left: what was not merged, in sentences.
        map_sha256: of the map of ids, see `map_lines`.
    """

    archive: str
    archive_id: str
    head: str | None = None
    entries: int = 0
    new: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    ids: dict[str, dict[int, int]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    differing: list[str] = field(default_factory=list)
    kept_out: int = 0
    cut: int = 0
    cameras: list[str] = field(default_factory=list)
    renamed: dict[int, tuple[str, str]] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    decisions: str = "none"
    decisions_left: int = 0
    left: list[str] = field(default_factory=list)

    def count(self, what: str, number: int, *, held: bool = False) -> None:
        """Count something that was taken, or that the target had."""
        if number:
            counts = self.held if held else self.new
            counts[what] = counts.get(what, 0) + number

    def include(self, part: Merged) -> None:
        """Add what became of some of the archive's sources."""
        for kind, ids in part.ids.items():
            self.ids[kind].update(ids)
        for what, number in part.new.items():
            self.count(what, number)
        for what, number in part.held.items():
            self.count(what, number, held=True)
        self.differing += part.differing
        self.kept_out += part.kept_out
        self.cut += part.cut

    @property
    def map_sha256(self) -> str:
        """The SHA-256 of the lines of the map."""
        digest = hashlib.sha256()
        for kind, old, new in map_rows(self.ids):
            digest.update(f"{kind},{old},{new}\n".encode())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return one item of the document's `archives`."""
        return {
            "archive": self.archive,
            "archive_id": self.archive_id,
            "log_entries": self.entries,
            "log_head": self.head,
            "new": dict(sorted(self.new.items())),
            "present": dict(sorted(self.held.items())),
            "differing": list(self.differing),
            "kept_out": self.kept_out,
            "cut": self.cut,
            "cameras": list(self.cameras),
            "renamed": [
                {"identity_id": number, "from": before, "to": after}
                for number, (before, after) in sorted(self.renamed.items())
            ],
            "clashes": [
                {"member": one.member, "kept": one.held_as, "left": one.left_as}
                for one in self.clashes
            ],
            "decisions": self.decisions,
            "decisions_left": self.decisions_left,
            "left": list(self.left),
            "map_sha256": self.map_sha256,
        }


def map_rows(ids: Mapping[str, Mapping[int, int]]) -> Iterator[tuple[str, int, int]]:
    """Yield kind, old id and new id of all that was mapped, in order."""
    for kind in KINDS:
        for old, new in sorted(ids.get(kind, {}).items()):
            yield kind, old, new


def merge_json(target: str, target_id: str, archives: Sequence[Merged]) -> dict[str, Any]:
    """Return the document that `output/schemas/merge-1.json` describes."""
    return {
        "schema": SCHEMA,
        "target": target,
        "target_id": target_id,
        "archives": [one.to_json() for one in archives],
    }
