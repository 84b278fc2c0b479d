"""`reidsearch case review`: what a second examiner says of a case's matches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.files import output_option, write_file
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import CASE, archive_option, format_option, text_value
from reidsearch.cli.sheets import SHEETS, tell_sheet, write_pictures

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.domain.crops import Pixels
    from reidsearch.domain.review import Review, ReviewAnswer, ReviewChange


@click.group("review", cls=CommandGroup)
def command() -> None:
    """Let a second examiner judge matches blind: start, list, show, answer, finish.

    What was decided on an identity for a case is shown again in another order, without decision,
    score, camera or time, and mixed with people who are known to be others. The outcome is how far
    the two examiners agree, and how often the second calls somebody else the same.
    """


review_argument = argument("review_id", type=click.IntRange(1), metavar="REVIEW")


@command.command("start")
@argument("number", callback=text_value, metavar="NUMBER")
@option("--identity", required=True, callback=text_value, metavar="NAME", help="Who is reviewed.")
@option(
    "--reference", "references", multiple=True, type=int, metavar="CROP",
    help="Compare with this one of it; repeatable; default: the first.",
)  # fmt: skip
@option(
    "--fillers", type=int, metavar="N",
    help="Known others to mix in; default: as many as candidates, 10 at least.",
)  # fmt: skip
@format_option()
@archive_option
def start(
    number: str,
    identity: str,
    references: tuple[int, ...],
    fillers: int | None,
    archive: Address,
    form: str,
) -> None:
    """Start a review of what was decided on an identity for a case."""
    from reidsearch.domain.review import ReviewChange

    with reading_archive(archive) as opened:
        made = opened.reviews.start(number, identity, references=references, count=fillers)
    _emit(form, made, ReviewChange.START)


@command.command("list")
@argument("number", required=False, callback=text_value, metavar="[NUMBER]")
@format_option()
@archive_option
def list_(number: str | None, archive: Address, form: str) -> None:
    """List all reviews, or those of a case."""
    from reidsearch.output.emit import emit
    from reidsearch.output.reviews import reviews_json, reviews_view

    with reading_archive(archive) as opened:
        found = opened.reviews.all(number)
    emit(form, reviews_json(found), reviews_view(found), "reviews")


@command.command("show")
@review_argument
@output_option("Write the numbered items beside the reference", SHEETS)
@format_option()
@archive_option
def show(review_id: int, archive: Address, output: Path | None, form: str) -> None:
    """Show a review: what is open, or, when it is finished, its outcome."""
    sheets = []
    with reading_archive(archive) as opened:
        found = opened.reviews.find(review_id)
        if output is not None:
            click.get_current_context().meta[CASE] = found.case  # the log's entry of the file
            sheets = _sheet(opened, found, output)
    _emit(form, found, None)
    tell_sheet(sheets)


@command.command("answer")
@review_argument
@argument("answers", nargs=-1, required=True, metavar="ITEM=ANSWER...")
@format_option()
@archive_option
def answer(review_id: int, answers: tuple[str, ...], archive: Address, form: str) -> None:
    """Answer items: 1=same 2=different 3=cannot-tell; the last answer to an item counts."""
    from reidsearch.domain.review import ReviewChange

    given = dict(_answer(text) for text in answers)
    with reading_archive(archive) as opened:
        made = opened.reviews.answer(review_id, given)
    _emit(form, made, ReviewChange.ANSWER)


@command.command("finish")
@review_argument
@format_option()
@archive_option
def finish(review_id: int, archive: Address, form: str) -> None:
    """Finish a review whose items are all answered, and show its outcome."""
    from reidsearch.domain.review import ReviewChange

    with reading_archive(archive) as opened:
        made = opened.reviews.finish(review_id)
    _emit(form, made, ReviewChange.FINISH)


def _answer(text: str) -> tuple[int, ReviewAnswer]:
    """Return item and answer of `1=same`.

    Raises:
        UsageError: it is something else.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.review import ReviewAnswer

    place, _, said = text.partition("=")
    answers = [one.value for one in ReviewAnswer]
    if not (place.isascii() and place.isdigit() and len(place) <= 9) or said not in answers:
        raise UsageError(f"{text!r} is no answer: ITEM=ANSWER, with one of {', '.join(answers)}")
    return int(place), ReviewAnswer(said)


def _sheet(archive: Archive, review: Review, path: Path) -> list[Path]:
    """Write the sheet of a review in the format of the file's ending."""
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import decode
    from reidsearch.output.review_sheet import pictures, review_page, review_shown

    imprint = imprint_of(archive)
    if path.suffix.lower() == ".html":
        write_file(path, review_page(review, archive.picture, imprint))
        return [path]
    crops, limits = pictures(review), PictureLimits()

    def picture_of(number: int) -> Pixels:
        return decode(archive.picture(crops[number]), limits)

    return write_pictures(review_shown(review), picture_of, imprint, path)


def _emit(form: str, review: Review, change: ReviewChange | None) -> None:
    from reidsearch.output.emit import emit
    from reidsearch.output.reviews import review_json, review_text

    emit(form, review_json(review, change), review_text(review, change))
