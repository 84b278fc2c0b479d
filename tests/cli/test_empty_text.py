"""Empty text is refused by every parameter of every command: it would stand for anything."""

from __future__ import annotations

import click
import pytest
from archives import contents
from click.core import ParameterSource

from reidsearch import Archive, Filters, SearchRequest
from reidsearch.base.errors import UsageError
from reidsearch.cli.grouped import FilledArgument, GroupedOption
from reidsearch.cli.main import cli
from reidsearch.linking.transits import transits_of


def commands(group=cli, path=()):
    """Every command with the words that call it."""
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                yield from commands(command, (*path, name))
            else:
                yield (*path, name), command
                for further, one in getattr(command, "more", {}).items():
                    yield (*path, name, further), one


def taken(parameter: click.Parameter) -> bool:
    """Whether it takes text at all."""
    if parameter.name == "help" or (isinstance(parameter, click.Option) and parameter.is_flag):
        return False
    return not parameter.is_eager


CASES = [
    (words, command, parameter)
    for words, command in commands()
    for parameter in command.params
    if taken(parameter)
]


def words_for(parameter: click.Parameter, text: str) -> list[str]:
    """An option or argument with just this text."""
    count = max(parameter.nargs, 1)
    named = [parameter.opts[0]] if isinstance(parameter, click.Option) else []
    return [*named, *([text] * count)]


@pytest.mark.parametrize("text", ["", " \t"])
def test_no_parameter_of_any_command_takes_empty_text(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words, command, parameter in CASES:
        assert isinstance(parameter, GroupedOption | FilledArgument), (words, parameter.name)
        given = text if parameter.nargs == 1 else (text,) * max(parameter.nargs, 1)
        with click.Context(command) as context:
            context.set_parameter_source(parameter.name, ParameterSource.COMMANDLINE)
            with pytest.raises(click.UsageError):
                parameter.process_value(context, (given,) if parameter.multiple else given)
    assert len(CASES) > 150
    assert list(tmp_path.iterdir()) == []


@pytest.mark.full
def test_a_command_line_with_empty_text_ends_in_2_and_changes_nothing(held, crops):
    before = contents(held.archive)
    for words, _, parameter in CASES:
        ran = held(*words, *words_for(parameter, ""))
        assert ran.code == 2, (words, parameter.name, ran.err)
    assert contents(held.archive) == before


@pytest.mark.full
@pytest.mark.parametrize(
    "command",
    [
        ("delete", "--source", "", "-y"),
        ("delete", "--camera", " ", "-y"),
        ("index", ""),
        ("clock", ""),
        ("relocate", "", "x"),
        ("identity", "show", ""),
        ("confirm", "5", "--as", ""),
        ("query", "--crop", "1", "--note", ""),
    ],
    ids=" ".join,
)
def test_the_findings(held, command):
    before = contents(held.archive)
    assert held(*command).code == 2
    assert contents(held.archive) == before


def test_nor_does_the_library_take_it(made_once, tmp_path):
    for given in ({"sources": [""]}, {"cameras": [" "]}, {"not_cameras": ["\t"]}):
        with pytest.raises(UsageError, match="empty text"):
            Filters(**given)
    for request in ({"query": ""}, {"query": 1, "identity": ""}):
        with pytest.raises(UsageError, match="empty"):
            SearchRequest(**request)
    with Archive.open(made_once) as archive:
        for call in (archive.footage.find, lambda text: archive.footage.relocate(text, tmp_path)):
            with pytest.raises(UsageError, match="empty text"):
                call(" ")
        with pytest.raises(UsageError, match="empty path"):
            archive.index([""])
    with pytest.raises(UsageError, match="no name"):
        transits_of([("", "gate", 3.0)])
