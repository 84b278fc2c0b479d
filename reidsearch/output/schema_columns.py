"""Columns of a CSV by a document's published schema, for when no row says them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

SCHEMAS = files("reidsearch.output") / "schemas"


def schema_columns(schema: str, rows: str) -> list[str]:
    """Return the columns of the rows of a document; members of members as `outer.inner`.

    Args:
        schema: such as `reidsearch/failures/1`.
        rows: the member that lists the document's items.
    """
    _, name, version = schema.split("/")
    published = json.loads((SCHEMAS / f"{name}-{version}.json").read_text("utf-8"))
    items = published["properties"][rows]["items"]
    return list(_columns(items, published.get("$defs", {}), ""))


def _columns(part: Mapping[str, Any], known: Mapping[str, Any], name: str) -> Iterator[str]:
    if "$ref" in part:
        part = known[part["$ref"].rpartition("/")[2]]
    choices = [one for one in part.get("anyOf", part.get("oneOf", ())) if one != {"type": "null"}]
    if len(choices) == 1:  # an object that may be null
        yield from _columns(choices[0], known, name)
    elif "properties" in part:
        for inner, value in part["properties"].items():
            yield from _columns(value, known, f"{name}.{inner}" if name else inner)
    elif name:
        yield name
