"""The published JSON schemas, and a check of what a command printed against them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = files("reidsearch.output") / "schemas"


@cache
def validator(schema: str) -> Draft202012Validator:
    """The validator for a document whose `schema` is, say, `reidsearch/answer/3`."""
    _, name, number = schema.split("/")
    published = json.loads((FOLDER / f"{name}-{number}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(published)
    return Draft202012Validator(published, format_checker=Draft202012Validator.FORMAT_CHECKER)


def require_valid(document: dict[str, Any]) -> None:
    """Raise where a document is not what its schema says, or names none.

    Raises:
        ValidationError: naming the place.
    """
    validator(document["schema"]).validate(document)
