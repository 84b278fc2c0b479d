"""`reidsearch check`: verify the integrity of an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("check")
@option("--repair", is_flag=True, help="Rebuild what is derived; stored data is never changed.")
@format_option()
@archive_option
def command(archive: Address, repair: bool, form: str) -> int:
    """Verify integrity; --repair rebuilds what is derived.

    Reads every page, picture, embedding and index entry. Changes nothing without --repair. Lost
    data is named crop by crop and comes back only from a backup or by indexing again. A damaged
    write-ahead log is kept aside, and what of it can be read is kept in the archive. The exit code
    is 1 when anything is wrong.
    """
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.services.maintenance import mend_log

    lost = mend_log(archive) if repair else []
    with (
        progress_for(quiet=form != "table", name="check") as progress,
        reading_archive(archive, progress, shows_pending=True) as opened,
    ):
        findings = [*lost, *opened.check(repair=repair, progress=progress)]
    emit(form, reports_json.findings_json(findings), text.findings_view(findings), "findings")
    return 1 if findings else 0
