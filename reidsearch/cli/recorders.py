"""`reidsearch recorders`: file name patterns of usual recorders."""

from __future__ import annotations

from pathlib import Path

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import format_option

MESSENGER = "a messenger named it by when it was sent or saved"


@grouped_command("recorders")
@option("--try", "tried", metavar="PATH", help="Show what each pattern reads from this path.")
@format_option()
def command(tried: str | None, form: str) -> None:
    """List the recorders whose file names can be read.

    `reidsearch index --recorder NAME` reads camera and start from them; names that are not in UTC
    need --timezone.
    """
    from reidsearch.base.errors import Refused
    from reidsearch.media.naming.recorders import RECORDERS, named_by_messenger
    from reidsearch.media.naming.stamps import stamp_of
    from reidsearch.output.emit import emit
    from reidsearch.output.recorders import recorders_json, recorders_view

    rows = []
    for one in RECORDERS:
        match = one.pattern.search(Path(tried or one.example).as_posix())
        problem = MESSENGER if tried and named_by_messenger(tried) else None
        try:
            stamp = stamp_of(match) if match and problem is None else None
        except Refused as refused:
            stamp, problem = None, refused.message
        rows.append(
            {
                "name": one.name,
                "maker": one.maker,
                "example": one.example,
                "utc": one.utc,
                "pattern": one.pattern.pattern,
                "camera": match.groupdict().get("camera") if match else None,
                "time": stamp.local.isoformat() if stamp else None,
                "zone": str(stamp.zone) if stamp and stamp.zone else None,
                "uncertainty_s": stamp.uncertainty_s if stamp else None,
                "problem": problem,
                "matches": match is not None,
            }
        )
    if tried:
        rows = [row for row in rows if row["matches"]]
    emit(form, recorders_json(rows), recorders_view(rows, tried), "recorders")
