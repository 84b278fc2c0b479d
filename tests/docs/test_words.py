"""Words that the glossary retires do not come back in what users read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

from reidsearch.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (.+?) \| (.+?) \| text \|$", re.M)


def retired() -> dict[str, str]:
    """Old word -> new word, of the glossary's rows about text."""
    page = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    return dict(ROW.findall(page.split("## Words no longer used")[1].replace("`", "")))


def old_words(text: str) -> list[str]:
    """The retired words in a text."""
    found = []
    for word in retired():
        before = "" if word.startswith("-") else r"(?<![\w-])"
        if re.search(rf"{before}{re.escape(word)}(?![\w-])", text, re.I):
            found.append(word)
    return found


def help_texts(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """(where, text) of a command's help and of its options', and of all below it."""
    yield name, command.help or ""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield f"{name} {parameter.opts[-1]}", f"{' '.join(parameter.opts)} {parameter.help}"
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


def test_messages_use_no_retired_word() -> None:
    wrong = {}
    for path in sorted((ROOT / "reidsearch").rglob("*.py")):
        if path.name != "renamed.py":
            wrong |= {where: old for where, text in messages(path) if (old := old_words(text))}
    assert wrong == {}
