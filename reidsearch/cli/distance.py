"""`reidsearch distance`: how far apart two people were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, reason_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.distance import Limit


class LimitType(click.ParamType["Limit"]):
    """A distance on the ground or in the picture: `2m`, `1.5heights`."""

    name = "distance"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> Limit:
        """Read it; see `Limit.parse`."""
        from reidsearch.domain.distance import Limit

        return value if isinstance(value, Limit) else Limit.parse(str(value))


@grouped_command("distance")
@argument("first", type=int, metavar="TRACKLET")
@argument("second", type=int, metavar="TRACKLET")
@option(
    "--closer-than", "limit", type=LimitType(), metavar="LIMIT",
    help="Tell for how long they were: 2m (on the ground) or 1.5heights.",
)  # fmt: skip
@option(
    "--in", "unit", type=click.Choice(["metres", "heights"]), metavar="UNIT",
    help="metres or heights; default: metres where the camera has a ground.",
)  # fmt: skip
@output_option("Draw the distance over time with its 95 % band")
@format_option()
@reason_option
@archive_and_case_options
def command(
    first: int,
    second: int,
    limit: Limit | None,
    unit: str | None,
    output: Path | None,
    archive: Address,
    form: str,
) -> None:
    """Tell how far apart two people were while one camera showed both.

    In metres on the ground where `camera ground` was set, else in body heights in the picture,
    which is no distance on the ground. Every distance has a 95 % interval. Tracklets are numbered
    in answers and by `reidsearch tracklet list`.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.distance import Unit
    from reidsearch.output.distance import distance_json, distance_view
    from reidsearch.output.emit import emit

    if limit is not None and unit is not None and limit.unit != unit:
        raise UsageError(f"--closer-than {limit.text} is not in {unit}", "leave --in out")
    with reading_archive(archive) as opened:
        asked = None if unit is None else Unit(unit)
        found = opened.distances.between(first, second, asked, limit)
        if output is not None:
            from reidsearch.output.distance_picture import distance_picture

            write_picture(output, distance_picture(found, imprint_of(opened)))
    emit(form, distance_json(found), distance_view(found), "times")
