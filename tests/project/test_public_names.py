"""What `reidsearch` exports: documented, with an example each, and loaded only when it is used."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import reidsearch
from reidsearch.base import errors

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "python.md"
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| `(.+)` \|$", PAGE.read_text("utf-8"), re.M)
FACADE = [
    (name, member)
    for name, member in inspect.getmembers(reidsearch.Archive)
    if not name.startswith("_") and (inspect.isroutine(member) or hasattr(member, "__doc__"))
]


def test_the_page_names_what_is_exported() -> None:
    named = [name for name, _, _ in ROWS]
    assert sorted(named) == sorted(set(reidsearch.__all__) - {"__version__"})


@pytest.mark.parametrize(("name", "example"), [(name, example) for name, _, example in ROWS])
def test_an_example_is_python_that_uses_the_name(name: str, example: str) -> None:
    used = {node.id for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Name)}
    assert name in used


def test_examples_without_an_archive_run() -> None:
    from datetime import UTC, datetime, time

    known = {name: getattr(reidsearch, name) for name in reidsearch.__all__}
    known |= {"UTC": UTC, "datetime": datetime, "time": time, "Path": Path}
    ran = 0
    for _, _, example in ROWS:
        names = {node.id for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Name)}
        files = names & {"read_frame", "migrate", "restore", "Archive", "query_input", "FollowPlan"}
        if names <= known.keys() and not files:
            exec(example, dict(known))
            ran += 1
    assert ran > 15


def test_every_error_is_exported() -> None:
    kinds = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.ReidsearchError)
    }
    assert kinds <= set(reidsearch.__all__)


@pytest.mark.parametrize(("name", "member"), FACADE)
def test_every_member_of_the_facade_says_how_it_is_used(name: str, member: object) -> None:
    told = inspect.getdoc(member) or ""
    used = rf"\b{name}(\(| =|\.)|Example:"
    assert re.search(used, told) or name == "model"


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"numpy", "faiss", "openvino", "cv2", "sqlalchemy"}
    check = f"import sys, reidsearch; print(*{heavy} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_a_name_that_is_not_exported_is_none() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        reidsearch.Nothing  # noqa: B018
