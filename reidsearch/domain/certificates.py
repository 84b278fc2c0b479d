"""What an erasure certificate says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.event_log import Seal
from reidsearch.domain.holds import HeldBack


@dataclass(frozen=True, slots=True)
class ByteSearch:
    """A search of files for bytes of what was erased.

    Args:
        pictures, embeddings: of how many crops and photographs bytes were looked for.
        patterns: how many sequences of bytes.
        found: in which files how many of them were found.
    """

    pictures: int
    embeddings: int
    patterns: int
    files: int
    size_bytes: int
    found: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MayHold:
    """A file that was written before an erasure, as the event log tells of it.

    Args:
        entry: its number.
        name: of an export its name, of a backup its folder.
        crops: how many of the erased crops and photographs a backup holds; None: it cannot be
            looked at, or is an export, of which nobody knows what it shows.
    """

    entry: int
    at: dt.datetime
    name: str
    sha256: str | None
    crops: int | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was erased, and where it was looked for afterwards.

    Args:
        asked: by what kinds of choices, without their values.
        entry, digest: of the event log: the entry that records the deletion; None: it keeps none.
        finished: whether nothing is left to do (a reader may hold the write-ahead log).
    """

    archive_id: str
    at: dt.datetime
    by: str
    case: str | None
    asked: tuple[str, ...]
    crops: int
    sources: int
    identities: int
    searches: int
    photos: int
    kept_out: bool
    held: tuple[HeldBack, ...]
    finished: bool
    search: ByteSearch
    exports: tuple[MayHold, ...]
    backups: tuple[MayHold, ...]
    entry: int | None
    digest: str | None
    seal: Seal | None

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "schema": "reidsearch/erasure-certificate/1",
            "archive_id": self.archive_id,
            "at": iso(self.at),
            "by": self.by,
            "case": self.case,
            "asked": list(self.asked),
            "erased": {
                "crops": self.crops,
                "sources": self.sources,
                "identities": self.identities,
                "searches": self.searches,
                "photos": self.photos,
            },
            "kept_out": self.kept_out,
            "on_hold": [
                {"hold_id": one.hold_id, "of": one.what, "crops": one.crops} for one in self.held
            ],
            "finished": self.finished,
            "byte_search": {
                "pictures": self.search.pictures,
                "embeddings": self.search.embeddings,
                "patterns": self.search.patterns,
                "files": self.search.files,
                "bytes": self.search.size_bytes,
                "found": [{"file": name, "patterns": n} for name, n in self.search.found.items()],
            },
            "exports": [_may_hold(one) for one in self.exports],
            "backups": [{**_may_hold(one), "crops": one.crops} for one in self.backups],
            "log": {"entry": self.entry, "digest": self.digest} if self.entry else None,
            "seal": self.seal.document() if self.seal else None,
        }


def _may_hold(one: MayHold) -> dict[str, Any]:
    return {"entry": one.entry, "at": iso(one.at), "name": one.name, "sha256": one.sha256}
