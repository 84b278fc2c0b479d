"""The documentation says what the program does: generated pages, settings, links, examples."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import importlib.util
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from reidsearch import Archive
from reidsearch.base import settings, settings_file
from reidsearch.cli.commands import COMMANDS
from reidsearch.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
SOURCE = sorted((ROOT / "reidsearch").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.full
@pytest.mark.parametrize(
    "name", ["reference/cli.md", "reference/errors.md", "reference/schemas.md"]
)
def test_generated_page_is_fresh(generate: ModuleType, name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == generate.PAGES[name](), "stale: run `python docs/generate.py`"


@pytest.mark.parametrize("name", COMMANDS)
def test_command_says_in_the_group_what_it_says_itself(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    first = inspect.cleandoc(command.help or "").splitlines()[0]
    assert first == COMMANDS[name]
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert f"\n## `reidsearch {name}`\n" in page


def test_every_option_has_help(generate: ModuleType) -> None:
    silent = [
        f"{context.command_path} {option.opts[0]}"
        for context in generate.walk(cli)
        for option in context.command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_exit_codes_are_told_apart(generate: ModuleType) -> None:
    codes = [code for code, _, _ in generate.exit_codes()]
    assert len(codes) == len(set(codes))


def test_environment_variables_in_code_and_docs_are_the_same() -> None:
    name = re.compile(r"\bREIDSEARCH_[A-Z_]+\b")
    read = {found for path in SOURCE for found in name.findall(path.read_text(encoding="utf-8"))}
    read |= {f"REIDSEARCH_{key.upper()}" for keys in settings_file.KEYS.values() for key in keys}
    told = set(
        name.findall((ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8"))
    )
    assert read == told


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for _, kind in inspect.getmembers(settings, dataclasses.is_dataclass)
        if kind.__module__ == settings.__name__
    ],
    ids=lambda kind: kind.__name__,
)
def test_settings_page_tells_every_field_with_its_default(kind: type) -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    section = page.split(f"### `{kind.__name__}`\n")[1].split("\n### ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|", section, re.M))
    assert told == {
        field.name: str(field.default).lower()
        if isinstance(field.default, bool)
        else str(field.default)
        for field in dataclasses.fields(kind)
    }


def anchors(page: Path) -> set[str]:
    """Heading anchors as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.full
@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_relative_links_resolve(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text)
    broken = []
    for link in ("".join(pair) for pair in links):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_named_pages_exist(page: Path) -> None:
    """`docs/a/x.md` in running text, in code spans, means a page that is there."""
    named = re.findall(r"\bdocs/[\w\-/]+\.md\b", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_pages_named_in_the_source_exist() -> None:
    named = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCE
        for name in re.findall(r"\bdocs/[\w\-/]+\.md\b", path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    }
    assert named == set()


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_python_examples_import_what_exists(page: Path) -> None:
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language != "python":
            continue
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module or "")
                assert [name.name for name in node.names if not hasattr(module, name.name)] == []
            elif isinstance(node, ast.Import):
                for name in node.names:
                    importlib.import_module(name.name)


@pytest.mark.full
def test_python_page_names_what_an_archive_has(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\barchive\.([a-z_]+)", text))
    services = dict(re.findall(r"^\| `archive\.(\w+)` \| .*?: (`.*`) \|$", text, re.M))
    assert {"search", "index"} <= named
    assert {"footage", "identities"} <= set(services)
    with Archive.open(tmp_path / "archive", create=True) as archive:
        wrong = [name for name in named if not hasattr(archive, name)]
        for service, names in services.items():
            part = getattr(archive, service)
            wrong += [
                f"{service}.{name}"
                for name in re.findall(r"`(\w+)`", names)
                if not hasattr(part, name)
            ]
    assert wrong == []


def command_lines(text: str) -> Iterator[list[str]]:
    """The arguments of every `reidsearch ...` in the shell examples of a page."""
    for language, block in FENCE.findall(text):
        if language not in {"", "sh", "console", "bash"}:
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if "reidsearch " not in line or "docker build" in line:
                continue
            words = shlex.split(line, comments=True)
            for start, word in enumerate(words):
                if Path(word).name == "reidsearch":
                    rest = words[start + 1 :]
                    ends = [i for i, item in enumerate(rest) if re.match(r"[|;&<]|\d?>", item)]
                    yield rest[: min(ends, default=len(rest))]


def parse(command: click.Command, arguments: list[str], parent: click.Context | None) -> None:
    """What click does with a command line, up to running it; files need not exist.

    Raises:
        click.UsageError: for a command, an option or a value that does not exist.
    """
    context = click.Context(command, info_name=command.name, parent=parent)
    values, rest, _ = command.make_parser(context).parse_args(list(arguments))
    if isinstance(command, click.Group):
        if not rest:
            return
        child = command.get_command(context, rest[0])
        if child is None:
            raise click.UsageError(f"no command {rest[0]!r}")
        parse(child, rest[1:], context)
        return
    for parameter in command.params:
        value = values.get(parameter.name or "")
        if isinstance(value, str | list) and not isinstance(parameter.type, click.Path):
            parameter.type_cast_value(context, value)


def test_example_parser_notices_what_is_wrong() -> None:
    block = "```sh\nreidsearch query a.jpg -k 3 | head\n```\n"
    assert list(command_lines(block)) == [["query", "a.jpg", "-k", "3"]]
    for wrong in (["search"], ["query", "a.jpg", "--top", "3"], ["query", "a.jpg", "-k", "many"]):
        with pytest.raises(click.UsageError):
            parse(cli, wrong, None)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_examples_parse(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("station.toml").write_text('archive = "postgresql://anna@db.example/station"')
    wrong = []
    for arguments in command_lines(page.read_text(encoding="utf-8")):
        # The usage lines of the reference: `reidsearch query [OPTIONS] ...`.
        if "[OPTIONS]" in arguments:
            continue
        try:
            parse(cli, arguments, None)
        except click.UsageError as error:
            wrong.append(f"reidsearch {shlex.join(arguments)}: {error.message}")
    assert wrong == []


def test_commands_named_in_messages_exist() -> None:
    """Hints such as `reidsearch migrate` name commands that are there."""
    models = cli.get_command(click.Context(cli), "models")
    assert isinstance(models, click.Group)
    wrong = []
    for path in SOURCE:
        text = path.read_text(encoding="utf-8")
        for name, child in re.findall(r"[`:] ?reidsearch ([a-z][a-z-]+)(?: ([a-z]+))?", text):
            if name not in COMMANDS or (name == "models" and child not in {"", *models.commands}):
                wrong.append(f"{path.relative_to(ROOT)}: reidsearch {name} {child}")
    assert wrong == []
