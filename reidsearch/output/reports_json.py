"""Reports as documents: runs, archives, crops, failures, findings, and what commands did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import (
    attributes_json,
    crop_facts_json,
    interval_json,
    model_json,
    pending_json,
    purity_json,
)
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.crops import Crop
from reidsearch.domain.holds import HeldBack
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.pending import Pending
from reidsearch.domain.redaction import RedactionReport
from reidsearch.domain.reports import (
    BackupOrigin,
    ClipReport,
    Failure,
    Finding,
    FolderListing,
    IndexReport,
    Relocated,
    Summary,
)
from reidsearch.domain.separation import Separation
from reidsearch.output.holds import held_json
from reidsearch.output.origin import origin_json
from reidsearch.output.redaction import redaction_json


def report_json(report: IndexReport) -> dict[str, Any]:
    """What one index run did."""
    facts = asdict(report)
    footage = facts.pop("footage")
    return {
        "schema": "reidsearch/run/1",
        "run_id": facts.pop("run_id"),
        "inputs": facts.pop("offered"),
        **facts,
        "footage": {"sources": footage.pop("offered"), **footage},
    }


def summary_json(summary: Summary) -> dict[str, Any]:
    """What an archive holds."""
    facts = asdict(summary)
    return {"schema": "reidsearch/summary/1", "database_schema": facts.pop("schema"), **facts} | {
        "created_at": iso(summary.created_at),
        "model": model_json(summary.model) if summary.model else None,
        "cameras": [
            {
                "camera": camera,
                "crops": crops,
                "first_time": iso(first) if first else None,
                "last_time": iso(last) if last else None,
            }
            for camera, crops, first, last in summary.cameras
        ],
        "first_time": iso(summary.first_time) if summary.first_time else None,
        "last_time": iso(summary.last_time) if summary.last_time else None,
        "failures": [{"reason": reason, "count": number} for reason, number in summary.failures],
        "not_searched": [_failure_json(failure) for failure in summary.not_searched],
        "pending": [pending_json(one) for one in summary.pending],
    }


def crop_json(crop: Crop, attributes: Attributes | None = None) -> dict[str, Any]:
    """All that is known of one crop: what a match tells of it, and when it was indexed."""
    return {"schema": "reidsearch/crop/1", **crop_facts_json(crop)} | {
        "source_id": crop.source_id,
        "indexed_at": iso(crop.indexed_at),
        "attributes": attributes_json(attributes) if attributes else None,
    }


def failures_json(failures: Iterable[Failure]) -> dict[str, Any]:
    """Return the failures ledger; its rows are made while they are printed."""
    return {"schema": "reidsearch/failures/1", "failures": map(_failure_json, failures)}


def _failure_json(failure: Failure) -> dict[str, Any]:
    return {
        "location": failure.location,
        "reason": failure.reason,
        "message": failure.message,
        "at": iso(failure.at),
        "run_id": failure.run_id,
    }


def findings_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what `check` found."""
    return {
        "schema": "reidsearch/findings/1",
        "findings": [
            asdict(finding) | {"crop_ids": list(finding.crop_ids)} for finding in findings
        ],
    }


def checks_json(checks: Sequence[tuple[str, str, str, str]]) -> dict[str, Any]:
    """Return what `doctor` found: (status, name, detail, hint) of each check."""
    return {
        "schema": "reidsearch/checks/1",
        "checks": [
            {"name": name, "status": status, "detail": detail, "hint": hint}
            for status, name, detail, hint in checks
        ],
    }


def deletion_json(
    crop_ids: Sequence[int],
    *,
    sources: int = 0,
    footage: Sequence[int] = (),
    unknown_time: int = 0,
    unknown_camera: int = 0,
    by_indexing: int = 0,
    identities: Sequence[int] = (),
    photos: Sequence[int] = (),
    searches: int = 0,
    held: Sequence[HeldBack] = (),
    deleted: bool = False,
    finished: Sequence[Pending] = (),
) -> dict[str, Any]:
    """Return what was deleted, or would be; and what was `finished` of earlier deletions."""
    return {
        "schema": "reidsearch/deletion/1",
        "deleted": deleted,
        "crop_ids": list(crop_ids),
        "sources": sources,
        "footage": list(footage),
        "unknown_time": unknown_time,
        "unknown_camera": unknown_camera,
        "by_indexing": by_indexing,
        "identities": list(identities),
        "photos": list(photos),
        "searches": searches,
        "on_hold": held_json(held),
        "finished": [pending_json(one) for one in finished],
    }


