"""`reidsearch camera region`: regions and lines in the pictures of cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import CommandGroup, argument
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@click.group("region", cls=CommandGroup)
def command() -> None:
    """Manage regions and lines that `query` filters by: add, list, remove.

    Points are fractions of the picture's width and height, from its upper left corner, so that they
    hold for every resolution: gate:'0,0.5 1,0.5 1,1 0,1' is the lower half of what gate shows.
    """


@command.command("add")
@argument("name", callback=text_value, metavar="NAME")
@argument("place", callback=text_value, metavar="CAMERA:POINTS")
@format_option()
@archive_option
def add(name: str, place: str, archive: Address, form: str) -> None:
    """Keep a region or line: three points or more are a region, two are a line.

    `query --region NAME` shows who was in the region, `--crossing NAME` who crossed the line. Where
    a person is, is the middle of the lower edge of the box.
    """
    from reidsearch.domain.places import read_place
    from reidsearch.output.emit import emit
    from reidsearch.output.places import change_json, change_text

    given = read_place(place, name)
    with reading_archive(archive) as opened:
        kept = opened.places.add(given)
    emit(form, change_json("add", kept), change_text("add", kept))


@command.command("list")
@format_option()
@archive_option
def list_(archive: Address, form: str) -> None:
    """List the regions and lines of all cameras."""
    from reidsearch.output.emit import emit
    from reidsearch.output.places import places_json, places_view

    with reading_archive(archive) as opened:
        kept = opened.places.all()
    emit(form, places_json(kept), places_view(kept), "places")


@command.command("remove")
@argument("name", callback=text_value, metavar="NAME")
@format_option()
@archive_option
def remove(name: str, archive: Address, form: str) -> None:
    """Remove a region or line; answers that were filtered by it keep its points."""
    from reidsearch.output.emit import emit
    from reidsearch.output.places import change_json, change_text

    with reading_archive(archive) as opened:
        removed = opened.places.remove(name)
    emit(form, change_json("remove", removed), change_text("remove", removed))
