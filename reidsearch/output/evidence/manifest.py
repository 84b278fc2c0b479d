"""The manifest of an evidence bundle: what each file is and where from, what is missing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.base.version import __version__
from reidsearch.domain.cases import Case
from reidsearch.domain.crops import Crop
from reidsearch.domain.redaction import Redaction, RedactionReport
from reidsearch.domain.reports import ClipReport
from reidsearch.output.imprint import Imprint
from reidsearch.output.pages.evidence import crop_json
from reidsearch.output.redaction import redaction_json
from reidsearch.output.times import zone_name

SCHEMA = "reidsearch/evidence-manifest/1"
MANIFEST, VERIFIER, README = "manifest.json", "verify.py", "README.txt"
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bundle is asked to hold.

    Args:
        crop_ids: the findings, each once.
        case: the case that it belongs to; None: to none.
        by: how the findings were named: `crops`, `case`, `answer`, `identity`.
        identity: its name, where findings are an identity's.
        answer: an answer that was kept, as its bytes, where findings are its matches.
        answer_entry: the entry of the log that the answer names.
        photos: numbers of the reference photographs of that identity; none of another case.
        decisions: those that concern the findings; their details are in the log's extract.
        sources: `none`, `copy` or `whole`.
        caption: clips and stills have a margin.
    """

    crop_ids: tuple[int, ...]
    by: tuple[str, ...]
    case: Case | None = None
    identity: str | None = None
    answer: bytes | None = None
    answer_entry: int | None = None
    photos: tuple[int, ...] = ()
    decisions: frozenset[int] = frozenset()
    sources: str = "copy"
    redact: Redaction | None = None
    margin_s: float = 2.0
    caption: bool = True


@dataclass(frozen=True, slots=True)
class Borders:
    """Which stretch of a source a file was asked to show, and which it does."""

    asked_from_s: float
    asked_to_s: float
    from_s: float
    to_s: float

    @classmethod
    def of(cls, clip: ClipReport) -> Borders:
        """Return those of a clip."""
        return cls(
            asked_from_s=float(clip.asked_from_s),
            asked_to_s=float(clip.asked_to_s),
            from_s=float(clip.from_s),
            to_s=float(clip.to_s),
        )


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file of a bundle.

    Args:
        shows: what it is: `original`, `source`, `clip`, `still`, `crop`, `answer`, ...
        says: the same for people.
        crop_id, source: what it shows, and the SHA-256 of the source that it is from.
        borders: of a stretch of footage.
        altered: what differs from the pictures of the source, in sentences; none: nothing.
        redaction: what was made unrecognisable.
        log_entry: it is the detail of this entry.
    """

    path: str
    shows: str
    says: str
    size_bytes: int = 0
    sha256: str = ""
    crop_id: int | None = None
    source: str | None = None
    borders: Borders | None = None
    altered: tuple[str, ...] = ()
    redaction: RedactionReport | None = None
    log_entry: int | None = None

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        borders = self.borders
        return {
            "path": self.path,
            "shows": self.shows,
            "says": self.says,
            "bytes": self.size_bytes,
            "sha256": self.sha256,
            "crop_id": self.crop_id,
            "source": self.source,
            "asked_from_s": borders.asked_from_s if borders else None,
            "asked_to_s": borders.asked_to_s if borders else None,
            "from_s": borders.from_s if borders else None,
            "to_s": borders.to_s if borders else None,
            "altered": list(self.altered),
            "redaction": redaction_json(self.redaction),
            "log_entry": self.log_entry,
        }


@dataclass(slots=True)
class Finding:
    """A crop that was found, and what of it could not be put in."""

    crop: Crop
    missing: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**crop_json(self.crop), "missing": list(self.missing)}


@dataclass(frozen=True, slots=True)
class LogPart:
    """What a bundle holds of the event log.

    Args:
        sealed: the number of the entry that the newest seal is of; 0: there is no seal.
    """

    entries: int
    head: str
    sealed: int
    left_out: int
    erased: int


@dataclass(slots=True)
class Bundle:
    """A bundle while it is made, in a folder."""

    folder: Path
    asked: Asked
    imprint: Imprint
    actor: str
    files: list[EvidenceFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    log: LogPart | None = None
    log_missing: str = ""

    def put(self, path: str, shows: str, says: str, data: bytes, **facts: Any) -> None:
        """Write a file, and list it."""
        self.place(path).write_bytes(data)
        self.add(path, shows, says, **facts)

    def place(self, path: str) -> Path:
        """Return where a file of the bundle is to be written; its folder is there."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def add(self, path: str, shows: str, says: str, **facts: Any) -> None:
        """List a file that was written, by what lies there now."""
        digest, size = hashlib.sha256(), 0
        with (self.folder / path).open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
        self.files.append(EvidenceFile(path, shows, says, size, digest.hexdigest(), **facts))

    @property
    def all_missing(self) -> list[str]:
        """What could not be put in, of the whole bundle and of each finding."""
        return [*self.missing, *(line for one in self.findings for line in one.missing)]

    def document(self) -> dict[str, Any]:
        """Return the manifest; it lists every file but itself."""
        asked, imprint, log = self.asked, self.imprint, self.log
        sources = {one.crop.source_sha256: one.crop.location for one in self.findings}
        return {
            "schema": SCHEMA,
            "made_at": iso(imprint.at),
            "made_by": self.actor,
            "program": f"reidsearch {__version__}",
            "command": imprint.command,
            "archive": imprint.archive,
            "archive_id": imprint.archive_id,
            "case": asked.case.number if asked.case else None,
            "findings_of": list(asked.by),
            "identity": asked.identity,
            "zone": zone_name(),
            "sources_as": asked.sources,
            "margin_s": asked.margin_s,
            "redaction": asked.redact.value if asked.redact else None,
            "findings": [one.document() for one in self.findings],
            "sources": [{"sha256": one, "location": place} for one, place in sources.items()],
            "log": None
            if log is None
            else {
                "entries": log.entries,
                "head": log.head,
                "sealed": log.sealed,
                "left_out": log.left_out,
                "erased": log.erased,
            },
            "log_missing": self.log_missing,
            "missing": self.all_missing,
            "files": [one.document() for one in sorted(self.files, key=lambda one: one.path)],
        }
