"""Words that the glossary retires do not come back in what users read."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

from reidsearch.cli.main import cli
from reidsearch.output.answer_csv import MATCH_COLUMNS, STATEMENT_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (text|JSON) \|$", re.M)
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
SCHEMAS = sorted((ROOT / "reidsearch" / "output" / "schemas").glob("*.json"))


@cache
def retired(where: str = "text") -> dict[str, str]:
    """Old word -> new word, of the glossary's rows about text or JSON."""
    page = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = ROW.findall(page.split("## Words no longer used")[1].replace("`", ""))
    return {old: new for old, new, place in rows if place == where}


def matching(*words: str) -> re.Pattern[str]:
    """What finds any of some words that stands alone."""
    each = [("" if word.startswith("-") else r"(?<![\w-])") + re.escape(word) for word in words]
    return re.compile(rf"(?:{'|'.join(each)})(?![\w-])", re.I)


@cache
def patterns() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """What finds any retired word, which most texts have none of, and what finds each."""
    return matching(*retired()), {word: matching(word) for word in retired()}


def old_words(text: str) -> list[str]:
    """The retired words in a text."""
    any_of_them, each = patterns()
    if any_of_them.search(text) is None:
        return []
    return [word for word, pattern in each.items() if pattern.search(text)]


def help_texts(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """(where, text) of a command's help and of its options', and of all below it."""
    yield name, command.help or ""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield f"{name} {parameter.opts[-1]}", f"{' '.join(parameter.opts)} {parameter.help}"
    for further, one in getattr(command, "more", {}).items():
        yield from help_texts(one, f"{name} {further}")
    if isinstance(command, click.Group):
        for child in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), child)
            assert found is not None
            yield from help_texts(found, f"{name} {child}")


def messages(path: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of the strings of a module with a space in them, docstrings excepted."""
    tree = ast.parse(path.read_text("utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (" " in node.value and id(node) not in alone)
        ):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def names_in(schema: Any) -> Iterator[str]:
    """The names and fixed values that documents of a schema may have."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (str(value) for value in schema.get("enum", []))
        for value in schema.values():
            yield from names_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from names_in(value)


def texts_in(schema: Any) -> Iterator[str]:
    """The titles and descriptions of a schema."""
    if isinstance(schema, dict):
        yield from (
            text for key in ("title", "description") if isinstance(text := schema.get(key), str)
        )
        for value in schema.values():
            yield from texts_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from texts_in(value)


def old_names(name: str) -> list[str]:
    """The retired words among the words of a name such as `left_out`."""
    words = set(re.split(r"[_-]", name))
    return [old for old in (*retired(), *retired("JSON")) if old in words]


def test_the_glossary_retires_words() -> None:
    assert retired()["drawn people"] == "synthetic people"
    assert old_words("two looks a second; never offered") == [
        "looks",
        "looks a second",
        "never offered",
    ]
    assert old_words("it is folded and proven, looking on") == []


def test_help_uses_no_retired_word() -> None:
    wrong = {
        where: old for where, text in help_texts(cli, "reidsearch") if (old := old_words(text))
    }
    assert wrong == {}


@pytest.mark.full
def test_messages_use_no_retired_word() -> None:
    wrong = {}
    for path in sorted((ROOT / "reidsearch").rglob("*.py")):
        if path.name != "renamed.py":
            wrong |= {where: old for where, text in messages(path) if (old := old_words(text))}
    assert wrong == {}


def test_names_of_json_are_split_into_words() -> None:
    assert old_names("crops_held") == ["held"]
    assert old_names("given") == ["given"]
    assert old_names("withheld") == []
    assert {"seconds", "how", "gated"} <= set(
        names_in({"properties": {"seconds": {"items": [{"enum": ["gated"]}]}, "how": {}}})
    )


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_documents_use_no_retired_word(path: Path) -> None:
    schema = json.loads(path.read_text("utf-8"))
    assert {name: old for name in names_in(schema) if (old := old_names(name))} == {}
    assert {text: old for text in texts_in(schema) if (old := old_words(text))} == {}


def test_csv_columns_use_no_retired_word() -> None:
    columns = (*MATCH_COLUMNS, *STATEMENT_COLUMNS)
    assert {name: old for name in columns if (old := old_names(name))} == {}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_use_no_retired_word(path: Path) -> None:
    if path.name == "glossary.md":
        pytest.skip("it names them")
    lines = path.read_text("utf-8").splitlines()
    wrong = {number: old for number, line in enumerate(lines, 1) if (old := old_words(line))}
    assert wrong == {}
