"""Examine this machine, this model and this archive. Changes nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Literal

from reidsearch.archive import Archive
from reidsearch.base.address import Address, PostgresAddress
from reidsearch.base.cache import cache_folder
from reidsearch.base.data_folder import data_folder
from reidsearch.base.errors import FieldValue, Kind, ModelError, ReidsearchError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.domain.audit import ENOUGH_PAIRS
from reidsearch.domain.crops import Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.store.database.kinds import holds_archive
from reidsearch.store.database.sqlite import DATABASE
from reidsearch.vision.embedding import Embedder, load_embedder
from reidsearch.vision.embedding.golden import diagnose, own_vectors
from reidsearch.vision.embedding.sense import sense
from reidsearch.vision.models.catalogue import default_entry
from reidsearch.vision.models.custom import find_custom
from reidsearch.vision.models.locate import ModelUnavailable, held_custom, name_of

Status = Literal["ok", "warn", "fail"]

_LIBRARIES = ("openvino", "faiss-cpu", "numpy", "opencv-python-headless", "pillow")
_CODECS = {
    "jpg": "JPEG",
    "zlib": "PNG",
    "webp": "WebP",
    "jpg_2000": "JPEG 2000",
    "libtiff": "TIFF",
    "avif": "AVIF",
}
_NEEDED_CODECS = ("jpg", "zlib")  # crops are stored as JPEG, contact sheets written as PNG
_LITTLE_BYTES = 1_000_000_000
_TOO_LITTLE_BYTES = 100_000_000
# A larger archive is opened, but not read byte by byte: a health check has to end in seconds.
_WHOLE_BYTES = 256_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Args:
        name: what, e.g. `openvino`, `model`, `archive`.
        status: `ok`; `warn`: works, but not everything; `fail`: does not work, or is wrong.
        detail: what was found.
        hint: what to do, where that is the same for every face; empty when ok.
        kind, fields: for the advice of a face, as those of an error.
    """

    name: str
    status: Status
    detail: str
    hint: str = ""
    kind: str | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, error: ReidsearchError, status: Status = "fail") -> Check:
        """Return what an error says of `name`."""
        return cls(name, status, error.message, error.hint, error.kind, error.fields)


def examine(
    archive: Address,
    *,
    model: str | None = None,
    model_path: Sequence[Path] = (),
    runtime: RuntimeSettings = RuntimeSettings(),
    progress: Progress = NO_PROGRESS,
) -> list[Check]:
    """Look at versions, device, model, codecs, disk space and the archive. Never downloads.

    Args:
        archive: where it is; one that does not exist is no fault.
        model: as for `load_embedder`; None takes the archive's model, else the default.
    """
    return [
        *_version_checks(),
        _device_check(runtime),
        _decoding_check(runtime),
        *_model_checks(archive, model, model_path, runtime, progress),
        *_codec_checks(),
        _disk_check("disk of archive", archive if isinstance(archive, Path) else data_folder()),
        _disk_check("disk of cache", cache_folder()),
        *_archive_checks(archive, progress),
    ]


def _version_checks() -> Iterator[Check]:
    from reidsearch.store.database import sqlite

    yield Check("python", "ok", platform.python_version())
    needed = sqlite.MINIMUM_VERSION
    yield _version_check(
        "sqlite", _dotted(sqlite.library_version()), _dotted(needed), "install a newer Python"
    )
    minima = _minima()
    for name in _LIBRARIES:
        minimum = minima.get(name, "0")
        hint = f"{sys.executable} -m pip install '{name}>={minimum}'"
        try:
            yield _version_check(name, metadata.version(name), minimum, hint)
        except metadata.PackageNotFoundError:
            yield Check(name, "fail", "is not installed", hint)


def _version_check(name: str, found: str, minimum: str, hint: str) -> Check:
    if _numbers(found) >= _numbers(minimum):
        return Check(name, "ok", found)
    return Check(name, "fail", f"{found} is too old, {minimum} is needed", hint)


def _minima() -> dict[str, str]:
    """Package -> least version, as reidsearch's own metadata says."""
    required = metadata.requires("reidsearch") or []
    matches = (re.match(r"([\w.-]+)>=([\d.]+)$", line) for line in required)
    return {match[1]: match[2] for match in matches if match}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:3])


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _device_check(runtime: RuntimeSettings) -> Check:
    from reidsearch.vision.models.runtime import device_of, devices

    try:
        device = device_of(runtime.device)
    except ReidsearchError as error:
        return Check.of("device", error)
    there = ", ".join(f"{name} ({called})" for name, called in devices().items())
    return Check("device", "ok", f"{device} of {there}")


