"""Settings and counts of a source, as earlier versions named them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

RENAMED = {
    "looks_hz": "sample_rate_hz",
    "looks": "sampled_frames",
    "views": "best_shots",
    "unviewed": "without_shot",
}
"""The name that version 0.1.0 stored -> the present name."""


def current_names(stored: Mapping[str, T]) -> dict[str, T]:
    """Return stored settings or counts by their present names."""
    return {RENAMED.get(name, name): value for name, value in stored.items()}
