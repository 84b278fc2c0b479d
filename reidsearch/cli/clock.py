"""`reidsearch clock`: when a source of footage was recorded, shown and corrected."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, json_option


@grouped_command("clock")
@click.argument("source")
@archive_option
@option("--start", metavar="TIME", help="When its first frame was (ISO 8601).")
@option("--timezone", metavar="ZONE", help="Zone of a start that names none.")
@option("--offset", type=str, metavar="SECONDS", help="Added to all its times; may be < 0.")
@option("--drift", type=float, metavar="PPM", help="Added to every second, in millionths.")
@option("--uncertainty", type=click.FloatRange(0), metavar="SECONDS", help="True within.")
@json_option
def command(
    source: str,
    archive: Path,
    start: str | None,
    timezone: str | None,
    offset: str | None,
    drift: float | None,
    uncertainty: float | None,
    as_json: bool,
) -> None:
    """Show or correct the clock of a source of footage; nothing is indexed again.

    SOURCE is part of its path, or the start of its SHA-256. Wall-clock time = start + offset +
    media time x (1 + drift / 1 000 000).
    """
    from fractions import Fraction

    from reidsearch.archive import Archive
    from reidsearch.base.errors import UsageError
    from reidsearch.cli.options import moment
    from reidsearch.domain.footage import Clock
    from reidsearch.output import coverage, text
    from reidsearch.output.emit import dumps
    from reidsearch.services.footage import corrected

    begins = moment("--start", start, timezone)
    try:
        offset_s = None if offset is None else Fraction(offset)
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"--offset {offset!r} is no number of seconds") from error
    with Archive.open(archive) as opened:
        one = opened.footage.find(source)
        if any(given is not None for given in (begins, offset_s, drift, uncertainty)):
            try:
                clock = corrected(
                    one.facts.clock,
                    start=None if begins is None else Clock(begins, "option", 1.0),
                    offset_s=offset_s,
                    drift_ppm=drift,
                    uncertainty_s=uncertainty,
                )
            except ValueError as error:
                raise UsageError(str(error)) from error
            if clock.start is None:
                raise UsageError("its start is not known", "give --start TIME too")
            if None in (clock.at_us(Fraction(0)), clock.at_us(one.duration_s)):
                raise UsageError("the footage would lie outside the calendar")
            opened.footage.set_clock(one.source_id, clock)
            one = opened.footage.find(source)
    if as_json:
        click.echo(dumps(coverage.coverage_json([one])["sources"][0]["clock"], indent=2))
    else:
        text.show(coverage.clock_view(one))
