"""Write the pages of docs/reference that come from the code: cli.md, errors.md, schemas.md.

    python docs/generate.py           write them
    python docs/generate.py --check   only say which are stale; exit code 1 when one is

The pages are built from the commands' parameters, not from click's own help text, so that they do
not change with click's version or the width of a terminal.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from reidsearch.base import errors
from reidsearch.base.errors import Kind, Reason, Refused, ReidsearchError
from reidsearch.cli.grouped import option_groups
from reidsearch.cli.main import cli

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PACKAGE = ROOT / "reidsearch"
COMPLETION = """Shell completion of commands, options and files:

```sh
eval "$(_REIDSEARCH_COMPLETE=bash_source reidsearch)"    # in ~/.bashrc
eval "$(_REIDSEARCH_COMPLETE=zsh_source reidsearch)"     # in ~/.zshrc
_REIDSEARCH_COMPLETE=fish_source reidsearch | source     # in ~/.config/fish/config.fish
```"""
NOTE = "<!-- Written by docs/generate.py; change the code, then run it again. -->"


def cli_page() -> str:
    """The command line reference, one section a command."""
    parts = [
        "# Command line",
        NOTE,
        "Every command has `-h/--help`. See also [exit codes](errors.md) and "
        "[environment variables](settings.md). A command or option of an earlier version answers "
        "with its new name (exit code 2). `--format json` documents name their `schema`; the "
        "schemas ship in `reidsearch/output/schemas/`.",
        COMPLETION,
        _help(cli),
        _parameters(click.Context(cli, info_name="reidsearch")),
    ]
    for context in walk(cli):
        parts += [
            f"## `{context.command_path}`",
            f"```\n{_usage(context)}\n```",
            _help(context.command),
            _parameters(context),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def walk(group: click.Group, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A context for every command below `group`, in the order that the help shows."""
    parent = parent or click.Context(group, info_name="reidsearch")
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        if command is None or command.hidden:
            continue
        context = click.Context(command, info_name=name, parent=parent)
        yield context
        if isinstance(command, click.Group):
            yield from walk(command, context)
        for further, one in getattr(command, "more", {}).items():
            yield click.Context(one, info_name=f"{name} {further}", parent=parent)


def errors_page() -> str:
    """The exit codes, the kinds, and the reasons of the failures ledger."""
    rows = [("0", "", "done; the answer is complete")]
    for code, name, meaning in sorted(exit_codes()):
        rows.append((str(code), f"`{name}`", meaning))
    return (
        "\n\n".join(
            [
                "# Errors",
                NOTE,
                "Every error says what happened, to which file, and what to do now. `--debug` "
                "before the command shows the traceback. In Python, the library raises the class; "
                "it has `message`, `hint`, `kind` and `fields`.",
                "## Exit codes",
                _table(("code", "class", "meaning"), rows),
                "## Kinds",
                "`error.kind` names the situation more precisely than the class, for programs; "
                "`error.fields` says what it is about. The command line makes its hints from them "
                "(`reidsearch/output/hints.py`). Without one of these an error has the kind of "
                "its class: " + ", ".join(f"`{kind}`" for kind in class_kinds()) + ".",
                _table(("kind", "class", "fields"), kind_rows()),
                "## Reasons of failures",
                "An input that cannot become a crop does not stop a run. It is recorded with one "
                "of [these reasons](indexing.md#failures), `reidsearch failures` lists it, and the "
                "run ends with exit code 1. In Python it is a `Refused` with the same `reason`, "
                "which is also its `kind`.",
            ]
        )
        + "\n"
    )


def exit_codes() -> list[tuple[int, str, str]]:
    """(exit code, class name, meaning) of every error; `Refused` never ends a program."""
    return [
        (kind.exit_code, name, kind.meaning)
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, ReidsearchError) and kind is not Refused
    ]


