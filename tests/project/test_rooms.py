"""What holds the rooms of the package apart, beside the contracts of import-linter.

No string below the faces names a command or an option: errors carry kinds and fields, and the
face translates them. The package stays small at the top, and every room says what it is for.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import string
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from reidsearch.base.errors import Kind
from reidsearch.cli.commands import COMMANDS
from reidsearch.cli.main import cli
from reidsearch.output.hints import HINTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "reidsearch"
ROOMS = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
FACES = ("cli/", "output/")

OPTION = re.compile(r"(?<![\w-])--[a-z]|(?<!\S)-a\b")
COMMAND = re.compile(rf"\breidsearch ({'|'.join(COMMANDS)})\b")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """`docs/generate.py`, which reads from the source what is raised where."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.full
def test_no_string_below_the_faces_names_a_command_or_an_option() -> None:
    """Docstrings count too: they are what a library user reads."""
    assert [
        f"{name}:{node.lineno}: {node.value}"
        for name, path in MODULES.items()
        if not name.startswith(FACES)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (OPTION.search(node.value) or COMMAND.search(node.value))
    ] == []


@pytest.mark.full
def test_nothing_is_guarded_by_an_assert() -> None:
    """`python -O` leaves them out; `base.errors.absent` is raised instead."""
    assert [
        f"{name}:{node.lineno}"
        for name, path in MODULES.items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Assert)
    ] == []


@pytest.mark.full
def test_every_kind_is_used_and_every_hint_is_of_a_kind_that_is_raised(
    generate: ModuleType,
) -> None:
    used = {
        kind
        for name, path in MODULES.items()
        if name != "output/hints.py"
        for kind in generate.kinds_in(tree(path))
    }
    assert set(HINTS) <= used
    assert {kind.value for kind in Kind} <= used


@pytest.mark.full
def test_every_hint_gets_the_fields_that_it_needs(generate: ModuleType) -> None:
    places = list(generate.raised())
    assert len(places) > len(HINTS) / 2
    assert [
        f"{place.where}: {place.kind} lacks {sorted(lacking)}"
        for place in places
        if place.error
        and place.kind in HINTS
        and (lacking := needed(HINTS[place.kind]) - place.fields)
    ] == []


def needed(hint: str | Callable[..., str]) -> set[str]:
    """The fields without which a hint cannot be made."""
    if isinstance(hint, str):
        return {name for _, name, _, _ in string.Formatter().parse(hint) if name}
    return {
        name
        for name, parameter in inspect.signature(hint).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }


@pytest.mark.full
@pytest.mark.parametrize("kind", HINTS)
def test_commands_and_options_of_a_hint_exist(kind: str) -> None:
    hint = HINTS[kind]
    text = hint if isinstance(hint, str) else inspect.getsource(hint)
    text = text.replace("pip install --force-reinstall", "")
    known = {
        option
        for command in walk(cli)
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text)) <= known | {"--help"}
    assert set(re.findall(r"\breidsearch ([a-z-]+)", text)) <= set(COMMANDS)


def walk(command: click.Command) -> Iterator[click.Command]:
    yield command
    yield from getattr(command, "more", {}).values()
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below)


def test_the_package_stays_small_at_the_top() -> None:
    modules = [path.name for path in PACKAGE.glob("*.py")]
    assert len(modules) <= 5, modules


def test_the_layers_are_few_and_no_room_is_outside_of_them() -> None:
    """import-linter holds the layers, and that no circle is among the rooms."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    [layers] = [each["layers"] for each in contracts if each["type"] == "layers"]
    assert len(layers) <= 12
    assert {room.name for room in ROOMS} <= {room for row in layers for room in row.split(" | ")}
    assert any(each["type"] == "acyclic_siblings" for each in contracts)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_says_what_goes_in_and_out(room: Path) -> None:
    text = ast.get_docstring(tree(room / "__init__.py")) or ""
    assert re.search(r"\bIn: .+\bOut: ", text, re.S), text
