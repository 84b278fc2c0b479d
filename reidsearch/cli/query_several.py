"""`reidsearch query` of several archives: one answer, each match with its archive."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.cli.opening import opened_archive
from reidsearch.cli.options import archives_given

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.progress import Progress
    from reidsearch.domain.crops import Crop
    from reidsearch.domain.joint import JointAnswer, JointMatch
    from reidsearch.domain.request import SearchRequest
    from reidsearch.output.shown import QueryShown
    from reidsearch.services.query_input import QueryInput

OF_ONE = {
    "batch": "a list of queries is asked of one archive",
    "explain_plan": "a plan is that of one archive's index",
    "timeline": "a timeline is that of one archive's cameras",
    "likes": "crop ids are of one archive",
    "unlikes": "crop ids are of one archive",
    "stability": "variants are ranked in one archive",
    "query_camera": "scores of several archives are not camera-adjusted",
    "max_false_alarms": "each archive has a calibration of its own",
    "space_time": "confirmed sightings are those of one archive",
    "combined": "confirmed sightings are those of one archive",
}
"""Parameters that need one archive, and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What archives are opened with."""

    archives: tuple[Address, ...]
    model: str | None
    model_path: tuple[Path, ...]
    offline: bool
    device: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """How an answer is printed and drawn.

    Args:
        whole: as a table with all of the statements.
        output: where a contact sheet is written.
        opens: show the sheet.
    """

    form: str
    whole: bool
    output: Path | None
    opens: bool


def require_one(ctx: click.Context, *, lists: bool) -> None:
    """Refuse what is of one archive where several are asked.

    Raises:
        UsageError: naming the option.
    """
    if len(archives_given(ctx)) == 1:
        return
    if lists:
        raise UsageError("filters without a query list who passes in one archive", "give one -a")
    for parameter in ctx.command.params:
        why = OF_ONE.get(parameter.name or "")
        if why and ctx.params.get(parameter.name or ""):
            raise UsageError(
                f"{parameter.opts[0]} cannot be given for several archives: {why}",
                "give one -a, or leave it out",
            )


def answer_together(
    settings: Settings,
    request: SearchRequest,
    read: Callable[[Archive, Progress, Callable[[str], bool]], QueryInput],
    shown: Shown,
) -> None:
    """Ask all archives, print their answer, and draw it if asked to.

    Args:
        read: the query's pictures, with the detector of an archive; a file that some archive holds
            as a crop is taken as it is, whichever is named first.
    """
    from reidsearch.cli.imprint import imprint_of
    from reidsearch.cli.sheets import tell_sheet, write_held
    from reidsearch.cli.viewer import open_file
    from reidsearch.output.joint import joint_shown
    from reidsearch.services.joint import search_archives

    sheets: list[Path] = []
    with contextlib.ExitStack() as stack:
        opened, progress = _opened(stack, settings)
        found = read(
            opened[0], progress, lambda sha256: any(one.searching.holds(sha256) for one in opened)
        )
        request = replace(request, query=found.pictures, label=found.label)
        answer = search_archives(opened, request)
        path = shown.output or Path(f"reidsearch-{answer.asked_at:%Y%m%dT%H%M%SZ}.png")
        if shown.output or shown.opens:
            held = _Held({one.archive_id: one for one in opened}, answer)
            imprint = replace(
                imprint_of(opened[0], answer.asked_at),
                archive=", ".join(one.location for one in opened),
                archive_id=", ".join(one.archive_id for one in opened),
            )
            content = joint_shown(answer, _queries(request))
            sheets = write_held(held, content, imprint, path)
    _print(answer, shown)
    if shown.opens:
        open_file(path, keep=shown.output is not None)
    tell_sheet(sheets)


def _opened(stack: contextlib.ExitStack, settings: Settings) -> tuple[list[Archive], Progress]:
    """Open all archives; the case counts in those that have it, and must be in one of them."""
    opened: list[Archive] = []
    unknown: list[NotFound] = []
    for address in settings.archives:
        try:
            archive, progress = stack.enter_context(_open(address, settings))
        except NotFound as error:
            if error.kind != Kind.CASE_UNKNOWN:
                raise
            unknown.append(error)
            archive, progress = stack.enter_context(_open(address, settings, without_case=True))
        opened.append(archive)
    if len(unknown) == len(opened):
        raise unknown[0]
    return opened, progress


@contextlib.contextmanager
def _open(
    address: Address, settings: Settings, *, without_case: bool = False
) -> Iterator[tuple[Archive, Progress]]:
    of = settings.model, settings.model_path, settings.offline, settings.device
    with opened_archive(address, *of, shows_pending=True, without_case=without_case) as both:
        yield both


def _queries(request: SearchRequest) -> list[QueryShown]:
    from reidsearch.output.cards import picture_name
    from reidsearch.output.shown import QueryShown
    from reidsearch.search.query_pictures import read_query_picture

    queries = []
    for number, picture in enumerate(request.pictures, start=1):
        if isinstance(picture, int):
            continue  # the statement names it; numbers on this sheet are ranks
        read = read_query_picture(picture, request.limits)
        name = picture_name(picture) or f"query picture {number}"
        queries.append(QueryShown(name, read.pixels, sha256=read.origin.sha256 or ""))
    return queries


class _Held:
    """Matches by their rank, as a page asks for crops by their number."""

    def __init__(self, archives: Mapping[str, Archive], answer: JointAnswer) -> None:
        self._archives = archives
        self._matches = {found.match.rank: found for found in answer.matches}

    def _at(self, rank: int) -> tuple[Archive, JointMatch]:
        found = self._matches[rank]
        return self._archives[found.archive_id], found

    def crop(self, rank: int) -> Crop:
        """Return the crop of a match."""
        return self._at(rank)[1].match.crop

    def picture(self, rank: int) -> bytes:
        """Return the picture of a match."""
        archive, found = self._at(rank)
        return archive.picture(found.match.crop.crop_id)


def _print(answer: JointAnswer, shown: Shown) -> None:
    from reidsearch.output.terminal import say

    if shown.form == "table":
        from reidsearch.output.joint import joint_view
        from reidsearch.output.text import show

        show(joint_view(answer, whole=shown.whole))
    elif shown.form == "json":
        from reidsearch.output.emit import dumps

        say(dumps(answer.to_json(), indent=2))
    elif shown.form == "csv":
        from reidsearch.output.answer_csv import joint_csv_lines

        for line in joint_csv_lines(answer):
            say(line, end="")
    else:
        from reidsearch.output.joint import joint_jsonl_lines

        for line in joint_jsonl_lines(answer):
            say(line)
