"""`reidsearch company`: who was repeatedly seen where and when somebody was."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.files import output_option
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.nearby import whom_given
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


@grouped_command("company")
@argument("identity", callback=text_value)
@option(
    "--within",
    type=Duration(least=0),
    default="60s",
    metavar="DURATION",
    help="So near in time is a meeting: 30s, 5m; default: 60s.",
)
@format_option()
@output_option("Write a contact sheet of the meetings", SHEETS)
@archive_and_case_options
@reason_option
def command(
    identity: str, within: Fraction, archive: Address, output: Path | None, form: str
) -> None:
    """Show who was repeatedly seen where and when an identity was.

    IDENTITY is a name or number, or identity:N.
    Others are identities, and people whom the last `link` has proposed and nobody has confirmed. A
    meeting is a sighting by the same camera within the time; listed is who was met on two
    occasions or at two places, beside how often chance would have it, with its interval and the
    p-value. Habits meet as well: this is a reason to look, not a proof of company.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output.company import company_json, company_view
    from reidsearch.output.emit import emit

    whom = identity if identity.isdecimal() else whom_given(identity)
    if not isinstance(whom, str):
        raise UsageError(
            f"{identity!r} is no identity",
            "whom they met is asked of an identity: its name, or identity:N",
        )
    sheets = []
    with reading_archive(archive) as opened:
        found = opened.company(whom, within_s=float(within))
        if output is not None:
            from reidsearch.output.pages.company import company_shown

            sheets = write_sheet(opened, company_shown(found), imprint_of(opened), output)
    emit(form, company_json(found), company_view(found), "companions")
    tell_sheet(sheets)
