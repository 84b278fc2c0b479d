"""From a model's name or file to verified files on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidsearch.base.errors import Kind, ModelError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.vision.models.catalogue import ModelEntry, by_digest, catalogue, digest_of, find
from reidsearch.vision.models.custom import find_custom, is_custom
from reidsearch.vision.models.onnx_file import keeps_weights_elsewhere
from reidsearch.vision.models.store import check_file, models_folder, sha384_of
from reidsearch.vision.models.unavailable import ModelUnavailable, unavailable

__all__ = ["Installed", "LocatedModel", "ModelUnavailable", "installed", "locate"]

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LocatedModel:
    """A model whose files were read and are what they should be.

    Args:
        precision: `unknown` for a file that is not in the catalogue.
        xml: the .xml or .onnx file; the .bin lies beside an .xml.
        digest: `catalogue.digest_of` its files; the same wherever the model lies.
        origin: where it was found, for people.
        entry: what the catalogue says of it; None for a model that is not in the catalogue.
    """

    name: str
    precision: str
    xml: Path
    digest: str
    origin: str
    entry: ModelEntry | None


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
        model: `NAME`, `NAME/PRECISION` (of the catalogue, or made by `models quantize`), or a path
            that ends in .xml or .onnx.
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
            return LocatedModel(own.name, own.precision, own.xml, own.digest, origin, None)
    raise ModelError(
        f"{key} is not below {', '.join(str(folder) for folder, _ in searched)}",
        f"copy its folder {key} from the machine that made it to one of these, or make it again",
        kind=Kind.CUSTOM_MODEL_MISSING,
        model=key,
    )


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
    """A model given by its file, known by its hash; a catalogue model is recognised by it."""
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
    digest = digest_of({file.name: sha384_of(file) for file in files})
    if path.suffix.lower() == ".onnx":
        _refuse_outside_weights(path)
    entry = by_digest(digest)
    if entry:
        return LocatedModel(entry.name, entry.precision, path, digest, "file", entry)
    return LocatedModel(path.stem, UNKNOWN, path, digest, "file", None)


def _refuse_outside_weights(path: Path) -> None:
    """An ONNX file that keeps its weights elsewhere cannot be known by its own hash."""
    if keeps_weights_elsewhere(path):
        raise ModelError(
            f"{path} keeps its weights in other files, so its hash does not identify it",
            "save it as one file: onnx.save(onnx.load(IN), OUT), or convert it with `ovc`",
        )
