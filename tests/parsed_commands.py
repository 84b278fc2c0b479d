"""Command lines of pages and recipes, as the real program takes them apart."""

from __future__ import annotations

import click


def parse(command: click.Command, arguments: list[str], parent: click.Context | None) -> None:
    """What click does with a command line, up to running it; files need not exist.

    Raises:
        click.UsageError: for a command, an option or a value that does not exist.
    """
    if arguments and (further := getattr(command, "more", {}).get(arguments[0])):
        parse(further, arguments[1:], parent)
        return
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
