"""Attributes as text, always with their confidence."""

from __future__ import annotations

from typing import Any

from reidsearch.domain.attributes import PARTS, THINGS, Attributes
from reidsearch.domain.reports import AttributesReport
from reidsearch.output.visible import count


def wears(attributes: Attributes) -> str:
    """In a few words: `red 0.81 / black 0.66, backpack 0.93`: the upper part first."""
    colours = " / ".join(
        f"{colour} {share:.2f}" for colour, share in (attributes.colour(part) for part in PARTS)
    )
    things = (f"{thing} {confidence:.2f}" for thing, confidence in attributes.present())
    return ", ".join((colours, *things))


def attribute_pairs(attributes: Attributes | None) -> list[tuple[str, str]]:
    """Line by line: each thing and part, its confidence, and how far the crops agree."""
    if attributes is None:
        return []
    crops = count(attributes.crops, "crop")
    lines = []
    for part in PARTS:
        shares = sorted(attributes.colours[part].items(), key=lambda item: -item[1])
        told = ", ".join(f"{colour} {share:.2f}" for colour, share in shares if share >= 0.05)
        lines.append((f"{part} body", _agreed(told, attributes, part, crops)))
    for thing in THINGS:
        told = f"{attributes.things[thing]:.2f}"
        lines.append((thing, _agreed(told, attributes, thing, crops)))
    return lines


def _agreed(told: str, attributes: Attributes, name: str, crops: str) -> str:
    if attributes.crops == 1:
        return f"{told} (1 crop)"
    return f"{told} ({attributes.agreement[name]:.0%} of {crops} agree)"


def annotation_text(report: AttributesReport) -> str:
    """Return what one run of `annotate` did."""
    told = f"Recorded the attributes of {count(report.recorded, 'crop')} with {report.model}"
    if report.failed:
        told += f"; the pictures of {count(len(report.failed), 'crop')} cannot be read"
    return f"{told}."


def annotation_json(report: AttributesReport) -> dict[str, Any]:
    """Return the same as a document; `failed` are crop ids."""
    return {
        "schema": "reidsearch/annotation/1",
        "recorded": report.recorded,
        "failed": list(report.failed),
        "model": report.model,
    }
