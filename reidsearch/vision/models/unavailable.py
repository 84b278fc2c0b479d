"""The error for a model that is nowhere and cannot be fetched, and the ways out of it."""

from __future__ import annotations

from reidsearch.base.errors import ModelError
from reidsearch.vision.models.catalogue import ModelEntry


class ModelUnavailable(ModelError):
    """No file and no network: the model cannot be had now. Never raised for a wrong file."""


def unavailable(entry: ModelEntry, why: str) -> ModelUnavailable:
    """The error that names the three ways to get a model."""
    return ModelUnavailable(
        f"the model {entry.key} is not on this machine: {why}",
        "three ways to get it: "
        "(1) --model-path DIR or REIDSEARCH_MODELS=DIR, a folder that holds "
        f"{entry.key}/{entry.files[-1].name} and its .bin; "
        "(2) `reidsearch models import DIR`, from any folder or medium; "
        f"(3) with a network, `reidsearch models install {entry.key}`",
    )
