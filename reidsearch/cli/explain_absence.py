"""`reidsearch explain --absence`: what it means that a search did not show somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from reidsearch.base.errors import UsageError
from reidsearch.cli.files import write_picture
from reidsearch.cli.filters import Narrowed
from reidsearch.cli.imprint import imprint_of

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.request import SearchRequest
    from reidsearch.services.query_input import QueryInput

ONLY_OF_ABSENCE = (
    *("identity", "cameras", "not_cameras", "after", "before", "sources", "timezone"),
    *("time_of_day", "wearing", "with_things", "without_things", "k", "min_score"),
    *("max_false_alarms", "ungrouped", "no_rerank", "spread", "exact"),
    *(field.name for field in fields(Narrowed)),
)
"""Parameters of `explain` that say how a search was made, which a score does not depend on."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How the chances are given out: `form` is printed, `output` is a picture."""

    form: str
    output: Path | None


def require_absence(ctx: click.Context) -> None:
    """Refuse options of a search where a score is explained.

    Raises:
        UsageError: naming the option.
    """
    for parameter in ctx.command.params:
        given = ctx.get_parameter_source(parameter.name or "")
        if parameter.name in ONLY_OF_ABSENCE and given is ParameterSource.COMMANDLINE:
            raise UsageError(f"{parameter.opts[0]} belongs to --absence")


def match_of(words: Sequence[str]) -> tuple[tuple[Path, ...], int]:
    """Return the images and the match that the arguments of `explain` name.

    Raises:
        UsageError: the last of them is no crop id.
    """
    *images, last = words or ("",)
    try:
        return tuple(map(Path, images)), int(last)
    except ValueError:
        raise UsageError(
            f"{last!r} is not the id of a match's crop" if last else "which match? give its crop id"
        ) from None


def explain_absence(
    archive: Archive, request: SearchRequest, found: QueryInput, shown: Shown
) -> None:
    """Search, and show with which chance somebody would have been among what was found."""
    from reidsearch.output.absence import absence_document, absence_view
    from reidsearch.output.emit import emit

    request = replace(request, query=found.pictures, label=found.label)
    told = archive.absence(archive.search(request))
    if shown.output is not None:
        from reidsearch.output.absence_picture import absence_picture

        write_picture(shown.output, absence_picture(told, imprint_of(archive)))
    emit(shown.form, absence_document(told), absence_view(told), "cameras")
