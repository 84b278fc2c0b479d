"""`reidsearch next`: which footage to fetch next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import (
    archive_and_case_options,
    format_option,
    reason_option,
    text_value,
)

if TYPE_CHECKING:
    from reidsearch.base.address import Address

SHOWN = 20


@grouped_command("next")
@argument("identity", callback=text_value)
@option(
    "-k",
    default=SHOWN,
    type=click.IntRange(1),
    metavar="N",
    help=f"List at most so many (default {SHOWN}; JSON and CSV: all).",
)
@option(
    "--keeps",
    multiple=True,
    type=(str, click.FloatRange(0, min_open=True)),
    metavar="CAMERA DAYS",
    help="For this question: how long a camera's recorder keeps footage.",
)
@format_option()
@archive_and_case_options
@reason_option
def command(
    identity: str, k: int, keeps: tuple[tuple[str, float], ...], archive: Address, form: str
) -> None:
    """Show which footage to fetch next: where an identity may have been.

    Footage that was not supplied or not fully analysed, hour by hour and camera by camera, by the
    chance that it shows the person: from the confirmed sightings, the transit times that confirmed
    journeys show, and what was analysed meanwhile. Where no journeys lead, the chance is not known,
    and it stands below. Where it is known how long a recorder keeps footage (`camera keeps`, or
    --keeps), what is overwritten soonest is marked.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output.emit import emit
    from reidsearch.output.next_footage import next_json, next_view

    days = dict(keeps)
    if len(days) < len(keeps):
        named = [camera for camera, _ in keeps]
        twice = next(one for one in named if named.count(one) > 1)
        raise UsageError(f"--keeps names {twice} more than once", "give one number of days")
    with reading_archive(archive) as opened:
        found = opened.next_footage(identity, keeps_days=days)
    emit(form, next_json(found), next_view(found, k), "fetches")
