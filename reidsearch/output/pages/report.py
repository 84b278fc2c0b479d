"""What is said of a page that was written."""

from __future__ import annotations

from typing import Any

from reidsearch.output.pages.evidence import SUMS
from reidsearch.output.pages.write import PageMade
from reidsearch.output.visible import count, size, visible

LISTED_AT_MOST = 12


def made_text(made: PageMade, place: str) -> str:
    """Return where it is, what it has, what is missing, and the digest that seals it."""
    has = count(made.pictures, "picture") + (f", {count(made.clips, 'clip')}" if made.clips else "")
    sealed = f"SHA-256 of its {SUMS}" if made.folder else "SHA-256"
    lines = [
        f"{visible(place)}: {has}, {size(made.size_bytes)}",
        f"{sealed}: {made.sha256}",
        *(f"missing: {visible(line)}" for line in made.missing[:LISTED_AT_MOST]),
    ]
    if len(made.missing) > LISTED_AT_MOST:
        lines.append(f"missing: {len(made.missing) - LISTED_AT_MOST:,} more, told in the page")
    return "\n".join(lines)


def made_json(made: PageMade, place: str) -> dict[str, Any]:
    """Return the same as a document."""
    return {
        "schema": "reidsearch/page-export/1",
        "location": place,
        "sha256": made.sha256,
        "bytes": made.size_bytes,
        "pictures": made.pictures,
        "clips": made.clips,
        "missing": list(made.missing),
    }
