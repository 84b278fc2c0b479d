"""The user's cache folder: where it is, what a file there must be, how one gets there safely."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reidsearch.base import atomic
from reidsearch.base.cache import cache_folder
from reidsearch.base.errors import Kind, ModelError, StorageError
from reidsearch.base.foreign_errors import exhausted
from reidsearch.vision.models.catalogue import ModelEntry, ModelFile

# Between two parts Python's lock is taken, for which a thread waits up to 5 ms while others import.
_PART_BYTES = 1 << 24


def models_folder() -> Path:
    """Where `install` and `import` put models, as `NAME/PRECISION/NAME.{xml,bin}`."""
    return cache_folder() / "models"


def sha384_of(path: Path) -> str:
    """SHA-384 of a file's bytes, hexadecimal.

    Raises:
        ModelError: the file cannot be read.
    """
    try:
        found = hashlib.sha384()
        with path.open("rb") as source:
            while part := source.read(_PART_BYTES):
                found.update(part)
        return found.hexdigest()
    except OSError as error:
        if resource := exhausted(error, str(path)):
            raise resource from error
        raise ModelError(
            f"cannot read {path}: {error.strerror}", "check that the file is there and readable"
        ) from error


def check_file(path: Path, expected: ModelFile) -> None:
    """Refuse a file that is not, byte for byte, the catalogue's.

    Raises:
        ModelError: it differs (both checksums are shown) or cannot be read.
    """
    found = sha384_of(path)
    if found != expected.sha384:
        raise differs(path, expected, found)


def differs(path: Path, expected: ModelFile, found_sha384: str) -> ModelError:
    """The error for a file that carries a catalogue name but other bytes."""
    return ModelError(
        f"{path} is not the official {expected.name}\n"
        f"    expected {expected.size_bytes} bytes, SHA-384 {expected.sha384}\n"
        f"    found    {path.stat().st_size} bytes, SHA-384 {found_sha384}",
        "remove it, download it again, or use it as a custom model by its file",
        kind=Kind.MODEL_ALTERED,
        model=Path(expected.name).stem,
        file=path.with_suffix(".xml"),
    )


@contextmanager
def storing(folder: Path) -> Iterator[None]:
    """Turn the system's refusals to write below `folder` into a `StorageError` with a way out."""
    try:
        yield
    except OSError as error:
        if resource := exhausted(error, str(folder)):
            raise resource from error
        raise StorageError(
            f"cannot write to {folder}: {error.strerror or error}",
            "make room or give write permission, or set REIDSEARCH_CACHE to another folder",
        ) from error


@contextmanager
def model_folder(entry: ModelEntry) -> Iterator[Path]:
    """The entry's folder in the cache, made if absent and held against other processes.

    A second process waits here, and then finds the work done.
    """
    import filelock

    folder = models_folder() / entry.name / entry.precision
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / ".lock")
        lock.acquire()
    try:
        yield folder
    finally:
        lock.release()


def publish(part: Path, final: Path) -> None:
    """Give a complete, verified file its name, so that it survives a power cut or is not there."""
    with storing(final.parent):
        atomic.publish(part, final)
