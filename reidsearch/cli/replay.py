"""`reidsearch replay`: ask again what was answered, and compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.model_options import model_options, runtime_options
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import (
    archive_and_case_options,
    format_option,
    reason_option,
    text_value,
)

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("replay")
@argument("answer", metavar="ANSWER|ENTRY", callback=text_value)
@option(
    "--as-it-is/--as-it-was",
    "as_it_is",
    default=False,
    help="Search the archive as it is, or as it was (default).",
)
@option(
    "--query",
    callback=text_value,
    metavar="NAME",
    help="Which answer of a file of `query --batch`.",
)
@format_option()
@model_options
@runtime_options
@archive_and_case_options
@reason_option
def command(
    answer: str,
    as_it_is: bool,
    query: str | None,
    form: str,
    archive: Address,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> int:
    """Ask again what was answered, and say what differs, and why.

    ANSWER is a file that `query --format json` or `jsonl` printed (with --at too), ENTRY the number
    of a search, or of a question about several places, in the event log. The archive is searched as
    it was: crops up to the newest by then, without what was deleted since. The entry is verified,
    and a file is compared with it. Ends with 1 where the answer is not identical, cannot be
    repeated, or its record does not hold.
    """
    from reidsearch.domain.replay import AsIt
    from reidsearch.output.emit import emit
    from reidsearch.output.replay import replay_json, replay_text

    given = int(answer) if answer.isdecimal() and not Path(answer).exists() else answer
    with opened_archive(archive, model, model_path, offline, device) as (opened, _):
        told = opened.replay(given, AsIt.IS if as_it_is else AsIt.WAS, query=query)
    emit(form, replay_json(told), replay_text(told), rows="differences")
    return 0 if told.identical else 1
