"""`reidsearch clock`: when a source of footage was recorded, shown and corrected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, format_option, reading_archive
from reidsearch.cli.times import Duration

if TYPE_CHECKING:
    from fractions import Fraction


@grouped_command("clock")
@click.argument("source")
@option(
    "--start",
    metavar="TIME",
    help="Time of the first frame: '31.05.2024 14:03:00'.",
)
@option("--timezone", metavar="ZONE", help="Zone of a start without one. Default: the archive's.")
@option(
    "--offset",
    type=Duration(),
    help="Added to all times of the source: 90s, 2h, -1:13:00.",
)
@option("--drift", type=float, metavar="PPM", help="Added to every second, in millionths.")
@option("--uncertainty", type=Duration(least=0), help="Timestamp uncertainty (+- seconds).")
@format_option()
@archive_option
def command(
    source: str,
    archive: Path,
    start: str | None,
    timezone: str | None,
    offset: Fraction | None,
    drift: float | None,
    uncertainty: Fraction | None,
    form: str,
) -> None:
    """Show or correct the clock of a source; nothing is indexed again.

    SOURCE is part of its path, or the start of its SHA-256. Wall-clock time = start + offset +
    media time x (1 + drift / 1 000 000).
    """
    from fractions import Fraction

    from reidsearch.base.errors import UsageError
    from reidsearch.cli.times import moment
    from reidsearch.domain.footage import Clock
    from reidsearch.output import coverage
    from reidsearch.output.emit import emit
    from reidsearch.services.footage import corrected

    begins = moment("--start", start, timezone, archive=archive, machine=False)
    with reading_archive(archive) as opened:
        one = opened.footage.find(source)
        if any(given is not None for given in (begins, offset, drift, uncertainty)):
            try:
                clock = corrected(
                    one.facts.clock,
                    start=None if begins is None else Clock(begins, "option", 1.0),
                    offset_s=offset,
                    drift_ppm=drift,
                    uncertainty_s=None if uncertainty is None else float(uncertainty),
                )
            except ValueError as error:
                raise UsageError(str(error)) from error
            if clock.start is None:
                raise UsageError("its start is not known", "give --start TIME too")
            if None in (clock.at_us(Fraction(0)), clock.at_us(one.duration_s)):
                raise UsageError("the footage would lie outside the calendar")
            opened.footage.set_clock(one.source_id, clock)
            one = opened.footage.find(source)
    emit(form, coverage.clock_json(one), coverage.clock_view(one))
