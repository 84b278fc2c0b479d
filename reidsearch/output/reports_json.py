"""Everything that is not an answer, for machines: runs, archives, crops, failures, findings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import attributes_json, crop_facts_json, model_json
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.crops import Crop
from reidsearch.domain.reports import Failure, Finding, IndexReport, Summary


def report_json(report: IndexReport) -> dict[str, Any]:
    """What one index run did."""
    return asdict(report)


def summary_json(summary: Summary) -> dict[str, Any]:
    """What an archive holds."""
    return asdict(summary) | {
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
    }


def crop_json(crop: Crop, attributes: Attributes | None = None) -> dict[str, Any]:
    """All that is known of one crop: what a match tells of it, and when it was indexed."""
    return crop_facts_json(crop) | {
        "source_id": crop.source_id,
        "indexed_at": iso(crop.indexed_at),
        "attributes": attributes_json(attributes) if attributes else None,
    }


def failure_json(failure: Failure) -> dict[str, Any]:
    """One line of the failures ledger."""
    return asdict(failure) | {"at": iso(failure.at)}


def finding_json(finding: Finding) -> dict[str, Any]:
    """One thing that `check` found."""
    return asdict(finding) | {"crop_ids": list(finding.crop_ids)}
