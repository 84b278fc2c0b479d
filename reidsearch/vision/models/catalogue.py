"""The models known by name: what they are, their official files, sizes and checksums."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from reidsearch.base.errors import Kind, ModelError
from reidsearch.domain.models import ModelIdentity


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One official file: `sha384` in hexadecimal, `url` where its maker offers it."""

    name: str
    size_bytes: int
    sha384: str
    url: str


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What the model takes: one picture, e.g. `NCHW`, 128 x 256 px, `BGR`."""

    layout: str
    width_px: int
    height_px: int
    colour: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model in one precision.

    Args:
        role: `re-id`, `detector` or `attributes`.
        files: sorted by name, so the .bin before the .xml.
        dimension: length of an embedding; None unless the role is `re-id`.
        card: address of the model card.
        published: the card's figures; the label says what they were measured on.
        default: the model that is used when none is named.
    """

    name: str
    precision: str
    role: str
    files: tuple[ModelFile, ...]
    input: ModelInput
    dimension: int | None
    licence: str
    card: str
    published: Mapping[str, str]
    default: bool

    @property
    def key(self) -> str:
        """`NAME/PRECISION`: unique, and the folder below any models folder."""
        return f"{self.name}/{self.precision}"

    @property
    def text(self) -> str:
        """Return how archives record a detector: name, precision and the start of the digest."""
        return f"{self.name} {self.precision} ({self.digest[:12]})"

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def digest(self) -> str:
        """The model's digest; see `digest_of`."""
        return digest_of({file.name: file.sha384 for file in self.files})


def digest_of(sha384s: Mapping[str, str]) -> str:
    """SHA-384 over the hexadecimal SHA-384s of a model's files, joined in the order of the names.

    Args:
        sha384s: file name -> SHA-384. A name only gives the order.

    Returns:
        96 hexadecimal digits; the same for the same model wherever it lies.
    """
    joined = "".join(sha384s[name] for name in sorted(sha384s))
    return hashlib.sha384(joined.encode("ascii")).hexdigest()


@cache
def catalogue() -> tuple[ModelEntry, ...]:
    """All entries, in the order of catalogue.toml."""
    text = resources.files("reidsearch.vision.models").joinpath("catalogue.toml").read_text("utf-8")
    return tuple(_entry(table) for table in tomllib.loads(text)["model"])


def default_entry(role: str = "re-id") -> ModelEntry:
    """The model of a role that is used when none is named."""
    return next(entry for entry in catalogue() if entry.default and entry.role == role)


def find(model: str) -> ModelEntry:
    """The entry for `NAME` (its first precision) or `NAME/PRECISION`.

    Raises:
        ModelError: no such entry; the hint names those that are spelled alike.
    """
    for entry in catalogue():
        if model in (entry.name, entry.key):
            return entry
    known = sorted({name for entry in catalogue() for name in (entry.name, entry.key)})
    near = [name for name in known if model and model.lower() in name.lower()][:3]
    near = near or difflib.get_close_matches(model, known, n=3, cutoff=0.6)
    raise ModelError(
        f"no model is named {model!r}",
        f"did you mean {' or '.join(near)}?" if near else "",
        kind=Kind.MODEL_UNKNOWN,
        near=near,
    )


def name_of(model: ModelIdentity) -> str:
    """How the model that an archive records is asked for.

    Raises:
        ModelError: it was given by a file, which has to be named again.
    """
    if model.precision == "unknown":
        raise ModelError(
            f"the archive was embedded with the file model {model.text}",
            "name that file",
            kind=Kind.MODEL_FILE_NEEDED,
        )
    return model.name if model.name == "builtin" else f"{model.name}/{model.precision}"


def by_digest(digest: str) -> ModelEntry | None:
    """The entry whose files these are, wherever they lie."""
    return next((entry for entry in catalogue() if entry.digest == digest), None)


def _entry(table: dict[str, Any]) -> ModelEntry:
    """One `[[model]]` table; catalogue.toml ships with the code, so a fault in it is a bug."""
    files = tuple(
        ModelFile(
            name := f"{table['name']}.{suffix}",
            table[suffix]["size_bytes"],
            table[suffix]["sha384"],
            f"{table['folder']}/{name}",
        )
        for suffix in ("bin", "xml")
    )
    return ModelEntry(
        name=table["name"],
        precision=table["precision"],
        role=table["role"],
        files=files,
        input=ModelInput(**table["input"]),
        dimension=table.get("dimension"),
        licence=table["licence"],
        card=table["card"],
        published=MappingProxyType(table["published"]),
        default=table.get("default", False),
    )
