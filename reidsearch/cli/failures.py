"""`reidsearch failures`: the ledger of what never became a crop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("failures")
@format_option()
@archive_option
def command(archive: Address, form: str) -> None:
    """List the inputs that could not be indexed, and why.

    A failed input is tried again by every `reidsearch index` whose paths include it. It leaves this
    list when it succeeds, or when the same command has completed without meeting that failure
    again (a repaired container, a file that was removed). The table shows the first thousand, the
    other formats all. `docs/reference/indexing.md` explains
    the reasons.
    """
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import emit

    with reading_archive(archive) as opened:
        ledger = opened.maintenance
        if form == "table":
            shown = list(ledger.each_failure(text.MOST_FAILURES))
            text.show(text.failures_view(shown, ledger.count_failures()))
        else:
            emit(form, reports_json.failures_json(ledger.each_failure()), rows="failures")
