"""Options of decisions and of what they are based on, and the question before an undo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.cli.grouped import option
from reidsearch.cli.options import text_value

if TYPE_CHECKING:
    import datetime as dt

    from reidsearch.archive import Archive
    from reidsearch.domain.decisions import Transits

F = TypeVar("F", bound=Callable[..., Any])


def decision_options(function: F) -> F:
    """`--note TEXT`, passed as `note`."""
    return option(
        "--note", default="", metavar="TEXT", callback=text_value, help="Reason, kept in the log."
    )(function)


def proposal_option(function: F) -> F:
    """`--proposal N`, passed as `proposal`."""
    return option("--proposal", type=int, metavar="N", help="All members of a proposal of `link`.")(
        function
    )


def conflicts_option(function: F) -> F:
    """`--ignore-conflicts`, passed as `ignore_conflicts`."""
    return option(
        "--ignore-conflicts",
        is_flag=True,
        help="Ignore conflicts of time and earlier rejections.",
    )(function)


def transit_options(function: F) -> F:
    """`--min-transit A B SECONDS`, `--transits FILE`: passed as `min_transits`, `transits`."""
    for declare in (
        option(
            "--transits",
            group="Travel times",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="The same as a CSV table: from,to,seconds.",
        ),
        option(
            "--min-transit",
            "min_transits",
            group="Travel times",
            type=(str, str, float),
            multiple=True,
            metavar="CAMERA CAMERA SECONDS",
            help="Nobody gets from one to the other in less; may be repeated.",
        ),
    ):
        function = declare(function)
    return function


def transits_from(min_transits: tuple[tuple[str, str, float], ...], path: Path | None) -> Transits:
    """The `Transits` that `transit_options` describe.

    Raises:
        UsageError: a transit makes no sense.
        InputError: the file cannot be read.
    """
    from reidsearch.linking.transits import read_transits, transits_of

    return transits_of([*min_transits, *(read_transits(path) if path else [])])


def ask_about_others(archive: Archive, who: str, at: dt.datetime, said: str) -> None:
    """Ask before what somebody else decided is undone: they may not know.

    Args:
        who, at: who decided it, and when.
        said: what was decided, in a sentence.

    Raises:
        click.Abort: it is not to be undone.
    """
    from reidsearch.base.timecode import iso
    from reidsearch.output.terminal import say
    from reidsearch.output.visible import visible

    if who == archive.actor:
        return
    say(f"{visible(who)} decided this at {iso(at)}. {said}", err=True)
    click.confirm("Undo it?", abort=True, err=True)
