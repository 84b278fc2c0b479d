"""Commands and options in groups, suggestions for misspelt names, answers to old names.

Plain click has neither groups in its help nor suggestions for commands; this adds both without
importing anything else, because start-up time is part of the interface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from reidsearch.cli.renamed import COMMANDS as RENAMED_COMMANDS
from reidsearch.cli.renamed import OF_COMMANDS
from reidsearch.cli.renamed import OPTIONS as RENAMED_OPTIONS

REQUIRED, OPTIONS, OUTPUT = "Required", "Options", "Output"
HARDWARE, GENERAL = "Model and hardware", "General options"
LAST = (OUTPUT, HARDWARE, GENERAL)
"""Groups that stand at the end of a help text, in this order."""

F = TypeVar("F", bound=Callable[..., Any])


class WrittenFile(click.ParamType[Path]):
    """The type of a parameter that names a file to write."""

    def require_harmless(self, path: Path, ctx: click.Context) -> None:
        """Refuse what no command overwrites, once all parameters are known."""
        raise NotImplementedError


class GroupedOption(click.Option):
    """An option that is listed under a title in the help of its command, and takes no empty text.

    Args:
        group: the title.
    """

    def __init__(self, *arguments: Any, group: str = OPTIONS, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Convert what was given, unless it is empty."""
        _require_text(self, ctx, value)
        return super().type_cast_value(ctx, value)


class FilledArgument(click.Argument):
    """An argument that takes no empty text."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Convert what was given, unless it is empty."""
        _require_text(self, ctx, value)
        return super().type_cast_value(ctx, value)


def option(*names: str, group: str = OPTIONS, **settings: Any) -> Callable[[F], F]:
    """Declare an option like `click.option`, listed under the title `group`.

    >>> @option("--camera", group="Filters", metavar="NAME", help="Only this camera.")
    ... def command(camera): ...
    """
    return click.option(*names, cls=GroupedOption, group=group, **settings)


def argument(*names: str, **settings: Any) -> Callable[[F], F]:
    """Declare an argument like `click.argument` that takes no empty text."""
    return click.argument(*names, cls=FilledArgument, **settings)


def _require_text(parameter: click.Parameter, ctx: click.Context, value: Any) -> None:
    """Refuse text without a letter: as part of a path or name it would stand for all of them.

    Raises:
        click.BadParameter: naming the parameter.
    """
    if ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.DEFAULT:
        return
    given = [value]
    while given:
        one = given.pop()
        if isinstance(one, tuple | list):
            given.extend(one)
        elif isinstance(one, str) and not one.strip():
            raise click.BadParameter("it is empty", ctx=ctx, param=parameter)


class GroupedCommand(click.Command):
    """A command whose help lists its options in groups, and that knows its former options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, the required ones first, group by group."""
        for title, parameters in option_groups(self.get_params(ctx)):
            records = [parameter.get_help_record(ctx) for parameter in parameters]
            if rows := [record for record in records if record is not None]:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Refuse files to write that must not be overwritten, then run."""
        for parameter in self.params:
            value = ctx.params.get(parameter.name or "")
            if isinstance(parameter.type, WrittenFile) and isinstance(value, Path):
                parameter.type.require_harmless(value, ctx)
        return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and answer an option of an earlier version with what it is now."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name
            new = OF_COMMANDS.get(f"{ctx.command_path} {name}") or RENAMED_OPTIONS.get(name)
            if new is None:
                raise
            raise click.UsageError(f"{name} is now {new}", ctx) from None


class CommandWithMore(GroupedCommand):
    """A command that takes an argument, and has further commands of its own.

    `reidsearch clock gate.mp4` is the command, `reidsearch clock suggest` one of these. A file of
    such a name is named with its folder: `./suggest`.
    """

    more: dict[str, GroupedCommand]

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.more = {}

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Hand on to the further command that the first word names."""
        if args and (named := self.more.get(args[0])):
            return named.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


class CommandGroup(click.Group):
    """A group that suggests commands for a misspelt name, and knows its former commands."""

    command_class = GroupedCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names.

        Raises:
            click.UsageError: there is none; the message names the new or the closest name.
        """
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        if new := RENAMED_COMMANDS.get(f"{ctx.command_path} {name}"):
            raise click.UsageError(f"{ctx.command_path} {name} is now {new}", ctx)
        import difflib

        close = difflib.get_close_matches(name, self.list_commands(ctx), n=3)
        meant = f" Did you mean {' or '.join(close)}?" if close else ""
        raise click.UsageError(f"No such command {name!r}.{meant}", ctx)


def grouped_command(name: str, **settings: Any) -> Callable[[Any], GroupedCommand]:
    """Declare a command like `click.command`, with its options in groups."""
    return click.command(name, cls=GroupedCommand, **settings)


def option_groups(
    parameters: Sequence[click.Parameter],
) -> list[tuple[str, list[click.Parameter]]]:
    """Return options under their titles: the required first, else as declared, `LAST` last.

    An option that would stand alone under its title joins the group `OPTIONS`.
    """
    groups: dict[str, list[click.Parameter]] = {}
    for parameter in parameters:
        if isinstance(parameter, click.Option):
            title = getattr(parameter, "group", GENERAL)
            groups.setdefault(REQUIRED if parameter.required else title, []).append(parameter)
    order = sorted(groups, key=lambda title: (title != REQUIRED, *_place(title)))
    alone = [groups.pop(title)[0] for title in order if len(groups[title]) == 1]
    if alone:
        several = OPTIONS in groups
        required = [one for one in alone if one.required]
        joined = [*required, *groups.get(OPTIONS, []), *(one for one in alone if not one.required)]
        if len(joined) == 1:
            joined += groups.pop(GENERAL, [])
        groups[OPTIONS] = joined
        if not several:
            order.insert(0, OPTIONS)
    if list(groups) == [GENERAL]:
        return [(OPTIONS, groups[GENERAL])]
    return [(title, groups[title]) for title in dict.fromkeys(order) if title in groups]


def _place(title: str) -> tuple[bool, int]:
    return title in LAST, LAST.index(title) if title in LAST else 0
