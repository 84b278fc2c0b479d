"""The error for a model that is nowhere and cannot be fetched."""

from __future__ import annotations

from reidsearch.base.errors import Kind, ModelError
from reidsearch.vision.models.catalogue import ModelEntry


class ModelUnavailable(ModelError):
    """No file and no network: the model cannot be had now. Never raised for a wrong file."""


def unavailable(entry: ModelEntry, why: str) -> ModelUnavailable:
    """Return the error for a model that is neither on this machine nor within reach."""
    return ModelUnavailable(
        f"the model {entry.key} is not on this machine: {why}",
        "copy it here from another machine, or fetch it where there is a network",
        kind=Kind.MODEL_UNAVAILABLE,
        model=entry.key,
        file=entry.files[-1].name,
    )