def backup_erasure_json(
    folder: str, crops: int, identities: int, sha256: str | None
) -> dict[str, Any]:
    """Return what was deleted from a backup, or would be."""
    return {
        "schema": "reidsearch/backup-erasure/1",
        "folder": folder,
        "deleted": sha256 is not None,
        "crops": crops,
        "identities": identities,
        "sha256": sha256,
    }


def backup_json(
    folder: str, crops: int, size_bytes: int, sha256: str, settings_sha256: str | None
) -> dict[str, Any]:
    """Return what a backup contains."""
    return {
        "schema": "reidsearch/backup/1",
        "folder": folder,
        "crops": crops,
        "size_bytes": size_bytes,
        "sha256": sha256,
        "settings_sha256": settings_sha256,
    }


def restoration_json(archive: str, crops: int, origin: BackupOrigin) -> dict[str, Any]:
    """Return what was restored, and from what."""
    return {
        "schema": "reidsearch/restoration/1",
        "archive": archive,
        "crops": crops,
        "backup": origin_json(origin),
    }


def migration_json(archive: str, before: str, after: str) -> dict[str, Any]:
    """Return the schema before and after."""
    return {
        "schema": "reidsearch/migration/1",
        "archive": archive,
        "before": before,
        "after": after,
    }


def reembedding_json(
    crops: int, model: ModelIdentity | None, apart: Separation | None
) -> dict[str, Any]:
    """Return how many crops were embedded, the model now, and how it tells people apart."""
    return {
        "schema": "reidsearch/reembedding/1",
        "crops": crops,
        "model": model_json(model) if model else None,
        "separation": separation_json(apart),
    }


def separation_json(found: Separation | None) -> dict[str, Any] | None:
    """Return how scores of one person and of different people lie apart; null: no such pairs."""
    return None if found is None else asdict(found) | {"doubt": found.doubt}


def graph_json(crops: int, found: float) -> dict[str, Any]:
    """Return how many crops the neighbour graph covers, and its share of the true neighbours."""
    return {"schema": "reidsearch/neighbour-graph/1", "crops": crops, "neighbours_found": found}


def clip_json(written: ClipReport, file: str) -> dict[str, Any]:
    """Return what a clip shows, in media time."""
    return {
        "schema": "reidsearch/clip/1",
        "crop_id": written.crop_id,
        "file": file,
        "from_s": float(written.from_s),
        "to_s": float(written.to_s),
        "asked_from_s": float(written.asked_from_s),
        "asked_to_s": float(written.asked_to_s),
        "crop_at_s": float(written.crop_s),
        "copied": written.copied,
        "location": written.location,
        "elsewhere": [interval_json(part) for part in written.elsewhere],
        "purity": purity_json(written.purity),
        "redaction": redaction_json(written.redaction),
    }


def relocation_json(moved: Relocated, *, recorded: bool) -> dict[str, Any]:
    """Return where footage of a folder that was moved lies now."""
    return {
        "schema": "reidsearch/relocation/1",
        "old": moved.old,
        "new": moved.new,
        "recorded": recorded,
        "found": moved.found,
        "missing": list(moved.missing),
        "other_size": list(moved.differing),
    }


def frame_json(crop: Crop, file: str, redaction: RedactionReport | None = None) -> dict[str, Any]:
    """Return where a frame comes from, and what was altered in it."""
    return {
        "schema": "reidsearch/frame/1",
        "crop_id": crop.crop_id,
        "file": file,
        "location": crop.location,
        "media_s": float(crop.moment.media_s) if crop.moment else None,
        "box": crop.box.as_list(),
        "redaction": redaction_json(redaction),
    }


def folders_json(listing: FolderListing) -> dict[str, Any]:
    """What lies in a folder whose footage may be indexed."""
    return {"schema": "reidsearch/folders/1", **asdict(listing)} | {
        "entries": [asdict(one) for one in listing.entries]
    }
