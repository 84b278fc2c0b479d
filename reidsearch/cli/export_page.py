"""`reidsearch export page`: what was found, as a page that stands alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.base.errors import InputError, Kind, StorageError, UsageError
from reidsearch.cli import query
from reidsearch.cli.decisions import transit_options, transits_from
from reidsearch.cli.files import OutputFile, force_option, is_forced, write_file
from reidsearch.cli.grouped import OUTPUT, CommandGroup, argument, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value
from reidsearch.cli.sheets import answer_content

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.domain.answers import Answer
    from reidsearch.domain.request import SearchRequest
    from reidsearch.output.imprint import Imprint
    from reidsearch.output.pages.write import PageMade
    from reidsearch.output.shown import Shown

F = TypeVar("F", bound=Callable[..., Any])
CLIP_MARGIN_S = 2.0
"""Before somebody comes into sight and after they have left."""
LARGEST_BYTES = 1 << 28  # of an answer document: about 100 000 matches
NO_USE = frozenset(
    {"output", "timeline", "open_sheet", "force", "batch", "explain_plan", "statement"}
)
"""Parameters of `query` that a page has no use for, or has its own of."""


class PageTarget(OutputFile):
    """Where a page is written: a file that ends in .html, or a folder, whose name has no ending."""

    name = "path"

    def __init__(self) -> None:
        super().__init__((".html",), streams=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse what could not be written in the end, before any work is done."""
        path = Path(value)
        folder = not path.suffix or str(value).endswith("/") or path.is_dir()
        if not folder:
            return super().convert(value, param, ctx)
        from reidsearch.output.pages.write import is_page

        if path.is_file():
            self.fail(f"'{path}' is a file; a page of one file ends in .html", param, ctx)
        if path.is_dir() and any(path.iterdir()):
            if not is_page(path):
                self.fail(f"'{path}' holds other things than a page; give a new folder", param, ctx)
            if not is_forced(ctx):
                self.fail(f"'{path}' exists; --force overwrites it", param, ctx)
        if not path.absolute().parent.is_dir():
            raise StorageError(f"{path} cannot be written: there is no folder {path.parent}")
        return path


def page_options(function: F) -> F:
    """`-o/--output`, `--force`, `--clips`, `--format`, `--archive`."""
    target = option(
        "-o",
        "--output",
        group=OUTPUT,
        type=PageTarget(),
        metavar="PATH",
        required=True,
        help="The page: one file (.html), or a folder.",
    )
    clips = option(
        "--clips", group=OUTPUT, is_flag=True, help="Add a clip for each card (folder only)."
    )
    return target(force_option(clips(format_option()(archive_and_case_options(function)))))


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was asked for.

    Args:
        path: an HTML file or a folder.
        clips: cut a clip for each card.
        form: how the report is printed.
    """

    path: Path
    clips: bool
    form: str

    def __post_init__(self) -> None:
        if self.clips and self.one_file:
            raise UsageError(
                "clips cannot be inside one HTML file", "give a folder: -o NAME, without an ending"
            )

    @property
    def one_file(self) -> bool:
        """Whether it is one HTML file."""
        return self.path.suffix.lower() == ".html" and not self.path.is_dir()

    def write(
        self, archive: Archive, shown: Shown, document: Mapping[str, Any], imprint: Imprint
    ) -> None:
        """Write it and report it.

        Raises:
            UsageError, StorageError: it cannot be written.
        """
        from reidsearch.output.emit import emit
        from reidsearch.output.pages.report import made_json, made_text

        if self.one_file:
            from reidsearch.output.pages.write import single_page

            data, made = single_page(shown, archive, imprint)
            write_file(self.path, data)
        else:
            made = self._folder(archive, shown, document, imprint)
        place = str(self.path)
        emit(self.form, made_json(made, place), made_text(made, place))

    def _folder(
        self, archive: Archive, shown: Shown, document: Mapping[str, Any], imprint: Imprint
    ) -> PageMade:
        from reidsearch.output.pages.write import write_folder
        from reidsearch.output.progress import progress_for

        with progress_for(name="export page") as progress:
            try:
                return write_folder(
                    self.path.absolute(),
                    shown,
                    archive,
                    imprint,
                    document,
                    clip=_clipper(archive, imprint) if self.clips else None,
                    replace=is_forced(click.get_current_context(silent=True)),
                    progress=progress,
                )
            except OSError as error:
                raise StorageError(f"{self.path} cannot be written: {error.strerror}") from error


def _clipper(archive: Archive, imprint: Imprint) -> Any:
    """Return what cuts a clip: with the person's box, and a margin that says what it shows."""
    from reidsearch.domain.reports import ClipReport
    from reidsearch.output.stills import ClipMargin

    clocks = {one.source_id: one.facts.clock for one in archive.footage.coverage()}

    def clip(crop_id: int, out: Path) -> ClipReport:
        crop = archive.crop(crop_id)
        below = ClipMargin(crop, clocks[crop.source_id], imprint)
        return archive.footage.clip(
            crop_id, out, margin_s=CLIP_MARGIN_S, box=True, as_it_is=False, below=below
        )

    return clip


