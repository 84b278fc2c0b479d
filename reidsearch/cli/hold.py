"""`reidsearch hold`: what must not be deleted until somebody releases it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address

note_option = option(
    "--note", default="", callback=text_value, metavar="TEXT", help="Why, for the record."
)


@click.group("hold", cls=CommandGroup)
def command() -> None:
    """Hold what must not be deleted: add, list, release.

    A hold wins over every deletion and retention rule, whoever asks and from wherever. It stays
    when its case is closed, until somebody releases it.
    """


@command.command("add")
@option("--case", group="Hold", callback=text_value, metavar="NUMBER", help="What belongs to it.")
@option("--identity", group="Hold", callback=text_value, metavar="NAME", help="All that shows it.")
@option("--source", group="Hold", metavar="TEXT", help="Part of its path, or of its SHA-256.")
@option("--camera", group="Hold", callback=text_value, metavar="NAME", help="All that it took.")
@option("--from", "after", group="Hold", metavar="TIME", help="Of the camera: at or after.")
@option("--to", "before", group="Hold", metavar="TIME", help="Of the camera: before.")
@note_option
@format_option()
@archive_option
def add(
    case: str | None,
    identity: str | None,
    source: str | None,
    camera: str | None,
    after: str | None,
    before: str | None,
    note: str,
    archive: Address,
    form: str,
) -> None:
    """Hold a case, an identity, a source, or a camera for a time.

    Of a case are held: crops that its searches were asked with and answered, that were decided on
    or indexed for it, and the sources that its searches named.
    """
    from reidsearch.cli.times import moment
    from reidsearch.domain.holds import HoldOf
    from reidsearch.output.emit import emit
    from reidsearch.output.holds import hold_json, hold_text

    of = HoldOf(
        case,
        identity,
        source,
        camera,
        moment("--from", after, None, archive=archive),
        moment("--to", before, None, archive=archive),
    )
    with reading_archive(archive) as opened:
        made = opened.holds.add(of, note=note)
    emit(form, hold_json("add", made), hold_text("add", made))


@command.command("list")
@format_option()
@archive_option
def list_(archive: Address, form: str) -> None:
    """List all holds, released ones among them."""
    from reidsearch.output.emit import emit
    from reidsearch.output.holds import holds_json, holds_view

    with reading_archive(archive) as opened:
        holds = opened.holds.all()
    emit(form, holds_json(holds), holds_view(holds), "holds")


@command.command("release")
@argument("hold_id", type=click.IntRange(1), metavar="HOLD")
@note_option
@format_option()
@archive_option
def release(hold_id: int, note: str, archive: Address, form: str) -> None:
    """Release a hold: what it held can be deleted, unless another holds it."""
    from reidsearch.output.emit import emit
    from reidsearch.output.holds import hold_json, hold_text

    with reading_archive(archive) as opened:
        released = opened.holds.release(hold_id, note=note)
    emit(form, hold_json("release", released), hold_text("release", released))
