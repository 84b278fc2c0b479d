"""`reidsearch nearby`: who else was seen around somebody."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from reidsearch.cli.distance import LimitType
from reidsearch.cli.files import output_option
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import (
    archive_and_case_options,
    format_option,
    reason_option,
    text_value,
)
from reidsearch.cli.sheets import SHEETS, tell_sheet, write_sheet
from reidsearch.cli.times import Duration

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.decisions import Member
    from reidsearch.domain.distance import Limit

AROUND = ("neighbours", "same")


def whom_given(text: str) -> int | str | Member:
    """Read who is meant: `7` is a crop, `tracklet:4` a tracklet, all else an identity.

    `identity:7` is the identity with this number, or of this name.

    Raises:
        UsageError: a tracklet is meant, but no number is given.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.decisions import Member

    kind, colon, rest = text.partition(":")
    if kind == "identity" and rest:
        return rest
    if kind == "tracklet" and colon:
        if not (rest.isascii() and rest.isdigit()):
            raise UsageError(
                f"{text!r} is no tracklet",
                "give its number: tracklet:4; an identity of this name: "
                f"{quote(f'identity:{text}')}",
            )
        return Member("tracklet", int(rest))
    return int(text) if text.isascii() and text.isdigit() else text


@grouped_command("nearby")
@argument("whom", callback=text_value, metavar="CROP|IDENTITY")
@option(
    "--within",
    type=Duration(least=0),
    default="60s",
    metavar="DURATION",
    help="So long before and after a sighting: 30s, 5m; default: 60s.",
)
@option(
    "--cameras",
    type=click.Choice(AROUND),
    default=AROUND[0],
    metavar="WHICH",
    help="same, or neighbours too (default): known ways within this time.",
)
@option(
    "--closer-than",
    "limit",
    type=LimitType(),
    metavar="LIMIT",
    help="Only who was: 2m (on the ground) or 1.5heights (in the picture).",
)
@option(
    "--for",
    "lasting",
    type=Duration(least=0),
    metavar="DURATION",
    help="So long within one tracklet (--closer-than): 30s.",
)
@format_option()
@output_option("Write a contact sheet of them", SHEETS)
@archive_and_case_options
@reason_option
def command(
    whom: str,
    within: Fraction,
    cameras: str,
    limit: Limit | None,
    lasting: Fraction | None,
    archive: Address,
    output: Path | None,
    form: str,
) -> None:
    """Show who else was seen around a match or the sightings of an identity.

    CROP is a crop id as every answer shows it, or tracklet:N; IDENTITY a name, or identity:N.
    Listed are the tracklets that the same camera saw within the time, nearest first, and those of
    neighbouring cameras where `link --min-transit` has recorded a way of no more than this time.
    What footage of that time was not analysed is told. Being seen near is not being together.

    --closer-than leaves who was so near while one recording showed both: those who certainly were,
    who possibly were, and of whom it cannot be decided (no ground, feet out of the picture). With
    --for they were so for so long, in sum, within one tracklet of theirs; without it at any moment.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.around import Around
    from reidsearch.domain.nearby import CloserThan
    from reidsearch.output.emit import emit
    from reidsearch.output.nearby import nearby_json, nearby_view

    if lasting is not None and limit is None:
        raise UsageError("--for is of --closer-than", "give a distance too: --closer-than 2m")
    closer_than = None if limit is None else CloserThan(limit, float(lasting or 0))
    sheets = []
    with reading_archive(archive) as opened:
        found = opened.nearby(
            whom_given(whom),
            within_s=float(within),
            around=Around(cameras),
            closer_than=closer_than,
        )
        if output is not None:
            from reidsearch.output.pages.nearby import nearby_shown

            sheets = write_sheet(opened, nearby_shown(found), imprint_of(opened), output)
    emit(form, nearby_json(found), nearby_view(found), "people")
    tell_sheet(sheets)
