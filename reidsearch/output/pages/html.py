"""The content of a page as HTML that stands alone: no script, no request to another place.

Its own content security policy allows one style, the one inside, and pictures and clips of the page
itself; a browser then refuses whatever a hostile name might have smuggled in.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidsearch.output.imprint import Imprint
from reidsearch.output.shown import Card, Rows, Shown
from reidsearch.output.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
_LTR, _RTL = frozenset({"L", "EN", "AN"}), frozenset({"R", "AL"})
_UNIT = re.compile(r"(?<=\d) (?=(?:s|px)\b|%)")  # a number and its unit stay together
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{style}'"


@dataclass(frozen=True, slots=True)
class ClipShown:
    """A clip of a page: its address, and what it shows in a few words."""

    src: str
    told: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a page finds its pictures and clips.

    Args:
        crops: crop id -> address; those left out have no picture.
        queries: one for each query picture; empty: it has none.
        clips: crop id -> its clip.
        inside: pictures are inside the page (`data:`), and there are no clips.
        listed_in: the file of digests beside the page; empty: there is none.
        blind: pictures are named by their card's heading, since the number of a crop says too much.
    """

    crops: Mapping[int, str]
    queries: Sequence[str]
    clips: Mapping[int, ClipShown]
    inside: bool
    listed_in: str = ""
    blind: bool = False


def page_html(
    shown: Shown,
    imprint: Imprint,
    addresses: Addresses,
    *,
    missing: Sequence[str],
    evidence: Sequence[Rows],
) -> bytes:
    """Lay out a page.

    Args:
        missing: what is not here, beside `shown.missing`.
        evidence: tables of files, sources and digests, at the end.
    """
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    page = _template().render(
        shown=shown,
        imprint=imprint,
        metadata=list(imprint.fields(shown.title).items()),
        policy=policy(style, inside=addresses.inside),
        style=style,
        queries=[
            {"name": query.name, "src": src}
            for query, src in zip(shown.queries_on_page, addresses.queries, strict=True)
        ],
        groups=[
            {
                "heading": group.heading,
                "notes": group.notes,
                "cards": [_card(card, addresses) for card in group.cards],
            }
            for group in shown.groups
        ],
        missing=[*shown.missing, *missing],
        evidence=evidence,
        listed_in=addresses.listed_in,
    )
    return page.encode()


def policy(style: str, *, inside: bool) -> str:
    """Return the content security policy of a page with this style.

    Beside `'self'` a folder needs `file:`: browsers do not agree whether files beside a page that
    was opened from the disk are the page's own.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rest = "img-src data:" if inside else "img-src 'self' file:; media-src 'self' file:"
    return f"{_POLICY.format(style=digest)}; {rest}"


def data_address(jpeg: bytes) -> str:
    """Return the address of a picture that is inside the page."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _card(card: Card, addresses: Addresses) -> dict[str, Any]:
    return {
        "heading": card.heading,
        "figure": card.figure,
        "emphasis": card.emphasis,
        "fields": [field for field in card.fields if field.text],
        "shots": [
            {
                "name": f"item {card.heading}" if addresses.blind else f"crop {crop_id}",
                "src": addresses.crops.get(crop_id, ""),
            }
            for crop_id in card.crop_ids
        ],
        "clip": next(
            (addresses.clips[one] for one in card.crop_ids if one in addresses.clips), None
        ),
    }


@cache
def _template() -> Template:
    environment = templates_in(TEMPLATES)
    environment.filters["said"] = said
    environment.filters["plain"] = visible
    return environment.get_template("page.html")


def templates_in(folder: Path) -> Environment:
    """Return the templates of a folder: they escape always, and a missing value is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def said(text: str) -> Markup:
    """Return a text escaped, with runs of writing from right to left isolated from the rest.

    Without that, `camera <Hebrew>; 12 crops` would be shown with its number on the wrong side.
    """
    from markupsafe import Markup, escape

    safe = _UNIT.sub("\u00a0", visible(text))
    if safe.isascii():
        return escape(safe)
    parts = [
        Markup("<bdi>{}</bdi>").format(part) if rtl else escape(part)
        for rtl, part in _directions(safe)
    ]
    return Markup("").join(parts)


def _directions(text: str) -> list[tuple[bool, str]]:
    """Cut a text into runs; True: from right to left, from its first to its last such letter."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    marks = "".join("r" if kind in _RTL else "l" if kind in _LTR else "-" for kind in kinds)
    rtl = [False] * len(text)
    for run in re.finditer(r"r(?:[r-]*r)?", marks):
        rtl[run.start() : run.end()] = [True] * (run.end() - run.start())
    return [
        (is_rtl, "".join(char for _, char in part))
        for is_rtl, part in groupby(zip(rtl, text, strict=True), key=lambda one: one[0])
    ]
