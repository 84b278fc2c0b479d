"""Which files a page has, where each comes from, and its digest: as tables and as a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.base.version import __version__
from reidsearch.domain.crops import Crop
from reidsearch.domain.reports import ClipReport
from reidsearch.output.cards import camera_text, time_text
from reidsearch.output.imprint import Imprint
from reidsearch.output.shown import QueryShown, Rows, Shown
from reidsearch.output.times import local, zone_name

SCHEMA = "reidsearch/page/1"
NAME, SUMS = "manifest.json", "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of a page, or one picture inside it.

    Args:
        path: within the folder; of a picture inside a page its name alone.
        shows: `page`, `document`, `query`, `crop` or `clip`.
        crop: whose picture or clip it is.
        query: of which query picture.
        clip: what was cut.
    """

    path: str
    shows: str
    size_bytes: int
    sha256: str
    crop: Crop | None = None
    query: QueryShown | None = None
    clip: ClipReport | None = None

    @classmethod
    def of(cls, path: str, shows: str, data: bytes, **facts: Any) -> PageFile:
        """Return what is known of a file with these bytes."""
        return cls(path, shows, len(data), hashlib.sha256(data).hexdigest(), **facts)


@dataclass(slots=True)
class Files:
    """The files of a page while it is made.

    Args:
        missing: what could not be put in, in sentences.
    """

    listed: list[PageFile] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def some(self, shows: str) -> list[PageFile]:
        """Those of one kind."""
        return [one for one in self.listed if one.shows == shows]


def evidence_tables(files: Files) -> list[Rows]:
    """Return pictures, clips and sources as tables; sources are numbered in them."""
    crops = [one for one in files.listed if one.crop is not None]
    sources = _sources(crops)
    numbers = {sha256: str(number) for number, (sha256, _) in enumerate(sources, start=1)}
    tables = [
        Rows(
            "Query pictures",
            ("picture", "SHA-256 of its file", "SHA-256 of the picture here"),
            tuple(
                (one.query.name, one.query.sha256 or "not known", one.sha256)
                for one in files.some("query")
                if one.query is not None
            ),
        ),
        Rows(
            "Pictures",
            ("crop", "tracklet", "camera", f"time ({zone_name()})", "UTC", "in footage", "box",
             "source", "SHA-256 of the picture"),
            tuple(_crop_row(one.crop, numbers, one.sha256) for one in crops
                  if one.crop is not None and one.shows == "crop"),
        ),
        Rows(
            "Clips",
            ("crop", "file", "in footage", "source", "SHA-256 of the clip"),
            tuple(
                (str(one.crop.crop_id), one.path, clip_span(one.clip),
                 numbers[one.crop.source_sha256], one.sha256)
                for one in files.some("clip")
                if one.crop is not None and one.clip is not None
            ),
        ),
        Rows(
            "Sources",
            ("source", "location", "SHA-256"),
            tuple(
                (str(number), location, sha256)
                for number, (sha256, location) in enumerate(sources, start=1)
            ),
        ),
    ]  # fmt: skip
    return [table for table in tables if table.rows]


def _sources(files: Sequence[PageFile]) -> list[tuple[str, str]]:
    """Digest and location of every source, each once."""
    found: dict[str, str] = {}
    for one in files:
        if one.crop is not None:
            found.setdefault(one.crop.source_sha256, one.crop.location)
    return list(found.items())


def _crop_row(crop: Crop, numbers: dict[str, str], sha256: str) -> tuple[str, ...]:
    moment, time = crop.moment, crop.facts.time
    return (
        str(crop.crop_id),
        str(moment.tracklet_id) if moment else "none",
        camera_text(crop).removeprefix("camera "),
        time_text(crop) if time else "unknown",
        iso(time) if time else "unknown",
        f"{float(moment.media_s):.3f} s" if moment else "a picture",
        crop.box.text(),
        numbers[crop.source_sha256],
        sha256,
    )


def clip_span(clip: ClipReport) -> str:
    """Return what a clip shows of its source: `12.0 to 21.4 s`."""
    return f"{float(clip.from_s):.1f} to {float(clip.to_s):.1f} s"


def manifest_json(shown: Shown, imprint: Imprint, files: Files) -> dict[str, Any]:
    """Return the manifest of a page: every file but itself and the sums, and what is missing."""
    return {
        "schema": SCHEMA,
        "of": shown.of,
        "title": shown.title,
        "made_at": iso(imprint.at),
        "archive": imprint.archive,
        "archive_id": imprint.archive_id,
        "version": __version__,
        "command": imprint.command,
        "zone": zone_name(),
        "missing": [*shown.missing, *files.missing],
        "sources": [
            {"sha256": sha256, "location": location} for sha256, location in _sources(files.listed)
        ],
        "files": [_file_json(one) for one in files.listed],
    }


def _file_json(one: PageFile) -> dict[str, Any]:
    return {
        "path": one.path,
        "shows": one.shows,
        "bytes": one.size_bytes,
        "sha256": one.sha256,
        "crop": None
        if one.crop is None
        else {**crop_json(one.crop), "location": one.crop.location},
        "query": None
        if one.query is None
        else {"name": one.query.name, "sha256": one.query.sha256 or None},
        "clip": None
        if one.clip is None
        else {"from_s": float(one.clip.from_s), "to_s": float(one.clip.to_s)},
    }


def crop_json(crop: Crop) -> dict[str, Any]:
    """Return where and when a crop is from, as manifests say it."""
    moment, time = crop.moment, crop.facts.time
    return {
        "crop_id": crop.crop_id,
        "tracklet_id": moment.tracklet_id if moment else None,
        "camera": crop.facts.camera,
        "time": iso(time) if time else None,
        "local_time": local(time) if time else None,
        "uncertainty_s": moment.uncertainty_s if moment else None,
        "correction_s": moment.correction_s if moment else 0.0,
        "media_s": float(moment.media_s) if moment else None,
        "source": crop.source_sha256,
        "box": crop.box.as_list(),
    }


def sums(files: Sequence[tuple[str, str]]) -> bytes:
    """Return paths and digests as `sha256sum -c` reads them."""
    return "".join(f"{sha256}  {path}\n" for path, sha256 in files).encode()
