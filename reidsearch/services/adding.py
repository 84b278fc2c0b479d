"""A custom model: checked, run on synthetic people, and added to the models of this machine.

added = add_model(Path("osnet_x0_25.onnx"), way="rgb-imagenet", licence="MIT")
added.model.key, added.sense
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from reidsearch.base.errors import Kind, ModelError, UsageError
from reidsearch.base.settings import RuntimeSettings
from reidsearch.domain.models import CustomModel
from reidsearch.domain.separation import Separation
from reidsearch.services.separation import separation
from reidsearch.store.crops.store import Store
from reidsearch.vision.embedding.sense import Sense
from reidsearch.vision.models.custom import SUFFIX, make_custom
from reidsearch.vision.models.describing import described, precision_of
from reidsearch.vision.models.locate import identified
from reidsearch.vision.models.manifest import (
    PARTS,
    Manifest,
    file_of,
    manifest_of,
    read_manifest,
    require_files,
)
from reidsearch.vision.trial import try_model

NAMES = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


@dataclass(frozen=True, slots=True)
class Added:
    """A model that was added.

    Args:
        model: with what was recorded.
        manifest: which lies beside it.
        sense: how it tells synthetic people apart; None: it embeds nobody.
        separation: how it tells the people of an archive apart; None: of none.
    """

    model: CustomModel
    manifest: Manifest
    sense: Sense | None
    separation: Separation | None

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against the model without being sure."""
        found = (self.sense.doubt if self.sense else "", _doubt(self.separation))
        return tuple(each for each in found if each)


def add_model(
    file: Path,
    *,
    manifest: Path | None = None,
    way: str | None = None,
    name: str | None = None,
    licence: str = "",
    source: str = "",
    store: Store | None = None,
    runtime: RuntimeSettings = RuntimeSettings(),
) -> Added:
    """Check a model, run it, and copy it with its manifest into the cache.

    Args:
        file: .xml with its .bin beside it, or .onnx.
        manifest: None: the one beside the file, unless `way` is given.
        way: its pre-processing, one of `profile.KNOWN`, in place of a manifest.
        name: None: that of the file.
        licence, source: for the manifest that is made where `way` is given.
        store: of an archive on whose people the model is tried too.

    Raises:
        ModelError: the file is no model, nobody has said how to use it, it is another than its
            manifest says, it says nothing of pictures, or another one has this name.
        StorageError: the cache cannot be written.
    """
    if file.suffix.lower() not in PARTS:
        raise UsageError(
            f"{file} is no model file: give an .xml, with its .bin beside it, or .onnx"
        )
    found = identified(file)
    if found.entry is not None:
        raise ModelError(
            f"{file} is {found.entry.key} of the catalogue, which needs no manifest",
            "import its folder",
            kind=Kind.MODEL_OF_CATALOGUE,
            folder=file.parent,
        )
    known = _manifest(file, manifest, way, licence, source)
    named = name or file.stem
    if not re.fullmatch(NAMES, named):
        raise UsageError(
            f"{named!r} cannot name a model: letters, digits, '.', '_' and '-', at most 100",
            kind=Kind.MODEL_NAME_ODD,
        )
    precision = precision_of(file) + SUFFIX
    # Nothing of a model that is refused is kept in the cache of compiled ones.
    uncached = replace(runtime, cache=False)
    tried = try_model(file, known, (named, precision, found.digest), uncached)
    apart = None
    if store is not None and tried.embedder is not None:
        apart = separation(store, tried.embedder.embed)

    def save(folder: Path) -> None:
        for part in PARTS[file.suffix.lower()]:
            shutil.copyfile(file_of(file, part), folder / f"{named}.{part}")
        copied = folder / f"{named}{file.suffix.lower()}"
        manifest_of(copied).write_text(known.text(), "utf-8")
        require_files(known, manifest_of(copied), copied)  # what was tried is what was copied

    return Added(make_custom(named, precision, save, tried.record), known, tried.sense, apart)


def _manifest(
    file: Path, manifest: Path | None, way: str | None, licence: str, source: str
) -> Manifest:
    if way is not None:
        if manifest is not None:
            raise UsageError("give a manifest or the pre-processing, not both")
        return described(file, way, licence, source)
    if licence or source:
        raise UsageError("licence and source stand in the manifest")
    place = manifest or manifest_of(file)
    if not place.exists():
        raise ModelError(
            f"{file} has no manifest: there is no {place}",
            "write one, or tell the pre-processing",
            kind=Kind.MODEL_MANIFEST_MISSING,
            file=file,
        )
    known = read_manifest(place)
    require_files(known, place, file)
    return known


def _doubt(found: Separation | None) -> str:
    return found.doubt if found else ""