@click.group("page", cls=CommandGroup)
def page() -> None:
    """Write what was found as a page that stands alone: one HTML file, or a folder.

    A page holds thumbnails, the whole statement, ids, times with their uncertainty and in UTC, and
    the SHA-256 of pictures and sources. It needs no script and asks for nothing from elsewhere.
    A folder has its files beside it (index.html, pictures/, data.json), a manifest.json, and
    SHA256SUMS, and can hold clips.
    """


@page.command("query")
@page_options
def query_(output: Path, clips: bool, form: str, **asked: Any) -> None:
    """Search as `query` does, and write the answer.

    Options are those of `query`, but for what is printed and drawn.
    """
    target = Page(output, clips, form)

    def write(archive: Archive, answer: Answer, request: SearchRequest) -> None:
        shown = answer_content(archive, answer, request)
        imprint = imprint_of(archive, answer.statement.asked_at)
        target.write(archive, shown, answer.to_json(), imprint)

    none = dict.fromkeys(("output", "timeline", "batch"))
    flags = dict.fromkeys(("open_sheet", "explain_plan", "statement"), False)
    asked["archive"] = (asked["archive"],)
    query.command.callback(**asked, **none, **flags, form=form, given_out=write)  # type: ignore[misc]


_OWN = frozenset(parameter.name for parameter in query_.params)
query_.params[:0] = [one for one in query.command.params if one.name not in _OWN | NO_USE]


@page.command("answer")
@argument("document", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="JSON")
@page_options
def answer_(document: Path, output: Path, clips: bool, form: str, archive: Address) -> None:
    """Write an answer that was kept.

    JSON is what `query --format json` printed. Nothing is searched again; scores and statement are
    those of the answer. Pictures of crops come from the archive, where it still holds them.
    """
    from reidsearch.base.reading import parse_json, read_bytes
    from reidsearch.domain.answer_reading import read_answer
    from reidsearch.output.pages.answers import kept_answer_shown

    target = Page(output, clips, form)
    try:
        given = parse_json(read_bytes(document, LARGEST_BYTES))
    except ValueError as error:
        raise InputError(f"{document} cannot be read as JSON: {error}") from error
    answer = read_answer(given)
    with reading_archive(archive) as opened:
        _require_same(opened, answer.statement.archive_id)
        shown = kept_answer_shown(answer)
        target.write(opened, shown, given, imprint_of(opened))


def _require_same(archive: Archive, archive_id: str) -> None:
    """Refuse an answer of another archive, whose ids mean other crops.

    Raises:
        UsageError: it is.
    """
    if archive_id != archive.archive_id:
        raise UsageError(
            f"the answer is of another archive ({archive_id}) than {archive.location} "
            f"({archive.archive_id})",
            kind=Kind.ANSWER_OF_ANOTHER,
        )


@page.command("identity")
@argument("name", callback=text_value, metavar="IDENTITY")
@page_options
def identity(name: str, output: Path, clips: bool, form: str, archive: Address) -> None:
    """Write an identity with its decisions.

    Shows what is confirmed, what was rejected, and every decision with who, when and why.
    """
    from reidsearch.output.identities import story_json
    from reidsearch.output.pages.people import story_shown

    target = Page(output, clips, form)
    with reading_archive(archive) as opened:
        story = opened.identities.show(name)
        shown = story_shown(story, opened.identities.names())
        target.write(opened, shown, story_json(story), imprint_of(opened))


@page.command("proposals")
@argument("proposals", nargs=-1, type=int, metavar="[PROPOSAL]...")
@page_options
def proposals_(
    proposals: tuple[int, ...], output: Path, clips: bool, form: str, archive: Address
) -> None:
    """Write undecided proposals of `link`: all, or some."""
    from reidsearch.cli.lists import proposals_content
    from reidsearch.output.proposals import linking_json

    target = Page(output, clips, form)
    with reading_archive(archive) as opened:
        linking, shown = proposals_content(opened, proposals)
        target.write(opened, shown, linking_json(linking), imprint_of(opened))


@page.command("source")
@argument("source")
@page_options
def source_(source: str, output: Path, clips: bool, form: str, archive: Address) -> None:
    """Write all tracklets of a source.

    That is everybody who was seen in one video. SOURCE is part of its path, or the start of its
    SHA-256.
    """
    from reidsearch.cli.lists import source_tracklets
    from reidsearch.output.pages.people import tracklets_shown
    from reidsearch.output.tracklets import list_json

    target = Page(output, clips, form)
    with reading_archive(archive) as opened:
        found = source_tracklets(opened, source)
        target.write(opened, tracklets_shown(*found), list_json(*found), imprint_of(opened))


@page.command("journey")
@argument("identity", callback=text_value, metavar="IDENTITY")
@transit_options
@page_options
def journey_(
    identity: str,
    output: Path,
    clips: bool,
    form: str,
    archive: Address,
    min_transits: tuple[tuple[str, str, float], ...],
    transits: Path | None,
) -> None:
    """Write where an identity was and when, and the gaps."""
    from reidsearch.output.journeys import journey_json
    from reidsearch.output.pages.people import journey_shown

    target = Page(output, clips, form)
    minima = transits_from(min_transits, transits) if min_transits or transits else None
    with reading_archive(archive) as opened:
        found = opened.journey(identity, transits=minima)
        target.write(opened, journey_shown(found), journey_json(found), imprint_of(opened))
