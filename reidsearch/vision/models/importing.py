"""Models from a folder or medium, for machines without a network."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from reidsearch.base.errors import InputError
from reidsearch.base.foreign_errors import exhausted
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.vision.models.catalogue import ModelEntry, ModelFile, catalogue
from reidsearch.vision.models.store import (
    check_file,
    differs,
    model_folder,
    publish,
    sha384_of,
    storing,
)

MODEL_SUFFIXES = (".xml", ".bin", ".onnx")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What lay below the folder.

    Args:
        imported: now in the cache, verified (also when they were there before).
        incomplete: (model, names of the files that were not found).
        differing: one text a file that has a catalogue model's name but not its bytes, with both
            checksums.
        unrecognised: other model files (.xml, .bin, .onnx); they are used by path, not imported.
    """

    imported: tuple[ModelEntry, ...]
    incomplete: tuple[tuple[ModelEntry, tuple[str, ...]], ...]
    differing: tuple[str, ...]
    unrecognised: tuple[Path, ...]


def import_folder(folder: Path, progress: Progress = NO_PROGRESS) -> ImportReport:
    """Copy every catalogue model below `folder` into the cache.

    Files are recognised by their checksum, so neither their layout nor their names matter.
    Symbolic links to folders are not followed.

    Raises:
        InputError: `folder` is not a readable folder.
        ModelError: a file cannot be read.
        StorageError: the cache cannot be written.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", "give the folder that holds the models")
    official = {file.sha384: file for entry in catalogue() for file in entry.files}
    sizes = {file.size_bytes for file in official.values()}
    found: dict[str, Path] = {}
    differing: list[str] = []
    unrecognised: list[Path] = []
    paths = _files(folder)
    progress.begin("read", len(paths), "files")
    for path in paths:
        sha384 = sha384_of(path) if path.stat().st_size in sizes else ""
        if sha384 in official:
            found.setdefault(sha384, path)
        elif namesake := _namesake(path):
            differing.append(differs(path, namesake, sha384 or sha384_of(path)).message)
        elif path.suffix in MODEL_SUFFIXES:
            unrecognised.append(path)
        progress.advance()
    progress.end()
    imported, incomplete = _import_found(found)
    return ImportReport(imported, incomplete, tuple(differing), tuple(unrecognised))


def _import_found(
    found: dict[str, Path],
) -> tuple[tuple[ModelEntry, ...], tuple[tuple[ModelEntry, tuple[str, ...]], ...]]:
    imported: list[ModelEntry] = []
    incomplete: list[tuple[ModelEntry, tuple[str, ...]]] = []
    for entry in catalogue():
        missing = tuple(file.name for file in entry.files if file.sha384 not in found)
        if not missing:
            _copy(entry, found)
            imported.append(entry)
        elif len(missing) < len(entry.files):
            incomplete.append((entry, missing))
    return tuple(imported), tuple(incomplete)


def _copy(entry: ModelEntry, found: dict[str, Path]) -> None:
    with model_folder(entry) as target:
        for file in entry.files:
            final = target / file.name
            if final.is_file() and sha384_of(final) == file.sha384:
                continue
            part = target / f"{file.name}.import"
            with storing(target):
                shutil.copyfile(found[file.sha384], part)
            # What was copied is what counts: the medium may fail, or the file change, meanwhile.
            check_file(part, file)
            publish(part, final)


def _files(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        if resource := exhausted(error, str(folder)):
            raise resource from error
        raise InputError(
            f"cannot look into {error.filename}: {error.strerror}", "check its permissions"
        )

    return sorted(
        path
        for parent, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if (path := Path(parent, name)).is_file()
    )


def _namesake(path: Path) -> ModelFile | None:
    """The official file that this one claims to be.

    In the zoo's layout the folder names the precision, and one that is not in the catalogue is no
    claim. Elsewhere the name alone is the claim.
    """
    candidates = [
        (entry.precision, file)
        for entry in catalogue()
        for file in entry.files
        if file.name == path.name
    ]
    if path.parent.parent.name == path.stem:
        candidates = [pair for pair in candidates if pair[0] == path.parent.name]
    return candidates[0][1] if candidates else None