def _decoding_check(runtime: RuntimeSettings) -> Check:
    """What decodes footage, and which devices could."""
    from reidsearch.media.video.hardware import decoders, require_decoder

    name = "video decoding"
    try:
        require_decoder(runtime.decoder)
    except ReidsearchError as error:
        return Check.of(name, error)
    there = [f"{kind}: {why_not or 'can be used'}" for kind, why_not in decoders().items()]
    told = "; ".join([runtime.decoder or "by software", *there])
    return Check(name, "ok", told)


def _model_checks(
    archive: Address,
    model: str | None,
    model_path: Sequence[Path],
    runtime: RuntimeSettings,
    progress: Progress,
) -> Iterator[Check]:
    try:
        held = _model_of(archive)
        name = model or (_name_of(held, model_path) if held else None) or default_entry().key
        embedder = load_embedder(
            name, model_path=model_path, offline=True, runtime=runtime, held=held, progress=progress
        )
        found = _golden_check("model", embedder, _own_golden(embedder.identity, model_path))
    except ModelUnavailable as error:
        found = Check.of("model", error, "warn")
    except ReidsearchError as error:
        found = Check.of("model", error)
    yield found
    if found.status == "warn":
        # It shows at least that pre-processing and runtime are right.
        try:
            yield _golden_check("built-in model", load_embedder("builtin", runtime=runtime), None)
        except ReidsearchError as error:
            yield Check.of("built-in model", error)


def _own_golden(identity: ModelIdentity, model_path: Sequence[Path]) -> Vectors | None:
    """Return what a model answered when it was added here; None: it was not.

    Raises:
        ModelError: its record is damaged.
    """
    place = held_custom(identity.digest, model_path)
    held = find_custom(place[1], place[0]) if place else None
    if held is None:
        return None
    try:
        return own_vectors(held.record.get("golden"), identity)
    except ValueError as error:
        raise ModelError(
            f"{held.key}: its golden vectors are damaged",
            "remove it and add it again",
            kind=Kind.CUSTOM_MODEL_DAMAGED,
            model=held.key,
        ) from error


def _golden_check(name: str, embedder: Embedder, own: Vectors | None) -> Check:
    found = diagnose(embedder, own)
    model = embedder.identity.text
    if not found.cosines:
        seen = sense(embedder)
        if seen.fault:
            return Check(name, "fail", f"{model}: {seen.fault}", kind=Kind.MODEL_BLIND)
        return Check(
            name,
            "warn",
            f"{model} runs, but no golden vectors are known for it; on synthetic people: "
            f"{seen.pairs.text}" + (f": {seen.doubt}" if seen.doubt else ""),
            "add it to the models of this machine, which records them",
            Kind.MODEL_WITHOUT_GOLDEN,
        )
    whose = "the genuine model's" if own is None else "its own recorded"
    nearness = f"cosine to {whose} vectors {min(found.cosines):.4f}"
    fault = found.fault
    if fault is None:
        return Check(name, "ok", f"{model}: {nearness}")
    return Check(name, "fail", f"{model}: {nearness}: {fault.cause}", fault.hint, fault.kind)


def _model_of(archive: Address) -> ModelIdentity | None:
    """The archive's model; None when there is none to tell."""
    try:
        with Archive.open(archive) as opened:
            return opened.model
    except ReidsearchError:
        return None  # the archive's own check tells it


def _name_of(held: ModelIdentity, model_path: Sequence[Path]) -> str | None:
    """The archive's model as `load_embedder` takes it; None: a file that has to be named."""
    try:
        return name_of(held, model_path)
    except ModelError:
        return None


def _codec_checks() -> Iterator[Check]:
    from PIL import features

    missing = [code for code in _CODECS if not features.check(code)]
    if not missing:
        yield Check("codecs", "ok", ", ".join(_CODECS.values()))
        return
    yield Check(
        "codecs",
        "fail" if set(missing) & set(_NEEDED_CODECS) else "warn",
        f"Pillow cannot read {', '.join(_CODECS[code] for code in missing)}",
        "install pillow again",
        Kind.CODECS_MISSING,
        {"python": sys.executable},
    )


