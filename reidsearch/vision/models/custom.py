"""Custom models, kept in the cache beside those of the catalogue: quantized here, or added.

Such a model lies at NAME/PRECISION/ below a models folder as the catalogue's do, with `own.json`
beside it: what it was made from or how it was tested, and the checksums of its files. An added one
has its manifest, NAME.toml, beside it too.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reidsearch.base import atomic
from reidsearch.base.errors import Kind, ModelError, Refused, absent
from reidsearch.base.reading import parse_json, read_text
from reidsearch.domain.models import CustomModel
from reidsearch.vision.models.catalogue import digest_of
from reidsearch.vision.models.store import models_folder, publish, sha384_of, storing

RECORD = "own.json"
RECORD_BYTES = 4 << 20  # with golden vectors
SUFFIX, FORMER_SUFFIX = "-custom", "-own"
"""With which the precision of every custom model ends; no precision of the catalogue does."""


def is_custom(model: str) -> bool:
    """Tell whether `NAME/PRECISION` is the name of a custom model."""
    return model.count("/") == 1 and model.endswith((SUFFIX, FORMER_SUFFIX))


def find_custom(key: str, folder: Path) -> CustomModel | None:
    """The model `NAME/PRECISION` below a models folder, its files verified; None: it is not there.

    Raises:
        ModelError: it is damaged or incomplete.
    """
    place = folder / key / RECORD
    if not place.is_file():
        return None
    try:
        record = parse_json(read_text(place, RECORD_BYTES))
        name, precision, sha384s = record["name"], record["precision"], dict(record["sha384"])
        manifest = record.get("manifest_sha384")
    except (Refused, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(f"{place} is damaged", key) from error
    model = next((file for file in sorted(sha384s) if file == f"{name}.onnx"), f"{name}.xml")
    files = {model} if model.endswith(".onnx") else {model, f"{name}.bin"}
    if f"{name}/{precision}" != key or set(sha384s) != files:
        raise _damaged(f"{place} is of another model than the name of its folder", key)
    recorded = sha384s if manifest is None else sha384s | {f"{name}.toml": manifest}
    for file, expected in recorded.items():
        if sha384_of(place.parent / file) != expected:
            raise _damaged(
                f"{place.parent / file} differs from what {RECORD} beside it records", key
            )
    return CustomModel(name, precision, digest_of(sha384s), place.parent / model, record)


def custom_by_digest(digest: str, folder: Path) -> str | None:
    """The custom model below a models folder that has this digest, as NAME/PRECISION.

    By its record alone: whoever then names it has its files verified.
    """
    for key in custom_models(folder):
        try:
            record = parse_json(read_text(folder / key / RECORD, RECORD_BYTES))
            recorded = digest_of(dict(record["sha384"]))
        except (Refused, ValueError, KeyError, TypeError):
            continue
        if recorded == digest:
            return key
    return None


def remove_custom(key: str) -> Path:
    """Remove a custom model from the cache, whole or damaged. Returns where it lay.

    The record goes first, so that half a model is none.

    Raises:
        ModelError: there is no such custom model in the cache.
        StorageError: the cache cannot be written.
    """
    target = models_folder() / key
    if key not in custom_models(models_folder()):
        raise ModelError(
            f"there is no custom model {key} in {models_folder()}",
            "only quantized and added models are removed",
            kind=Kind.CUSTOM_MODEL_UNKNOWN,
        )
    name = key.partition("/")[0]
    with storing(target):
        for file in (RECORD, *(f"{name}.{end}" for end in ("toml", "onnx", "xml", "bin"))):
            (target / file).unlink(missing_ok=True)
        for folder in (target, target.parent):
            with contextlib.suppress(OSError):  # something else lies there, and stays
                folder.rmdir()
    return target


def _damaged(message: str, key: str) -> ModelError:
    return ModelError(
        message,
        "remove it and make or add it again",
        kind=Kind.CUSTOM_MODEL_DAMAGED,
        model=key,
    )


def custom_models(folder: Path) -> list[str]:
    """Return `NAME/PRECISION` of every custom model below a models folder, whole or not."""
    found = [path for end in (SUFFIX, FORMER_SUFFIX) for path in folder.glob(f"*/*{end}/{RECORD}")]
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in found)


def make_custom(
    name: str,
    precision: str,
    save: Callable[[Path], None],
    record: Mapping[str, Any],
    publishing: Callable[[], object] = lambda: None,
) -> CustomModel:
    """Put a model into the cache; the record comes last, so that half a model is none.

    Args:
        save: writes NAME.xml and NAME.bin, or NAME.onnx, into the folder that it is given, and
            NAME.toml if the model has a manifest.
        publishing: is called when nothing speaks against it any more, before it is there.

    Raises:
        ModelError: another model has this name: an archive may hold its embeddings.
        StorageError: the cache cannot be written.
    """
    key = f"{name}/{precision}"
    target = models_folder() / key
    with storing(target), atomic.scratch_folder(target) as making:
        save(making)
        files = {path.name: sha384_of(path) for path in sorted(making.iterdir())}
        manifest = files.pop(f"{name}.toml", None)
        whole = {"name": name, "precision": precision, "sha384": files} | dict(record)
        if manifest is not None:
            whole["manifest_sha384"] = manifest
        held = find_custom(key, models_folder())
        if held is not None and (
            held.digest != digest_of(files) or held.record.get("manifest_sha384") != manifest
        ):
            raise ModelError(
                f"there is another {key} already, and archives may hold its embeddings",
                f"give another name, or remove {target}",
                kind=Kind.MODEL_NAME_TAKEN,
                folder=target,
                model=key,
            )
        publishing()
        target.mkdir(exist_ok=True)
        for path in sorted(making.iterdir()):
            publish(path, target / path.name)
        written = making / RECORD
        written.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
        publish(written, target / RECORD)
    made = find_custom(key, models_folder())
    if made is None:
        raise absent("the model that was made")
    return made
