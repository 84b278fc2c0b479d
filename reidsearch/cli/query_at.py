"""`reidsearch query --at`: who was at several places at given times."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.base.errors import UsageError
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.sheets import tell_sheet, write_sheet
from reidsearch.cli.times import moment

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.intersection import Place

FORM = "write CAMERA@FROM..TO: gate@9:00..9:20, gate@2024-05-31T09:00..09:20"
ALONE = frozenset({"at", "archive", "form", "k", "output"})
"""Options that go with `--at`."""


def require_alone(context: click.Context) -> None:
    """Refuse what says nothing where places and times are asked about.

    Raises:
        UsageError: naming the first such option.
    """
    given = click.core.ParameterSource.COMMANDLINE
    for parameter in context.command.params:
        name = parameter.name or ""
        known = not parameter.expose_value or name in ALONE
        if not known and context.get_parameter_source(name) is given:
            raise UsageError(
                f"{parameter.opts[0]} cannot be given with --at, which asks about places alone"
            )


def place_of(text: str, archive: Address) -> Place:
    """Read `gate@9:00..9:20`; in place of a camera also a region.

    Raises:
        UsageError: it is something else.
    """
    from reidsearch.domain.intersection import Place, read_where

    where, mark, times = text.rpartition("@")
    begins, dots, ends = times.partition("..")
    if not (where and mark and begins and dots and ends):
        raise UsageError(f"--at {text!r} is no place and time", FORM)
    camera, region = read_where(where)
    return Place(camera, _time(begins, archive), _time(ends, archive), region)


def _time(text: str, archive: Address) -> dt.datetime | dt.time:
    from reidsearch.domain.intersection import read_clock

    try:
        clock = read_clock(text)
    except ValueError as error:
        raise UsageError(f"--at: {text!r} is no time of the day", FORM) from error
    if clock is not None:
        return clock
    found = moment("--at", text.strip(), None, archive=archive)
    if found is None:
        raise UsageError(f"--at: {text!r} is no time", FORM)
    return found


def show_intersection(
    archives: tuple[Address, ...],
    texts: tuple[str, ...],
    k: int | None,
    form: str,
    output: Path | None,
    *,
    exported: bool,
) -> None:
    """Print who may have been at all of the places, and draw them if asked to.

    Raises:
        UsageError: something is given that does not go with it; or as `place_of`.
    """
    from reidsearch.domain.intersection_json import intersection_json
    from reidsearch.output.emit import emit
    from reidsearch.output.intersection import intersection_view

    if exported:
        raise UsageError("a page to be handed over shows an answer to a picture", "leave --at out")
    require_alone(click.get_current_context())
    if len(archives) > 1:
        raise UsageError("places are asked of one archive", "give one -a")
    if k is None:
        raise UsageError("-k all cannot be given with --at", "give a number")
    places = [place_of(text, archives[0]) for text in texts]
    sheets: list[Path] = []
    with reading_archive(archives[0]) as opened:
        found = opened.intersection(places, k=k)
        if output is not None:
            from reidsearch.output.pages.intersection import intersection_shown

            sheets = write_sheet(opened, intersection_shown(found), imprint_of(opened), output)
    emit(form, intersection_json(found), intersection_view(found), "chains")
    tell_sheet(sheets)