def _disk_check(name: str, folder: Path) -> Check:
    existing = folder.absolute()
    while not existing.is_dir() and existing != existing.parent:
        existing = existing.parent
    try:
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return Check(name, "fail", f"{existing}: {error.strerror}", "check the folder")
    detail = f"{free / 1e9:.1f} GB free at {existing}"
    if free < _TOO_LITTLE_BYTES:
        return Check(name, "fail", detail, "make room, or choose a folder on another disk")
    if free < _LITTLE_BYTES:
        return Check(name, "warn", detail, "100 000 crops need about 1 GB")
    return Check(name, "ok", detail)


def _open_to_all(folder: Path) -> list[str]:
    """Return names of what others than owner and group can read in an archive's folder."""
    if os.name == "nt" or not folder.stat().st_mode & 0o001:
        return []
    files = folder.glob(f"{DATABASE}*")
    return sorted(path.name for path in files if path.lstat().st_mode & 0o004)


def _separation_check(archive: Archive) -> Iterator[Check]:
    """Whether the archive's scores tell people apart of whom its footage is sure."""
    found = archive.maintenance.separation()
    if found is None:
        return
    if found.doubt:
        yield Check("scores", "warn", found.doubt, "", Kind.MODEL_DOUBTED)
    else:
        few = "" if found.enough else "; too few to judge the model by"
        yield Check("scores", "ok", f"{found.text}{few}")


def _audit_checks(archive: Archive, progress: Progress) -> Iterator[Check]:
    """Whether calibration holds at each camera, and which cameras have changed."""
    found = archive.audit(progress=progress)
    for refused in found.refused:
        yield Check("calibration", "warn", refused.sentence, "", Kind.CALIBRATION_REFUSED)
    if found.thresholds and not found.refused:
        few = [one.camera for one in found.cameras if one.pairs < ENOUGH_PAIRS]
        compared = sum(one.pairs for one in found.cameras)
        told = f"; too few pairs to tell at {', '.join(few)}" if few else ""
        yield Check(
            "calibration",
            "ok",
            f"nothing speaks against it in {compared:,} pairs of people seen at once{told}",
        )
    for change in found.changes:
        yield Check("camera", "warn", change.sentence, "", Kind.CAMERA_CHANGED)


def _archive_checks(folder: Address, progress: Progress) -> Iterator[Check]:
    try:
        missing = isinstance(folder, PostgresAddress) and not holds_archive(folder)
    except ReidsearchError as error:
        yield Check.of("archive", error)
        return
    if missing or (isinstance(folder, Path) and not folder.exists()):
        yield Check("archive", "ok", f"none at {folder} yet")
        return
    if isinstance(folder, Path) and (exposed := _open_to_all(folder)):
        yield Check(
            "archive",
            "warn",
            f"everybody on this machine can read {', '.join(exposed)}, which is personal data",
            f"take the permission away: chmod -R o= {folder}",
        )
    try:
        with Archive.open(folder) as archive:
            yield from _separation_check(archive)
            yield from _audit_checks(archive, progress)
            if archive.show().database_bytes > _WHOLE_BYTES:
                for one in archive.pending():
                    kind, fields = Kind.ARCHIVE_NEEDS_REPAIR, {"archive": str(folder)}
                    yield Check("archive", "warn", one.sentence, "", kind, fields)
                yield Check(
                    "archive",
                    "ok",
                    f"{folder} opens and holds {archive.show().crops} crops, which were not "
                    "verified: it is large",
                    kind=Kind.ARCHIVE_NOT_VERIFIED,
                    fields={"archive": str(folder)},
                )
                return
            findings = archive.check(progress=progress)
    except ReidsearchError as error:
        yield Check.of("archive", error)
        return
    if not findings:
        yield Check("archive", "ok", f"{folder} is whole")
    for finding in findings:
        lost = Check(
            "archive", "fail", finding.message, "restore a backup, or index the sources again"
        )
        yield (
            lost
            if not finding.repairable
            else replace(
                lost,
                hint="repair it",
                kind=Kind.ARCHIVE_NEEDS_REPAIR,
                fields={"archive": str(folder)},
            )
        )