def schemas_page() -> str:
    """Every published JSON Schema, with its name in documents and what it describes."""
    rows = []
    for path in sorted(PACKAGE.rglob("schemas/*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        name = schema["$id"].removeprefix("urn:").replace(":", "/")
        link = f"../../{path.relative_to(ROOT).as_posix()}"
        rows.append((f"`{name}`", f"[{path.name}]({link})", schema["description"]))
    return (
        "\n\n".join(
            [
                "# JSON schemas",
                NOTE,
                "Every JSON document names its schema in the field `schema`. The schemas are JSON "
                "Schema, draft 2020-12. The name ends in a version number, which changes whenever "
                "a field is added or changed. See [JSON output](json.md) for examples.",
                _table(("name in `schema`", "file", "describes"), rows),
            ]
        )
        + "\n"
    )


def class_kinds() -> list[str]:
    """The kinds that errors have by their class, in the order of exit codes."""
    return [getattr(errors, name).kind for _, name, _ in sorted(exit_codes())]


def kind_rows() -> list[tuple[str, ...]]:
    """(kind, classes, fields) of every kind that a place in the package gives."""
    places = list(raised())
    rows = []
    for kind in Kind:
        of_kind = [place for place in places if place.kind == kind and place.error]
        if of_kind:
            classes = sorted({place.error for place in of_kind})
            fields = sorted({field for place in of_kind for field in place.fields})
            rows.append((f"`{kind}`", *(", ".join(f"`{x}`" for x in y) for y in (classes, fields))))
    return sorted(rows)


class Raised(NamedTuple):
    """One call in the package that gives `kind=`; `error` is empty where it makes no error."""

    where: str
    error: str
    kind: str
    fields: frozenset[str]


def raised() -> Iterator[Raised]:
    """Read from the source which kinds are given where, and with which fields."""
    classes = {name for _, name, _ in exit_codes()} | {"Refused", "ModelUnavailable"}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            given = {each.arg: each.value for each in node.keywords if each.arg}
            for kind in kinds_in(given["kind"]) if "kind" in given else ():
                where = f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno}"
                error = node.func.id if node.func.id in classes else ""
                yield Raised(where, error, kind, frozenset(given) - {"kind"})


def kinds_in(tree: ast.AST) -> set[str]:
    """The values of all `Kind.X` and `Reason.X` in a piece of source."""
    enums = {"Kind": Kind.__members__, "Reason": Reason.__members__}
    return {
        str(enums[node.value.id][node.attr])
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr in enums.get(node.value.id, ())
    }


def _help(command: click.Command) -> str:
    """The docstring; a `\\b` paragraph, which click prints as it stands, becomes a code block."""
    paragraphs = inspect.cleandoc(command.help or "").split("\f")[0].strip().split("\n\n")
    return "\n\n".join(_example(text) if text.startswith("\b") else text for text in paragraphs)


def _example(paragraph: str) -> str:
    text = inspect.cleandoc(paragraph.removeprefix("\b"))
    return f"```sh\n{text}\n```"


def _usage(context: click.Context) -> str:
    words = [context.command_path, "[OPTIONS]"]
    for parameter in context.command.params:
        if isinstance(parameter, click.Argument):
            name = parameter.metavar or (parameter.name or "").upper()
            if parameter.nargs == -1 and "..." not in name and not parameter.metavar:
                name += "..."
            words.append(name if parameter.required or name.startswith("[") else f"[{name}]")
    if isinstance(context.command, click.Group):
        words.append("COMMAND ...")
    return " ".join(words)


def _parameters(context: click.Context) -> str:
    """The options in the groups of the command's own help, a table each."""
    return "\n\n".join(
        _table((title.lower(), "meaning"), [(_names(one), _meaning(one)) for one in options])
        for title, some in option_groups(context.command.params)
        if (options := [one for one in some if isinstance(one, click.Option) and not one.hidden])
    )


def _names(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    if option.is_flag or option.count:
        return names
    if option.metavar:
        value = option.metavar
    elif isinstance(option.type, click.Choice):
        value = "|".join(str(getattr(choice, "value", choice)) for choice in option.type.choices)
    else:
        value = option.type.name.split(" ")[0].upper()
    return f"{names} `{value}`"


def _meaning(option: click.Option) -> str:
    parts = [" ".join((option.help or "").split())]
    if option.multiple and "repeat" not in parts[0].lower():
        parts.append("May be repeated.")
    if isinstance(option.show_default, str):
        parts.append(f"Default: `{option.show_default}`.")
    elif option.show_default and not option.is_flag:
        parts.append(f"Default: `{option.default}`.")
    if option.required:
        parts.append("Required.")
    if option.envvar:
        parts.append(f"Environment: `{option.envvar}`.")
    return " ".join(part for part in parts if part)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


PAGES = {
    "reference/cli.md": cli_page,
    "reference/errors.md": errors_page,
    "reference/schemas.md": schemas_page,
}


def main() -> int:
    """Write or check every page."""
    stale = []
    for name, page in PAGES.items():
        path = DOCS / name
        text = page()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
            click.echo(f"docs/{name} written")
    if stale and "--check" in sys.argv[1:]:
        click.echo(f"stale: {', '.join(stale)}; run `python docs/generate.py`", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
