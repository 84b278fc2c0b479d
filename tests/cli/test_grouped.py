"""Groups in help texts, suggestions, and what names of earlier versions answer."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from archives import CommandLine

from reidsearch.base.version import __version__
from reidsearch.cli.commands import GROUPS
from reidsearch.cli.filters import CropIds
from reidsearch.cli.grouped import GENERAL, HARDWARE, option_groups
from reidsearch.cli.main import cli
from reidsearch.cli.renamed import COMMANDS as RENAMED


def test_help_lists_commands_in_groups_that_fit_80_columns(run: CommandLine) -> None:
    ran = run("--help")
    titles = re.findall(r"^(\w+):$", ran.out, re.M)
    assert titles == ["Options", *GROUPS]
    assert max(map(len, ran.out.splitlines())) <= 80


def test_required_options_stand_first_and_general_ones_last() -> None:
    def titles(name: str) -> list[str]:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        return [title for title, _ in option_groups(command.get_params(click.Context(command)))]

    for name in ("clip", "reject"):
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        _, options = option_groups(command.get_params(click.Context(command)))[0]
        assert options[0].required
    assert titles("query")[-2:] == [HARDWARE, GENERAL]


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for below in group.list_commands(context):
        command = group.get_command(context, below)
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}{below} ")
        elif command is not None:
            yield f"{name}{below}", command
            for further, one in getattr(command, "more", {}).items():
                yield f"{name}{below} {further}", one


def test_no_group_holds_one_option_and_every_option_is_in_one() -> None:
    for name, command in commands(cli):
        parameters = command.get_params(click.Context(command))
        groups = option_groups(parameters)
        assert all(len(some) > 1 for _, some in groups), (name, groups)
        told = [one for _, some in groups for one in some]
        assert len(told) == len(set(told)) == sum(isinstance(p, click.Option) for p in parameters)


@pytest.mark.parametrize("name", ["index", "query", "evaluate"])
def test_every_option_is_explained_in_one_line_of_80_columns(name: str, run: CommandLine) -> None:
    told = run(name, "--help").out
    lines = told[re.search(r"^\w[\w ]+:$", told, re.M).start() :].splitlines()  # type: ignore[union-attr]
    options = [line for line in lines if re.match(r"  -", line)]
    assert len(options) > 10
    assert [line for line in lines if re.match(r" {3,}\S", line)] == []
    assert all(re.search(r"\S {2,}\S", line) for line in options)
    assert max(map(len, lines)) <= 80


def test_misspelt_command_is_answered_with_the_closest(run: CommandLine) -> None:
    ran = run("qurey")
    assert ran.code == 2
    assert "Did you mean query" in ran.err
    assert run("identity", "renme").err.rstrip().endswith("Did you mean rename?")
    assert "--format" in run("show", "--fromat", "json").err


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_former_command_names_the_new_one(run: CommandLine, old: str, new: str) -> None:
    ran = run(*old.split()[1:])
    assert (ran.code, ran.err.rstrip().endswith(f"{old} is now {new}")) == (2, True)


def test_former_option_names_the_new_one(run: CommandLine) -> None:
    ran = run("show", "--json")
    assert (ran.code, "--json is now --format json" in ran.err) == (2, True)


def test_version_has_a_short_option(run: CommandLine) -> None:
    assert __version__ in run("-V").out


@pytest.mark.parametrize(("text", "ids"), [("7", (7,)), ("1,6", (1, 6))])
def test_crop_ids_may_be_separated_by_commas(text: str, ids: tuple[int, ...]) -> None:
    assert CropIds().convert(text, None, None) == ids


def test_crop_ids_that_are_none_are_refused() -> None:
    with pytest.raises(click.BadParameter, match="crop id"):
        CropIds().convert("1,x", None, None)


@pytest.mark.full
def test_shell_completion_knows_commands_and_options(tmp_path: Path) -> None:
    script = "from reidsearch.cli.main import cli; cli(prog_name='reidsearch')"
    environment = {"_REIDSEARCH_COMPLETE": "bash_complete", "COMP_CWORD": "1"}

    def completed(words: str, place: int) -> list[str]:
        told = environment | {"COMP_WORDS": words, "COMP_CWORD": str(place)}
        ran = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=told, check=False
        )
        return [line.split(",")[1] for line in ran.stdout.splitlines()]

    assert completed("reidsearch que", 1) == ["query"]
    assert "--camera" in completed("reidsearch query --cam", 2)
