"""Custom models in words and as documents: what was added, and what `models show` tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reidsearch.domain.models import CustomModel
from reidsearch.domain.separation import Separation
from reidsearch.output.reports_json import separation_json
from reidsearch.output.visible import visible


def custom_model_json(
    model: CustomModel,
    manifest: Mapping[str, Any] | None,
    archive: Separation | None = None,
    doubts: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a custom model as a document.

    Args:
        manifest: as `Manifest.document` gives it; None: it has none.
        archive: how it tells the people of an archive apart.
    """
    return {
        "schema": "reidsearch/custom-model/1",
        "key": model.key,
        "name": model.name,
        "precision": model.precision,
        "role": manifest["role"] if manifest else "re-id",
        "folder": str(model.xml.parent),
        "digest": model.digest,
        "manifest": manifest,
        "synthetic": separation_json(_synthetic(model)),
        "separation": separation_json(archive),
        "golden": "golden" in model.record,
        "doubts": list(doubts),
    }


def custom_model_text(
    model: CustomModel,
    manifest: Mapping[str, Any] | None,
    archive: Separation | None = None,
    doubts: Sequence[str] = (),
) -> str:
    """Return a custom model in lines; the arguments are those of `custom_model_json`."""
    pairs = [("role", manifest["role"] if manifest else "re-id"), ("folder", str(model.xml.parent))]
    if manifest is not None:
        taken, output = manifest["input"], manifest["output"]
        mean, scale = (_three(taken[each]) for each in ("mean", "scale"))
        size = f"{taken['width_px']} x {taken['height_px']} px"
        pairs += [
            ("input", f"{size}, {taken['colour']}, mean {mean}, scale {scale}"),
            ("resize", f"{taken['resize']}, {taken['interpolation']}"),
            ("output", _output_text(output)),
            ("licence", manifest["licence"]),
            ("source", manifest["source"]),
        ]
        if output["person_label"] is not None:
            pairs.append(("people", f"label {output['person_label']}"))
    pairs.append(("digest", model.digest))
    if synthetic := _synthetic(model):
        pairs.append(("synthetic", synthetic.text))
    if archive is not None:
        pairs.append(("archive", archive.text))
    lines = [visible(model.key), *(f"  {label:<10} {visible(text)}" for label, text in pairs)]
    return "\n".join([*lines, *(f"Doubtful model: {visible(doubt)}." for doubt in doubts)])


def _synthetic(model: CustomModel) -> Separation | None:
    found = model.record.get("sense")
    try:
        return Separation(**found["pairs"]) if found else None
    except (TypeError, KeyError, AttributeError):
        return None  # of a record from elsewhere


def _output_text(output: Mapping[str, Any]) -> str:
    told: str = output["meaning"]
    if output["dimension"]:
        told += f", {output['dimension']} numbers"
    return f"{told}, {' and '.join(output['names'])}" if output["names"] else told


def _three(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
