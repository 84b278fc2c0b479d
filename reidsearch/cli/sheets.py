"""Write what a list shows of people: drawn sheets, one HTML page, or a folder with a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.files import PICTURES, is_forced, write_file

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.domain.answers import Answer
    from reidsearch.domain.crops import Pixels
    from reidsearch.domain.request import SearchRequest
    from reidsearch.output.imprint import Imprint
    from reidsearch.output.pages.write import Held
    from reidsearch.output.shown import Shown

SHEETS = (*PICTURES, ".html")
"""Endings that a list of people can be written with."""


def write_sheet(archive: Archive, shown: Shown, imprint: Imprint, path: Path) -> list[Path]:
    """Write a list of people in the format of the file's ending.

    A PNG or JPEG file holds one page; further ones are written beside it, numbered: `sheet-2.png`.

    Returns:
        the files that were written.

    Raises:
        UsageError, StorageError: as `write_file`.
    """
    return write_held(archive, shown, imprint, path)


def write_held(held: Held, shown: Shown, imprint: Imprint, path: Path) -> list[Path]:
    """Write a list of people as `write_sheet`, with pictures of whoever holds them."""
    if path.suffix.lower() == ".html":
        from reidsearch.output.pages.write import single_page

        write_file(path, single_page(shown, held, imprint)[0])
        return [path]
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import decode

    limits = PictureLimits()

    def picture_of(crop_id: int) -> Pixels:
        return decode(held.picture(crop_id), limits)

    return write_pictures(shown, picture_of, imprint, path)


def write_pictures(
    shown: Shown, picture_of: Callable[[int], Pixels], imprint: Imprint, path: Path
) -> list[Path]:
    """Write a list of people as `write_sheet`, in the formats that are drawn.

    Args:
        picture_of: the picture of a crop id of `shown`.
    """
    from reidsearch.output.picture_file import encode, encode_pdf
    from reidsearch.output.sheet import contact_sheets

    printed = path.suffix.lower() == ".pdf"
    drawn = contact_sheets(shown, picture_of, imprint, printed=printed)
    if printed:
        write_file(path, encode_pdf(drawn, shown.title))
        return [path]
    paths = [path, *(numbered(path, number) for number in range(2, len(drawn) + 1))]
    _require_free(paths[1:])
    for one, drawing in zip(paths, drawn, strict=True):
        write_file(one, encode(drawing, path.suffix))
    return paths


def numbered(path: Path, number: int) -> Path:
    """Return the name of a further picture of a sheet: `sheet-2.png`."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _require_free(paths: list[Path]) -> None:
    """Refuse further files that may not be written, before the first one is.

    Raises:
        UsageError: one exists and --force was not given, or it is never overwritten.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.cli.protected import require_harmless

    context = click.get_current_context(silent=True)
    for path in paths:
        if path.exists() and not is_forced(context):
            raise UsageError(f"{path}, a further page, exists", "--force overwrites it")
        if context is not None:
            require_harmless(path, context, iter(()))


def tell_sheet(paths: list[Path]) -> None:
    """Say which files were written, if any, beside the list itself."""
    if not paths:
        return
    from reidsearch.output.terminal import say
    from reidsearch.output.visible import visible

    more = f" and {len(paths) - 1:,} further pages" if len(paths) > 1 else ""
    if len(paths) == 2:
        more = f" and {visible(paths[1].name)}"
    say(f"contact sheet: {visible(str(paths[0]))}{more}", err=True)


def answer_content(archive: Archive, answer: Answer, request: SearchRequest) -> Shown:
    """Return what is shown of an answer, with the pictures that were searched with."""
    from reidsearch.output.cards import picture_name
    from reidsearch.output.pages.answers import answer_shown
    from reidsearch.output.shown import QueryShown
    from reidsearch.search.query_pictures import read_query_picture

    pictures = archive.searching.query_pictures(request)
    names = [picture_name(one) for one in pictures]
    queries = []
    for number, (picture, name) in enumerate(zip(pictures, names, strict=True), start=1):
        told = name or f"query picture {number}"
        if isinstance(picture, int):
            queries.append(QueryShown(told, crop_id=picture))
            continue
        read = read_query_picture(picture, request.limits)
        queries.append(QueryShown(told, read.pixels, sha256=read.origin.sha256 or ""))
    return answer_shown(answer, queries, names=names)
