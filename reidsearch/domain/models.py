"""Embedding models: the identity that is stored with every embedding, and custom models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidsearch.base.errors import Kind, ModelError

UNKNOWN = "unknown"
"""The precision of a model that was given by its file."""
FLIPPED = "+flip/1"
"""The end of the name of a pre-processing that averages a crop with its mirror image."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made an embedding.

    Args:
        name: catalogue name, `builtin`, or the file's stem.
        precision: `FP32`, `FP16`, `FP16-INT8`, or `unknown`.
        digest: SHA-384 over the model's files, hexadecimal.
        preprocessing: name of the way from crop to embedding, e.g. `bilinear-antialias-bgr/1`;
            with flip averaging it ends in `FLIPPED`.
        dimension: length of an embedding.
    """

    name: str
    precision: str
    digest: str
    preprocessing: str
    dimension: int

    @property
    def text(self) -> str:
        """Name, precision and the start of the digest, for people; flip averaging if it is on."""
        flip = ", flip averaging" if self.flip else ""
        return f"{self.name} {self.precision} ({self.digest[:12]}){flip}"

    @property
    def flip(self) -> bool:
        """Whether embeddings are means of a crop's and its mirror image's."""
        return self.preprocessing.endswith(FLIPPED)

    def matches(self, other: ModelIdentity) -> bool:
        """Whether embeddings of both can be compared."""
        return (self.digest, self.preprocessing) == (other.digest, other.preprocessing)


@dataclass(frozen=True, slots=True)
class CustomModel:
    """One model that was quantized on this machine, or added to its models.

    Args:
        digest: `catalogue.digest_of` its files, as recorded when it was made.
        xml: its file.
        record: all that was recorded: of a quantized one `made_of`, `calibration`, `comparison`;
            of an added one `manifest_sha384`, `sense`, `golden`.
    """

    name: str
    precision: str
    digest: str
    xml: Path
    record: Mapping[str, Any]

    @property
    def key(self) -> str:
        """`NAME/PRECISION`, by which the model is asked for."""
        return f"{self.name}/{self.precision}"

    @property
    def has_manifest(self) -> bool:
        """Whether a manifest lies beside its file."""
        return "manifest_sha384" in self.record


def require_model(held: ModelIdentity, given: ModelIdentity, folder: Path | str) -> None:
    """Refuse embeddings that cannot be compared with the archive's.

    Raises:
        ModelError: naming both models.
    """
    if not held.matches(given):
        raise ModelError(
            f"{folder} was embedded with {held.text} [{held.preprocessing}], "
            f"not with {given.text} [{given.preprocessing}]; their scores cannot be compared",
            "use the archive's model, or re-embed all crops",
            kind=Kind.MODEL_MISMATCH,
            archive=folder,
            archive_model=held.name,
            archive_flip=held.flip,
            model=given.name,
            flip=given.flip,
            same_weights=held.digest == given.digest,
        )
