"""Every JSON document has a published schema; the command line is held to it in `archives.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from json_schemas import FOLDER, validator
from jsonschema import ValidationError

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = sorted(path.name for path in FOLDER.iterdir() if path.name.endswith(".json"))


@pytest.mark.full
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_schema_is_valid_strict_and_names_itself(name: str) -> None:
    schema = json.loads((FOLDER / name).read_text("utf-8"))
    kind, number = name.removesuffix(".json").rsplit("-", 1)
    assert schema["$id"] == f"urn:reidsearch:{kind}:{number}"
    assert schema["properties"]["schema"]["const"] == f"reidsearch/{kind}/{number}"
    assert schema["additionalProperties"] is False
    with pytest.raises(ValidationError):
        validator(f"reidsearch/{kind}/{number}").validate({"schema": f"reidsearch/{kind}/0"})


def test_documents_and_schemas_are_the_same() -> None:
    named = set()
    rooms = ("cli", "output", "domain")
    for path in (path for room in rooms for path in (ROOT / "reidsearch" / room).rglob("*.py")):
        named |= set(re.findall(r'"reidsearch/([a-z-]+/\d+)"', path.read_text("utf-8")))
    assert named == {
        name.removesuffix(".json")[::-1].replace("-", "/", 1)[::-1] for name in PUBLISHED
    }
