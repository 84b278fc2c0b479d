"""From a model's name or file to verified files on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reidsearch.base.errors import Kind, ModelError, Refused
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.reading import require_file
from reidsearch.domain.models import UNKNOWN, CustomModel, ModelIdentity
from reidsearch.vision.models.catalogue import ModelEntry, by_digest, catalogue, digest_of, find
from reidsearch.vision.models.custom import custom_by_digest, find_custom, is_custom
from reidsearch.vision.models.manifest import (
    Manifest,
    manifest_of,
    read_manifest,
    require_files,
)
from reidsearch.vision.models.onnx_file import keeps_weights_elsewhere
from reidsearch.vision.models.profile import ZOO, Profile
from reidsearch.vision.models.store import check_file, models_folder, sha384_of
from reidsearch.vision.models.unavailable import ModelUnavailable, unavailable

__all__ = ["Installed", "LocatedModel", "ModelUnavailable", "installed", "locate", "name_of"]


@dataclass(frozen=True, slots=True)
class LocatedModel:
    """A model whose files were read and are what they should be.

    Args:
        precision: `unknown` for a file that is not in the catalogue.
        xml: the .xml or .onnx file; the .bin lies beside an .xml.
        digest: `catalogue.digest_of` its files; the same wherever the model lies.
        origin: where it was found, for people.
        entry: what the catalogue says of it; None for a model that is not in the catalogue.
        profile: how pictures are made what it takes; None: nobody has said, so it must not be used.
        manifest: of a model that is not in the catalogue; None: it has none.
    """

    name: str
    precision: str
    xml: Path
    digest: str
    origin: str
    entry: ModelEntry | None
    profile: Profile | None = ZOO
    manifest: Manifest | None = None

    @property
    def role(self) -> str | None:
        """`re-id`, `detector` or `attributes`; None: nobody has said."""
        if self.entry is not None:
            return self.entry.role
        return None if self.manifest is None else self.manifest.role


@dataclass(frozen=True, slots=True)
class Installed:
    """A catalogue model that lies in `folder`; `problem` says what is wrong, or is empty."""

    entry: ModelEntry
    folder: Path
    origin: str
    problem: str


def locate(
    model: str,
    *,
    model_path: Sequence[Path] = (),
    offline: bool = False,
    progress: Progress = NO_PROGRESS,
) -> LocatedModel:
    """Find a model: folders of `model_path`, of REIDSEARCH_MODELS, the cache, then the network.

    Args:
        model: `NAME`, `NAME/PRECISION` (of the catalogue, or a custom model of this machine), or
            a path that ends in .xml or .onnx, with or without a manifest beside it.
        model_path: folders in the zoo's layout, `NAME/PRECISION/NAME.{xml,bin}`.
        offline: never download.

    Raises:
        ModelError: the name is unknown, or a file is damaged, incomplete or unreadable; a file
            that differs from the catalogue is never passed over in silence.
        ModelUnavailable: the model is nowhere and cannot be fetched.
        StorageError: it was fetched but cannot be stored.
    """
    if Path(model).suffix.lower() in (".xml", ".onnx"):
        return _free(Path(model))
    if is_custom(model):
        return _own(model, model_path)
    entry = find(model)
    searched = list(_places(model_path))
    for folder, origin in searched:
        if _holds(entry, folder):
            return _located(entry, folder / entry.name / entry.precision, origin)
    if offline:
        places = ", ".join(str(folder) for folder, _ in searched)
        raise unavailable(entry, f"not below {places}, and offline")
    from reidsearch.vision.models.download import install

    xml = install(entry, progress)
    return _located(entry, xml.parent, "download")


def _own(key: str, model_path: Sequence[Path]) -> LocatedModel:
    """A model that this program made, here or on another machine."""
    searched = list(_places(model_path))
    for folder, origin in searched:
        if own := find_custom(key, folder):
            manifest = manifest_beside(own)
            # Without one it was quantized from a model of the catalogue, which takes the same.
            profile = manifest.profile if manifest else ZOO
            return LocatedModel(
                own.name, own.precision, own.xml, own.digest, origin, None, profile, manifest
            )
    raise ModelError(
        f"{key} is not below {', '.join(str(folder) for folder, _ in searched)}",
        f"copy its folder {key} from the machine that made it to one of these, or make it again",
        kind=Kind.CUSTOM_MODEL_MISSING,
        model=key,
    )


def name_of(model: ModelIdentity, model_path: Sequence[Path] = ()) -> str:
    """How the model that an archive records is asked for.

    Raises:
        ModelError: it was given by a file that is not among this machine's models, and has to be
            named again.
    """
    if model.name == "builtin":
        return model.name
    if model.precision != UNKNOWN:
        return f"{model.name}/{model.precision}"
    if held := held_custom(model.digest, model_path):
        return held[1]
    raise ModelError(
        f"the archive was embedded with the file model {model.text}",
        "name that file, or add it to the models of this machine",
        kind=Kind.MODEL_FILE_NEEDED,
    )


def manifest_beside(model: CustomModel) -> Manifest | None:
    """Return the manifest of a custom model; None: it has none.

    Raises:
        ModelError: it cannot be read.
    """
    return read_manifest(manifest_of(model.xml)) if model.has_manifest else None


def role_of(key: str, folder: Path) -> str:
    """Return the role of a custom model below a models folder; of a damaged one `unknown`."""
    try:
        own = find_custom(key, folder)
        manifest = manifest_beside(own) if own else None
    except ModelError:
        return UNKNOWN
    return manifest.role if manifest else "re-id"


def held_custom(digest: str, model_path: Sequence[Path] = ()) -> tuple[Path, str] | None:
    """Return the models folder and the name of the custom model that has this digest."""
    for folder, _ in _places(model_path):
        if key := custom_by_digest(digest, folder):
            return folder, key
    return None


def installed(model_path: Sequence[Path] = ()) -> tuple[Installed, ...]:
    """Every catalogue model that lies where `locate` looks, its checksums verified now."""
    return tuple(
        Installed(entry, folder / entry.name / entry.precision, origin, problem)
        for folder, origin in _places(model_path)
        for entry in catalogue()
        if (problem := _problem(entry, folder)) is not None
    )


def _problem(entry: ModelEntry, folder: Path) -> str | None:
    """Empty: all is well; None: nothing of the model is there."""
    try:
        if not any(_exists(folder / entry.key / file.name) for file in entry.files):
            return None
        return "" if _holds(entry, folder) else "incomplete"
    except ModelError as error:
        return error.message


def _places(model_path: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for folder in model_path:
        yield folder, "given folder"
    for name in os.environ.get("REIDSEARCH_MODELS", "").split(os.pathsep):
        if name:
            yield Path(name).expanduser(), "REIDSEARCH_MODELS"
    yield models_folder(), "cache"


def _holds(entry: ModelEntry, folder: Path) -> bool:
    """Whether the whole model lies below `folder`; what is there of it must be right."""
    missing = []
    for file in entry.files:
        path = folder / entry.key / file.name
        if _exists(path):
            check_file(path, file)
        else:
            missing.append(path)
    # In the cache, half a model is a download or import that was cut short, and can be finished.
    if missing and len(missing) < len(entry.files) and folder != models_folder():
        raise ModelError(
            f"{missing[0]} is missing, although the rest of {entry.key} is there",
            "copy it there too, or leave that folder out of the ones to look in",
            kind=Kind.MODEL_INCOMPLETE,
        )
    return not missing


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise ModelError(
            f"cannot look into {path.parent}: {error.strerror}", "check the folder's permissions"
        ) from error


def _located(entry: ModelEntry, folder: Path, origin: str) -> LocatedModel:
    xml = folder / f"{entry.name}.xml"
    return LocatedModel(entry.name, entry.precision, xml, entry.digest, origin, entry)


def _free(path: Path) -> LocatedModel:
    """A model given by its file, with the manifest beside it."""
    found = identified(path)
    beside = manifest_of(path)
    if found.entry is not None or not _exists(beside):
        return found
    manifest = read_manifest(beside)
    require_files(manifest, beside, path)
    return replace(found, profile=manifest.profile, manifest=manifest)


def identified(path: Path) -> LocatedModel:
    """Return a model given by its file, known by its hash, whatever manifest lies beside it.

    A catalogue model is recognised; of any other nobody has said yet how it takes pictures.

    Raises:
        ModelError: a file of it is missing, cannot be read, or does not identify the model.
    """
    files = [path] if path.suffix.lower() == ".onnx" else [path, path.with_suffix(".bin")]
    for file in files:
        if not _exists(file):
            said = f"{file} does not exist"
            if file != path:
                raise ModelError(said, "an .xml needs its .bin, of the same name, beside it")
            raise ModelError(
                said,
                "give an existing .xml or .onnx file, or the name of a model",
                kind=Kind.MODEL_FILE_MISSING,
            )
        try:
            require_file(file.stat())
        except Refused as refused:
            raise ModelError(f"{file}: {refused.message}", "give a model's file") from refused
    digest = digest_of({file.name: sha384_of(file) for file in files})
    if path.suffix.lower() == ".onnx":
        _refuse_outside_weights(path)
    entry = by_digest(digest)
    if entry:
        return LocatedModel(entry.name, entry.precision, path, digest, "file", entry)
    return LocatedModel(path.stem, UNKNOWN, path, digest, "file", None, None)


def _refuse_outside_weights(path: Path) -> None:
    """An ONNX file that keeps its weights elsewhere cannot be known by its own hash."""
    if keeps_weights_elsewhere(path):
        raise ModelError(
            f"{path} keeps its weights in other files, so its hash does not identify it",
            "save it as one file: onnx.save(onnx.load(IN), OUT), or convert it with `ovc`",
        )
