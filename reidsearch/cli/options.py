"""Options that most commands share: the archive, its model, the hardware, what is printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.archive_type import ArchiveType
from reidsearch.cli.grouped import GENERAL, OPTIONS, OUTPUT, option

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.base.settings import Tiles

FORMATS = ("table", "json", "jsonl", "csv")

CASE = "reidsearch.case"
REASON = "reidsearch.reason"
"""Where the context keeps `--case` and `--reason`."""

F = TypeVar("F", bound=Callable[..., Any])


def archive_option(function: F) -> F:
    """`-a/--archive ARCHIVE`, passed as `archive: Address`."""
    return option(
        "-a",
        "--archive",
        "archive",
        group=GENERAL,
        type=ArchiveType(),
        default=Path("archive"),
        envvar="REIDSEARCH_ARCHIVE",
        metavar="DIR",
        help="Folder or URL; default: REIDSEARCH_ARCHIVE or ./archive.",
    )(function)


def archives_and_case_options(function: F) -> F:
    """`-a/--archive`, repeatable, passed as `archive: tuple[Address, ...]`, and `--case`."""
    return option(
        "-a",
        "--archive",
        "archive",
        group=GENERAL,
        type=ArchiveType(),
        multiple=True,
        default=(Path("archive"),),
        envvar="REIDSEARCH_ARCHIVE",
        metavar="DIR",
        help="Repeatable; default: REIDSEARCH_ARCHIVE or ./archive.",
    )(_case_option(function))


def archive_and_case_options(function: F) -> F:
    """`-a/--archive` as `archive_option`, and `--case`, which `case_of` gives."""
    return archive_option(_case_option(function))


def _case_option(function: F) -> F:
    return option(
        "--case",
        group=GENERAL,
        envvar="REIDSEARCH_CASE",
        callback=_case_value,
        expose_value=False,
        metavar="NUMBER",
        help="Case that this belongs to; default: REIDSEARCH_CASE.",
    )(function)


def archives_given(ctx: click.Context) -> tuple[Address, ...]:
    """Return the archives that a command was given: one, several, or none."""
    given = ctx.params.get("archive")
    if given is None:
        return ()
    return given if isinstance(given, tuple) else (given,)


def _case_value(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    ctx.meta[CASE] = text_value(ctx, option, value)


def reason_option(function: F) -> F:
    """`--reason`, of commands that search for a person; the archive is opened with it."""
    return option(
        "--reason",
        group=GENERAL,
        callback=_reason_value,
        expose_value=False,
        metavar="KIND",
        help="suspect|witness|victim|missing|exclude|other[: TEXT].",
    )(function)


def _reason_value(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    ctx.meta[REASON] = text_value(ctx, option, value)


def given_value(name: str) -> str | None:
    """Return the case or the reason that the command was given."""
    context = click.get_current_context(silent=True)
    return context.meta.get(name) if context else None


def case_of(ctx: click.Context) -> str | None:
    """Return the case that a command was given, with `archive_and_case_options`."""
    given: str | None = ctx.meta.get(CASE)
    return given


def text_value(_ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse bytes that are not UTF-8: they could neither be stored nor shown.

    Raises:
        UsageError: naming the option.
    """
    if value is not None and not value.isprintable():
        from reidsearch.base.errors import UsageError

        raise UsageError(f"{option.opts[0]} {value!r} is not printable text")
    return value


def texts_value(
    ctx: click.Context, option: click.Parameter, value: Sequence[str]
) -> tuple[str, ...]:
    """Refuse bytes that are not UTF-8 in any of several texts; raises as `text_value`."""
    return tuple(text for one in value if (text := text_value(ctx, option, one)) is not None)


def format_option(*more: str) -> Callable[[F], F]:
    """Declare `--format`, passed as `form`.

    Args:
        more: formats beside table, json, jsonl and csv.
    """
    *others, last = (*FORMATS[1:], *more)
    return option(
        "--format",
        "form",
        group=OUTPUT,
        type=click.Choice([*FORMATS, *more]),
        default="table",
        metavar="FORMAT",
        help=f"table (default), {', '.join(others)} or {last}.",
    )


def tiles_option(
    help_: str, *, default: str | None = None, group: str = OPTIONS
) -> Callable[[F], F]:
    """Declare `--tiles`, passed as `tiles`.

    Args:
        default: where it is not given.
    """
    return option(
        "--tiles",
        group=group,
        callback=_tiles_value,
        default=default,
        metavar="auto|N",
        help=help_,
    )


def _tiles_value(_ctx: click.Context, option: click.Parameter, value: str | None) -> Tiles | None:
    if value is None or value == "auto":
        return value  # type: ignore[return-value]
    from reidsearch.base.settings import MOST_TILES

    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MOST_TILES):
        from reidsearch.base.errors import UsageError

        raise UsageError(
            f"{option.opts[0]} {value!r} is neither auto nor a number from 1 to {MOST_TILES}",
            "2 detects in 2 x 2 tiles beside the frame as a whole, 1 in the whole alone",
        )
    return int(value)


def quiet_option(function: F) -> F:
    """`-q/--quiet`, passed as `quiet`."""
    return option("-q", "--quiet", group=OUTPUT, is_flag=True, help="Show no progress.")(function)
