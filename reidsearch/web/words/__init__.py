"""Every text of the pages, by name, in one catalogue a language: `en.toml`.

To translate, copy the file, translate the values, and set `LANGUAGE`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGE = "en"


@cache
def catalogue() -> Mapping[str, Any]:
    """Return all texts, as the file nests them."""
    text = files(__package__).joinpath(f"{LANGUAGE}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def word(name: str, /, **values: Any) -> str:
    """Return one text, with values in it.

    A text of two forms, `one` and `other`, takes the one for the value `n`.

    Raises:
        KeyError: the catalogue has no such text.

    Example:
        >>> word("count.tracklets", n=2)
        '2 tracklets'
    """
    found: Any = catalogue()
    for part in name.split("."):
        found = found[part]
    if isinstance(found, Mapping):
        found = found["one" if values["n"] == 1 else "other"]
    shown = {
        key: f"{value:,}" if isinstance(value, int) else value for key, value in values.items()
    }
    return str(found).format_map(shown)


def advice(kind: str, fields: Mapping[str, Any]) -> str:
    """Return what to do about an error of a kind on a page; empty where nothing is known."""
    told = catalogue()["advice"].get(kind, "")
    try:
        return str(told).format_map(fields)
    except KeyError:  # an error of this kind that lacks a field
        return ""
