"""`reidsearch patterns`: the names of usual recorders."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option


@grouped_command("patterns")
@option("--try", "tried", metavar="PATH", help="Show what each reads from this path.")
@option("--json", "as_json", is_flag=True, help="JSON instead of text.")
def command(tried: str | None, as_json: bool) -> None:
    """List the names of usual recorders that can be read.

    `reidsearch index --recorder NAME` takes camera and start from them; names that are not in UTC
    need --timezone.
    """
    from reidsearch.media.naming.recorders import RECORDERS, stamp_of
    from reidsearch.output.emit import dumps
    from reidsearch.output.text import show, table
    from reidsearch.output.visible import visible

    rows = []
    for one in RECORDERS:
        match = one.pattern.search(Path(tried or one.example).as_posix())
        stamp = stamp_of(match) if match else None
        rows.append(
            {
                "name": one.name,
                "maker": one.maker,
                "example": one.example,
                "utc": one.utc,
                "pattern": one.pattern.pattern,
                "camera": match.groupdict().get("camera") if match else None,
                "time": stamp.isoformat() if stamp else None,
                "matches": match is not None,
            }
        )
    if tried:
        rows = [row for row in rows if row["matches"]]
    if as_json:
        click.echo(dumps(rows, indent=2))
        return
    if not rows:
        click.echo("no pattern matches; give one of your own: --pattern REGEX")
        return
    view = table("name", "recorder", "example", "camera", "time", "zone")
    for row in rows:
        view.add_row(
            str(row["name"]),
            str(row["maker"]),
            visible(tried or str(row["example"])),
            visible(str(row["camera"] or "-")),
            str(row["time"] or "-"),
            "UTC" if row["utc"] else "--timezone",
        )
    show(view)
