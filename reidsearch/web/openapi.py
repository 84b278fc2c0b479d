"""The OpenAPI document, made from the declared endpoints and the schemas of documents."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import msgspec

from reidsearch.base.version import __version__
from reidsearch.web.chosen import CASE_HEADER, REASON_HEADER
from reidsearch.web.declared import Endpoint, Nothing
from reidsearch.web.person import Role
from reidsearch.web.problems import MEDIA

BASE = "/api/v1"
_PART = re.compile(r"\{(\w+)(?::(\w+))?\}")
_TYPES = {"int": "integer", "float": "number"}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all endpoints."""
    taken = [one.takes for one in endpoints]
    made, schemas = msgspec.json.schema_components(
        taken, ref_template="#/components/schemas/{name}"
    )
    names = [one["$ref"].rpartition("/")[2] for one in made]
    schemas |= {_name(one.document): _stored(one.document) for one in endpoints if one.document}
    paths: dict[str, dict[str, Any]] = {}
    for one, takes in zip(endpoints, names, strict=True):
        path = BASE + _PART.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, takes, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "reidsearch",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas | {"Problem": PROBLEM}},
    }


PROBLEM: dict[str, Any] = {
    "description": "What went wrong, as RFC 9457 has it.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "kind", "fields", "advice"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "kind": {"type": "string", "description": "Stable name of the situation."},
        "fields": {"type": "object"},
        "advice": {"type": "string", "description": "What to do now; may be empty."},
    },
}


FOR_CASE = [
    {
        "name": name,
        "in": "header",
        "required": False,
        "description": f"{told} UTF-8; % begins an encoded byte.",
        "schema": {"type": "string"},
    }
    for name, told in (
        (
            CASE_HEADER,
            "Number of the case that this is done for; empty: none; default: that of the session.",
        ),
        (REASON_HEADER, "Why, for the case: witness, or witness: saw the car."),
    )
]


def _operation(one: Endpoint, takes: str, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": _TYPES.get(kind, "string")},
        }
        for name, kind in _PART.findall(one.path)
    ]
    told: dict[str, Any] = {
        "summary": one.summary,
        "x-role": one.role.name.lower() if one.role is not Role.ANYBODY else None,
    }
    if one.takes is not Nothing and one.method == "GET":
        given = schemas[takes]
        needed = given.get("required", [])
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": name in needed,
                "description": schema.get("description", ""),
                "schema": schema,
            }
            for name, schema in given["properties"].items()
        ]
    elif one.takes is not Nothing:
        reference = {"$ref": f"#/components/schemas/{takes}"}
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": reference}},
        }
    parameters += FOR_CASE if one.for_case else []
    if one.body is not None:
        binary = {"type": "string", "contentEncoding": "binary"}
        told["requestBody"] = {"required": True, "content": {one.body: {"schema": binary}}}
    content: dict[str, Any] = {one.media: {}}
    if one.document:
        content = {one.media: {"schema": {"$ref": f"#/components/schemas/{_name(one.document)}"}}}
    problem = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return told | {
        "parameters": parameters,
        "responses": {
            str(one.status): {"description": "Success", "content": content},
            "default": {"description": "A problem", "content": problem},
        },
    }


def _name(document: str | None) -> str:
    return f"document.{document}"


def _stored(document: str | None) -> Any:
    text = files("reidsearch.output").joinpath("schemas", f"{document}.json").read_text("utf-8")
    return json.loads(text)
