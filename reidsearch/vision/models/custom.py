"""Models that this program made from catalogue models, kept in the cache beside them.

Such a model lies at NAME/PRECISION/ below a models folder as the catalogue's do, with `own.json`
beside it: what it was made from, on which crops, how it compares, and the checksums of its files.
"""

from __future__ import annotations

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
        record = parse_json(read_text(place))
        name, precision, sha384s = record["name"], record["precision"], dict(record["sha384"])
    except (Refused, ValueError, KeyError, TypeError) as error:
        raise _damaged(f"{place} is damaged") from error
    for file, expected in sha384s.items():
        if sha384_of(place.parent / file) != expected:
            raise ModelError(
                f"{place.parent / file} differs from what {RECORD} beside it records",
                kind=Kind.CUSTOM_MODEL_DAMAGED,
            )
    if f"{name}/{precision}" != key or set(sha384s) != {f"{name}.xml", f"{name}.bin"}:
        raise ModelError(
            f"{place} is of another model than the name of its folder",
            kind=Kind.CUSTOM_MODEL_DAMAGED,
        )
    return CustomModel(name, precision, digest_of(sha384s), place.parent / f"{name}.xml", record)


def _damaged(message: str) -> ModelError:
    return ModelError(
        message, "remove its folder and make it again", kind=Kind.CUSTOM_MODEL_DAMAGED
    )


def custom_models(folder: Path) -> list[str]:
    """Return `NAME/PRECISION` of every custom model below a models folder, whole or not."""
    found = [path for end in (SUFFIX, FORMER_SUFFIX) for path in folder.glob(f"*/*{end}/{RECORD}")]
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in found)


def make_custom(
    name: str, precision: str, save: Callable[[Path], None], record: Mapping[str, Any]
) -> CustomModel:
    """Put a model into the cache; the record comes last, so that half a model is none.

    Args:
        save: writes NAME.xml and NAME.bin into the folder that it is given.

    Raises:
        ModelError: another model has this name: an archive may hold its embeddings.
        StorageError: the cache cannot be written.
    """
    key = f"{name}/{precision}"
    target = models_folder() / key
    with storing(target), atomic.scratch_folder(target) as making:
        save(making)
        files = {file: sha384_of(making / file) for file in (f"{name}.bin", f"{name}.xml")}
        held = find_custom(key, models_folder())
        if held is not None and held.digest != digest_of(files):
            raise ModelError(
                f"there is another {key} already, and archives may hold its embeddings",
                f"give another name, or remove {target}",
                kind=Kind.MODEL_NAME_TAKEN,
                folder=target,
            )
        target.mkdir(exist_ok=True)
        for file in files:
            publish(making / file, target / file)
        whole = {"name": name, "precision": precision, "sha384": files} | dict(record)
        written = making / RECORD
        written.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
        publish(written, target / RECORD)
    made = find_custom(key, models_folder())
    if made is None:
        raise absent("the model that was made")
    return made
