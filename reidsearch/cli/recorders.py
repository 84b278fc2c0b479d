"""`reidsearch recorders`: file name patterns of usual recorders."""

from __future__ import annotations

from pathlib import Path

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import format_option


@grouped_command("recorders")
@option("--try", "tried", metavar="PATH", help="Show what each pattern reads from this path.")
@format_option()
def command(tried: str | None, form: str) -> None:
    """List the recorders whose file names can be read.

    `reidsearch index --recorder NAME` reads camera and start from them; names that are not in UTC
    need --timezone.
    """
    from reidsearch.media.naming.recorders import RECORDERS, stamp_of
    from reidsearch.output.emit import emit
    from reidsearch.output.recorders import recorders_json, recorders_view

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
    emit(form, recorders_json(rows), recorders_view(rows, tried), "recorders")
