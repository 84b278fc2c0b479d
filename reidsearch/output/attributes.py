"""Attributes as text, always with their confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reidsearch.domain.attributes import PARTS, THINGS, Attributes
from reidsearch.domain.request import Filters
from reidsearch.output.visible import count

if TYPE_CHECKING:
    from reidsearch.domain.reports import AttributesReport


def wears(attributes: Attributes, filters: Filters = Filters()) -> str:
    """In a few words: `red 0.81 / black 0.66, backpack 0.93`: the upper part first.

    What filters were met by is told too, where it is not the main colour, and how many of several
    crops meet them by themselves: `blue 0.60 (red 0.31 matched, 2 of 5 crops), hat 0.62 (4 of 5)`.
    """
    told = worn_cells(attributes, filters)
    colours = " / ".join(told[part] for part in PARTS)
    return ", ".join(filter(None, (colours, told["things"].replace("; ", ", "))))


def worn_cells(attributes: Attributes, filters: Filters = Filters()) -> dict[str, str]:
    """Return what `wears` says by part of the body, and the things, parted by `; `."""
    things = [
        f"{thing} {confidence:.2f}" + by_themselves(attributes, f"with {thing}")
        for thing, confidence in attributes.present()
    ]
    lacking = [
        f"no {thing} ({attributes.things[thing]:.2f})"
        + by_themselves(attributes, f"without {thing}")
        for thing in filters.without_things
    ]
    return {
        **{part: _colours(attributes, part, filters) for part in PARTS},
        "things": "; ".join([*things, *lacking]),
    }


def _colours(attributes: Attributes, part: str, filters: Filters) -> str:
    main, share = attributes.colour(part)
    met = []
    for text in filters.wearing:
        for where, colours, of in attributes.worn(text):
            if where == part:
                met.append(_met(attributes, text, colours, of if colours != (main,) else None))
    told = ", ".join(filter(None, met))
    return f"{main} {share:.2f}" + (f" ({told})" if told else "")


def _met(attributes: Attributes, text: str, colours: tuple[str, ...], share: float | None) -> str:
    """Return by what a filter was met; empty: by the main colour of the only crop."""
    crops = _crops_matched(attributes, text)
    if share is None and not crops:
        return ""
    told = "+".join(colours) + ("" if share is None else f" {share:.2f} matched")
    return f"{told} in {crops}" if crops else told


def _crops_matched(attributes: Attributes, name: str) -> str:
    """Return how many of several crops meet a filter: `4 of 5 crops`; empty: it has one.

    Args:
        name: of the filter in `Attributes.matched`, or the text of `wearing`.
    """
    number = attributes.matched.get(name, attributes.matched.get(f"wearing {name}"))
    if number is None or attributes.crops == 1:
        return ""
    return f"{number} of {count(attributes.crops, 'crop')}"


def by_themselves(attributes: Attributes, name: str) -> str:
    """Return the same to be put behind a value: ` (4 of 5 crops)`."""
    told = _crops_matched(attributes, name)
    return f" ({told})" if told else ""


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
