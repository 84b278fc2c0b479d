"""A sighting as JSON, the same in every document that has one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.answer_json import interval_json, purity_json
from reidsearch.domain.decisions import Presence


def presence_json(one: Presence) -> dict[str, Any]:
    """Return where and when a member was seen."""
    return {
        "member": asdict(one.member),
        "camera": one.camera,
        "location": one.location,
        "first_time": None if one.first_us is None else iso(from_us(one.first_us)),
        "last_time": None if one.last_us is None else iso(from_us(one.last_us)),
        "uncertainty_s": one.uncertainty_s,
        "first_s": float(one.parts[0].first_s),
        "last_s": float(one.parts[-1].last_s),
        "parts": [interval_json(part) for part in one.parts],
        "crop_ids": list(one.crop_ids),
        "purity": purity_json(one.purity),
        "named_by": list(one.named_by),
    }
